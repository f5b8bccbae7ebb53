import AvocetTraining

/// A measured number and its 95 % interval, where enough was seen to tell one.
public struct Estimate: Sendable, Hashable {
  /// What was measured.
  public let value: Double
  /// Where the truth lies in 95 of 100 such measurements.
  public let interval: ClosedRange<Double>?

  init(_ value: Double, _ interval: ClosedRange<Double>?) {
    (self.value, self.interval) = (value, interval)
  }

  // Fewer values than these say too little about their own spread.
  private static let least = 5

  /// The mean of independent values, with Student's interval; nil where there are none.
  package init?(meanOf values: [Double]) {
    guard !values.isEmpty else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.init(mean, spread: (squares / max(1, count - 1) / count).squareRoot(), of: values.count)
  }

  /// A ratio Σ part / Σ whole over `count` independent pictures from the sums of their squares and products, with the linearised interval (Cochran 1977, 6.3): a
  /// picture's weight is what it adds to `part` less the ratio times what it adds to `whole`. The ratio lies within 0...1, and so does its interval.
  package init(part: Int, whole: Int, squares: RatioSquares, count: Int) {
    guard whole > 0 else {
      self.init(0, nil)
      return
    }
    let ratio = Double(part) / Double(whole)
    let squares = squares.around(ratio)
    let n = Double(count)
    let spread = (n / max(1, n - 1) * squares).squareRoot() / Double(whole)
    self.init(ratio, spread: spread, of: count, within: 0...1)
  }

  /// The median of up to a thousand independent values with the interval between two of them, which holds it in at least 95 of 100 cases whatever the values'
  /// distribution (order statistics: the number of values below the median is binomial); nil where there are none.
  package init?(medianOf values: [Double]) {
    let sorted = values.sorted()
    let count = sorted.count
    guard count > 0 else { return nil }
    precondition(count <= 1000, "the median of \(count) values; 1000 are the limit")
    let median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    // The chance that `rank` values or fewer lie below the median, from the largest rank with at most a fortieth.
    var (rank, chance) = (-1, 0.0)
    var term = (0..<count).reduce(1.0) { product, _ in product / 2 }
    while rank + 1 < count, chance + term <= 0.025 {
      rank += 1
      chance += term
      term *= Double(count - rank) / Double(rank + 1)
    }
    self.init(median, rank < 0 ? nil : sorted[rank]...sorted[count - 1 - rank])
  }

  private init(
    _ value: Double, spread: Double, of count: Int,
    within limits: ClosedRange<Double> = -Double.infinity...Double.infinity
  ) {
    guard count >= Self.least, spread.isFinite, value.isFinite else {
      self.init(value, nil)
      return
    }
    let reach = Self.studentQuantile(count - 1) * spread
    self.init(
      value, max(limits.lowerBound, value - reach)...min(limits.upperBound, value + reach))
  }

  /// What 97.5 % of Student's t with so many degrees of freedom, 4 or more, stay below; to 0.5 % by the expansion about the normal distribution (Abramowitz and
  /// Stegun 1964, 26.7.5).
  package static func studentQuantile(_ freedom: Int) -> Double {
    let (z, n) = (normalQuantile, Double(freedom))
    let square = z * z
    let first = z * (square + 1) / 4
    let second = z * ((5 * square + 16) * square + 3) / 96
    let third = z * (((3 * square + 19) * square + 17) * square - 15) / 384
    let fourth =
      z * ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92160
    return z + (first + (second + (third + fourth / n) / n) / n) / n
  }
}

/// Sums, over pictures, of the squares and products of the two numbers that make a ratio.
package struct RatioSquares: Sendable, Hashable {
  private var parts = 0
  private var products = 0
  private var wholes = 0

  package init() {}

  /// Adds one picture.
  package mutating func add(part: Int, whole: Int) {
    parts += part * part
    products += part * whole
    wholes += whole * whole
  }

  /// Adds another's sums.
  mutating func add(_ other: RatioSquares) {
    parts += other.parts
    products += other.products
    wholes += other.wholes
  }

  // Σ (part - ratio * whole)²
  fileprivate func around(_ ratio: Double) -> Double {
    max(0, Double(parts) - 2 * ratio * Double(products) + ratio * ratio * Double(wholes))
  }
}

extension Estimate {
  /// `0.541 (0.492 to 0.590)`.
  func words(_ places: Int) -> String { words(1, places, unit: "") }

  /// `84.0 % (79.1 to 88.3)`.
  var percentages: String { words(100, 1, unit: " %") }

  private func words(_ scale: Double, _ places: Int, unit: String) -> String {
    let range = interval.map {
      " (\(decimal(scale * $0.lowerBound, places)) to \(decimal(scale * $0.upperBound, places)))"
    }
    return decimal(scale * value, places) + unit + (range ?? "")
  }

  /// `"iou":0.412,"iou_interval":[0.398,0.426]`.
  func json(_ name: String) -> String {
    let range = interval.map {
      "[\(decimal($0.lowerBound, 4)),\(decimal($0.upperBound, 4))]"
    }
    return "\"\(name)\":\(decimal(value, 4)),\"\(name)_interval\":\(range ?? "null")"
  }
}

extension Estimate? {
  func json(_ name: String) -> String {
    self?.json(name) ?? "\"\(name)\":null,\"\(name)_interval\":null"
  }
}
