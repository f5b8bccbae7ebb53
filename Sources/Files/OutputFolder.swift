import SystemPackage

/// The folder a command writes into.
public struct OutputFolder: Sendable {
  /// Makes the folder and its parents; one that holds something is refused unless forced or resumed.
  public static func prepare(
    _ path: FilePath, force: Bool = false, resume: Bool = false,
    fileSystem: any FileSystem = RealFileSystem()
  ) throws(FileError) {
    try makeFolders(path, fileSystem: fileSystem)
    if force || resume { return }
    let listing: FolderListing
    do throws(Errno) { listing = try fileSystem.list(path) } catch {
      throw FileError(path: path, error)
    }
    if listing.count > 0 {
      throw FileError(
        path: path,
        reason:
          "is not empty (\(grouped(listing.count)) \(listing.count == 1 ? "entry" : "entries"));"
          + " nothing was written (--force to write into it)")
    }
  }
}

/// Makes a folder and the folders above it, as far as they are missing.
public func makeFolders(
  _ path: FilePath, fileSystem: any FileSystem = RealFileSystem()
) throws(FileError) {
  do throws(Errno) {
    try fileSystem.makeFolder(path)
  } catch {
    switch error {
    case .fileExists:
      let kind = try? fileSystem.status(of: path, followingLinks: true).kind
      if kind != .folder {
        throw FileError(
          path: path, reason: "is a \((kind ?? .link).name), not a folder", kind: .notRegular)
      }
    case .noSuchFileOrDirectory where path.folder != path && path.folder != ".":
      try makeFolders(path.folder, fileSystem: fileSystem)
      do throws(Errno) { try fileSystem.makeFolder(path) } catch {
        if error != .fileExists { throw FileError(path: path, error) }
      }
    default:
      throw FileError(path: path, error)
    }
  }
}
