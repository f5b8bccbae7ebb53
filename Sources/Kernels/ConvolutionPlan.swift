/// How a convolution is computed.
public enum ConvolutionAlgorithm: Hashable, Sendable, CustomStringConvertible {
  /// Every tap of every output, read in place.
  case direct
  /// Winograd's minimal filtering F(outputTile², kernel²).
  case winograd(outputTile: Int)
  /// Winograd's minimal filtering F(1 x 2, 1 x 3) along the rows, summed over the rows of the kernel; forward only.
  case winogradRows

  /// As `direct`, `F(4)` or `F(1x2)`.
  public var description: String {
    switch self {
    case .direct: "direct"
    case .winograd(let tile): "F(\(tile))"
    case .winogradRows: "F(1x2)"
    }
  }
}

/// The part of a convolution's output that is wanted: images, or rows of one image, and columns of the weights.
public struct ConvolutionPart: Hashable, Sendable {
  /// Images; several only with all rows.
  public var images: Range<Int>
  /// Output rows; they begin and end at a multiple of `ConvolutionPlan.rowUnit` or the map's end.
  public var rows: Range<Int>
  /// Instead of rows: pixels of one image's output, where `ConvolutionPlan.isPointwise`.
  public var pixels: Range<Int>? = nil
  /// Output channels; they begin at a multiple of the kernels' tile width. All of them where there are groups of several channels.
  public var columns: Range<Int>
  /// Numbers between the output's pixels: more than its channels where it is written into a wider map.
  public var pixelStep: Int
  /// Whether the same scratch has just served for other columns of the same rows and images, so that what was made of the input may be in it still.
  public var continues = false

  /// The wanted pixels of each image.
  public func pixels(of g: ConvolutionGeometry) -> Range<Int> {
    pixels ?? rows.lowerBound * g.outputColumns..<rows.upperBound * g.outputColumns
  }
}

/// A convolution with the algorithm chosen for each of its three directions, and its functions on one table. The caller splits the images and owns the memory.
public struct ConvolutionPlan: Sendable {
  /// The kernels.
  public let table: KernelTable
  /// The shape.
  public let geometry: ConvolutionGeometry
  /// The algorithm of each direction.
  public let forward, inputGradient, weightGradient: ConvolutionAlgorithm

  /// A plan with the given algorithms; `direct` where the shape has no other form.
  public init(
    _ geometry: ConvolutionGeometry, _ table: KernelTable, forward: ConvolutionAlgorithm,
    inputGradient: ConvolutionAlgorithm, weightGradient: ConvolutionAlgorithm
  ) {
    (self.geometry, self.table) = (geometry, table)
    func possible(
      _ algorithm: ConvolutionAlgorithm, _ all: [ConvolutionAlgorithm]
    ) -> ConvolutionAlgorithm {
      all.contains(algorithm) ? algorithm : .direct
    }
    let gradients = ConvolutionAlgorithm.gradients(for: geometry)
    self.forward = possible(forward, ConvolutionAlgorithm.all(for: geometry))
    self.inputGradient = possible(inputGradient, gradients)
    self.weightGradient = possible(weightGradient, gradients)
  }

  /// Output rows that belong together.
  public var rowUnit: Int {
    if case .winograd(let tile) = forward { return tile }
    return 1
  }

  /// Input rows, padding left out, that some output rows read; for tiles also those whose weights are zero.
  public func inputRows(for rows: Range<Int>) -> Range<Int> {
    let g = geometry
    let begin = rows.lowerBound / rowUnit * rowUnit * g.rowStride - g.padding.top
    let last = (rows.upperBound + rowUnit - 1) / rowUnit * rowUnit - 1
    var height = g.kernelRows
    if forward != .direct { height = (height + g.rowStride - 1) / g.rowStride * g.rowStride }
    let first = max(0, min(g.inputRows, begin))
    return first..<max(first, min(g.inputRows, last * g.rowStride - g.padding.top + height))
  }

