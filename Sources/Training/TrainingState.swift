/// Where a training stands; with the parameters and the optimiser's state, all that a resume needs.
public struct TrainingState: Codable, Sendable, Hashable {
  /// Epochs done.
  public var epoch = 0
  /// Batches done in the running epoch.
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
  /// The training pictures: how many, and a number that changes with any picture, its class and its place.
  var pictures = 0
  var fingerprint: UInt32 = 0
  /// A number that changes with the body of a network whose frozen level is stored; nil without one.
  var frozen: UInt32?

  /// The beginning of a training on these pictures.
  init(pictures: Int, fingerprint: UInt32, frozen: UInt32? = nil) {
    (self.pictures, self.fingerprint, self.frozen) = (pictures, fingerprint, frozen)
  }

  /// Whether another state is of the same pictures.
  func hasPictures(of other: TrainingState) -> Bool {
    (pictures, fingerprint) == (other.pictures, other.fingerprint)
  }

  /// Why a training on these pictures cannot have come to this state, or nil.
  func problem(after optimizerSteps: Int, _ recipe: Recipe) -> String? {
    let (batches, batch) = (recipe.batches(pictures), recipe.batch)
    guard (0...batches).contains(step), seen == min(step * batch, pictures) else {
      return
        "\(seen) pictures were seen in \(step) batches; batches of \(batch) of \(pictures) do not give that"
    }
    guard (0...1_000_000).contains(epoch), rows.map(\.epoch) == Array(1..<(epoch + 1)),
      optimizerSteps == epoch * recipe.steps(batches: batches) + recipe.steps(batches: step)
    else {
      return
        "\(epoch) epochs of \(recipe.steps(batches: batches)) steps, \(rows.count) rows and \(optimizerSteps) steps disagree"
    }
    guard (0...seen).contains(correct), [loss, seconds, learningRate, best].allSatisfy(\.isFinite)
    else { return "\(correct) of \(seen) right at a loss of \(loss) is no sum" }
    return nil
  }

  /// The first of the epochs whose validation was the best; nil without validation.
  var bestEpoch: Int? {
    var best: EpochMetrics?
    for row in rows where row.validationTop1 ?? -1 > best?.validationTop1 ?? -1 { best = row }
    return best?.epoch
  }

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
