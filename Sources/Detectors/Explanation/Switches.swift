import AvocetClassifier
import AvocetNetworks

/// What the network says with some units of the parts level silent: the causal check of what they are said to add.
public struct SwitchedOff: Sendable {
  /// What was switched off: a part's name for all units that bear it, or one unit's title.
  public let title: String
  /// The units.
  public let units: [Int]
  /// What they add together.
  public let contribution: Double
  /// The class's probability before and after.
  public let before, after: Double
  /// What the network says instead, and how surely.
  public let instead: Prediction.Entry?
}

extension EvidenceTask {
  /// Switches off, one after the other, all units of each named part among the shown ones, and each shown unit alone.
  func switches(_ levels: [LevelEvidence], _ prediction: Prediction, _ target: Int)
    -> [SwitchedOff]
  {
    guard let parts = levels.first(where: { $0.level == .parts }) else { return [] }
    let shown = parts.units.prefix(Explanation.shown)
    var groups: [(title: String, units: [UnitEvidence])] = []
    for concept in concepts(parts).prefix(Explanation.shown) {
      groups.append((concept.name, concept.units))
    }
    for unit in shown {
      let title = unit.name.map { "\($0) (unit \(unit.unit))" } ?? unit.title
      groups.append((title, [unit]))
    }
    return groups.compactMap { group in
      guard let after = without(group.units.map(\.unit), parts) else { return nil }
      return SwitchedOff(
        title: group.title, units: group.units.map(\.unit),
        contribution: group.units.reduce(0) { $0 + $1.contribution },
        before: Double(prediction.probabilities[target]),
        after: Double(after.probabilities[target]), instead: after.top(1).first)
    }
  }

  private func without(_ units: [Int], _ level: LevelEvidence) -> Prediction? {
    guard let node = network.levels[level.level],
      let tail = attribution.section(from: node, to: network.nodes.count - 1)
    else { return nil }
    let map = silenced(picture[level.level], units, level.shape.channels)
    return Prediction(
      classes: classifier.classes,
      probabilities: classifier.prepared.distribution(tail.values(at: [map])[0]))
  }
}

/// The named parts of a level, all units of one name together, by falling contribution.
func concepts(_ level: LevelEvidence) -> [(name: String, units: [UnitEvidence], sum: Double)] {
  var groups: [String: [UnitEvidence]] = [:]
  for unit in level.units {
    if let concept = unit.concept { groups[concept, default: []].append(unit) }
  }
  return groups.map { ($0, $1, $1.reduce(0) { $0 + $1.contribution }) }
    .sorted { ($1.2, $0.0) < ($0.2, $1.0) }
}
