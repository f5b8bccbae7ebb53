import AvocetDatasets
import AvocetFiles

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
  /// The training pictures: how many, and a number that changes with their names, classes and order.
  var pictures = 0
  var fingerprint: UInt64 = 0

  /// The beginning of a training on these pictures.
  init(_ source: any DataSource) {
    pictures = source.count
    // FNV-1a; a label ends each name.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for i in 0..<source.count {
      for byte in source.identifier(i).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      hash = (hash ^ UInt64(0x100 + source.label(i))) &* 0x100_0000_01B3
    }
    fingerprint = hash
  }

  /// Why a training that begins with `start` cannot have come to this state, or nil.
  func problem(after optimizerSteps: Int, start: TrainingState, _ recipe: Recipe) -> String? {
    guard pictures == start.pictures, fingerprint == start.fingerprint else {
      return
        "it was trained on other pictures (\(grouped(pictures)) then, \(grouped(start.pictures)) now)"
    }
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
