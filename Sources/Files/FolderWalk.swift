import SystemPackage

/// The files under a folder, in depth, in the byte order of the names; one folder's names are in memory at a time.
///
/// Hidden names are passed over. Links are followed, each folder is entered once. A walk is made once; what it passed
/// over and what it could not read stands in `skipped` and `failures` when it is over.
public final class FolderWalk: Sequence, IteratorProtocol {
  /// The extensions of pictures that Avocet reads.
  public static let pictureExtensions: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif"]

  /// How many entries were passed over, by kind: `.heic`, `no extension`, `hidden`, `FIFO`.
  public private(set) var skipped: [String: Int] = [:]
  /// The folders and links that could not be read.
  public private(set) var failures: [FileError] = []

  private struct Level {
    var folder: FilePath
    var listing: FolderListing
    var next = 0
  }

  private let extensions: Set<String>?
  private let fileSystem: any FileSystem
  private var root: FilePath?
  private var levels: [Level] = []
  private var entered: Set<FileIdentity> = []

  /// A walk through `folder` for files of the given extensions (small letters, any case matches; nil: every file).
  public init(
    _ folder: FilePath, extensions: Set<String>? = FolderWalk.pictureExtensions,
    fileSystem: any FileSystem = RealFileSystem()
  ) {
    (root, self.extensions, self.fileSystem) = (folder, extensions, fileSystem)
  }

  /// The next file, its path beginning with the folder's as it was given.
  public func next() -> FilePath? {
    if let folder = root {
      root = nil
      enter(folder)
    }
    while var level = levels.last {
      guard level.next < level.listing.count else {
        levels.removeLast()
        continue
      }
      let (name, kind) = (level.listing.name(level.next), level.listing.kind(level.next))
      level.next += 1
      levels[levels.count - 1].next = level.next
      if name.first == UInt8(ascii: ".") {
        count("hidden")
        continue
      }
      let path = FilePath(bytes: level.folder.withSeparator + name)
      if let file = visit(path, name, kind) { return file }
    }
    return nil
  }

  /// The path, if it is a wanted file; a folder is entered.
  private func visit(_ path: FilePath, _ name: ArraySlice<UInt8>, _ listed: FileKind) -> FilePath? {
    var kind = listed
    if kind == .link || kind == .unknown {
      do throws(Errno) { kind = try fileSystem.status(of: path, followingLinks: true).kind } catch {
        failures.append(FileError(path: path, error))
        return nil
      }
    }
    switch kind {
    case .folder:
      enter(path)
    case .regular:
      let ending = Self.ending(of: name)
      if extensions?.contains(ending) ?? true { return path }
      count(ending.isEmpty ? "no extension" : "." + ending)
    default:
      count(kind.name)
    }
    return nil
  }

  private func enter(_ folder: FilePath) {
    do throws(Errno) {
      let status = try fileSystem.status(of: folder, followingLinks: true)
      guard entered.insert(status.identity).inserted else {
        count("folder seen before")
        return
      }
      levels.append(Level(folder: folder, listing: try fileSystem.list(folder)))
    } catch {
      failures.append(FileError(path: folder, error))
    }
  }

  private func count(_ kind: String) {
    let known = skipped.count < 1000 || skipped[kind] != nil
    skipped[known ? kind : "other", default: 0] += 1
  }

  /// What follows the last dot, in small letters and fit for printing.
  private static func ending(of name: ArraySlice<UInt8>) -> String {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return "" }
    return escapedText(name[(dot + 1)...]).lowercased()
  }
}

extension FilePath {
  fileprivate var withSeparator: [UInt8] {
    let bytes = bytes
    return bytes.isEmpty || bytes.last == UInt8(ascii: "/") ? bytes : bytes + [UInt8(ascii: "/")]
  }
}
