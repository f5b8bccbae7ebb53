// Winograd's convolution F(m x m, r x r) (Lavin and Gray 2016) over blocks of tiles that stay in the second-level cache: the inputs of a block become planes, each
// plane meets its weights in one product of matrices, the sums become outputs.

extension ConvolutionGeometry {
  /// Taps a side of the filter that Winograd's tiles apply, for square kernels and strides of one group; nil where there is no such form.
  var winogradTaps: Int? {
    guard groups == 1, kernelColumns == kernelRows, columnStride == rowStride,
      kernelRows > rowStride
    else { return nil }
    return (kernelRows + rowStride - 1) / rowStride
  }

  /// Channels of the stride's phases together.
  var winogradDepth: Int { rowStride * rowStride * inputChannels }

  /// The convolution that maps output gradients to input gradients, its weights flipped and transposed; for stride 1.
  var transposed: ConvolutionGeometry {
    ConvolutionGeometry(
      inputRows: outputRows, inputColumns: outputColumns, inputChannels: outputChannels,
      outputChannels: inputChannels, kernelRows: kernelRows, kernelColumns: kernelColumns,
      padding: Padding(
        top: kernelRows - 1 - padding.top, left: kernelColumns - 1 - padding.left,
        bottom: kernelRows - 1 - padding.bottom, right: kernelColumns - 1 - padding.right),
      groups: groups)
  }
}

/// How many tiles are worked on together, and where their planes lie.
struct WinogradBlock {
  let tiles: Int
  let inputWidth, tileStep, planeStep: Int
  let outputStep, outputPlaneStep: Int

  /// Floats of planes that stay in the second-level cache for all columns.
  private static let cachedPlanes = 262_144
  /// Larger planes are read once for so many, whose sums leave that cache as well.
  private static let mostColumnBlocks = 8

  /// Floats from one row of a plane to the next; the gap keeps them from sharing cache sets.
  static func step(_ width: Int) -> Int { width + (width % 256 == 0 ? 16 : 0) }

  // The gaps keep planes from sharing them too.
  init(_ g: ConvolutionGeometry, _ table: KernelTable, tiles: Int) {
    self.tiles = tiles
    inputWidth = (g.winogradDepth + table.vectorWidth - 1) / table.vectorWidth * table.vectorWidth
    tileStep = Self.step(inputWidth)
    planeStep = tiles * tileStep + 16
    outputStep = table.tileWidth
    outputPlaneStep = tiles * outputStep + 16
  }

  /// Blocks of columns of the weights that meet a plane of so many tiles one after the other.
  func columnBlocks(tiles: Int, products: Int) -> Int {
    products * tiles * tileStep > Self.cachedPlanes ? Self.mostColumnBlocks : 1
  }

  // Even blocks: a last one of few tiles would read all weights for them.
  func blocks(_ tiles: Int) -> Int { (tiles + self.tiles - 1) / self.tiles }
}

extension KernelTable {
  /// Floats of the packed weights for `winograd`, and of the sums of `winogradWeightGradient`.
  func winogradPackedCount(_ g: ConvolutionGeometry, outputTile: Int) -> Int {
    WinogradGeometry(g, outputTile: outputTile).filter.productCount * g.winogradDepth
      * rounded(g.outputChannels)
  }

  /// Packs weights `[row, column, in, out]` for `winograd`.
  func packWinograd(
    _ weights: ConstFloats, _ g: ConvolutionGeometry, outputTile: Int, into packed: Floats,
    scratch: Floats
  ) {
    let filter = WinogradGeometry(g, outputTile: outputTile).filter
    var (from, scratch) = (weights, scratch)
    if g.rowStride > 1 {
      partIntoPhases(weights, g, taps: filter.taps, into: scratch)
      from = ConstFloats(scratch)
      scratch += phasesCount(g, filter)
    }
    bodies.winogradFilter(
      from, inputs: g.winogradDepth, outputs: g.outputChannels, filter, into: packed,
      scratch: scratch)
  }

  // `[row, column, in, out]` to `[tap row, tap column, (row rest, column rest, in), out]`; zeros beyond the kernel.
  private func partIntoPhases(
    _ weights: ConstFloats, _ g: ConvolutionGeometry, taps: Int, into parted: Floats
  ) {
    let (size, step) = (g.inputChannels * g.outputChannels, g.rowStride)
    let side = taps * step
    for place in 0..<side * side {
      let (row, column) = place.quotientAndRemainder(dividingBy: side)
      let (r, y) = row.quotientAndRemainder(dividingBy: step)
      let (c, x) = column.quotientAndRemainder(dividingBy: step)
      let to = parted + ((r * taps + c) * step * step + y * step + x) * size
      if row < g.kernelRows && column < g.kernelColumns {
        to.update(from: weights + (row * g.kernelColumns + column) * size, count: size)
      } else {
        to.update(repeating: 0, count: size)
      }
    }
  }

