import AvocetFiles
import AvocetImages
import SystemPackage

/// Pictures in files.
public struct FileSource: DataSource {
  /// The files and their classes.
  public let files: [(path: FilePath, label: Int)]
  /// How they are decoded.
  public internal(set) var decoding: DecodingOptions

  /// These files.
  public init(_ files: [(path: FilePath, label: Int)], decoding: DecodingOptions) {
    (self.files, self.decoding) = (files, decoding)
  }

  /// How many files there are.
  public var count: Int { files.count }
  /// The class of file i.
  public func label(_ i: Int) -> Int { files[i].label }
  /// The path, escaped.
  public func identifier(_ i: Int) -> String { files[i].path.escaped }
  /// The picture in file i.
  public func image(_ i: Int) throws(ImageError) -> Image {
    try readImage(files[i].path, options: decoding).image
  }
}

extension Dataset {
  /// Names in a data folder that are never classes.
  static func isReserved(_ name: String) -> Bool {
    ["parts", "parts.csv", "captions.csv"].contains(name) || name.hasPrefix(".")
  }

  /// The folders that are splits, the first of each the one that is written.
  static let splitNames: [(split: Split, names: [String])] = [
    (.train, ["train"]), (.validation, ["val", "valid", "validation"]), (.test, ["test"]),
  ]

  /// A folder of class folders, or of `train`, `val` and `test` folders of class folders.
  static func openFolder(_ folder: FilePath, _ options: Options) throws(DatasetError) -> Dataset {
    let names = try subfolders(folder)
    var found: [(Split, FilePath)] = []
    for (split, spellings) in splitNames {
      if let name = spellings.first(where: names.contains) {
        found.append((split, folder.appending(name)))
      }
    }
    let isSplit =
      found.contains { $0.0 == .train } || (!found.isEmpty && found.count == names.count)
    if !isSplit { found = [(.all, folder)] }
    var dataset = Dataset(
      kind: isSplit ? .splitFolders : .folder, classes: [],
      splits: [:])
    for (split, path) in found {
      let (classes, files, warnings) = try classFolders(path)
      dataset.warnings += warnings
      if dataset.classes.isEmpty { dataset.classes = classes }
      let known = Dictionary(
        dataset.classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
      if let extra = classes.first(where: { known[$0] == nil }) {
        throw DatasetError(
          "\(path.escaped): class \"\(escapedText(extra.utf8))\" is not in \(found[0].1.escaped); every split has the classes of the first"
        )
      }
      let missing = dataset.classes.filter { !classes.contains($0) }
      if !missing.isEmpty {
        dataset.warnings.append(
          "\(path.escaped): no pictures of \(missing.map { escapedText($0.utf8) }.joined(separator: ", "))"
        )
      }
      let labelled = files.map { (path: $0.path, label: known[classes[$0.label]] ?? 0) }
      dataset.splits[split] = FileSource(labelled, decoding: options.decoding)
    }
    return try dataset.checked(folder.escaped)
  }

  /// The pictures of a split; where files lie in splits, those of all splits are `all`, the training files first.
  public func pictures(of split: Split) -> (any DataSource)? {
    if let source = splits[split] { return source }
    let parts = [Split.train, .validation, .test].compactMap { splits[$0] as? FileSource }
    guard split == .all, parts.count == splits.count, let first = parts.first else { return nil }
    return FileSource(parts.flatMap(\.files), decoding: first.decoding)
  }

  /// The data, or an error where there is nothing to tell apart.
  func checked(_ name: String) throws(DatasetError) -> Dataset {
    guard classes.count > 1 else {
      throw DatasetError(
        "\(name): only one class (\(escapedText(classes.joined().utf8))); a classifier needs two or more"
      )
    }
    var result = self
    for (split, source) in splits
    where (split == .train || split == .all) && splits[.validation] == nil {
      var counts = [Int](repeating: 0, count: classes.count)
      for i in 0..<source.count { counts[source.label(i)] += 1 }
      for (label, count) in counts.enumerated() where count == 1 {
        result.warnings.append(
          "\(name): class \"\(escapedText(classes[label].utf8))\" has one picture; it is trained on and not validated"
        )
      }
    }
    return result
  }

  private static func subfolders(_ folder: FilePath) throws(DatasetError) -> [String] {
    do throws(Errno) {
      let listing = try RealFileSystem().list(folder)
      var names: [String] = []
      for i in 0..<listing.count {
        let name = FilePath(bytes: listing.name(i))
        var kind = listing.kind(i)
        if kind == .link || kind == .unknown {
          let target = FilePath(bytes: folder.bytes + [UInt8(ascii: "/")] + listing.name(i))
          kind = (try? RealFileSystem().status(of: target, followingLinks: true).kind) ?? .unknown
        }
        if kind == .folder, !isReserved(name.string) { names.append(name.string) }
      }
      return names
    } catch { throw DatasetError(FileError(path: folder, error).description) }
  }

  private static func classFolders(_ folder: FilePath) throws(DatasetError) -> (
    [String], [(path: FilePath, label: Int)], [String]
  ) {
    let listing: FolderListing
    do throws(Errno) { listing = try RealFileSystem().list(folder) } catch {
      throw DatasetError(FileError(path: folder, error).description)
    }
    var (classes, files, warnings): ([String], [(path: FilePath, label: Int)], [String]) =
      ([], [], [])
    for i in 0..<listing.count {
      let bytes = Array(listing.name(i))
      let name = FilePath(bytes: bytes).text
      let path = FilePath(bytes: folder.bytes + [UInt8(ascii: "/")] + bytes)
      guard (try? RealFileSystem().status(of: path, followingLinks: true).kind) == .folder,
        !isReserved(name)
      else { continue }
      let walk = FolderWalk(path)
      let found = Array(walk)
      for (kind, count) in walk.skipped.sorted(by: { $0.key < $1.key }) where kind != "hidden" {
        warnings.append("\(path.escaped): \(grouped(count)) \(kind) skipped: not supported")
      }
      warnings += walk.failures.map(\.description)
      if found.isEmpty {
        warnings.append("\(path.escaped): no pictures; not a class")
        continue
      }
      // Equal are also names that differ in their Unicode form or in their escapes alone.
      guard !classes.contains(name) else {
        throw DatasetError(
          "\(folder.escaped): two folders are called \"\(escapedText(name.utf8))\" (in different bytes); rename or join them"
        )
      }
      files += found.map { (path: $0, label: classes.count) }
      classes.append(name)
    }
    guard !classes.isEmpty else {
      throw DatasetError(
        "\(folder.escaped): no class folders with .png or .jpg pictures in it (\(listing.count) entries); put the pictures of each class into a folder of its name"
      )
    }
    return (classes, files, warnings)
  }
}
