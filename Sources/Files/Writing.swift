import Synchronization
import SystemPackage

private let temporaryNumber = Atomic<Int>(0)

/// Writes a file so that at every moment either the old one or the whole new one is there.
///
/// A temporary file beside it takes the bytes, goes to the disk and takes the name; on failure it is removed.
public func writeFileAtomically(
  _ bytes: [UInt8], to path: FilePath, fileSystem: any FileSystem = RealFileSystem()
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
      try fileSystem.rename(temporary, to: path)
    } catch {
      try? fileSystem.remove(temporary)
      throw error
    }
    try fileSystem.synchronizeFolder(path.folder)
  } catch {
    throw FileError(path: path, error)
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
    let temporary = path.folder.appending(".avocet-\(processNumber())-\(number).tmp")
    do throws(Errno) {
      return (temporary, try fileSystem.open(temporary, for: .creating))
    } catch {
      if error != .fileExists { throw error }
    }
  }
  throw .fileExists
}
