import AvocetKernels
import AvocetNetworks

/// A moving average of everything that a training moves, batch norm's statistics included (Polyak and Juditsky 1992).
///
/// After step t the average holds Σ d^(t-i) w_i / Σ d^(t-i) over the steps i so far, d the decay: the start of the training has no weight of its own.
final class WeightAverage {
  /// The average.
  let values: Parameters
  private let decay: Double

  init(_ layout: ParameterLayout, decay: Double) {
    (values, self.decay) = (Parameters(layout), decay)
  }

  /// Takes in the parameters after step `step`, counted from 1.
  func add(_ parameters: Parameters, step: Int) {
    let share = Float((1 - decay) / (1 - power(decay, step)))
    let (from, to) = unsafe (parameters.values.pointer, values.values.pointer)
    for i in 0..<values.values.count { unsafe to[i] += share * (from[i] - to[i]) }
  }
}
