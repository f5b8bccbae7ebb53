import AvocetDrawing
import AvocetFiles
import AvocetKernels

/// How the error falls with the number of training pictures, and what more of them would bring.
///
/// The error is taken to follow a power law, `error = a * pictures^-b` (Hestness et al. 2017), fitted to its logarithm by least squares, each point weighed by its
/// certainty. The interval comes from drawing the validation pictures again and again with replacement (Efron 1979); it does not know of other seeds of the training.
public struct LearningCurve: Sendable {
  /// One training.
  public struct Point: Sendable {
    /// Pictures it learned from.
    public var pictures: Int
    /// Of each validation picture, whether it was right.
    public var isRight: [Bool]

    /// A training on so many pictures.
    public init(pictures: Int, isRight: [Bool]) {
      (self.pictures, self.isRight) = (pictures, isRight)
    }

    /// The share that is right.
    public var top1: Double {
      Double(isRight.count { $0 }) / Double(max(1, isRight.count))
    }
  }

  /// The trainings, from few pictures to many.
  public let points: [Point]
  /// What twice the pictures of the last training would add to the share of right answers, and the 95 % interval.
  public let gain: (middle: Double, low: Double, high: Double)
  private let law: Law

  // log(error) = height - slope * log(pictures)
  private struct Law {
    var height = 0.0
    var slope = 0.0

    init(_ points: [(pictures: Int, wrong: Int, count: Int)]) {
      var (weights, sums, squares, mixed, errors) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for point in points {
        // Half a wrong picture more, so that none has a logarithm.
        let error = (Double(point.wrong) + 0.5) / (Double(point.count) + 1)
        let weight = Double(point.count) * error / max(1 - error, 0.01)
        let (x, y) = (logarithm(Double(point.pictures)), logarithm(error))
        weights += weight
        sums += weight * x
        errors += weight * y
        squares += weight * x * x
        mixed += weight * x * y
      }
      let spread = weights * squares - sums * sums
      slope = spread > 0 ? -(weights * mixed - sums * errors) / spread : 0
      height = (errors + slope * sums) / max(weights, 1e-300)
    }

    func error(_ pictures: Int) -> Double {
      min(1, exponential(height - slope * logarithm(Double(pictures))))
    }

    func gain(_ pictures: Int) -> Double { error(pictures) - error(2 * pictures) }
  }

  /// The curve through at least two trainings, all judged on the same validation pictures in the same order.
  public init(_ points: [Point], seed: UInt64) {
    precondition(points.count > 1, "LearningCurve: \(points.count) points")
    self.points = points
    let (count, most) = (points[0].isRight.count, points[points.count - 1].pictures)
    precondition(points.allSatisfy { $0.isRight.count == count }, "LearningCurve: other pictures")
    func fit(_ indices: [Int]) -> Law {
      Law(
        points.map { point in
          (point.pictures, indices.count { !point.isRight[$0] }, indices.count)
        })
    }
    let law = fit(Array(0..<count))
    self.law = law
    let draws = (0..<1000).map { draw in
      var random = CounterRandom(seed: seed, purpose: "learning curve", index: draw)
      return fit((0..<count).map { _ in random.integer(below: count) }).gain(most)
    }.sorted()
    gain = (law.gain(most), draws[25], draws[974])
  }

  /// What more pictures would bring, in one line.
  public var sentence: String {
    func points(_ share: Double) -> String {
      (share > 0 ? "+" : "") + decimal(100 * share, 1)
    }
    let range =
      "\(points(gain.middle)) points (95 % interval \(decimal(100 * gain.low, 1)) to \(decimal(100 * gain.high, 1)))"
    return gain.low > 0
      ? "twice as many pictures would bring about \(range)"
      : "more pictures might not help: twice as many would bring \(range)"
  }

  /// `learning-curve.csv`: a row for each training, with Wilson's 95 % interval.
  public var csv: String {
    let rows = points.map { point in
      let right = point.isRight.count { $0 }
      let (low, high) = Evaluation.interval(right, of: point.isRight.count)
      return
        (["\(point.pictures)", "\(right)", "\(point.isRight.count)"]
        + [point.top1, low, high].map { decimal($0, 5) }).joined(separator: ",")
    }
    return (["pictures,correct,of,top1,low,high"] + rows).joined(separator: "\n") + "\n"
  }

  /// `learning-curve.png`: what was measured, and the law up to twice the pictures.
  public var picture: [UInt8] {
    let (first, last) = (points[0].pictures, 2 * points[points.count - 1].pictures)
    let fitted = (0...60).map { step in
      let x = first + (last - first) * step / 60
      return (x: Double(x), y: 1 - law.error(max(1, x)))
    }
    return Chart(
      title: "Would more pictures help?", xLabel: "training pictures",
      yLabel: "share of validation pictures that are right",
      series: [
        Chart.Series(name: "power law", points: fitted),
        Chart.Series(
          name: "measured", points: points.map { (x: Double($0.pictures), y: $0.top1) }),
      ], yRange: 0...1
    ).image().encodedPNG()
  }
}
