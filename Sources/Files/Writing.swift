import Synchronization
import SystemPackage

private let temporaryPrefix = ".avocet-"
private let temporaryNumber = Atomic<Int>(0)

/// Writes a file so that at every moment either the old one or the whole new one is there.
///
/// A temporary file beside it takes the bytes, goes to the disk and takes the name; on failure it is removed. With `previous`, the temporary file is read again and
/// compared before it counts, and the old file stays under that name: at every moment at least one of the two is whole.
public func writeFileAtomically(
  _ bytes: [UInt8], to path: FilePath, keeping previous: FilePath? = nil,
  fileSystem: any FileSystem = RealFileSystem()
) throws(FileError) {
  do throws(Errno) {
    let (temporary, file) = try createTemporary(beside: path, fileSystem)
    do throws(Errno) {
      do throws(Errno) {
        try writeAll(bytes, to: file, fileSystem)
        try fileSystem.synchronize(file)
        fileSystem.close(file)
      } catch {
        fileSystem.close(file)
        throw error
      }
      if let previous {
        guard try holds(temporary, bytes, fileSystem) else { throw .ioError }
        try exchange(temporary, path, previous, fileSystem)
      } else {
        try fileSystem.rename(temporary, to: path)
      }
    } catch {
      try? fileSystem.remove(temporary)
      throw error
    }
    try fileSystem.synchronizeFolder(path.folder)
  } catch {
    throw FileError(path: path, error)
  }
}

/// Removes what interrupted writes left in a folder.
public func removeTemporaries(
  in folder: FilePath, fileSystem: any FileSystem = RealFileSystem()
) throws(FileError) {
  do throws(Errno) {
    let listing = try fileSystem.list(folder)
    for index in 0..<listing.count {
      let name = listing.name(index)
      guard name.starts(with: temporaryPrefix.utf8), name.suffix(4).elementsEqual(".tmp".utf8)
      else { continue }
      try fileSystem.remove(folder.appending(String(decoding: name, as: UTF8.self)))
    }
  } catch {
    throw FileError(path: folder, error)
  }
}

// The file takes the place of `path`, which becomes `previous`.
private func exchange(
  _ file: FilePath, _ path: FilePath, _ previous: FilePath, _ fileSystem: any FileSystem
) throws(Errno) {
  do throws(Errno) { try fileSystem.rename(path, to: previous) } catch {
    if error != .noSuchFileOrDirectory { throw error }
  }
  do throws(Errno) { try fileSystem.rename(file, to: path) } catch {
    try? fileSystem.rename(previous, to: path)
    throw error
  }
}

// Whether the disk gives back what was written.
private func holds(
  _ path: FilePath, _ bytes: [UInt8], _ fileSystem: any FileSystem
) throws(Errno) -> Bool {
  let file = try fileSystem.open(path, for: .reading)
  defer { fileSystem.close(file) }
  var position = 0
  while true {
    let piece = try piece(of: file, atMost: 1 << 20, fileSystem)
    if piece.isEmpty { return position == bytes.count }
    guard bytes.count - position >= piece.count,
      bytes[position..<(position + piece.count)].elementsEqual(piece)
    else { return false }
    position += piece.count
  }
}

extension FilePath {
  /// The folder the file lies in, `.` for a bare name.
  public var folder: FilePath {
    let parent = removingLastComponent()
    return parent.isEmpty ? "." : parent
  }
}

/// Writes all bytes, however many calls it takes.
package func writeAll(
  _ bytes: [UInt8], to file: FileDescriptor, _ fileSystem: any FileSystem
) throws(Errno) {
  var written = 0
  while written < bytes.count {
    let count = try unsafe bytes.withUnsafeBufferPointer { buffer throws(Errno) in
      let rest = unsafe UnsafeBufferPointer(rebasing: buffer[written...])
      return try unsafe fileSystem.write(file, UnsafeRawBufferPointer(rest))
    }
    if count <= 0 { throw .ioError }
    written += count
  }
}

/// A new hidden file in the same folder, whose short name fits wherever the real one does.
private func createTemporary(
  beside path: FilePath, _ fileSystem: any FileSystem
) throws(Errno) -> (FilePath, FileDescriptor) {
  for _ in 0..<100 {
    let number = temporaryNumber.add(1, ordering: .relaxed).newValue
    let temporary = path.folder.appending("\(temporaryPrefix)\(processNumber())-\(number).tmp")
    do throws(Errno) {
      return (temporary, try fileSystem.open(temporary, for: .creating))
    } catch {
      if error != .fileExists { throw error }
    }
  }
  throw .fileExists
}
