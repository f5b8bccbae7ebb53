import AvocetKernels
import AvocetNetworks

/// One step of backpropagation: forward, loss, backward, optimiser.
public final class TrainingStep {
  /// The memory of the step.
  public let workspace: TrainingWorkspace
  private let network: Network
  private let gradient: Parameters
  private let targets: FloatBuffer
  private let losses: FloatBuffer
  private let smoothing: Float
  private let reduction: Recipe.Reduction
  private let team: ThreadTeam
  private let classWeights: [Float]?

  /// What came out of a step.
  public struct Result: Sendable {
    /// The sum of the pictures' losses.
    public var loss = 0.0
    /// Pictures whose largest logit was the true class, as augmented.
    public var correct = 0
    /// Pictures.
    public var count = 0
  }

  /// Memory for batches of up to `batch` pictures.
  public init(
    _ network: Network, batch: Int, team: ThreadTeam, labelSmoothing: Double,
    reduction: Recipe.Reduction = .mean, classWeights: [Float]? = nil,
    frozenThrough frozen: Int? = nil,
    kernels: KernelTable = Kernels.chosen
  ) {
    self.network = network
    workspace = TrainingWorkspace(
      network, batch: batch, team: team, kernels: kernels, frozenThrough: frozen)
    gradient = Parameters(network.layout)
    targets = FloatBuffer(count: batch * network.classCount)
    losses = FloatBuffer(count: batch)
    smoothing = Float(labelSmoothing)
    (self.reduction, self.team) = (reduction, team)
    self.classWeights = classWeights
  }

  /// The loss of the pictures that lie in the workspace's input, and its gradient, the mean's or the sum's; nothing is changed yet. Nil where a number is not finite.
  public func differentiate(_ parameters: Parameters, labels: [Int]) -> Result? {
    let classes = network.classCount
    workspace.forward(parameters, images: labels.count)
    var result = Result(loss: 0, correct: 0, count: labels.count)
    for (row, label) in labels.enumerated() {
      for c in 0..<classes {
        targets[row * classes + c] =
          smoothing / Float(classes) + (c == label ? 1 - smoothing : 0)
      }
    }
    let kernels = Kernels.chosen
    let share = reduction == .mean ? 1 / Float(labels.count) : 1
    for (row, label) in labels.enumerated() {
      let at = row * classes
      let weight = classWeights?[label] ?? 1
      unsafe kernels.crossEntropy(
        workspace.logits + at, targets: targets.pointer + at, losses: losses.pointer + row,
        into: workspace.logitsGradient + at, gradientScale: weight * share, rows: 1,
        classes: classes)
      result.loss += Double(losses[row]) * Double(weight)
      var best = 0
      for c in 0..<classes where unsafe workspace.logits[at + c] > workspace.logits[at + best] {
        best = c
      }
      if best == label { result.correct += 1 }
    }
    guard result.loss.isFinite else { return nil }
    workspace.backward(parameters, into: gradient)
    return gradient.isFinite ? result : nil
  }

  /// Moves parameters and statistics after `differentiate`; see `Optimizer.step` for `factor`.
  public func update(
    _ parameters: Parameters, _ optimizer: Optimizer, factor: (_ epochs: Int?) -> Double
  ) {
    optimizer.step(parameters, gradient: gradient, team: team, factor: factor)
    workspace.updateStatistics(parameters)
  }
}
