import AvocetFiles

/// What the networks of a cross-validation say of the pictures that they did not see.
public struct CrossValidation: Sendable {
  /// Of each fold, the judgements of the pictures it held out, by their indices among all.
  public private(set) var folds: [Evaluation] = []

  /// No folds yet.
  public init() {}

  /// Adds a fold; `indices` are the places of its pictures among all.
  public mutating func add(_ evaluation: Evaluation, at indices: [Int]) {
    folds.append(
      Evaluation(
        classes: evaluation.classes,
        judgements: evaluation.judgements.map {
          Evaluation.Judgement(
            index: indices[$0.index], truth: $0.truth, probabilities: $0.probabilities)
        }, refused: evaluation.refused))
  }

  /// All judgements as one.
  public var pooled: Evaluation {
    Evaluation(
      classes: folds.first?.classes ?? [],
      judgements: folds.flatMap(\.judgements).sorted { $0.index < $1.index },
      refused: folds.flatMap(\.refused))
  }

  /// `folds.csv`: a row for each fold and one for all, with Wilson's 95 % interval.
  public var csv: String {
    func row(_ name: String, _ evaluation: Evaluation) -> String {
      let (low, high) = Evaluation.interval(evaluation.correct, of: evaluation.judgements.count)
      return
        ([name, "\(evaluation.judgements.count)", "\(evaluation.correct)"]
        + [evaluation.top1, low, high].map { decimal($0, 5) }).joined(separator: ",")
    }
    let rows = folds.enumerated().map { row("\($0 + 1)", $1) } + [row("all", pooled)]
    return (["fold,pictures,correct,top1,low,high"] + rows).joined(separator: "\n") + "\n"
  }

  /// The result in one line.
  public var sentence: String {
    let all = pooled
    let (low, high) = Evaluation.interval(all.correct, of: all.judgements.count)
    return
      "\(folds.count)-fold cross-validation: top-1 \(decimal(100 * all.top1, 2)) % (\(grouped(all.correct)) of \(grouped(all.judgements.count)) pictures, each judged by a network that did not see it; 95 % interval \(decimal(100 * low, 2))-\(decimal(100 * high, 2)))"
  }
}

extension Evaluation {
  init(
    classes: [String], judgements: [Judgement], refused: [(identifier: String, message: String)]
  ) {
    (self.classes, self.judgements, self.refused) = (classes, judgements, refused)
  }
}
