import AvocetDatasets
import AvocetDrawing
import AvocetImages
import AvocetKernels
import AvocetNetworks

/// A range test for the learning rate (Smith 2017): a copy of the network learns while the rate grows from step to step, until the loss rises.
public struct LearningRateSearch: Sendable {
  /// The rate of each step that was made.
  public private(set) var rates: [Double] = []
  /// The loss that it met: a moving average over about ten steps, in nats a picture.
  public private(set) var losses: [Double] = []

  /// From a ten-thousandth of the recipe's rate, 15 % more from step to step, at most 100 times: to a hundred times the recipe's rate.
  public init(
    _ network: Network, _ parameters: Parameters, recipe: Recipe, seed: UInt64,
    examples: any Examples, team: ThreadTeam,
    classWeights: [Float]? = nil, frozenThrough frozen: Int? = nil,
    shouldStop: () -> Bool = { false }
  ) {
    let parameters = parameters.copy()
    let optimizer = Optimizer(
      recipe.optimizer, network.layout, frozenThrough: frozen ?? -1)
    let step = TrainingStep(
      network, batch: recipe.batch, team: team, labelSmoothing: recipe.labelSmoothing,
      sparsity: recipe.sparsity ?? 0,
      reduction: recipe.reduction, classWeights: classWeights, frozenThrough: frozen,
      storesStatistics: recipe.storesStatistics ?? false)
    var (factor, smooth, epoch) = (1e-4, 0.0, 0)
    while rates.count < 100 {
      let loader = BatchLoader(
        examples, mixing: recipe.augmentation, batch: recipe.batch, dropsLast: recipe.dropsLast,
        sampler: recipe.sampler, seed: seed, epoch: epoch)
      defer { loader.stop() }
      epoch += 1
      var isEmpty = true
      while rates.count < 100, let batch = try? loader.next() {
        isEmpty = false
        unsafe step.workspace.input.update(
          from: batch.pictures.pointer, count: batch.labels.count * network.inputShape.count)
        guard !shouldStop(),
          let result = step.differentiate(parameters, labels: batch.labels, blends: batch.blends)
        else { return }
        let loss = result.loss / Double(result.count)
        smooth = rates.isEmpty ? loss : smooth + 0.1 * (loss - smooth)
        rates.append(recipe.optimizer.learningRate * factor)
        losses.append(smooth)
        if let least = losses.min(), rates.count > 10, smooth > 2 * least { return }
        step.update(parameters, optimizer, clipNorm: recipe.clipNorm) { $0 == 0 ? 0 : factor }
        factor *= 1.15
        loader.recycle(batch)
      }
      if isEmpty { return }
    }
  }

  /// A tenth of the rate at which the loss was least: as fast as is safe. Nil where not even ten steps were possible.
  public var suggestion: Double? {
    guard rates.count > 10, let least = losses.min(), let place = losses.firstIndex(of: least)
    else { return nil }
    return rounded(rates[place] / 10)
  }

  /// The loss over the rate, the suggestion marked.
  public var chart: Image {
    func decades(_ rate: Double) -> Double { logarithm(rate) / logarithm(10) }
    var curves = [
      Chart.Series(
        name: "loss", points: zip(rates, losses).map { (x: decades($0), y: $1) })
    ]
    if let suggestion, let low = losses.min(), let high = losses.max() {
      curves.append(
        Chart.Series(
          name: "chosen: \(suggestion)",
          points: [(x: decades(suggestion), y: low), (x: decades(suggestion), y: high)]))
    }
    return Chart(
      title: "Loss while the learning rate grows", xLabel: "learning rate, power of ten",
      yLabel: "nats a picture", series: curves
    ).image()
  }
}

/// A number with two significant digits.
func rounded(_ value: Double) -> Double {
  guard value > 0, value.isFinite else { return value }
  var scale = 1.0
  while value * scale < 10 { scale *= 10 }
  while value * scale >= 100 { scale /= 10 }
  return (value * scale).rounded() / scale
}
