import ArgumentParser
import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage

/// `avocet detectors`
struct Detectors: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Find out what each unit of a network detects: a dictionary of edges, parts, objects.",
    discussion:
      "Looks at labelled pictures and keeps each unit's nine strongest places. Where the data knows its parts (aviary:, parts/ or parts.csv), every unit is held against them; what is chosen on half of the pictures is measured on the other half."
  )

  @Argument(help: "The model file.") var model: PathArgument
  @Argument(help: "The labelled pictures, as for train.") var data: PathArgument
  @Option(help: "The folder for detectors.csv, detectors.json and index.html.") var out:
    PathArgument
  @Option(help: "The split: train, validation, test or all.") var split: String?
  @Flag(
    help:
      "Store the names, and each unit's mean as its baseline, in the model file: every later sheet uses them."
  ) var name =
    false
  @Flag(help: "Also seek a picture that excites each unit.") var optimise = false
  @Option(
    help: "Also delete, on so many of the first pictures, what counts most, and see the class fall."
  )
  var deletions = 0
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let team = ThreadTeam(threads: common.threadCount)
    var model = try readModel(model.path, team)
    // A part map is as large as its picture.
    model.preprocessing.scaledDecoding = false
    var dataset = try openData(
      data, session, common, aviarySize: min(256, max(32, model.preprocessing.height)))
    dataset.decodeFiles(model.preprocessing.decoding(limits: common.limits))
    let pictures = try chosenSplit(split, of: dataset, data).1
    let source: PartSource
    do throws(DatasetError) {
      source = try PartSource(pictures, of: dataset, at: data.path)
    } catch { throw Failure(error.description) }
    guard deletions >= 0 else {
      throw Failure("--deletions is \(deletions); a number of pictures is expected", code: 64)
    }
    try prepareOutput(out.path, force: common.force)
    let found = try dictionary(model, source, dataset.classes, team, session)
    guard found.pictures > 0 else {
      throw Failure("\(data.path.escaped): none of \(pictures.count) pictures could be read")
    }
    if !source.names.isEmpty, found.known == 0 {
      session.note(
        "\(data.path.appending("parts.csv").escaped): the parts of none of the \(found.pictures) pictures are known; none was measured"
      )
    }
    for (picture, message) in found.refused { session.complain("\(picture): \(message)") }
    try writing { () throws(FileError) in try write(found) }
    if name { try store(found) }
    for line in found.summary { try session.print(line) }
    for table in found.tables {
      var text = TextTable(table.heads.map { ($0, .left) })
      for row in table.rows { text.add(row) }
      for line in ["", table.title] + text.lines { try session.print(escapedText(line.utf8)) }
    }
    return found.refused.isEmpty ? 0 : 1
  }

  private func dictionary(
    _ model: Model, _ source: PartSource, _ classes: [String], _ team: ThreadTeam,
    _ session: Session
  ) throws(Failure) -> DetectorDictionary {
    let classifier = Classifier(model, team: team)
    let progress = Progress(session, "looking")
    let relay = ProgressRelay(progress, total: 2 * source.pictures.count)
    let shouldStop = session.shouldStop
    var found = DetectorDictionary(
      classifier, on: source, classes: classes, seed: common.seed, team: team,
      shouldStop: { shouldStop() != nil }, progress: { relay.update($0) })
    progress.end()
    try session.checkStop()
    let attribution = Attribution(classifier, team: team)
    if optimise {
      let search = Progress(session, "optimising", .units)
      let units = found.detectors.count
      found.optimise(
        attribution, seed: common.seed, shouldStop: { shouldStop() != nil },
        progress: { search.update($0, of: units) })
      search.end()
      try session.checkStop()
    }
    if deletions > 0 {
      let deleting = Progress(session, "deleting")
      let count = min(deletions, source.pictures.count)
      found.measureDeletions(
        attribution, on: source.pictures, limit: count, shouldStop: { shouldStop() != nil },
        progress: { deleting.update($0, of: count) })
      deleting.end()
      try session.checkStop()
    }
    return found
  }

  private func write(_ found: DetectorDictionary) throws(FileError) {
    try writeFileAtomically(Array(found.csv.utf8), to: out.path.appending("detectors.csv"))
    try writeFileAtomically(Array(found.json.utf8), to: out.path.appending("detectors.json"))
    try write(found, into: "patches") { $0.patchSheet() }
    if optimise {
      try write(found, into: "optimised") { detector in
        detector.preferred.map { picture in
          picture.resized(width: 96, height: 96)
        }
      }
    }
    try writeFileAtomically(
      Array(found.page(title: model.path.lastComponent?.string ?? "model").utf8),
      to: out.path.appending("index.html"))
  }

  private func write(
    _ found: DetectorDictionary, into name: String, _ picture: (Detector) -> Image?
  ) throws(FileError) {
    for level in Level.allCases {
      let folder = out.path.appending(name).appending(level.rawValue)
      try makeFolders(folder)
      for detector in found.detectors where detector.level == level {
        guard let picture = picture(detector) else { continue }
        try writeFileAtomically(
          picture.encodedJPEG(quality: 85), to: folder.appending(Detector.patchFile(detector.unit))
        )
      }
    }
  }

  // The file is read again: what this run changed to look is not written.
  private func store(_ found: DetectorDictionary) throws(Failure) {
    var model = try readModel(self.model.path)
    (model.detectorNames, model.unitMeans) = (found.names, found.unitMeans)
    do throws(FileError) { try model.write(to: self.model.path) } catch { throw Failure(error) }
  }
}