  /// Floats of the weights packed for `forward`.
  public var packedCount: Int {
    switch forward {
    case .direct: table.directPackedCount(geometry)
    case .winograd(let tile): table.winogradPackedCount(geometry, outputTile: tile)
    case .winogradRows: table.winogradRowsPackedCount(geometry)
    }
  }

  /// How often `forward` reads the packed weights for so many whole images, counting only what no second-level cache keeps.
  public func weightReadings(images: Int) -> Int {
    guard packedCount > 65_536 else { return 1 }
    switch forward {
    case .direct: return table.directWeightReadings(geometry, images: images)
    case .winograd(let tile):
      return table.winogradWeightReadings(geometry, outputTile: tile, images: images)
    case .winogradRows: return images * table.winogradRowsWeightReadings(geometry)
    }
  }

  /// Whether each pixel of the output is made of one of the input's, so that a part can be any pixels.
  public var isPointwise: Bool { forward == .direct && geometry.isPointwise }

  /// Whether parts that differ by their columns and follow each other with one scratch cost no more than the whole.
  public func canContinue(images: Int) -> Bool {
    switch forward {
    case .direct: return true
    case .winograd(let tile):
      return table.winogradBlock(geometry, outputTile: tile)
        .blocks(images * WinogradGeometry(geometry, outputTile: tile).tilesPerImage) == 1
    case .winogradRows: return images * table.winogradRowsWeightReadings(geometry) == 1
    }
  }

  /// Floats of the weights packed for `inputGradient`.
  public var packedInputGradientCount: Int {
    switch inputGradient {
    case .direct, .winogradRows: table.directPackedInputGradientCount(geometry)
    case .winograd(let tile): table.winogradPackedCount(geometry.transposed, outputTile: tile)
    }
  }

  /// Floats of scratch that `pack` needs.
  public var packingScratchCount: Int {
    guard case .winograd(let tile) = forward else { return 0 }
    return table.winogradFilterScratchCount(geometry, outputTile: tile)
  }

  /// Floats of scratch that `forward` needs, for any number of images.
  public var forwardScratchCount: Int {
    switch forward {
    case .direct: table.directForwardScratchCount(geometry)
    case .winograd(let tile): table.winogradScratchCount(geometry, outputTile: tile)
    case .winogradRows: table.winogradRowsScratchCount(geometry)
    }
  }

  /// Floats of scratch that any of the functions needs, for any number of images.
  public var scratchCount: Int {
    var counts = [table.directScratchCount(geometry), forwardScratchCount, packingScratchCount]
    if case .winograd(let tile) = inputGradient {
      counts.append(table.winogradScratchCount(geometry.transposed, outputTile: tile))
      counts.append(
        geometry.weightCount + table.winogradFilterScratchCount(geometry, outputTile: tile))
    }
    if case .winograd(let tile) = weightGradient {
      counts.append(table.winogradWeightGradientScratchCount(geometry, outputTile: tile))
    }
    return counts.max() ?? 0
  }

  /// Packs weights `[row, column, in / groups, out]` for `forward`.
  public func pack(_ weights: ConstFloats, into packed: Floats, scratch: Floats) {
    switch forward {
    case .direct: table.packDirect(weights, geometry, into: packed)
    case .winograd(let tile):
      table.packWinograd(weights, geometry, outputTile: tile, into: packed, scratch: scratch)
    case .winogradRows: table.packWinogradRows(weights, geometry, into: packed)
    }
  }

  /// Packs the same weights for `inputGradient`.
  public func packInputGradient(_ weights: ConstFloats, into packed: Floats, scratch: Floats) {
    switch inputGradient {
    case .direct, .winogradRows: table.packDirectInputGradient(weights, geometry, into: packed)
    case .winograd(let tile):
      table.packWinogradInputGradient(
        weights, geometry, outputTile: tile, into: packed, scratch: scratch)
    }
  }

  /// The whole of `images` maps.
  public func whole(images: Int) -> ConvolutionPart {
    ConvolutionPart(
      images: 0..<images, rows: 0..<geometry.outputRows, columns: 0..<geometry.outputChannels,
      pixelStep: geometry.outputChannels)
  }

