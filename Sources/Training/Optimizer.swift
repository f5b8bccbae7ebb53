import AvocetKernels
import AvocetNetworks

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
  private let parts: [Part]

  /// A learned slice, its numbers, and what Muon needs for it.
  private struct Part {
    let slice: ParameterSlice
    let numbers: OptimizerSettings.Numbers
    let muon: Orthogonalisation?
  }

  /// State for the learned slices of the nodes after `frozenNode`.
  public init(
    _ settings: OptimizerSettings, _ layout: ParameterLayout, frozenThrough frozenNode: Int = -1,
    kernels: KernelTable = Kernels.chosen
  ) {
    self.settings = settings
    first = Parameters(layout)
    second = settings.rule == .adamW ? Parameters(layout) : nil
    let head = layout.head
    parts = layout.slices.filter { $0.role != .statistic && $0.node > frozenNode }.map { slice in
      var numbers = settings.numbers(for: slice)
      if slice.node == head { numbers.learningRate *= settings.headFactor ?? 1 }
      return Part(
        slice: slice, numbers: numbers,
        muon: settings.matrix(slice).map {
          Orthogonalisation(rows: $0.rows, columns: $0.columns, kernels)
        })
    }
  }

  /// Bytes that an optimiser takes: its state, and what Muon computes with.
  static func memoryNeeded(
    _ settings: OptimizerSettings, _ layout: ParameterLayout, frozenThrough frozenNode: Int,
    kernels: KernelTable = Kernels.chosen
  ) -> (state: Int, scratch: Int) {
    let floats = layout.slices.filter { $0.role != .statistic && $0.node > frozenNode }
      .reduce(0) { sum, slice in
        let matrix = settings.matrix(slice)
        return sum
          + (matrix.map {
            Orthogonalisation.floatsNeeded(rows: $0.rows, columns: $0.columns, kernels)
          } ?? 0)
      }
    return ((settings.rule == .adamW ? 8 : 4) * layout.count, 4 * floats)
  }

  /// Whether the parameters and all that is remembered of them are finite.
  func isFinite(with parameters: Parameters) -> Bool {
    parameters.isFinite && first.isFinite && second?.isFinite ?? true
  }

  /// The last node up to which nothing learns any more after so many epochs; -1 if the first still does.
  func lastFixedNode(after epochs: Int) -> Int {
    let learning = parts.first { $0.numbers.epochs.map { $0 > epochs } ?? true }
    return (learning?.slice.node ?? 0) - 1
  }

  /// One step; `factor` gives the share of the peak learning rate for parameters that learn for so many epochs (nil: for all), 0 after the last of them.
  public func step(
    _ parameters: Parameters, gradient: Parameters, team: ThreadTeam? = nil,
    kernels: KernelTable = Kernels.chosen, factor: (_ epochs: Int?) -> Double
  ) {
    steps += 1
    func learn(_ part: Part) {
      let factor = factor(part.numbers.epochs)
      guard factor > 0 else { return }
      step(part, Float(part.numbers.learningRate * factor), parameters, gradient, kernels)
    }
    if let team {
      team.run(parts.count) { task, _ in learn(parts[task]) }
    } else {
      for part in parts { learn(part) }
    }
  }

  private func step(
    _ part: Part, _ rate: Float, _ parameters: Parameters, _ gradient: Parameters,
    _ kernels: KernelTable
  ) {
    let (at, count) = (part.slice.range.lowerBound, part.slice.range.count)
    let (momentum, decay) = (Float(part.numbers.momentum), Float(part.numbers.weightDecay))
    let weights = unsafe parameters.values.pointer + at
    let slope = unsafe gradient.values.pointer + at
    let velocity = unsafe first.values.pointer + at
    if let second {
      unsafe kernels.adamWStep(
        weights: weights, gradient: slope, mean: velocity, square: second.values.pointer + at,
        rate: rate, beta1: momentum, decay: decay, step: steps, count: count)
    } else if let muon = part.muon {
      unsafe muon.step(
        weights: weights, gradient: slope, velocity: velocity, rate: rate, momentum: momentum)
    } else {
      unsafe kernels.nesterovStep(
        weights: weights, gradient: slope, velocity: velocity, rate: rate, momentum: momentum,
        decay: decay, count: count)
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

extension OptimizerSettings {
  /// The matrix as which Muon moves a slice; nil where it does not.
  fileprivate func matrix(_ slice: ParameterSlice) -> (rows: Int, columns: Int)? {
    guard rule == .muon, slice.shape.count == 4, !slice.isFlat, numbers(for: slice).epochs != 0,
      let columns = slice.shape.last, columns > 0
    else { return nil }
    return (slice.range.count / columns, columns)
  }
}
