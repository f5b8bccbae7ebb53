import AvocetNetworks

/// What each number of a map adds to a score, against a baseline: (x - b) times the mean gradient along the straight path from b to x (Sundararajan, Taly and Yan
/// 2017). The contributions add up to score(x) - score(b).
///
/// The path is cut into intervals, each with its gradient in the middle. As every middle's score is known too, an interval tells by how much it misses its own
/// difference; the worst ones are halved until the whole misses little.
public struct IntegratedGradients: Sendable {
  /// What each number adds.
  public let contributions: [Float]
  /// The mean gradient along the path.
  public let gradient: [Float]
  /// score(x) and score(b).
  public let value, baseline: Double
  /// Intervals that were needed.
  public let steps: Int

  /// What is to be explained: score(x) - score(b).
  public var difference: Double { value - baseline }
  /// By how much the contributions' sum misses the difference.
  public var gap: Double {
    abs(contributions.reduce(0) { $0 + Double($1) } - difference)
  }

  private struct Interval {
    let start, end: Double
    /// The scores at the start, in the middle and at the end.
    let first, middle, last: Double
    let gradient: [Float]
    /// What the interval misses.
    let miss: Double
  }

  /// The contributions of `map` to Σ score_i y_i over the section's output y. The gap will be at most `tolerance` times the larger of the difference and 1, unless
  /// `limit` intervals are not enough.
  public init(
    _ section: NetworkSection, from baseline: [Float], to map: [Float], of score: [Float],
    tolerance: Double = 0.005, limit: Int = 512
  ) {
    let change = zip(map, baseline).map { $0 - $1 }
    func point(_ share: Double) -> [Float] {
      zip(baseline, change).map { $0 + Float(share) * $1 }
    }
    func intervals(_ pieces: [(start: Double, end: Double, first: Double, last: Double)])
      -> [Interval]
    {
      let middles = section.gradients(
        at: pieces.map { point(($0.start + $0.end) / 2) }, of: score)
      return zip(pieces, middles).map { piece, middle in
        let slope = zip(middle.gradient, change).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        return Interval(
          start: piece.start, end: piece.end, first: piece.first, middle: middle.value,
          last: piece.last, gradient: middle.gradient,
          miss: slope * (piece.end - piece.start) - (piece.last - piece.first))
      }
    }
    let count = section.batch
    let ends = (0...count).map { Double($0) / Double(count) }
    let values = section.scores(at: ends.map(point), of: score)
    var parts = intervals((0..<count).map { (ends[$0], ends[$0 + 1], values[$0], values[$0 + 1]) })
    let allowed = tolerance * max(1, abs(values[count] - values[0]))
    while abs(parts.reduce(0) { $0 + $1.miss }) > allowed, parts.count < limit {
      parts.sort { abs($0.miss) > abs($1.miss) }
      let worst = parts.prefix(max(1, count / 2))
      parts.removeFirst(worst.count)
      parts += intervals(
        worst.flatMap { part in
          let middle = (part.start + part.end) / 2
          return [
            (part.start, middle, part.first, part.middle),
            (middle, part.end, part.middle, part.last),
          ]
        })
    }
    var mean = [Float](repeating: 0, count: map.count)
    for part in parts.sorted(by: { $0.start < $1.start }) {
      let share = Float(part.end - part.start)
      for i in mean.indices { mean[i] += share * part.gradient[i] }
    }
    gradient = mean
    contributions = zip(mean, change).map { $0 * $1 }
    (value, self.baseline, steps) = (values[count], values[0], parts.count)
  }
}
