/// Winograd's minimal filtering F(outputs², taps²): a tile of outputs of a square filter, made from `productCount` products an input and output channel.
@frozen public struct WinogradFilter: Hashable, Sendable {
  /// Rows and columns of outputs in a tile, and of the filter: 7 of two taps; 2, 4, 5 or 6 of three; 5 of four; 4 of five.
  public let outputs, taps: Int

  /// F(outputs², taps²).
  public init(outputs: Int, taps: Int) { (self.outputs, self.taps) = (outputs, taps) }

  /// Rows and columns of inputs that a tile reads.
  public var inputs: Int { outputs + taps - 1 }
  /// Products of one tile.
  public var productCount: Int { inputs * inputs }
}

/// How a convolution falls into Winograd tiles.
///
/// A stride s parts the pixels into s² phases: those whose row and column leave the same rests when divided by s. The convolution is one of stride 1 over the phases'
/// smaller maps, side by side as s² times as many channels, `[row rest, column rest, channel]`, with ⌈kernel / s⌉ taps a side; taps beyond the kernel are zero.
@frozen public struct WinogradGeometry: Hashable, Sendable {
  /// The tiles.
  public let filter: WinogradFilter
  /// Rows and columns of the input and output maps.
  public let inputRows, inputColumns, outputRows, outputColumns: Int
  /// Zeros above and to the left of the input map.
  public let top, left: Int
  /// Rows and columns of the input between outputs.
  public let stride: Int
  /// Numbers between the output map's pixels.
  public var outputStep: Int

  /// The tiles of `outputTile`² outputs of the convolution `g`, whose kernel and stride are square.
  public init(_ g: ConvolutionGeometry, outputTile: Int) {
    stride = g.rowStride
    filter = WinogradFilter(
      outputs: outputTile, taps: (g.kernelRows + stride - 1) / stride)
    outputStep = g.outputChannels
    (inputRows, inputColumns) = (g.inputRows, g.inputColumns)
    (outputRows, outputColumns) = (g.outputRows, g.outputColumns)
    (top, left) = (g.padding.top, g.padding.left)
  }

  /// Tiles below each other.
  public var tileRows: Int { (outputRows + filter.outputs - 1) / filter.outputs }
  /// Tiles beside each other.
  public var tileColumns: Int { (outputColumns + filter.outputs - 1) / filter.outputs }
  /// Tiles of one image.
  public var tilesPerImage: Int { tileRows * tileColumns }
}
