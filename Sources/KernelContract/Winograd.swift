/// How a 3x3 convolution of stride 1 falls into Winograd tiles: each of `outputTile`² outputs, made from `productCount` products an input and output channel.
@frozen public struct WinogradGeometry: Hashable, Sendable {
  /// Rows and columns of outputs in a tile: 2, 4 or 6.
  public let outputTile: Int
  /// Rows and columns of the input and output maps.
  public let inputRows, inputColumns, outputRows, outputColumns: Int
  /// Zeros above and to the left of the input map.
  public let top, left: Int
  /// Numbers between the output map's pixels.
  public var outputStep: Int

  /// The tiles of size `outputTile` of the convolution `g`.
  public init(_ g: ConvolutionGeometry, outputTile: Int) {
    self.outputTile = outputTile
    outputStep = g.outputChannels
    (inputRows, inputColumns) = (g.inputRows, g.inputColumns)
    (outputRows, outputColumns) = (g.outputRows, g.outputColumns)
    (top, left) = (g.padding.top, g.padding.left)
  }

  /// Rows and columns of inputs that a tile reads.
  public var inputTile: Int { outputTile + 2 }
  /// Products of one tile.
  public var productCount: Int { inputTile * inputTile }
  /// Tiles below each other.
  public var tileRows: Int { (outputRows + outputTile - 1) / outputTile }
  /// Tiles beside each other.
  public var tileColumns: Int { (outputColumns + outputTile - 1) / outputTile }
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
