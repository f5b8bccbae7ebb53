import SystemPackage

/// An open regular file, whose parts can be read in any order without holding all of it.
public final class InputFile: Sendable {
  /// Its path.
  public let path: FilePath
  /// Its bytes when it was opened.
  public let size: Int
  /// The operating system's handle, open as long as this object lives.
  package let descriptor: FileDescriptor
  private let fileSystem: any FileSystem

  /// Opens a regular file of at most `limit` bytes; never waits on a pipe.
  public init(
    _ path: FilePath, limit: Int, fileSystem: any FileSystem = RealFileSystem()
  ) throws(FileError) {
    (self.path, self.fileSystem) = (path, fileSystem)
    let status: FileStatus
    (descriptor, status) = try Self.open(path, fileSystem)
    size = status.size
    // From here on an error closes the file by the object's end.
    if status.kind != .regular { throw Self.notRegular(path, status) }
    try check(size, limit: limit)
  }

  deinit { fileSystem.close(descriptor) }

  private static func open(
    _ path: FilePath, _ fileSystem: any FileSystem
  ) throws(FileError) -> (FileDescriptor, FileStatus) {
    let file: FileDescriptor
    do throws(Errno) { file = try fileSystem.open(path, for: .reading) } catch {
      // A socket cannot be opened at all; say what it is.
      if error == .noSuchAddressOrDevice,
        let status = try? fileSystem.status(of: path, followingLinks: true)
      {
        throw notRegular(path, status)
      }
      throw FileError(path: path, error)
    }
    do throws(Errno) { return (file, try fileSystem.status(of: file)) } catch {
      fileSystem.close(file)
      throw FileError(path: path, error)
    }
  }

  private static func notRegular(_ path: FilePath, _ status: FileStatus) -> FileError {
    FileError(
      path: path, reason: "is a \(status.kind.name), not a regular file", kind: .notRegular)
  }

  private func check(_ size: Int, limit: Int) throws(FileError) {
    if size > limit {
      throw FileError(
        path: path, reason: "\(grouped(size)) bytes are over the limit of \(grouped(limit))",
        kind: .tooLarge)
    }
  }

  /// Reads from `offset` on until the buffer is full or the file ends; how many bytes came.
  public func read(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileError) -> Int {
    var done = 0
    do throws(Errno) {
      while done < buffer.count {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        let count = try unsafe fileSystem.read(descriptor, at: offset + done, into: rest)
        if count == 0 { break }
        done += count
      }
    } catch {
      throw FileError(path: path, error)
    }
    return done
  }

  /// Up to `count` bytes from `offset` on; fewer where the file ends.
  public func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(FileError) {
        filled = try unsafe read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// All bytes, at most `limit`. A file that is cut short meanwhile gives the bytes it has, one that grows past the limit is refused.
  public func allBytes(limit: Int) throws(FileError) -> [UInt8] {
    // One more, so that the end is seen.
    var bytes = try bytes(at: 0, count: size + 1)
    while bytes.count > size, bytes.count <= limit {
      let more = try self.bytes(at: bytes.count, count: 4096)
      if more.isEmpty { break }
      bytes += more
    }
    try check(bytes.count, limit: limit)
    return bytes
  }
}