  // Weights parted into phases.
  private func phasesCount(_ g: ConvolutionGeometry, _ filter: WinogradFilter) -> Int {
    g.rowStride > 1 ? filter.taps * filter.taps * g.winogradDepth * g.outputChannels : 0
  }

  /// Floats of scratch that `packWinograd` needs.
  func winogradFilterScratchCount(_ g: ConvolutionGeometry, outputTile: Int) -> Int {
    let filter = WinogradGeometry(g, outputTile: outputTile).filter
    return phasesCount(g, filter) + filter.taps * filter.inputs * vectorWidth
  }

  // Measured: few tiles keep their planes in the second-level cache; where the weights alone are larger than it, more tiles share one reading of them.
  func winogradBlock(_ g: ConvolutionGeometry, outputTile: Int) -> WinogradBlock {
    WinogradBlock(g, self, tiles: g.winogradDepth > 128 ? 72 : 24)
  }

  // As many tiles as make the traffic of their planes equal that of the sums.
  private func winogradGradientBlock(_ g: ConvolutionGeometry) -> WinogradBlock {
    let tiles = g.inputChannels * g.outputChannels / (g.inputChannels + g.outputChannels)
    return WinogradBlock(g, self, tiles: max(24, min(256, tiles)))
  }

  // What the transforms themselves need: a block between the two passes, and a gathered block, which may be overrun by a vector, or a finished tile.
  private func edgeCount(_ w: WinogradGeometry, width: Int) -> Int {
    w.filter.productCount * (vectorWidth + width) + vectorWidth
  }

  /// Floats of scratch that `winograd` needs.
  func winogradScratchCount(_ g: ConvolutionGeometry, outputTile: Int) -> Int {
    let w = WinogradGeometry(g, outputTile: outputTile)
    let products = w.filter.productCount
    let block = winogradBlock(g, outputTile: outputTile)
    let columnBlocks = block.columnBlocks(tiles: block.tiles, products: products)
    return edgeCount(w, width: block.inputWidth)
      + products * (block.planeStep + columnBlocks * block.outputPlaneStep) + 64
  }

  /// How often `winograd` reads the packed weights for so many images.
  func winogradWeightReadings(_ g: ConvolutionGeometry, outputTile: Int, images: Int) -> Int {
    let w = WinogradGeometry(g, outputTile: outputTile)
    return winogradBlock(g, outputTile: outputTile).blocks(images * w.tilesPerImage)
  }

  /// y = the epilogue of x * w, for one part of the maps; its rows begin and end with a tile.
  func winograd(
    _ x: ConstFloats, packed: ConstFloats, _ epilogue: Epilogue? = nil, into y: Floats,
    _ g: ConvolutionGeometry, outputTile: Int, _ part: ConvolutionPart, scratch: Floats
  ) {
    var w = WinogradGeometry(g, outputTile: outputTile)
    w.outputStep = part.pixelStep
    let block = winogradBlock(g, outputTile: outputTile)
    let edge = scratch
    let planes = edge + edgeCount(w, width: block.inputWidth)
    let sums = planes + w.filter.productCount * block.planeStep
    // All tiles of several images, or some rows of tiles of one.
    let first =
      part.images.lowerBound * w.tilesPerImage
      + part.rows.lowerBound / outputTile * w.tileColumns
    let end =
      (part.images.upperBound - 1) * w.tilesPerImage
      + (part.rows.upperBound + outputTile - 1) / outputTile * w.tileColumns
    let blocks = block.blocks(end - first)
    for number in 0..<blocks {
      let tiles = (first..<end).part(number, of: blocks)
      if !part.continues || blocks > 1 {
        bodies.winogradTiles(
          x, of: false, channels: g.inputChannels, w, tiles: tiles, into: planes,
          planeStep: block.planeStep, tileStep: block.tileStep, scratch: edge)
      }
      let together =
        tileWidth * block.columnBlocks(tiles: tiles.count, products: w.filter.productCount)
      for first in stride(
        from: part.columns.lowerBound, to: part.columns.upperBound, by: together)
      {
        let columns = first..<min(part.columns.upperBound, first + together)
        multiply(
          planes, packed, columns, into: sums, block, products: w.filter.productCount,
          tiles: tiles.count, depth: g.winogradDepth)
        for column in stride(from: first, to: columns.upperBound, by: tileWidth) {
          bodies.winogradOutput(
            sums + (column - first) / tileWidth * w.filter.productCount * block.outputPlaneStep,
            planeStep: block.outputPlaneStep, tileStep: block.outputStep, w, tiles: tiles,
            channels: column..<min(columns.upperBound, column + tileWidth), epilogue, into: y,
            scratch: edge)
        }
      }
    }
  }

