/// Where a training stands; with the parameters and the optimiser's state, all that a resume needs.
public struct TrainingState: Codable, Sendable, Hashable {
  /// Epochs done.
  public var epoch = 0
  /// Steps done in the running epoch.
  public var step = 0
  /// Sums over the running epoch.
  var loss = 0.0
  var correct = 0
  var seen = 0
  var seconds = 0.0
  var learningRate = 0.0
  /// The best validation accuracy so far, -1 before the first.
  public var best = -1.0
  /// The epochs done.
  public var rows: [EpochMetrics] = []

  mutating func add(_ result: TrainingStep.Result, learningRate rate: Double) {
    step += 1
    loss += result.loss
    correct += result.correct
    seen += result.count
    learningRate = rate
  }

  mutating func beginEpoch(after row: EpochMetrics) {
    rows.append(row)
    epoch += 1
    (step, loss, correct, seen, seconds) = (0, 0, 0, 0, 0)
  }
}
