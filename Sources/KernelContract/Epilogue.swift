/// What is done to a sum of products before it is stored: y = min(max(sum + bias + residual, low), high).
@frozen public struct Epilogue {
  /// A number for each output channel.
  public var bias: UnsafePointer<Float>?
  /// A map of the output's shape.
  public var residual: UnsafePointer<Float>?
  /// The bounds; a NaN passes.
  public var low, high: Float

  /// The given parts.
  public init(
    bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil,
    low: Float = -.infinity, high: Float = .infinity
  ) {
    (self.bias, self.residual, self.low, self.high) = (bias, residual, low, high)
  }

  /// The same for channels from `channel` on, of maps that begin `numbers` later.
  public func offset(channel: Int = 0, by numbers: Int) -> Epilogue {
    Epilogue(
      bias: bias.map { $0 + channel }, residual: residual.map { $0 + channel + numbers }, low: low,
      high: high)
  }
}
