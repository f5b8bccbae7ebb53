import AvocetDatasets
import AvocetFiles
import AvocetTraining

/// What was found in a data set, in words: on the terminal, as a table, as a page.
struct Findings {
  /// What a model makes of the labels.
  struct Labels {
    let errors: LabelErrors
    /// The model's classes, which the suspects' numbers mean.
    let classes: [String]
    /// Pictures that were looked at.
    let judged: Int
  }

  let data: String
  let dataset: Dataset
  let check: DatasetCheck
  var labels: Labels?

  init(data: String, dataset: Dataset, check: DatasetCheck) {
    (self.data, self.dataset, self.check) = (data, dataset, check)
  }

  /// So many doubted labels are shown, the most doubtful ones.
  static let suspectsShown = 50
  // At most ten of another kind are named on the terminal: a data set of a million may hold a million.
  private static let shown = 10

  var suspects: [LabelErrors.Suspect] {
    Array(labels?.errors.suspects.prefix(Self.suspectsShown) ?? [])
  }

  func name(_ index: Int) -> String {
    let place = check.survey.entries[index].place
    return dataset.splits[place.split]?.identifier(place.index) ?? ""
  }

  func className(_ index: Int) -> String {
    escapedText(dataset.classes[check.survey.entries[index].label].utf8)
  }

  /// The lines for the terminal: the counts, then one finding a line.
  var summary: [String] {
    let survey = check.survey
    let total = check.total
    var lines = [
      "\(dataset.kind.rawValue): \(grouped(total.reduce(0, +))) pictures of \(grouped(total.count)) classes"
    ]
    lines += counts.lines.map { "  " + $0 }
    lines.append(
      "pictures: \(grouped(survey.entries.count)) readable, \(grouped(survey.refused.count)) not")
    if let width = check.spread(of: \.width), let height = check.spread(of: \.height) {
      lines.append(
        "sizes: width \(spread(width)), height \(spread(height)) pixels (smallest / median / largest)"
      )
    }
    lines.append("odd pictures: \(Self.number(check.oddities.count))")
    lines += named(check.oddities) { oddity in
      let size = survey.entries[oddity.index].fingerprint.size
      return
        "\(name(oddity.index)) \(grouped(size.width)) x \(grouped(size.height)): \(oddity.reason)"
    }
    lines.append("imbalance: \(imbalance(total))")
    let single = total.indices.filter { total[$0] == 1 }.map {
      escapedText(dataset.classes[$0].utf8)
    }
    lines.append(
      "classes of one picture: \(single.isEmpty ? "none" : single.joined(separator: ", "))")
    return lines + duplicateLines + labelLines
  }

  private var duplicateLines: [String] {
    let within = check.splits.map { ($0, check.copies(in: $0)) }.filter { $0.1 > 0 }
    let words = within.map { "\(grouped($0.1)) in \($0.0.rawValue)" }.joined(separator: ", ")
    var lines = ["copies within a split: \(within.isEmpty ? "none" : words)"]
    for (isExact, title) in [
      (true, "groups of equal pictures"), (false, "groups of near duplicates"),
    ] {
      let groups = check.groups.filter { $0.isExact == isExact }
      var notes: [String] = []
      let (shared, torn) = (
        groups.count(where: \.crossesSplits), groups.count(where: \.crossesClasses)
      )
      if shared > 0 {
        notes.append("\(grouped(shared)) across splits: what is measured on them flatters")
      }
      if torn > 0 { notes.append("\(grouped(torn)) of several classes") }
      let note = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
      lines.append("\(title): \(Self.number(groups.count))\(note)")
      lines += named(groups) { "\(Self.likeness($0)): \(members($0))" }
    }
    return lines
  }

  /// `equal`, or `alike 0.993`.
  static func likeness(_ group: DatasetCheck.Group) -> String {
    group.isExact ? "equal" : "alike \(decimal(Double(group.similarity), 3))"
  }

  /// A picture with its class, and its split where there are several.
  func described(_ index: Int) -> String {
    let split = check.survey.entries[index].place.split.rawValue
    return "\(name(index)) (\(className(index))\(check.splits.count > 1 ? ", \(split)" : ""))"
  }

  private func members(_ group: DatasetCheck.Group) -> String {
    let names = group.members.prefix(6).map(described).joined(separator: ", ")
    let rest = group.members.count - 6
    return rest > 0 ? "\(names) and \(grouped(rest)) more" : names
  }

  private var labelLines: [String] {
    guard let labels else { return [] }
    let count = labels.errors.suspects.count
    let lines = [
      "labels that the model doubts: \(count == 0 ? "none" : grouped(count)) of \(grouped(labels.judged)); if it was trained on these pictures, it may have learned wrong ones by heart"
    ]
    return lines + suspects.map { "  \(name($0.index)): \(doubt($0, labels))" }
      + (count > suspects.count ? ["  and \(grouped(count - suspects.count)) more"] : [])
  }

  /// `labelled cat (0.02), looks like dog (0.97)`
  func doubt(_ suspect: LabelErrors.Suspect, _ labels: Labels) -> String {
    func part(_ label: Int, _ probability: Float) -> String {
      "\(escapedText(labels.classes[label].utf8)) (\(decimal(Double(probability), 2)))"
    }
    return
      "labelled \(part(suspect.label, suspect.labelProbability)), looks like \(part(suspect.suggestion, suspect.suggestionProbability))"
  }

  private func named<Finding>(_ findings: [Finding], _ text: (Finding) -> String) -> [String] {
    findings.prefix(Self.shown).map { "  " + text($0) }
      + (findings.count > Self.shown ? ["  and \(grouped(findings.count - Self.shown)) more"] : [])
  }

  private static func number(_ count: Int) -> String { count == 0 ? "none" : grouped(count) }

  private var counts: TextTable {
    let several = check.splits.count > 1
    var table = TextTable(
      [("class", .left)] + check.splits.map { ($0 == .all ? "pictures" : $0.rawValue, .right) }
        + (several ? [("together", .right)] : []))
    func row(_ name: String, _ numbers: [Int]) {
      let all = several ? [numbers.reduce(0, +)] : []
      table.add([name] + (numbers + all).map(grouped))
    }
    for (label, name) in dataset.classes.enumerated() {
      row(escapedText(name.utf8), check.splits.map { check.counts[$0]?[label] ?? 0 })
    }
    row("all classes", check.splits.map { check.counts[$0]?.reduce(0, +) ?? 0 })
    return table
  }

  private func spread(_ side: (least: Int, median: Int, most: Int)) -> String {
    "\(grouped(side.least)) / \(grouped(side.median)) / \(grouped(side.most))"
  }

  private func imbalance(_ total: [Int]) -> String {
    guard let most = total.indices.max(by: { total[$0] < total[$1] }),
      let least = total.indices.min(by: { total[$0] < total[$1] }), total[least] > 0
    else { return "a class has no pictures" }
    if total[most] == total[least] { return "none, \(grouped(total[most])) pictures in each class" }
    let ratio = decimal(Double(total[most]) / Double(total[least]), 1)
    let names = [most, least].map {
      "\(escapedText(dataset.classes[$0].utf8)) \(grouped(total[$0]))"
    }
    let advice = total[most] > 3 * total[least] ? "; train --class-weights balanced" : ""
    return "largest over smallest \(ratio) (\(names.joined(separator: ", ")))\(advice)"
  }
}
