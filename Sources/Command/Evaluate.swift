import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import Synchronization
import SystemPackage

/// `avocet evaluate`
struct Evaluate: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on labelled pictures.",
    discussion: "Takes the test split, else val, else everything.")

  @Argument(help: "The model file.") var model: PathArgument
  @Argument(help: "The labelled pictures, as for train.") var data: PathArgument
  @Option(help: "The split: train, validation, test or all.") var split: String?
  @Option(help: "A folder for report.html and the tables and pictures in it.") var out:
    PathArgument?
  @Option(
    help:
      "Pages of evidence in --out, for so many of the most confident mistakes; 0: none (default: up to 12, none begun after 30 s)."
  )
  var evidence: Int?
  @Option(
    name: .customLong("minimum-top1"),
    help: "Exit 3 below this share of right answers, such as 0.95.")
  var minimumTop1: Double?
  @Option(help: "An older model: what was learned since, what forgotten.") var compare:
    PathArgument?
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    if let minimumTop1, !(0...1).contains(minimumTop1) {
      throw Failure(
        "--minimum-top1 is \(minimumTop1); a fraction from 0 to 1 is possible", code: 64)
    }
    try checkEvidence()
    let team = ThreadTeam(threads: common.threadCount)
    let model = try readModel(model.path, team)
    let old = try compare.map { path throws(Failure) in try readModel(path.path, team) }
    var dataset = try openData(
      data, session, common, aviarySize: min(256, max(32, model.preprocessing.height)))
    dataset.decodeFiles(model.preprocessing.decoding(limits: common.limits))
    let (name, source) = try chosenSplit(split, of: dataset, data)
    if let out { try prepareOutput(out.path, force: common.force) }
    let labels = try labels(of: dataset, model)
    let result = try evaluate(model, labels, source, team, session)
    guard !result.judgements.isEmpty else {
      throw Failure("\(data.path.escaped): none of \(source.count) pictures could be judged")
    }
    session.note("\(grouped(result.judgements.count)) pictures of the split \(name.rawValue)")
    try show(result, session)
    for (picture, message) in result.refused { session.complain("\(picture): \(message)") }
    let comparison = try old.map { old throws(Failure) in
      dataset.decodeFiles(old.preprocessing.decoding(limits: common.limits))
      let again = try chosenSplit(split, of: dataset, data).1
      let labels = knownLabels(of: dataset, old, session)
      return Comparison(old: try evaluate(old, labels, again, team, session), new: result)
    }
    if let comparison { try show(comparison, session) }
    if let out {
      let report = Report(
        model, rows: [], evaluation: result, source: source, split: name.rawValue,
        comparison: comparison, command: session.commandLine)
      try write(report, to: RunFolder(out.path), model, source, team, session)
    }
    if let minimumTop1, result.top1 < minimumTop1 {
      session.complain(
        "\(self.model.path.escaped): top-1 is \(Evaluation.share(result.correct, of: result.judgements.count)), below --minimum-top1 \(minimumTop1)"
      )
      return 3
    }
    return result.refused.isEmpty ? 0 : 1
  }

  // The model's number of each class of the data, matched by name.
  private func labels(of dataset: Dataset, _ model: Model) throws(Failure) -> [Int?] {
    let labels = dataset.classes.map { model.classes.firstIndex(of: $0) }
    if let missing = labels.firstIndex(of: nil) {
      let known = model.classes.prefix(12).map { escapedText($0.utf8) }.joined(separator: ", ")
      throw Failure(
        "\(data.path.escaped): class \"\(escapedText(dataset.classes[missing].utf8))\" is not one of the model's \(model.classes.count): \(known)\(model.classes.count > 12 ? ", ..." : "")"
      )
    }
    return labels
  }

  // The same for the model to compare with, which may lack classes that the new one has learned.
  private func knownLabels(of dataset: Dataset, _ old: Model, _ session: Session) -> [Int?] {
    let labels = dataset.classes.map { old.classes.firstIndex(of: $0) }
    let missing = zip(dataset.classes, labels).filter { $0.1 == nil }
    if !missing.isEmpty {
      let names = missing.prefix(12).map { escapedText($0.0.utf8) }.joined(separator: ", ")
      session.note(
        "\(compare?.path.escaped ?? ""): does not know \(missing.count) of \(labels.count) classes: \(names)\(missing.count > 12 ? ", ..." : ""); compared without their pictures"
      )
    }
    return labels
  }

  private func evaluate(
    _ model: Model, _ labels: [Int?], _ source: any DataSource, _ team: ThreadTeam,
    _ session: Session
  ) throws(Failure) -> Evaluation {
    let progress = Progress(session, "evaluating")
    let reporter = ProgressRelay(progress, total: source.count)
    let shouldStop = session.shouldStop
    let result = Evaluation(
      model.prepared(keepsLevels: false, team: team), model.preprocessing, classes: model.classes,
      on: source, labels: labels, team: team, shouldStop: { shouldStop() != nil }
    ) { reporter.update($0) }
    progress.end()
    try session.checkStop()
    return result
  }

  private func show(_ result: Evaluation, _ session: Session) throws(Failure) {
    for figure in result.figures { try session.print("\(figure.name) \(figure.value)") }
    let worst = result.worstClasses
    for figures in worst.prefix(10) {
      let confusion = figures.confusedWith.map {
        ", most often taken for \(escapedText($0.name.utf8)) (\(grouped($0.count)))"
      }
      try session.print(
        "class \(escapedText(figures.name.utf8)): F1 \(decimal(100 * figures.f1, 2)) %, precision \(decimal(100 * figures.precision, 2)), recall \(decimal(100 * figures.recall, 2)) of \(grouped(figures.pictures))\(confusion ?? "")"
      )
    }
    if worst.count > 10 {
      let place = out.map { "\($0.path.escaped)/classes.csv has" } ?? "--out DIR writes"
      session.note("the ten weakest of \(worst.count) classes; \(place) all")
    }
  }

  private func show(_ comparison: Comparison, _ session: Session) throws(Failure) {
    if comparison.rows.isEmpty {
      throw Failure(
        "\(compare?.path.escaped ?? ""): cannot be compared: it knows no class of the pictures")
    }
    for figure in comparison.figures { try session.print("\(figure.name) \(figure.value)") }
    for change in comparison.changes.prefix(10) {
      try session.print(
        "class \(escapedText(change.name.utf8)): \(points(change.difference)) points, learned \(grouped(change.learned)), forgotten \(grouped(change.forgotten)) of \(grouped(change.pictures))"
      )
    }
  }
}

/// Carries progress from worker threads to the one that draws: only the newest number counts.
final class ProgressRelay: @unchecked Sendable {
  private let progress: Progress
  private let total: Int
  private let lock = Mutex<Int>(0)

  init(_ progress: Progress, total: Int) { (self.progress, self.total) = (progress, total) }

  func update(_ done: Int) {
    lock.withLock { newest in
      if done > newest {
        newest = done
        progress.update(min(done, total), of: total)
      }
    }
  }
}

/// The split that was asked for, or else test, val, everything.
func chosenSplit(
  _ split: String?, of dataset: Dataset, _ data: PathArgument
) throws(Failure) -> (Split, any DataSource) {
  let wanted = split.map { $0 == "val" ? "validation" : $0 } ?? "test"
  guard let part = Split(rawValue: wanted) else {
    throw Failure("--split is \"\(escapedText(wanted.utf8))\"; train, val, test or all", code: 64)
  }
  let found =
    split == nil ? dataset.evaluationSplit() : dataset.pictures(of: part).map { (part, $0) }
  guard let found else {
    let there = dataset.splits.keys.map(\.rawValue).sorted().joined(separator: ", ")
    throw Failure("\(data.path.escaped): has no split \(wanted); there is \(there)")
  }
  return found
}
