import SystemPackage

/// The bytes of a regular file of at most `limit` bytes.
///
/// Never waits on a pipe; the size is looked at before memory is taken. A file that is cut short meanwhile gives the
/// bytes it has, one that grows past the limit is refused.
public func readFile(
  _ path: FilePath, limit: Int, fileSystem: any FileSystem = RealFileSystem()
) throws(FileError) -> [UInt8] {
  let outcome: (status: FileStatus, bytes: [UInt8])
  do throws(Errno) {
    outcome = try contents(of: path, limit: limit, fileSystem)
  } catch {
    throw FileError(path: path, error)
  }
  let (status, bytes) = outcome
  if status.kind != .regular {
    throw FileError(
      path: path, reason: "is a \(status.kind.name), not a regular file", kind: .notRegular)
  }
  let size = max(status.size, bytes.count)
  if size > limit {
    throw FileError(
      path: path, reason: "\(grouped(size)) bytes are over the limit of \(grouped(limit))",
      kind: .tooLarge)
  }
  return bytes
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

/// What the file is and its bytes, if it is a regular one within the limit.
private func contents(
  of path: FilePath, limit: Int, _ fileSystem: any FileSystem
) throws(Errno) -> (FileStatus, [UInt8]) {
  let file: FileDescriptor
  do throws(Errno) { file = try fileSystem.open(path, for: .reading) } catch {
    // A socket cannot be opened at all; say what it is.
    if error == .noSuchAddressOrDevice {
      return (try fileSystem.status(of: path, followingLinks: true), [])
    }
    throw error
  }
  defer { fileSystem.close(file) }
  let status = try fileSystem.status(of: file)
  guard status.kind == .regular, status.size <= limit else { return (status, []) }

  var bytes: [UInt8] = []
  var capacity = status.size + 1  // one more, so that the end is seen
  while bytes.count <= limit {
    let chunk = try piece(of: file, atMost: capacity, fileSystem)
    if chunk.isEmpty { break }
    if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
    capacity = max(status.size + 1 - bytes.count, 4096)
  }
  return (status, bytes)
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
