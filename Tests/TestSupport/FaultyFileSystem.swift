import AvocetFiles
import Synchronization
import SystemPackage

/// The real files, of whose operations the nth fails; writes take at most a few bytes at a time.
///
/// With `forever` every later operation fails too and the nth leaves half of what it was to write: so a disk looks after a process that was killed.
package final class FaultyFileSystem: FileSystem {
  private let files = RealFileSystem()
  private let step = Atomic<Int>(0)
  private let failing: Int
  private let error: Errno
  private let largestWrite: Int
  private let forever: Bool
  private let forgets: Bool
  private let onStatus: (@Sendable () -> Void)?

  /// Fails at operation number `failing`, counted from 0; one that `forgets` reads another first byte than was written;
  /// `onStatus` is called when an open file was looked at.
  package init(
    failing: Int, error: Errno = .ioError, largestWrite: Int = 1000, forever: Bool = false,
    forgets: Bool = false, onStatus: (@Sendable () -> Void)? = nil
  ) {
    (self.failing, self.error, self.largestWrite) = (failing, error, largestWrite)
    (self.forever, self.forgets, self.onStatus) = (forever, forgets, onStatus)
  }

  /// How many operations there were.
  package var steps: Int { step.load(ordering: .relaxed) }
  /// Whether the process counts as killed.
  package var isDead: Bool { forever && steps > failing }

  private func count() throws(Errno) {
    let number = step.add(1, ordering: .relaxed).oldValue
    if number == failing || (forever && number > failing) { throw error }
  }

  package func open(_ path: FilePath, for purpose: OpenPurpose) throws(Errno) -> FileDescriptor {
    try count()
    return try files.open(path, for: purpose)
  }
  package func close(_ file: FileDescriptor) { files.close(file) }
  package func status(of file: FileDescriptor) throws(Errno) -> FileStatus {
    defer { onStatus?() }
    return try files.status(of: file)
  }
  package func status(of path: FilePath, followingLinks: Bool) throws(Errno) -> FileStatus {
    try files.status(of: path, followingLinks: followingLinks)
  }
  package func read(
    _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try count()
    let read = try files.read(file, into: buffer)
    if forgets && read > 0 { buffer[0] ^= 1 }
    return read
  }
  package func read(
    _ file: FileDescriptor, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try count()
    return try files.read(file, at: offset, into: buffer)
  }
  package func write(
    _ file: FileDescriptor, _ buffer: UnsafeRawBufferPointer
  ) throws(Errno) -> Int {
    let part = min(buffer.count, largestWrite)
    do throws(Errno) { try count() } catch {
      if forever && steps == failing + 1 {
        _ = try files.write(file, UnsafeRawBufferPointer(rebasing: buffer[..<(part / 2)]))
      }
      throw error
    }
    return try files.write(file, UnsafeRawBufferPointer(rebasing: buffer[..<part]))
  }
  package func truncate(_ file: FileDescriptor, to size: Int) throws(Errno) {
    try count()
    try files.truncate(file, to: size)
  }
  package func synchronize(_ file: FileDescriptor) throws(Errno) {
    try count()
    try files.synchronize(file)
  }
  package func synchronizeFolder(_ path: FilePath) throws(Errno) {
    try count()
    try files.synchronizeFolder(path)
  }
  package func rename(_ from: FilePath, to: FilePath) throws(Errno) {
    try count()
    try files.rename(from, to: to)
  }
  package func link(_ from: FilePath, to: FilePath) throws(Errno) {
    try count()
    try files.link(from, to: to)
  }
  // Removing must work even in the middle of trouble: it is what cleans up. The dead do not.
  package func remove(_ path: FilePath) throws(Errno) {
    if isDead { throw error }
    try files.remove(path)
  }
  package func makeFolder(_ path: FilePath) throws(Errno) {
    try count()
    try files.makeFolder(path)
  }
  package func list(_ folder: FilePath) throws(Errno) -> FolderListing { try files.list(folder) }
}
