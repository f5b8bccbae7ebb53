import AvocetFiles
import AvocetImages
import AvocetKernels
import Synchronization
import SystemPackage

/// Writes a data set as class folders of PNGs or JPEGs, in `train`, `val` and `test` where it has splits.
///
/// Pictures are called by their index. An aviary also gives `parts/`, index maps under the pictures' names, `parts.csv`, which names the indices
/// (`index,name`), and `captions.csv` (`path,caption`). A few pictures are in memory at a time.
public struct DatasetExport: Sendable {
  private let dataset: Dataset
  private let folder: FilePath
  /// The folder of each class.
  let folders: [String]
  private let format: ImageFormat

  /// What was written.
  public struct Outcome: Sendable {
    /// Pictures written.
    public var written = 0
    /// Pictures that could not be read: who, and why.
    public var refused: [(identifier: String, message: String)] = []
    /// Whether it was stopped before the end.
    public var isStopped = false
  }

  /// An export into `folder`, which exists; two classes that would share a folder are an error.
  public init(_ dataset: Dataset, into folder: FilePath, format: ImageFormat = .png)
    throws(DatasetError)
  {
    (self.dataset, self.folder, self.format) = (dataset, folder, format)
    folders = dataset.classes.map(Dataset.folderName)
    var owners: [String: String] = [:]
    for (label, name) in zip(dataset.classes, folders) {
      if let other = owners.updateValue(label, forKey: name) {
        throw DatasetError(
          "\(folder.escaped): the classes \"\(escapedText(other.utf8))\" and \"\(escapedText(label.utf8))\" would share the folder \(escapedText(name.utf8)); nothing was written"
        )
      }
    }
  }

  /// The classes whose folders have other names: a slash cannot be in one, and some names have a meaning.
  public var renamed: [(label: String, folder: String)] {
    zip(dataset.classes, folders).filter { $0 != $1 }.map { (label: $0, folder: $1) }
  }

