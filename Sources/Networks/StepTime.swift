/// How long a workspace took for one step of its work; it is measured only where somebody observes.
public struct StepTime: Sendable {
  /// From the picture to the logits, or back.
  public enum Pass: Sendable { case forward, backward }

  /// The node; of several folded into one step, the first.
  public let node: Int
  /// The direction.
  public let pass: Pass
  /// The time.
  public let duration: Duration
}
