import AvocetModelFiles

/// How far the confidence of a network agrees with how often it is right.
public struct Calibration: Sendable {
  /// Pictures of about the same confidence.
  public struct Bin: Sendable, Hashable {
    /// Pictures, and those of them that are right.
    public var pictures = 0, correct = 0
    /// The sum of their confidences.
    var confidences = 0.0
    /// The mean confidence; 0 without pictures.
    public var confidence: Double { confidences / Double(max(1, pictures)) }
    /// The share that is right; 0 without pictures.
    public var accuracy: Double { Double(correct) / Double(max(1, pictures)) }
  }

  /// Bins of equal width.
  public static let binCount = 15
  /// Bin m holds the confidences above m / 15, up to and with (m + 1) / 15.
  public let bins: [Bin]

  /// Sorts the pictures into bins by the probability of their prediction.
  public init(_ evaluation: Evaluation) {
    var bins = [Bin](repeating: Bin(), count: Self.binCount)
    for judgement in evaluation.judgements {
      let place = (judgement.confidence * Double(Self.binCount)).rounded(.up) - 1
      let bin = Int(min(Double(Self.binCount - 1), max(0, place)))
      bins[bin].pictures += 1
      bins[bin].confidences += judgement.confidence
      if judgement.isRight { bins[bin].correct += 1 }
    }
    self.bins = bins
  }

  /// The expected calibration error, Σ pictures / all · |accuracy - confidence| over the bins (Guo et al. 2017).
  public var error: Double {
    let all = bins.reduce(0) { $0 + $1.pictures }
    return bins.reduce(0) { $0 + Double($1.pictures) * abs($1.accuracy - $1.confidence) }
      / Double(max(1, all))
  }
}

extension Evaluation {
  /// The temperature that makes the true classes most probable, to four decimals, whatever the evaluation's own.
  ///
  /// Minimises Σ -log p(truth) over log T (Guo et al. 2017) plus (log T)² / (2 · 0.5²): a normal prior that weighs as much as a picture or two, so that a
  /// few pictures which are all right do not ask for boundless confidence. A coarse scan finds the valley, a golden-section search its bottom; everything
  /// in double precision and in the pictures' order.
  public func fittedTemperature() -> Double {
    guard !judgements.isEmpty else { return 1 }
    func cost(_ logT: Double) -> Double {
      let beta = exponential(-logT)
      return judgements.reduce(2 * logT * logT) { $0 + surprise($1, beta) }
    }
    let step = 0.5
    let scan = (-6...6).map { (Double($0) * step, cost(Double($0) * step)) }
    var best = scan[6]
    for point in scan where point.1 < best.1 { best = point }
    var (low, high) = (best.0 - step, best.0 + step)
    let golden = (5.0.squareRoot() - 1) / 2
    var (left, right) = (high - golden * (high - low), low + golden * (high - low))
    var (costLeft, costRight) = (cost(left), cost(right))
    while high - low > 1e-5 {
      if costLeft <= costRight {
        (high, right, costRight) = (right, left, costLeft)
        left = high - golden * (high - low)
        costLeft = cost(left)
      } else {
        (low, left, costLeft) = (left, right, costRight)
        right = low + golden * (high - low)
        costRight = cost(right)
      }
    }
    let found = (exponential((low + high) / 2) * 10_000).rounded() / 10_000
    return min(max(found, Model.temperatures.lowerBound), Model.temperatures.upperBound)
  }

  // -log softmax(beta · logits)[truth].
  private func surprise(_ judgement: Judgement, _ beta: Double) -> Double {
    let most = Double(judgement.logits.max() ?? 0)
    let sum = judgement.logits.reduce(0) { $0 + exponential(beta * (Double($1) - most)) }
    return logarithm(sum) - beta * (Double(judgement.logits[judgement.truth]) - most)
  }
}
