import ArgumentParser
import AvocetDatasets
import AvocetDrawing
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
  @Option(help: "A folder for confusion.csv, confusion.png and wrong.csv.") var out: PathArgument?
  @Option(
    name: .customLong("minimum-top1"),
    help: "Exit 3 below this share of right answers, such as 0.95.")
  var minimumTop1: Double?
  @Option(help: "Another model to compare with on the same pictures.") var compare: PathArgument?
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    if let minimumTop1, !(0...1).contains(minimumTop1) {
      throw Failure(
        "--minimum-top1 is \(minimumTop1); a fraction from 0 to 1 is possible", code: 64)
    }
    let model = try readModel(model.path)
    let team = ThreadTeam(threads: common.threads ?? availableCores())
    var dataset = try openData(
      data, session, common, aviarySize: min(256, max(32, model.preprocessing.height)))
    dataset.decodeFiles(model.preprocessing.decoding(limits: common.limits))
    let (name, source) = try chosenSplit(dataset)
    if let out { try prepareOutput(out.path, force: common.force) }
    let result = try evaluate(model, dataset, source, team, session)
    guard !result.judgements.isEmpty else {
      throw Failure("\(data.path.escaped): none of \(source.count) pictures could be read")
    }
    session.note("\(grouped(result.judgements.count)) pictures of the split \(name.rawValue)")
    try show(result, session)
    for (picture, message) in result.refused { session.complain("\(picture): \(message)") }
    if let out {
      let report = Report(model, rows: [], evaluation: result, source: source)
      try writing { () throws(FileError) in
        try report.writeJudgements(to: RunFolder(out.path), of: name.rawValue)
      }
    }
    if let compare {
      let other = try readModel(compare.path)
      dataset.decodeFiles(other.preprocessing.decoding(limits: common.limits))
      let again = try chosenSplit(dataset).1
      try showComparison(result, try evaluate(other, dataset, again, team, session), session)
    }
    if let minimumTop1, result.top1 < minimumTop1 {
      session.complain("top-1 \(decimal(result.top1, 4)) is below --minimum-top1 \(minimumTop1)")
      return 3
    }
    return result.refused.isEmpty ? 0 : 1
  }

  private func chosenSplit(_ dataset: Dataset) throws(Failure) -> (Split, any DataSource) {
    let wanted = split.map { $0 == "val" ? "validation" : $0 } ?? "test"
    guard let part = Split(rawValue: wanted) else {
      throw Failure("--split is \"\(escapedText(wanted.utf8))\"; train, val, test or all", code: 64)
    }
    let found = split == nil ? dataset.evaluationSplit() : dataset.splits[part].map { (part, $0) }
    guard let found else {
      let there = dataset.splits.keys.map(\.rawValue).sorted().joined(separator: ", ")
      throw Failure("\(data.path.escaped): has no split \(wanted); there is \(there)")
    }
    return found
  }

  private func evaluate(
    _ model: Model, _ dataset: Dataset, _ source: any DataSource, _ team: ThreadTeam,
    _ session: Session
  ) throws(Failure) -> Evaluation {
    let numbers = Dictionary(
      model.classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    var labels: [Int] = []
    for name in dataset.classes {
      guard let number = numbers[name] else {
        let known = model.classes.prefix(12).map { escapedText($0.utf8) }.joined(separator: ", ")
        throw Failure(
          "\(data.path.escaped): class \"\(escapedText(name.utf8))\" is not one of the model's \(model.classes.count): \(known)\(model.classes.count > 12 ? ", ..." : "")"
        )
      }
      labels.append(number)
    }
    let progress = Progress(session, "evaluating")
    let reporter = ProgressRelay(progress, total: source.count)
    let shouldStop = session.shouldStop
    let result = Evaluation(
      PreparedNetwork(model.network, model.parameters, keepsLevels: false, team: team),
      model.preprocessing,
      classes: model.classes, on: source, labels: labels, team: team,
      shouldStop: { shouldStop() != nil }
    ) { reporter.update($0) }
    progress.end()
    try session.checkStop()
    return result
  }

  private func share(_ name: String, _ correct: Int, _ count: Int) -> String {
    let (low, high) = Evaluation.interval(correct, of: count)
    let percent = decimal(100 * Double(correct) / Double(max(1, count)), 2)
    return
      "\(name) \(percent) % (\(grouped(correct)) of \(grouped(count)); 95 % interval \(decimal(100 * low, 2))-\(decimal(100 * high, 2)))"
  }

  private func show(_ result: Evaluation, _ session: Session) throws(Failure) {
    let count = result.judgements.count
    try session.print(share("top-1", result.correct, count))
    if result.classes.count > 5 { try session.print(share("top-5", result.correctTop5, count)) }
    try session.print("cross-entropy \(decimal(result.loss, 4)) nats")
    let table = result.confusion
    for (label, row) in table.enumerated() {
      let all = row.reduce(0, +)
      if all == 0 { continue }
      let worst = row.enumerated().filter { $0.offset != label }.max { $0.element < $1.element }
      var line =
        "class \(escapedText(result.classes[label].utf8)) \(decimal(100 * Double(row[label]) / Double(all), 1)) % of \(grouped(all))"
      if let worst, worst.element > 0 {
        line +=
          ", most often called \(escapedText(result.classes[worst.offset].utf8)) (\(worst.element))"
      }
      try session.print(line)
    }
  }

  private func showComparison(_ a: Evaluation, _ b: Evaluation, _ session: Session) throws(Failure)
  {
    let others = Dictionary(
      b.judgements.map { ($0.index, $0.predicted == $0.truth) }, uniquingKeysWith: { a, _ in a })
    var (onlyFirst, onlySecond) = (0, 0)
    for judgement in a.judgements {
      guard let other = others[judgement.index] else { continue }
      let own = judgement.predicted == judgement.truth
      if own && !other { onlyFirst += 1 }
      if other && !own { onlySecond += 1 }
    }
    try session.print(share("compared top-1", b.correct, b.judgements.count))
    try session.print(
      "only the first is right \(grouped(onlyFirst)), only the second \(grouped(onlySecond)); chance of so uneven a split between equals \(decimal(signTest(onlyFirst, onlySecond), 4))"
    )
  }
}

/// The two-sided sign test: the probability that of a + b fair coins so uneven a number falls on one side.
func signTest(_ a: Int, _ b: Int) -> Double {
  let (n, most) = (a + b, max(a, b))
  if n == 0 || a == b { return 1 }
  // From the largest term outwards, in ratios, so that nothing overflows.
  var term = 1.0
  var (tail, total) = (0.0, 0.0)
  for k in 0...n {
    if k > 0 { term *= Double(n - k + 1) / Double(k) }
    if term > 1e280 {
      (term, tail, total) = (term / 1e280, tail / 1e280, total / 1e280)
    }
    total += term
    if k >= most { tail += term }
  }
  return min(1, 2 * tail / total)
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
