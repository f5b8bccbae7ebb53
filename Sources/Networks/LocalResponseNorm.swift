import AvocetKernels

/// Local response normalisation (Krizhevsky et al. 2012): x (offset + scale Σ x²)^-exponent, the sum over the `window` channels around each.
public struct LocalResponseNorm: Layer {
  /// Channels that make a sum, an odd number.
  public var window: Int
  /// What a square counts (the paper's α; PyTorch's is this times the window), the exponent β, and what is added (k).
  public var scale, exponent, offset: Float

  /// The paper's constants, where none are given.
  public init(window: Int = 5, scale: Float = 1e-4, exponent: Float = 0.75, offset: Float = 2) {
    (self.window, self.scale) = (window, scale)
    (self.exponent, self.offset) = (exponent, offset)
  }

  func response(_ input: Shape) -> LocalResponse {
    LocalResponse(
      channels: input.channels, window: window, scale: scale, offset: offset,
      quarters: Int(4 * exponent))
  }

  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    try check("window", window, 1...255)
    guard window % 2 == 1 else { throw NetworkError("window is \(window), an even number") }
    guard exponent > 0, exponent <= 2, (4 * exponent).rounded() == 4 * exponent else {
      throw NetworkError("exponent is \(exponent); 0.25, 0.5 and so on to 2 are possible")
    }
    guard scale >= 0, scale.isFinite, offset > 0, offset.isFinite else {
      throw NetworkError("scale \(scale), offset \(offset): from 0 on, and above 0")
    }
    return try one(inputs)
  }
}
