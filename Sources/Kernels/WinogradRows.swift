// Winograd's filtering along the rows alone, F(1 x 2, 1 x 3) for each row of a 3x3 kernel: pairs of outputs are made of four products of matrices, each over the three
// rows of the kernel. It multiplies more than F(2 x 2, 3 x 3), but has a quarter less of packed weights to read: what counts where a single small map meets many.

/// Floats that the planes of some rows may hold.
private let planesLimit = 131_072
/// Products of a pair of outputs.
private let products = 4

/// How a map falls into rows that are worked on together, and where their planes lie.
private struct RowPlan {
  /// Pairs of outputs in a row.
  let pairs: Int
  /// Output rows that are worked on together.
  let rows: Int
  let tileStep, planeStep, sumStep: Int

  init(_ g: ConvolutionGeometry, _ table: KernelTable) {
    pairs = (g.outputColumns + 1) / 2
    let width = (g.inputChannels + table.vectorWidth - 1) / table.vectorWidth * table.vectorWidth
    tileStep = WinogradBlock.step(width)
    let row = products * pairs * tileStep
    rows = max(1, min(g.outputRows, planesLimit / row - g.kernelRows + 1))
    planeStep = (rows + g.kernelRows - 1) * pairs * tileStep + 16
    sumStep = rows * pairs * table.tileWidth + 16
  }

  func blocks(_ rows: Int) -> Int { (rows + self.rows - 1) / self.rows }
}

extension KernelTable {
  /// Floats of the packed weights for `winogradRows`.
  func winogradRowsPackedCount(_ g: ConvolutionGeometry) -> Int {
    products * g.kernelRows * g.inputChannels * rounded(g.outputChannels)
  }

  /// Packs weights `[row, column, in, out]` for `winogradRows`.
  func packWinogradRows(_ weights: ConstFloats, _ g: ConvolutionGeometry, into packed: Floats) {
    bodies.winogradRowFilter(
      weights, rows: g.kernelRows, inputs: g.inputChannels, outputs: g.outputChannels, into: packed)
  }

  /// Floats of scratch that `winogradRows` needs.
  func winogradRowsScratchCount(_ g: ConvolutionGeometry) -> Int {
    let plan = RowPlan(g, self)
    return products * (plan.planeStep + plan.sumStep)
  }

  /// How often `winogradRows` reads the packed weights for an image.
  func winogradRowsWeightReadings(_ g: ConvolutionGeometry) -> Int {
    RowPlan(g, self).blocks(g.outputRows)
  }

  /// y = the epilogue of x * w, for one part of the maps.
  func winogradRows(
    _ x: ConstFloats, packed: ConstFloats, _ epilogue: Epilogue?, into y: Floats,
    _ g: ConvolutionGeometry, _ part: ConvolutionPart, scratch: Floats
  ) {
    let plan = RowPlan(g, self)
    let blocks = plan.blocks(part.rows.count)
    let continues = part.continues && part.images.count == 1 && blocks == 1
    for image in part.images {
      let at = image * g.outputRows * g.outputColumns * part.pixelStep
      for number in 0..<blocks {
        let rows = part.rows.part(number, of: blocks)
        if !continues {
          let first = rows.lowerBound - g.padding.top
          bodies.winogradRowTiles(
            x + image * g.inputCount, g, rows: first..<first + rows.count + g.kernelRows - 1,
            into: scratch, planeStep: plan.planeStep, tileStep: plan.tileStep)
        }
        multiply(
          scratch, packed, epilogue?.offset(by: at), into: y + at, g, rows, part, plan)
      }
    }
  }

  // The planes of some rows times the weights, a block of columns after the other.
  private func multiply(
    _ planes: Floats, _ packed: ConstFloats, _ epilogue: Epilogue?, into y: Floats,
    _ g: ConvolutionGeometry, _ rows: Range<Int>, _ part: ConvolutionPart, _ plan: RowPlan
  ) {
    let sums = planes + products * plan.planeStep
    let panel = g.kernelRows * g.inputChannels * tileWidth
    withOffsets(1, 1, g.kernelRows) { from, to, taps in
      (from[0], to[0]) = (0, 0)
      for row in 0..<g.kernelRows { taps[row] = row * plan.pairs * plan.tileStep }
      for column in stride(
        from: part.columns.lowerBound, to: part.columns.upperBound, by: tileWidth)
      {
        for product in 0..<products {
          bodies.multiplyRuns(
            planes + product * plan.planeStep, aRows: from, lda: plan.tileStep, taps: taps,
            tapCount: g.kernelRows, depth: g.inputChannels,
            packed + column / tileWidth * products * panel + product * panel, columns: tileWidth,
            sums + product * plan.sumStep, cRows: to, ldc: tileWidth, runs: 1,
            pixels: rows.count * plan.pairs, accumulate: false, nil, pairs: false, upcoming: nil)
        }
        bodies.winogradRowOutput(
          sums, planeStep: plan.sumStep, tileStep: tileWidth, g, rows: rows,
          channels: column..<min(part.columns.upperBound, column + tileWidth), epilogue, into: y,
          pixelStep: part.pixelStep)
      }
    }
  }
}
