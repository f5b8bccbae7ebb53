/// Local response normalisation (Krizhevsky et al. 2012, section 3.3): y_c = x_c s_c^-β with s_c = k + α Σ x_j² over the `window` channels around c, as far as there
/// are any.
@frozen public struct LocalResponse: Hashable, Sendable {
  /// Channels of a pixel.
  public var channels: Int
  /// How many of them make a sum, an odd number.
  public var window: Int
  /// What a square counts (α; PyTorch divides its own by the window), and what is added (k), above zero.
  public var scale, offset: Float
  /// Four times the exponent β, so that it can be taken by roots.
  public var quarters: Int

  /// The given shape and constants.
  public init(channels: Int, window: Int, scale: Float, offset: Float, quarters: Int) {
    (self.channels, self.window) = (channels, window)
    (self.scale, self.offset, self.quarters) = (scale, offset, quarters)
  }

  /// Channels on either side of the middle.
  public var reach: Int { window / 2 }
  /// The exponent β.
  public var exponent: Float { Float(quarters) / 4 }
  /// Floats of scratch that the gradient needs; the way forward needs half.
  public var scratchCount: Int { 2 * (channels + 2 * reach) }
}
