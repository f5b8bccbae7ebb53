import SystemPackage

/// A file that grows while it is made: `FILE.part` until it is finished, then `FILE`.
///
/// A device or a pipe that stands at the path is written to directly. One thread uses it.
public final class StreamedFile {
  /// The file as it will be called.
  public let path: FilePath
  private let target: FilePath
  private let fileSystem: any FileSystem
  private var file: FileDescriptor?
  private var pending: [UInt8] = []

  /// The name a file has while it is made.
  public static func partPath(of path: FilePath) -> FilePath {
    FilePath(bytes: path.bytes + Array(".part".utf8))
  }

  /// Begins the file anew, or goes on after the first `keeping` bytes of `FILE.part`.
  public init(
    _ path: FilePath, keeping: Int = 0, fileSystem: any FileSystem = RealFileSystem()
  ) throws(FileError) {
    var isSpecial = false
    if let status = try? fileSystem.status(of: path, followingLinks: true) {
      if status.kind == .folder {
        throw FileError(path: path, reason: "is a folder, not a file", kind: .notRegular)
      }
      isSpecial = status.kind != .regular
    }
    self.path = path
    self.fileSystem = fileSystem
    target = isSpecial ? path : Self.partPath(of: path)
    do throws(Errno) {
      let file = try fileSystem.open(target, for: .continuing)
      self.file = file
      if !isSpecial { try fileSystem.truncate(file, to: keeping) }
    } catch {
      if let file { fileSystem.close(file) }
      file = nil
      throw FileError(path: target, error)
    }
  }

  deinit {
    if let file { fileSystem.close(file) }
  }

  /// Gives the file up and removes `FILE.part`; nothing can be written afterwards.
  public func discard() {
    guard let file else { return }
    self.file = nil
    pending = []
    fileSystem.close(file)
    if target != path { try? fileSystem.remove(target) }
  }

  /// Adds bytes, which may wait in memory until 64 KiB are together.
  public func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
    pending.append(contentsOf: bytes)
    if pending.count >= 1 << 16 { try flush() }
  }

  /// Adds text in UTF-8.
  public func write(_ text: String) throws(FileError) { try write(text.utf8) }

  /// Hands all bytes to the operating system.
  public func flush() throws(FileError) {
    guard let file else { throw FileError(path: path, reason: "is finished already") }
    do throws(Errno) {
      try writeAll(pending, to: file, fileSystem)
      pending.removeAll(keepingCapacity: true)
    } catch {
      throw FileError(path: target, error)
    }
  }

  /// Brings the bytes to the disk and gives the file its name. Nothing can be written afterwards.
  public func finish() throws(FileError) {
    try flush()
    guard let file else { return }
    self.file = nil
    do throws(Errno) {
      if target == path {
        fileSystem.close(file)
        return
      }
      do throws(Errno) { try fileSystem.synchronize(file) } catch {
        fileSystem.close(file)
        throw error
      }
      fileSystem.close(file)
      try fileSystem.rename(target, to: path)
      try fileSystem.synchronizeFolder(path.folder)
    } catch {
      throw FileError(path: path, error)
    }
  }
}
