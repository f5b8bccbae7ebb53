import AvocetFiles
import Synchronization
import SystemPackage

/// The real files, of whose changing operations the nth fails; writes take at most a few bytes at a time.
package final class FaultyFileSystem: FileSystem {
  private let files = RealFileSystem()
  private let step = Atomic<Int>(0)
  private let failing: Int
  private let error: Errno
  private let largestWrite: Int

  /// Fails at operation number `failing`, counted from 0.
  package init(failing: Int, error: Errno = .ioError, largestWrite: Int = 1000) {
    (self.failing, self.error, self.largestWrite) = (failing, error, largestWrite)
  }

  /// How many changing operations there were.
  package var steps: Int { step.load(ordering: .relaxed) }

  private func count() throws(Errno) {
    if step.add(1, ordering: .relaxed).oldValue == failing { throw error }
  }

  package func open(_ path: FilePath, for purpose: OpenPurpose) throws(Errno) -> FileDescriptor {
    try count()
    return try files.open(path, for: purpose)
  }
  package func close(_ file: FileDescriptor) { files.close(file) }
  package func status(of file: FileDescriptor) throws(Errno) -> FileStatus {
    try files.status(of: file)
  }
  package func status(of path: FilePath, followingLinks: Bool) throws(Errno) -> FileStatus {
    try files.status(of: path, followingLinks: followingLinks)
  }
  package func read(
    _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try count()
    return try files.read(file, into: buffer)
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
    try count()
    let part = min(buffer.count, largestWrite)
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
  // Removing must work even in the middle of trouble: it is what cleans up.
  package func remove(_ path: FilePath) throws(Errno) { try files.remove(path) }
  package func makeFolder(_ path: FilePath) throws(Errno) {
    try count()
    try files.makeFolder(path)
  }
  package func list(_ folder: FilePath) throws(Errno) -> FolderListing { try files.list(folder) }
}
