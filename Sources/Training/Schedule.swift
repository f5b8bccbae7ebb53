/// The learning rate as a function of how much of the training is done.
public enum Schedule: String, Codable, Sendable, CaseIterable {
  /// A linear warm-up, then half a cosine down to zero (Loshchilov and Hutter 2017).
  case cosine
  /// A linear rise to the peak and a linear fall to zero, the rise taking the warm-up's share (after Smith 2018).
  case oneCycle
  /// The peak all the way.
  case constant

  /// The factor of the peak rate at `step` of `steps`; `warmUp` is the share of the steps that rises.
  public func factor(step: Int, of steps: Int, warmUp: Double) -> Double {
    let done = (Double(step) + 0.5) / Double(max(1, steps))
    if self == .constant { return 1 }
    if done < warmUp { return done / warmUp }
    let rest = min(1, (done - warmUp) / max(1e-9, 1 - warmUp))
    return self == .cosine ? 0.5 * (1 + cosine(rest)) : 1 - rest
  }

  // cos(π t) on 0...1 from its Taylor series around the quarter points: the same bits on every machine.
  private func cosine(_ t: Double) -> Double {
    if t > 0.5 { return -cosine(1 - t) }
    let x = t * Double.pi
    let y = x * x
    var (sum, term) = (1.0, 1.0)
    for k in 1...10 {
      term *= -y / Double((2 * k - 1) * (2 * k))
      sum += term
    }
    return sum
  }
}