  /// y = f(x * w + bias + residual) for `images` maps; bias, residual (of y's shape) and activation may be nil.
  public func forward(
    _ x: ConstFloats, packed: ConstFloats, bias: ConstFloats? = nil, residual: ConstFloats? = nil,
    activation: Activation? = nil, into y: Floats, images: Int, scratch: Floats
  ) {
    guard images > 0 else { return }
    forward(
      x, packed: packed, bias: bias, residual: residual, activation: activation, into: y,
      whole(images: images), scratch: scratch)
    if let activation, activation.bounds == nil {
      table.activate(activation, y, into: y, count: images * geometry.outputCount)
    }
  }

  /// The same for one part, f being one that only cuts off: the parts of one map can be computed side by side. x and y are those of image 0.
  public func forward(
    _ x: ConstFloats, packed: ConstFloats, bias: ConstFloats? = nil, residual: ConstFloats? = nil,
    activation: Activation? = nil, into y: Floats, _ part: ConvolutionPart, scratch: Floats
  ) {
    guard !part.images.isEmpty, !part.pixels(of: geometry).isEmpty, !part.columns.isEmpty else {
      return
    }
    var epilogue: Epilogue?
    if bias != nil || residual != nil || activation?.bounds != nil {
      let bounds = activation?.bounds ?? (-.infinity, .infinity)
      epilogue = Epilogue(bias: bias, residual: residual, low: bounds.low, high: bounds.high)
    }
    switch forward {
    case .direct:
      table.directForward(x, packed: packed, epilogue, into: y, geometry, part, scratch: scratch)
    case .winograd(let tile):
      table.winograd(
        x, packed: packed, epilogue, into: y, geometry, outputTile: tile, part, scratch: scratch)
    case .winogradRows:
      table.winogradRows(x, packed: packed, epilogue, into: y, geometry, part, scratch: scratch)
    }
  }

  /// dx: the gradient with respect to the input; overwrites dx.
  public func inputGradient(
    _ dy: ConstFloats, packed: ConstFloats, into dx: Floats, images: Int, scratch: Floats
  ) {
    guard images > 0 else { return }
    switch inputGradient {
    case .direct, .winogradRows:
      table.directInputGradient(
        dy, packed: packed, into: dx, geometry, images: images, scratch: scratch)
    case .winograd(let tile):
      table.winograd(
        dy, packed: packed, into: dx, geometry.transposed, outputTile: tile,
        ConvolutionPart(
          images: 0..<images, rows: 0..<geometry.inputRows, columns: 0..<geometry.inputChannels,
          pixelStep: geometry.inputChannels), scratch: scratch)
    }
  }

  /// Floats of `sums` that `weightGradient` needs.
  public var weightSumCount: Int {
    switch weightGradient {
    case .direct, .winogradRows: geometry.weightCount
    case .winograd(let tile): table.winogradPackedCount(geometry, outputTile: tile)
    }
  }

  /// dw = Σ over images of the weight gradient, `[row, column, in / groups, out]`; overwrites dw.
  ///
  /// The images may come in groups, one after the other, from the one that `isFirst` to the one that `isLast`: dw is whole after the last; until then dw and `sums`
  /// belong to this function.
  public func weightGradient(
    _ x: ConstFloats, _ dy: ConstFloats, into dw: Floats, images: Int, sums: Floats,
    isFirst: Bool = true, isLast: Bool = true, scratch: Floats
  ) {
    switch weightGradient {
    case .direct, .winogradRows:
      guard images > 0 else {
        if isFirst { dw.update(repeating: 0, count: geometry.weightCount) }
        return
      }
      let target = isFirst ? dw : sums
      table.directWeightGradient(x, dy, into: target, geometry, images: images, scratch: scratch)
      if !isFirst {
        table.add(dw, sums, into: dw, count: geometry.weightCount)
      }
    case .winograd(let tile):
      table.winogradWeightGradient(
        x, dy, into: dw, geometry, outputTile: tile, images: images, sums: sums, isFirst: isFirst,
        isLast: isLast, scratch: scratch)
    }
  }
}
