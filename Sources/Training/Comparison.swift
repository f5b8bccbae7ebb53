import AvocetFiles

/// Two models on the same pictures: what the new one learned, and what it forgot.
public struct Comparison: Sendable {
  /// A picture that both judged.
  public struct Row: Sendable, Hashable {
    /// The index in the source.
    public let index: Int
    /// The names of the true class and of what each model said.
    public let truth, old, new: String
    /// Whether the old model is right.
    public var wasRight: Bool { old == truth }
    /// Whether the new one is.
    public var isRight: Bool { new == truth }
  }

  /// How one class fared.
  public struct ClassChange: Sendable, Hashable {
    /// The class.
    public let name: String
    /// Its pictures; those wrong before and right now; those right before and wrong now.
    public let pictures, learned, forgotten: Int
    /// By how much the share of right answers rose.
    public var difference: Double { Double(learned - forgotten) / Double(max(1, pictures)) }
  }

  /// The pictures that both judged.
  public let rows: [Row]

  /// Matches the pictures by their index and the classes by their names.
  public init(old: Evaluation, new: Evaluation) {
    let before = Dictionary(
      old.judgements.map { ($0.index, old.classes[$0.predicted]) }, uniquingKeysWith: { a, _ in a })
    rows = new.judgements.compactMap { judgement in
      before[judgement.index].map {
        Row(
          index: judgement.index, truth: new.classes[judgement.truth], old: $0,
          new: new.classes[judgement.predicted])
      }
    }
  }

  /// Pictures that the old model gets right.
  public var oldCorrect: Int { rows.count { $0.wasRight } }
  /// Pictures that the new one gets right.
  public var newCorrect: Int { rows.count { $0.isRight } }
  /// Pictures that were wrong and are right.
  public var learned: Int { rows.count { !$0.wasRight && $0.isRight } }
  /// Pictures that were right and are wrong.
  public var forgotten: Int { rows.count { $0.wasRight && !$0.isRight } }

  /// The 95 % interval of the difference of the two paired shares: Wald's after half a picture is added to each of the four cases (Agresti and Min 2005).
  public var interval: (low: Double, high: Double) {
    let n = Double(rows.count) + 2
    let (gained, lost) = (Double(learned) + 0.5, Double(forgotten) + 0.5)
    let middle = (gained - lost) / n
    let spread = normalQuantile * (gained + lost - (gained - lost) * middle).squareRoot() / n
    return (max(-1, middle - spread), min(1, middle + spread))
  }

  /// McNemar's exact test, two-sided: how probable so uneven a split of learned and forgotten is between equals.
  public var chance: Double { signTest(learned, forgotten) }

  /// The classes whose share of right answers changed, the largest change first.
  public var changes: [ClassChange] {
    var counts: [String: (Int, Int, Int)] = [:]
    for row in rows {
      var count = counts[row.truth] ?? (0, 0, 0)
      count.0 += 1
      if !row.wasRight && row.isRight { count.1 += 1 }
      if row.wasRight && !row.isRight { count.2 += 1 }
      counts[row.truth] = count
    }
    return counts.map { ClassChange(name: $0, pictures: $1.0, learned: $1.1, forgotten: $1.2) }
      .filter { $0.learned != $0.forgotten }
      .sorted { ($1.difference.magnitude, $0.name) < ($0.difference.magnitude, $1.name) }
  }

  /// The comparison's figures, each with its name.
  public var figures: [(name: String, value: String)] {
    let difference = Double(learned - forgotten) / Double(max(1, rows.count))
    let (low, high) = interval
    return [
      ("old top-1", Evaluation.share(oldCorrect, of: rows.count)),
      ("new top-1", Evaluation.share(newCorrect, of: rows.count)),
      (
        "difference",
        "\(points(difference)) points (95 % interval \(points(low)) to \(points(high)); between equals so uneven a split has probability \(chance < 0.0001 ? "below 0.0001" : decimal(chance, 4)))"
      ),
      ("learned", "\(grouped(learned)) (wrong before, right now)"),
      ("forgotten", "\(grouped(forgotten)) (right before, wrong now)"),
    ]
  }
}

/// A difference of shares in percentage points, signed.
public func points(_ difference: Double) -> String {
  let text = decimal(100 * difference, 2)
  return difference > 0 && text != "0.00" ? "+" + text : text
}

/// The two-sided sign test: the probability that of a + b fair coins so uneven a number falls on one side.
public func signTest(_ a: Int, _ b: Int) -> Double {
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
