import ArgumentParser
import AvocetClassifier
import AvocetDetectors
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetNetworks
import SystemPackage

/// `avocet explain`
struct Explain: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show on one page why a network says what it says: pixels, edges, parts, object.")

  @Argument(help: "The model file.") var model: PathArgument
  @Argument(help: "The picture.") var image: PathArgument
  @Option(help: "The page to write; it holds all it needs.") var out: PathArgument
  @Option(help: "Why the class rather than this one.") var versus: String?
  @Option(help: "A folder that detectors made: its patches are shown with the units.")
  var detectors: PathArgument?
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    try refuseExisting(out.path, force: common.force)
    try checkDetectors()
    let team = ThreadTeam(threads: common.threadCount)
    let classifier = Classifier(try readModel(model.path, team), team: team)
    let versus = try classNumber(classifier)
    let found: Explanation
    do throws(ImageError) {
      let options = classifier.preprocessing.decoding(limits: common.limits)
      let picture = try readImage(image.path, options: options)
      for warning in picture.warnings { session.note("\(image.path.escaped): \(warning)") }
      found = try Explanation(
        Attribution(classifier, team: team), picture.image, versus: versus,
        shouldStop: { session.shouldStop() != nil })
    } catch {
      try session.checkStop()
      throw Failure("\(image.path.escaped): \(error.message)")
    }
    if let versus, versus == found.target {
      throw Failure(
        "--versus \(escapedText(classifier.classes[versus].utf8)) is what the network says; another class is needed",
        code: 64)
    }
    let folder = detectors?.path
    let page = found.page(title: image.path.title) { level, unit in
      folder.flatMap { Self.patches(in: $0, level, unit) }
    }
    try writing { () throws(FileError) in
      try makeFolders(out.path.folder)
      try writeFileAtomically(Array(page.utf8), to: out.path)
    }
    try session.print(escapedText(found.sentence.utf8))
    for line in found.checks + found.accounts { try session.print(escapedText(line.utf8)) }
    return 0
  }

  private func checkDetectors() throws(Failure) {
    guard let folder = detectors?.path else { return }
    let patches = folder.appending(Self.patches)
    if (try? RealFileSystem().status(of: patches, followingLinks: true).kind) != .folder {
      throw Failure("\(folder.escaped): holds no folder \(Self.patches), as detectors makes it")
    }
  }

  private func classNumber(_ classifier: Classifier) throws(Failure) -> Int? {
    guard let versus else { return nil }
    if let number = classifier.classes.firstIndex(of: versus) { return number }
    let known = classifier.classes.prefix(12).map { escapedText($0.utf8) }.joined(separator: ", ")
    throw Failure(
      "--versus: \"\(escapedText(versus.utf8))\" is not one of the model's \(classifier.classes.count) classes: \(known)\(classifier.classes.count > 12 ? ", ..." : "")",
      code: 64)
  }

  private static let patches = "patches"

  // A unit's sheet of patches; one that cannot be read is left out.
  private static func patches(in folder: FilePath, _ level: Level, _ unit: Int) -> [UInt8]? {
    let path = folder.appending(patches).appending(level.rawValue)
      .appending(Detector.patchFile(unit))
    guard let bytes = try? readFile(path, limit: 1 << 20), (try? decodeImage(bytes)) != nil else {
      return nil
    }
    return bytes
  }
}
