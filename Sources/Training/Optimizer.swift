import AvocetKernels
import AvocetNetworks

/// How the parameters follow their gradient.
public struct OptimizerSettings: Codable, Hashable, Sendable {
  /// The rule.
  public enum Rule: String, Codable, Sendable, CaseIterable {
    /// Stochastic gradient descent with Nesterov's momentum, as PyTorch writes it.
    case sgd
    /// AdamW (Loshchilov and Hutter 2019).
    case adamW
  }
  /// The rule.
  public var rule: Rule
  /// The peak learning rate.
  public var learningRate: Double
  /// SGD's momentum; AdamW's first beta.
  public var momentum: Double
  /// The decay of weights (biases and batch norm do not decay).
  public var weightDecay: Double

  /// A rule and its numbers.
  public init(rule: Rule, learningRate: Double, momentum: Double = 0.9, weightDecay: Double) {
    (self.rule, self.learningRate) = (rule, learningRate)
    (self.momentum, self.weightDecay) = (momentum, weightDecay)
  }
}

/// An optimiser and its state, in the layout of the parameters.
public final class Optimizer {
  /// The settings.
  public let settings: OptimizerSettings
  /// Momentum's velocity, or AdamW's mean.
  public let first: Parameters
  /// AdamW's mean square.
  public let second: Parameters?
  /// Steps done.
  public var steps = 0
  private let slices: [ParameterSlice]

  /// State for the learned slices of the nodes after `frozenNode`.
  public init(
    _ settings: OptimizerSettings, _ layout: ParameterLayout, frozenThrough frozenNode: Int = -1
  ) {
    self.settings = settings
    first = Parameters(layout)
    second = settings.rule == .adamW ? Parameters(layout) : nil
    slices = layout.slices.filter { $0.role != .statistic && $0.node > frozenNode }
  }

  /// Whether the parameters and all that is remembered of them are finite.
  func isFinite(with parameters: Parameters) -> Bool {
    parameters.isFinite && first.isFinite && second?.isFinite ?? true
  }

  /// One step at the given learning rate.
  public func step(
    _ parameters: Parameters, gradient: Parameters, learningRate: Double,
    kernels: KernelTable = Kernels.chosen
  ) {
    steps += 1
    for slice in slices {
      let at = slice.range.lowerBound
      let decay = slice.role == .weight ? Float(settings.weightDecay) : 0
      let weights = unsafe parameters.values.pointer + at
      let slope = unsafe gradient.values.pointer + at
      let velocity = unsafe first.values.pointer + at
      if let second {
        unsafe kernels.adamWStep(
          weights: weights, gradient: slope, mean: velocity, square: second.values.pointer + at,
          rate: Float(learningRate), beta1: Float(settings.momentum), decay: decay, step: steps,
          count: slice.range.count)
      } else {
        unsafe kernels.nesterovStep(
          weights: weights, gradient: slope, velocity: velocity, rate: Float(learningRate),
          momentum: Float(settings.momentum), decay: decay, count: slice.range.count)
      }
    }
  }
}

extension Parameters {
  /// Whether every number is finite.
  var isFinite: Bool {
    // A sum is not finite exactly if one of its terms is not (or they are absurdly large).
    var sum: Float = 0
    for i in 0..<values.count { sum += unsafe abs(values.pointer[i]) }
    return sum.isFinite
  }
}
