import AvocetFiles
import AvocetImages
import AvocetKernels
import SystemPackage

/// Writes a new split as `train`, `val` and `test` folders of class folders, with `split.csv` (`path,label,split,source`) beside them.
///
/// Picture files get a second name (a hard link), or are copied where that is wanted or impossible; pictures of other kinds of data are written as PNG.
public struct SplitWriter: Sendable {
  private let dataset: Dataset
  private let survey: Survey
  private let splits: [Split]
  private let folder: FilePath
  private let copies: Bool
  private let export: DatasetExport

  /// A writer into `folder`, which exists; `splits` says where each entry of the survey belongs.
  public init(
    _ dataset: Dataset, _ survey: Survey, _ splits: [Split], into folder: FilePath, copies: Bool
  ) throws(DatasetError) {
    (self.dataset, self.survey, self.splits) = (dataset, survey, splits)
    (self.folder, self.copies) = (folder, copies)
    var parts = Dataset(kind: dataset.kind, classes: dataset.classes, splits: [:])
    for split in StratifiedGroupSplit.order where splits.contains(split) {
      parts.splits[split] = EntrySource(
        dataset: dataset,
        entries: survey.entries.indices.filter { splits[$0] == split }.map {
          survey.entries[$0]
        })
    }
    export = try DatasetExport(parts, into: folder)
  }

  /// Writes everything; `progress` hears how many pictures are done.
  public func write(
    team: ThreadTeam, shouldStop: @Sendable () -> Bool = { false },
    progress: @Sendable (Int) -> Void = { _ in }
  ) throws(FileError) -> DatasetExport.Outcome {
    let isFiles = dataset.splits.values.allSatisfy { $0 is FileSource }
    var outcome = DatasetExport.Outcome()
    var rows = ["path,label,split,source"]
    if isFiles {
      try linkFiles(&outcome, &rows, shouldStop, progress)
    } else {
      outcome = try export.write(team: team, shouldStop: shouldStop, progress: progress)
      var numbers: [Split: Int] = [:]
      for (index, split) in splits.enumerated() {
        let number = numbers[split, default: 0]
        numbers[split] = number + 1
        let place = export.place(of: number, label: survey.entries[index].label, split)
        rows.append(row(place.joined(separator: "/"), index))
      }
    }
    if outcome.isStopped { return outcome }
    let text = rows.joined(separator: "\n") + "\n"
    try writeFileAtomically(Array(text.utf8), to: folder.appending("split.csv"))
    return outcome
  }

  private func row(_ path: String, _ index: Int) -> String {
    let entry = survey.entries[index]
    let split = DatasetExport.components(splits[index]).first ?? ""
    let source = dataset.splits[entry.place.split]?.identifier(entry.place.index) ?? ""
    return [path, dataset.classes[entry.label], split, source].map(csvCell).joined(separator: ",")
  }

  private func linkFiles(
    _ outcome: inout DatasetExport.Outcome, _ rows: inout [String],
    _ shouldStop: @Sendable () -> Bool, _ progress: @Sendable (Int) -> Void
  ) throws(FileError) {
    var taken: Set<FilePath> = []
    var made: Set<FilePath> = []
    for (index, entry) in survey.entries.enumerated() {
      outcome.isStopped = shouldStop()
      if outcome.isStopped { return }
      guard let files = dataset.splits[entry.place.split] as? FileSource else { continue }
      let original = files.files[entry.place.index].path
      let place = DatasetExport.components(splits[index]) + [export.folders[entry.label]]
      let parent = folder.appending(place)
      if made.insert(parent).inserted { try makeFolders(parent) }
      let name = Self.freeName(Self.plainName(of: original), in: parent, &taken)
      let target = FilePath(bytes: parent.bytes + [UInt8(ascii: "/")] + name)
      try put(original, at: target, limit: files.decoding.limits.maxFileSize)
      outcome.written += 1
      rows.append(row((place + [FilePath(bytes: name).text]).joined(separator: "/"), index))
      progress(outcome.written)
    }
  }

  // A name that will be found as a picture: not hidden, with a picture's ending.
  private static func plainName(of path: FilePath) -> [UInt8] {
    var name = Array(path.bytes.split(separator: UInt8(ascii: "/")).last ?? [])
    if name.first == UInt8(ascii: ".") { name.insert(UInt8(ascii: "_"), at: 0) }
    let ending = name.lastIndex(of: UInt8(ascii: ".")).map { name[($0 + 1)...] } ?? []
    let isPicture = FolderWalk.pictureExtensions.contains(
      String(decoding: ending, as: UTF8.self).lowercased())
    return isPicture ? name : name + Array(".jpg".utf8)
  }

  // Two pictures of one name in different folders: the second gets a number.
  private static func freeName(_ name: [UInt8], in folder: FilePath, _ taken: inout Set<FilePath>)
    -> [UInt8]
  {
    let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
    var (candidate, number) = (name, 1)
    while !taken.insert(FilePath(bytes: folder.bytes + [UInt8(ascii: "/")] + candidate)).inserted {
      number += 1
      candidate = name[..<dot] + Array("-\(number)".utf8) + name[dot...]
    }
    return candidate
  }

  private func put(_ original: FilePath, at target: FilePath, limit: Int) throws(FileError) {
    if !copies {
      do throws(Errno) { return try RealFileSystem().link(original, to: target) } catch {
        // Another file system, or one without such names.
        let isImpossible: Set<Errno> = [
          .improperLink, .notPermitted, .tooManyLinks, .notSupported, .noFunction,
        ]
        guard isImpossible.contains(error) else { throw FileError(path: target, error) }
      }
    }
    try writeFileAtomically(try readFile(original, limit: limit), to: target)
  }
}

// Entries of a survey as a source of their own.
private struct EntrySource: DataSource {
  let dataset: Dataset
  let entries: [Survey.Entry]

  var count: Int { entries.count }
  func label(_ i: Int) -> Int { entries[i].label }
  func identifier(_ i: Int) -> String {
    dataset.splits[entries[i].place.split]?.identifier(entries[i].place.index) ?? ""
  }
  func image(_ i: Int) throws(ImageError) -> Image {
    guard let source = dataset.splits[entries[i].place.split] else {
      throw ImageError(code: "unreadable", message: "its split is gone")
    }
    return try source.image(entries[i].place.index)
  }
}