  /// Writes everything; `progress` hears how many pictures are done.
  public func write(
    team: ThreadTeam, shouldStop: @Sendable () -> Bool = { false },
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws(FileError) -> Outcome {
    var outcome = Outcome()
    guard dataset.aviary != nil else {
      try writePictures(team, nil, &outcome, shouldStop, progress)
      return outcome
    }
    try writePartNames()
    let captions = try StreamedFile(folder.appending("captions.csv"))
    do throws(FileError) {
      try captions.write("path,caption\n")
      try writePictures(team, captions, &outcome, shouldStop, progress)
      try captions.finish()
    } catch {
      captions.discard()
      throw error
    }
    return outcome
  }

  private func writePictures(
    _ team: ThreadTeam, _ captions: StreamedFile?, _ outcome: inout Outcome,
    _ shouldStop: @Sendable () -> Bool, _ progress: @Sendable (Int) -> Void
  ) throws(FileError) {
    var done = 0
    for split in Split.allCases {
      guard let source = dataset.splits[split] else { continue }
      try makeClassFolders(split, source)
      let chunk = 16 * team.threadCount
      for start in stride(from: 0, to: source.count, by: chunk) {
        let indices = start..<min(source.count, start + chunk)
        try write(indices, of: source, split, captions, team, &outcome)
        progress(done + indices.upperBound)
        outcome.isStopped = shouldStop()
        if outcome.isStopped { return }
      }
      done += source.count
    }
  }

  private func writePartNames() throws(FileError) {
    let lines = Aviary.parts.enumerated().map { "\($0),\(csvCell($1))" }
    let text = (["index,name"] + lines).joined(separator: "\n") + "\n"
    try writeFileAtomically(Array(text.utf8), to: folder.appending("parts.csv"))
  }

  private func makeClassFolders(_ split: Split, _ source: any DataSource) throws(FileError) {
    var labels: Set<Int> = []
    for i in 0..<source.count where labels.count < folders.count { labels.insert(source.label(i)) }
    for label in labels.sorted() {
      let place = Self.components(split) + [folders[label]]
      try makeFolders(folder.appending(place))
      if dataset.aviary != nil { try makeFolders(folder.appending(["parts"] + place)) }
    }
  }

  /// The folder of a split, where there are several.
  static func components(_ split: Split) -> [String] {
    Dataset.splitNames.first { $0.split == split }.map { [$0.names[0]] } ?? []
  }

  // One chunk, shared out over the team; the captions keep the order of the pictures.
  private func write(
    _ indices: Range<Int>, of source: any DataSource, _ split: Split, _ captions: StreamedFile?,
    _ team: ThreadTeam, _ outcome: inout Outcome
  ) throws(FileError) {
    let results = Mutex<[Int: Result<String, ExportProblem>]>([:])
    team.run(indices.count) { task, _ in
      let index = indices.lowerBound + task
      let result: Result<String, ExportProblem>
      do throws(ExportProblem) { result = .success(try write(index, of: source, split)) } catch {
        result = .failure(error)
      }
      results.withLock { $0[index] = result }
    }
    for (index, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      switch result {
      case .success(let line):
        outcome.written += 1
        try captions?.write(line)
      case .failure(.picture(let error)):
        outcome.refused.append((source.identifier(index), error.message))
      case .failure(.file(let error)): throw error
      }
    }
  }

  private enum ExportProblem: Error {
    case picture(ImageError)
    case file(FileError)
  }

  // Writes picture `index` and what belongs to it; gives its line in captions.csv.
  private func write(_ index: Int, of source: any DataSource, _ split: Split)
    throws(ExportProblem) -> String
  {
    let place = self.place(of: index, label: source.label(index), split)
    guard let aviary = dataset.aviary else {
      let image: Image
      do throws(ImageError) { image = try source.image(index) } catch { throw .picture(error) }
      try write(encoded(image), place)
      return ""
    }
    let scene = aviary.scene(index)
    try write(encoded(scene.image), place)
    let map = encodeIndexPNG(
      width: aviary.size, height: aviary.size, values: scene.partMap, palette: Self.partColors)
    // Maps are PNGs whatever the pictures are.
    let name = Self.name(index) + ".png"
    try write(map, ["parts"] + place.dropLast() + [name])
    return "\(csvCell(place.joined(separator: "/"))),\(csvCell(scene.caption))\n"
  }

  /// Where picture `index` of a split goes.
  func place(of index: Int, label: Int, _ split: Split) -> [String] {
    let name = Self.name(index) + (format == .png ? ".png" : ".jpg")
    return Self.components(split) + [folders[label], name]
  }

  private static func name(_ index: Int) -> String {
    let digits = String(index)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  private func encoded(_ image: Image) -> [UInt8] {
    if format == .jpeg { return image.encodedJPEG() }
    return dataset.isGrey ? image.encodedGreyPNG : image.encodedPNG()
  }

  private func write(_ bytes: [UInt8], _ place: [String]) throws(ExportProblem) {
    do throws(FileError) { try writeFileAtomically(bytes, to: folder.appending(place)) } catch {
      throw .file(error)
    }
  }

  // A colour for each index, so that a map can be looked at: black, then hues a golden angle apart.
  private static let partColors: [RGB] = Aviary.parts.indices.map { index in
    if index == 0 { return .black }
    let turns = Double(index) * 0.618034
    let tint = Tint(
      hue: turns - turns.rounded(.down), saturation: 0.75, value: index % 2 == 0 ? 1 : 0.75)
    return RGB(UInt8(tint.red), UInt8(tint.green), UInt8(tint.blue))
  }
}

extension Dataset {
  /// The name of the folder that holds a class's pictures: the class's own, made safe where it would lead elsewhere (a slash), hide the folder (a dot),
  /// or be taken for parts or a split.
  public static func folderName(_ label: String) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: label.unicodeScalars.map { $0 == "/" || $0 == "\0" ? "_" : $0 })
    let safe = String(scalars)
    let isTaken = isReserved(safe) || splitNames.contains { $0.names.contains(safe) }
    return isTaken || safe.isEmpty ? "_" + safe : safe
  }
}

extension Image {
  // Of a grey picture every channel says the same.
  fileprivate var encodedGreyPNG: [UInt8] {
    let values = stride(from: 0, to: pixels.count, by: 3).map { pixels[$0] }
    return encodeGreyPNG(width: width, height: height, values: values)
  }
}

extension FilePath {
  /// A path below this one; each name is one component, whatever bytes it has.
  func appending(_ names: [String]) -> FilePath {
    names.reduce(self) { FilePath(bytes: $0.bytes + Array("/".utf8) + Array($1.utf8)) }
  }
}