  // The sums of some columns, `[block of columns][product][tile][column]`: all planes for one block of columns, or each plane for all blocks.
  private func multiply(
    _ planes: Floats, _ packed: ConstFloats, _ columns: Range<Int>, into sums: Floats,
    _ block: WinogradBlock, products: Int, tiles: Int, depth: Int
  ) {
    let panel = depth * tileWidth
    let blocks = (columns.count + tileWidth - 1) / tileWidth
    let weights = packed + columns.lowerBound * products * depth
    let together = blocks == 1 ? products : 1
    for product in stride(from: 0, to: products, by: together) {
      for number in 0..<blocks {
        // Blocks of columns and their products, in the order in which they are read.
        let next = number + 1 < blocks ? (number + 1, product) : (0, product + 1)
        let at = next.1 < products ? next.0 * products + next.1 : blocks * products
        bodies.multiplyPlanes(
          planes + product * block.planeStep, planeStep: block.planeStep, lda: block.tileStep,
          planes: together, rows: tiles, depth: depth,
          weights + (number * products + product) * panel, next: weights + at * panel,
          into: sums + (number * products + product) * block.outputPlaneStep,
          sumStep: block.outputPlaneStep, ldc: block.outputStep)
      }
    }
  }
}

extension KernelTable {
  /// Packs weights `[row, column, in, out]` for `winograd` with the geometry `g.transposed`: flipped, in and out exchanged.
  func packWinogradInputGradient(
    _ weights: ConstFloats, _ g: ConvolutionGeometry, outputTile: Int, into packed: Floats,
    scratch: Floats
  ) {
    let (inputs, outputs) = (g.inputChannels, g.outputChannels)
    let taps = g.kernelRows * g.kernelColumns
    for tap in 0..<taps {
      bodies.transpose(
        weights + (taps - 1 - tap) * inputs * outputs, rows: inputs, columns: outputs,
        into: scratch + tap * inputs * outputs)
    }
    packWinograd(
      scratch, g.transposed, outputTile: outputTile, into: packed, scratch: scratch + g.weightCount)
  }

  /// Floats of scratch that `winogradWeightGradient` needs.
  func winogradWeightGradientScratchCount(_ g: ConvolutionGeometry, outputTile: Int) -> Int {
    let w = WinogradGeometry(g, outputTile: outputTile)
    let block = winogradGradientBlock(g)
    let columns = rounded(g.outputChannels)
    let gradients = w.filter.productCount * (block.tiles * (columns + 16) + 16)
    let edge = edgeCount(w, width: max(block.inputWidth, columns))
    return edge + w.filter.productCount * block.planeStep + gradients + 64
  }

  /// dw = Σ over images of the weight gradient, `[row, column, in, out]`: a sum over tiles for each product, kept in `sums` from the first group of images to the last
  /// and brought back then.
  func winogradWeightGradient(
    _ x: ConstFloats, _ dy: ConstFloats, into dw: Floats, _ g: ConvolutionGeometry,
    outputTile: Int, images: Int, sums: Floats, isFirst: Bool, isLast: Bool, scratch: Floats
  ) {
    let w = WinogradGeometry(g, outputTile: outputTile)
    let block = winogradGradientBlock(g)
    let columns = rounded(g.outputChannels)
    let gradientStep = WinogradBlock.step(columns)
    let gradientPlaneStep = block.tiles * gradientStep + 16
    let edge = scratch
    let planes =
      edge + edgeCount(w, width: max(block.inputWidth, columns))
    let gradients = planes + w.filter.productCount * block.planeStep
    let total = images * w.tilesPerImage
    // The first tiles overwrite the sums.
    if isFirst && total == 0 {
      sums.update(repeating: 0, count: winogradPackedCount(g, outputTile: outputTile))
    }
    if columns != g.outputChannels {
      gradients.update(repeating: 0, count: w.filter.productCount * gradientPlaneStep)
    }
    var zero = 0
    for first in stride(from: 0, to: total, by: block.tiles) {
      let tiles = first..<min(total, first + block.tiles)
      bodies.winogradTiles(
        x, of: false, channels: g.inputChannels, w, tiles: tiles, into: planes,
        planeStep: block.planeStep, tileStep: block.tileStep, scratch: edge)
      bodies.winogradTiles(
        dy, of: true, channels: g.outputChannels, w, tiles: tiles, into: gradients,
        planeStep: gradientPlaneStep, tileStep: gradientStep, scratch: edge)
      for product in 0..<w.filter.productCount {
        bodies.outerProducts(
          planes + product * block.planeStep, aRows: &zero, aStep: block.tileStep, taps: &zero,
          tapCount: 1, rows: g.inputChannels, gradients + product * gradientPlaneStep,
          bRows: &zero, bStep: gradientStep, columns: columns,
          sums + product * g.inputChannels * columns, runs: 1, pixels: tiles.count,
          accumulate: !isFirst || first > 0)
      }
    }
    guard isLast else { return }
    bodies.winogradFilterGradient(
      sums, planeStep: g.inputChannels * columns, rowStep: columns, inputs: g.inputChannels,
      outputs: g.outputChannels, w.filter, into: dw, scratch: edge)
  }
}
