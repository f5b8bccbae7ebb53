import AvocetImages
import AvocetNetworks
import AvocetTraining

// The explanation in words; every clause has its number.
extension Explanation {
  /// `bird 0.964: eye 0.51 at upper right, beak 0.41 at the right; without the eye it would be fish 0.43`.
  public var sentence: String {
    guard let parts = levels.first(where: { $0.level == .parts }) else { return "" }
    let named = concepts(parts).filter { $0.sum > 0 }
    let clauses: [(title: String, sum: Double, place: String)] =
      named.isEmpty
      ? parts.units.prefix(3).filter { $0.contribution > 0 }.map {
        ("parts \($0.title)", $0.contribution, place(of: $0.field))
      }
      : named.prefix(3).compactMap { concept in
        concept.units.first.map { (concept.name, concept.sum, place(of: $0.field)) }
      }
    var text = "\(className(target)) \(decimal(Double(prediction.probabilities[target]), 3))"
    if let versus {
      text +=
        " rather than \(className(versus)) \(decimal(Double(prediction.probabilities[versus]), 3))"
    }
    if clauses.isEmpty {
      return text
        + (abs(difference) < 0.005
          ? ": blurred, the picture is the same to the network, so nothing in it counts"
          : ": no part speaks for it")
    }
    text +=
      ": "
      + clauses.map { "\($0.title) \(decimal($0.sum, 2)) at \($0.place)" }
      .joined(separator: ", ")
    let first = switches.first { named.isEmpty || $0.title == clauses[0].title }
    if let first, let instead = first.instead {
      let what = named.isEmpty ? first.title : "the \(first.title)"
      text +=
        instead.index == target
        ? "; without \(what) it would still be \(className(target)) \(decimal(first.after, 3))"
        : "; without \(what) it would be \(instead.label) \(decimal(Double(instead.probability), 3))"
    }
    return text
  }

  /// A line for each check: what was switched off, and what became of the class.
  public var checks: [String] {
    switches.map { check in
      let change = check.after - check.before
      return
        "\(check.title) off: \(className(target)) \(decimal(check.before, 3)) -> \(decimal(check.after, 3)) (\(change < 0 ? "" : "+")\(decimal(change, 3))); it adds \(signed(check.contribution))"
    }
  }

  /// What the contributions are measured against, the logit's difference that they must add up to, and by how much they miss it.
  public var accounts: [String] {
    func line(
      _ what: String, _ baseline: Baseline, _ sum: Double, of difference: Double, gap: Double
    ) -> String {
      let share = gap / max(1, abs(difference))
      return
        "\(what) against \(baseline.rawValue): sum \(signed(sum)) of a difference of \(signed(difference)), gap \(decimal(gap, 4)) (\(decimal(100 * share, 2)) %)"
    }
    let sum = pixels.reduce(0) { $0 + Double($1) }
    return [line("pixels", .blurred, sum, of: difference, gap: pixelGap)]
      + levels.map {
        line($0.level.rawValue, $0.baseline, $0.sum, of: $0.difference, gap: $0.gap)
      }
  }

  /// Whether the units of some level are measured against their means.
  var hasMeans: Bool { levels.contains { $0.baseline == .mean } }

  func className(_ index: Int) -> String { prediction.classes[index] }

  /// A place in the view in words: `upper left`, `the middle`.
  func place(of field: Rectangle) -> String {
    let third = { (center: Double, side: Int) in
      center < Double(side) / 3 ? 0 : center > Double(side) * 2 / 3 ? 2 : 1
    }
    let row = third(field.y + field.height / 2, view.height)
    let column = third(field.x + field.width / 2, view.width)
    let words = [
      ["upper left", "the top", "upper right"], ["the left", "the middle", "the right"],
      ["lower left", "the bottom", "lower right"],
    ]
    return words[row][column]
  }
}

/// `+0.41`, `-0.07`.
func signed(_ value: Double) -> String { (value < 0 ? "" : "+") + decimal(value, 2) }
