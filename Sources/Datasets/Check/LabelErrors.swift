/// Labels that a model doubts, by confident learning (Northcutt, Jiang and Chuang 2021).
///
/// Each class has a threshold: the mean probability that the model gives it where it is the label. A picture is doubted if, of the classes whose probability reaches
/// their threshold, the most probable one is more probable than its label.
public struct LabelErrors: Sendable {
  /// A picture as the model sees it.
  public struct Judgement: Sendable {
    /// Whose it is; the caller's number.
    public let index: Int
    /// Its label.
    public let label: Int
    /// A probability for each class.
    public let probabilities: [Float]

    /// The given facts.
    public init(index: Int, label: Int, probabilities: [Float]) {
      (self.index, self.label, self.probabilities) = (index, label, probabilities)
    }
  }

  /// A label that is doubted.
  public struct Suspect: Sendable, Hashable {
    /// Whose it is.
    public let index: Int
    /// The label, and what the model would call it.
    public let label, suggestion: Int
    /// The probabilities of both.
    public let labelProbability, suggestionProbability: Float

    /// By how much the suggestion is more probable.
    public var margin: Float { suggestionProbability - labelProbability }
  }

  /// The doubted labels, the largest margin first.
  public let suspects: [Suspect]

  /// Compares judgements of at least one picture of each class with their labels.
  public init(_ judgements: [Judgement], classCount: Int) {
    var (sums, counts) = (
      [Double](repeating: 0, count: classCount), [Int](repeating: 0, count: classCount)
    )
    for judgement in judgements {
      sums[judgement.label] += Double(judgement.probabilities[judgement.label])
      counts[judgement.label] += 1
    }
    // A class without pictures has no threshold, and nothing is believed to be of it.
    let thresholds = zip(sums, counts).map { sum, count in
      count == 0 ? Float.infinity : Float(sum / Double(count))
    }
    let found = judgements.compactMap { judgement -> Suspect? in
      let p = judgement.probabilities
      let confident = p.indices.filter { p[$0] >= thresholds[$0] }
      guard let best = confident.max(by: { p[$0] < p[$1] }), p[best] > p[judgement.label] else {
        return nil
      }
      return Suspect(
        index: judgement.index, label: judgement.label, suggestion: best,
        labelProbability: p[judgement.label], suggestionProbability: p[best])
    }
    suspects = found.sorted { ($1.margin, $0.index) < ($0.margin, $1.index) }
  }
}
