import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetKernels
import SystemPackage

/// `avocet dataset split`
struct SplitDataset: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Share pictures out into train, val and test, near duplicates kept together.",
    discussion:
      "Every class is cut in the same shares. A class of one picture goes to train; of two, one goes to train and one to val. Files get a second name (a hard link: an edit in place would show in both), or with --copy are copied; CIFAR, IDX and aviary pictures are written as PNG. split.csv lists every picture with its class, split and source. Splits that DATA has are joined first."
  )

  @Argument(help: "The labelled pictures, as for train.") var data: PathArgument
  @Option(help: "The folder to write.") var out: PathArgument
  @Option(help: "The shares of train, val and, if there is a third, test; together 1.")
  var fractions = Fractions([0.8, 0.1, 0.1])
  @Flag(help: "Copy the files.") var copy = false
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let dataset = try openData(data, session, common)
    try prepareOutput(out.path, force: common.force)
    for name in ["train", "val", "test"] {
      guard
        (try? RealFileSystem().status(of: out.path.appending(name), followingLinks: false)) == nil
      else {
        throw Failure(
          "\(out.path.escaped): has a \(name) already; two splits in one folder would mix; remove it first"
        )
      }
    }
    if dataset.splits.count > 1 {
      let names = Split.allCases.filter { dataset.splits[$0] != nil }.map(\.rawValue)
      session.note(
        "avocet: \(data.path.escaped): its splits \(names.joined(separator: ", ")) are joined")
    }
    let team = ThreadTeam(threads: common.threadCount)
    let survey = try self.survey(dataset, team, session)
    for (picture, message) in survey.refused { session.complain("\(picture): \(message)") }
    guard !survey.entries.isEmpty else {
      throw Failure("\(data.path.escaped): none of \(survey.refused.count) pictures could be read")
    }
    let split = StratifiedGroupSplit(
      survey, classCount: dataset.classes.count, fractions: fractions.values, seed: common.seed,
      team: team)
    let outcome = try write(split, dataset, survey, team, session)
    try show(split, dataset, survey, session)
    return survey.refused.isEmpty && outcome.refused.isEmpty ? 0 : 1
  }

  private func write(
    _ split: StratifiedGroupSplit, _ dataset: Dataset, _ survey: Survey, _ team: ThreadTeam,
    _ session: Session
  ) throws(Failure) -> DatasetExport.Outcome {
    let count = survey.entries.count
    let writer: SplitWriter
    do throws(DatasetError) {
      writer = try SplitWriter(dataset, survey, split.splits, into: out.path, copies: copy)
    } catch { throw Failure(error.description) }
    let outcome = try written(count, session) { shouldStop, progress throws(FileError) in
      try writer.write(team: team, shouldStop: shouldStop, progress: progress)
    }
    if outcome.isStopped {
      throw Failure(
        "stopped after \(grouped(outcome.written)) of \(grouped(count)) pictures; \(out.path.escaped) is not complete",
        code: 128 + (session.shouldStop() ?? 2))
    }
    for (picture, message) in outcome.refused { session.complain("\(picture): \(message)") }
    return outcome
  }

  private func show(
    _ split: StratifiedGroupSplit, _ dataset: Dataset, _ survey: Survey, _ session: Session
  ) throws(Failure) {
    let parts = Array(StratifiedGroupSplit.order.prefix(fractions.values.count))
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: parts.count), count: dataset.classes.count)
    for (entry, part) in zip(survey.entries, split.splits) {
      guard let column = parts.firstIndex(of: part) else { continue }
      counts[entry.label][column] += 1
    }
    var table = TextTable(
      [("class", .left)] + zip(parts, ["train", "val", "test"]).map { ($1, .right) })
    for (name, row) in zip(dataset.classes, counts) {
      table.add([escapedText(name.utf8)] + row.map(grouped))
    }
    let total = counts.reduce([Int](repeating: 0, count: parts.count)) { zip($0, $1).map(+) }
    table.add(["all classes"] + total.map(grouped))
    for line in table.lines { try session.print(line) }
    let together = split.groups.reduce(0) { $0 + $1.count }
    try session.print(
      "near duplicates kept together: \(grouped(together)) pictures in \(grouped(split.groups.count)) \(split.groups.count == 1 ? "group" : "groups")"
    )
    for (number, words) in [(1, "one picture, in train"), (2, "two pictures, in train and val")] {
      let few = counts.indices.filter { counts[$0].reduce(0, +) == number }
      if few.isEmpty { continue }
      let names = few.prefix(10).map { escapedText(dataset.classes[$0].utf8) }
      try session.print(
        "classes of \(words): \(names.joined(separator: ", "))\(few.count > 10 ? " and \(few.count - 10) more" : "")"
      )
    }
  }
}

/// Two or three shares that make a whole.
struct Fractions: ExpressibleByArgument {
  let values: [Double]

  init(_ values: [Double]) { self.values = values }

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0)
    }
    let values = numbers.compactMap { $0 }
    guard values.count == numbers.count, (2...3).contains(values.count),
      values.allSatisfy({ (0...1).contains($0) }), values[0] > 0,
      abs(values.reduce(0, +) - 1) < 1e-6
    else { return nil }
    self.values = values
  }

  var defaultValueDescription: String { values.map { "\($0)" }.joined(separator: ",") }
}
