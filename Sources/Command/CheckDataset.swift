import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetKernels
import AvocetTraining

/// `avocet dataset check`
struct CheckDataset: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read every picture and say what is wrong: unreadable, doubled, rare, oddly shaped.")

  @Argument(help: "The labelled pictures, as for train.") var data: PathArgument
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let dataset = try openData(data, session, common)
    let team = ThreadTeam(threads: common.threads ?? availableCores())
    let count = dataset.splits.values.reduce(0) { $0 + $1.count }
    let progress = Progress(session, "checking")
    let relay = ProgressRelay(progress, total: count)
    let shouldStop = session.shouldStop
    let check = DatasetCheck(dataset, team: team, shouldStop: { shouldStop() != nil }) {
      relay.update($0)
    }
    progress.end()
    try session.checkStop()
    for (picture, message) in check.refused { session.complain("\(picture): \(message)") }
    guard count > check.refused.count else {
      throw Failure("\(data.path.escaped): none of \(grouped(count)) pictures could be read")
    }
    try show(check, dataset, session)
    return check.refused.isEmpty ? 0 : 1
  }

  private func show(_ check: DatasetCheck, _ dataset: Dataset, _ session: Session) throws(Failure) {
    let total = check.total
    try session.print(
      "\(dataset.kind.rawValue): \(grouped(total.reduce(0, +))) pictures of \(grouped(total.count)) classes"
    )
    for line in counts(check, dataset).lines { try session.print("  " + line) }
    let readable = "\(grouped(check.sizes.count)) readable, \(grouped(check.refused.count)) not"
    try session.print("pictures: \(readable)")
    if let width = check.spread(of: \.width), let height = check.spread(of: \.height) {
      try session.print(
        "sizes: width \(spread(width)), height \(spread(height)) pixels (smallest / median / largest)"
      )
    }
    try show("oddly shaped", check.oddlyShaped.map { ($0.place, $0.size) }, dataset, session)
    try session.print("imbalance: \(imbalance(total, dataset))")
    let single = total.indices.filter { total[$0] == 1 }.map { name(dataset, $0) }
    try session.print(
      "classes of one picture: \(single.isEmpty ? "none" : single.joined(separator: ", "))")
    try showDuplicates(check, dataset, session)
  }

  private func counts(_ check: DatasetCheck, _ dataset: Dataset) -> TextTable {
    let several = check.splits.count > 1
    var table = TextTable(
      [("class", .left)] + check.splits.map { ($0 == .all ? "pictures" : $0.rawValue, .right) }
        + (several ? [("together", .right)] : []))
    func row(_ name: String, _ numbers: [Int]) {
      let all = several ? [numbers.reduce(0, +)] : []
      table.add([name] + (numbers + all).map(grouped))
    }
    for label in dataset.classes.indices {
      row(name(dataset, label), check.splits.map { check.counts[$0]?[label] ?? 0 })
    }
    row("all classes", check.splits.map { check.counts[$0]?.reduce(0, +) ?? 0 })
    return table
  }

  private func name(_ dataset: Dataset, _ label: Int) -> String {
    escapedText(dataset.classes[label].utf8)
  }

  private func spread(_ side: (least: Int, median: Int, most: Int)) -> String {
    "\(grouped(side.least)) / \(grouped(side.median)) / \(grouped(side.most))"
  }

  private func imbalance(_ total: [Int], _ dataset: Dataset) -> String {
    guard let most = total.indices.max(by: { total[$0] < total[$1] }),
      let least = total.indices.min(by: { total[$0] < total[$1] }), total[least] > 0
    else { return "a class has no pictures" }
    let ratio = decimal(Double(total[most]) / Double(total[least]), 1)
    if total[most] == total[least] { return "none, \(grouped(total[most])) pictures in each class" }
    let names =
      "\(name(dataset, most)) \(grouped(total[most])), \(name(dataset, least)) \(grouped(total[least]))"
    let advice = total[most] > 3 * total[least] ? "; train --class-weights balanced" : ""
    return "largest over smallest \(ratio) (\(names))\(advice)"
  }

  // At most ten of a kind are named: a data set of a million may hold a million.
  private static let shown = 10

  private func show(
    _ title: String, _ pictures: [(DatasetCheck.Place, DatasetCheck.Size)], _ dataset: Dataset,
    _ session: Session
  ) throws(Failure) {
    try session.print(
      "\(title): \(pictures.isEmpty ? "none" : grouped(pictures.count) + " (a side under 16 pixels, or four times the other)")"
    )
    for (place, size) in pictures.prefix(Self.shown) {
      try session.print(
        "  \(identifier(place, dataset)) \(grouped(size.width)) x \(grouped(size.height))")
    }
    try showRest(pictures.count, session)
  }

  private func showRest(_ count: Int, _ session: Session) throws(Failure) {
    if count > Self.shown { try session.print("  and \(grouped(count - Self.shown)) more") }
  }

  private func showDuplicates(_ check: DatasetCheck, _ dataset: Dataset, _ session: Session)
    throws(Failure)
  {
    let within = check.splits.map { ($0, check.copies(in: $0)) }.filter { $0.1 > 0 }
    let words = within.map { "\(grouped($0.1)) in \($0.0.rawValue)" }.joined(separator: ", ")
    try session.print("copies within a split: \(within.isEmpty ? "none" : words)")
    if check.splits.count > 1 {
      let shared = check.sharedBetweenSplits.count
      try session.print(
        "pictures in more than one split: \(shared == 0 ? "none" : grouped(shared) + "; what is measured on them flatters")"
      )
    }
    let torn = check.duplicates.filter { Set($0.map { label($0, dataset) }).count > 1 }
    try session.print(
      "equal pictures with different classes: \(torn.isEmpty ? "none" : grouped(torn.count))")
    for group in check.duplicates.prefix(Self.shown) {
      let names = group.map { "\(identifier($0, dataset)) (\(name(dataset, label($0, dataset))))" }
      try session.print("  equal: \(names.joined(separator: ", "))")
    }
    try showRest(check.duplicates.count, session)
  }

  private func label(_ place: DatasetCheck.Place, _ dataset: Dataset) -> Int {
    dataset.splits[place.split]?.label(place.index) ?? 0
  }

  private func identifier(_ place: DatasetCheck.Place, _ dataset: Dataset) -> String {
    dataset.splits[place.split]?.identifier(place.index) ?? ""
  }
}
