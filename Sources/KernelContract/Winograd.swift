/// Winograd's minimal filtering F(outputs², taps²): a tile of outputs of a square filter, made from `productCount` products an input and output channel.
@frozen public struct WinogradFilter: Hashable, Sendable {
  /// Rows and columns of outputs in a tile, and of the filter: 2, 4, 5 or 6 of three taps, 4 of five.
  public let outputs, taps: Int

  /// F(outputs², taps²).
  public init(outputs: Int, taps: Int) { (self.outputs, self.taps) = (outputs, taps) }

  /// Rows and columns of inputs that a tile reads.
  public var inputs: Int { outputs + taps - 1 }
  /// Products of one tile.
  public var productCount: Int { inputs * inputs }
}

/// How a convolution of stride 1 falls into Winograd tiles.
@frozen public struct WinogradGeometry: Hashable, Sendable {
  /// The tiles.
  public let filter: WinogradFilter
  /// Rows and columns of the input and output maps.
  public let inputRows, inputColumns, outputRows, outputColumns: Int
  /// Zeros above and to the left of the input map.
  public let top, left: Int
  /// Numbers between the output map's pixels.
  public var outputStep: Int

  /// The tiles of `outputTile`² outputs of the convolution `g`, whose kernel is square.
  public init(_ g: ConvolutionGeometry, outputTile: Int) {
    filter = WinogradFilter(outputs: outputTile, taps: g.kernelRows)
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
