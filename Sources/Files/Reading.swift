import SystemPackage

/// The bytes of a regular file of at most `limit` bytes.
///
/// Never waits on a pipe; the size is looked at before memory is taken. A file that is cut short meanwhile gives the
/// bytes it has, one that grows past the limit is refused.
public func readFile(
  _ path: FilePath, limit: Int, fileSystem: any FileSystem = RealFileSystem()
) throws(FileError) -> [UInt8] {
  try InputFile(path, limit: limit, fileSystem: fileSystem).allBytes(limit: limit)
}

/// Hands a file's bytes to `body`, 64 KiB and less at a time.
public func readPieces(
  of path: FilePath, fileSystem: any FileSystem = RealFileSystem(), _ body: ([UInt8]) -> Void
) throws(FileError) {
  do throws(Errno) {
    let file = try fileSystem.open(path, for: .reading)
    defer { fileSystem.close(file) }
    while true {
      let piece = try piece(of: file, atMost: 1 << 16, fileSystem)
      if piece.isEmpty { return }
      body(piece)
    }
  } catch {
    throw FileError(path: path, error)
  }
}

/// Up to `capacity` bytes from where the file stands; none at its end.
func piece(
  of file: FileDescriptor, atMost capacity: Int, _ fileSystem: any FileSystem
) throws(Errno) -> [UInt8] {
  var failure: Errno?
  let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
    do throws(Errno) {
      count = try unsafe fileSystem.read(file, into: UnsafeMutableRawBufferPointer(buffer))
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return bytes
}
