// Direct convolution without column buffers: the taps of one kernel row lie side by side in the input, so a kernel row is one tap of depth kernelColumns * channels, which
// the register tiles read in place. Where taps lie outside the map, or where there are groups, they read a panel instead: a few zero-padded rows of the input (all of a
// small map, or of several).

extension ConvolutionGeometry {
  /// A product of matrices: every pixel is a row.
  var isPointwise: Bool {
    kernelRows == 1 && kernelColumns == 1 && rowStride == 1 && columnStride == 1 && groups == 1
      && padding == Padding(0)
  }
}

extension KernelTable {
  func rounded(_ columns: Int) -> Int { (columns + tileWidth - 1) / tileWidth * tileWidth }

  /// Floats of the packed weights for `directForward`.
  func directPackedCount(_ g: ConvolutionGeometry) -> Int {
    g.isDepthwise
      ? g.weightCount
      : g.groups * g.kernelRows * g.kernelColumns * g.groupInputs * rounded(g.groupOutputs)
  }

  /// Packs weights `[row, column, in / groups, out]` for `directForward`.
  func packDirect(_ weights: ConstFloats, _ g: ConvolutionGeometry, into packed: Floats) {
    if g.isDepthwise {
      packed.update(from: weights, count: g.weightCount)
      return
    }
    let depth = g.kernelRows * g.kernelColumns * g.groupInputs
    // Columns after the last whole block, if they go in pairs of depths.
    let rest = g.groupOutputs % tileWidth
    let last =
      bodies.packsPairs(columns: rest, depth: g.kernelColumns * g.groupInputs) ? rest : 0
    let first = g.groupOutputs - last
    for group in 0..<g.groups {
      let (from, to) = (
        weights + group * g.groupOutputs, packed + group * depth * rounded(g.groupOutputs)
      )
      packRight(from, g.outputChannels, false, 0, depth, first, into: to)
      packPairs(from + first, g.outputChannels, depth, last, into: to + first * depth)
    }
  }

  // [pair of depths][columns of a vector and a half][2], zero beyond n.
  private func packPairs(
    _ b: ConstFloats, _ ldb: Int, _ depth: Int, _ n: Int, into packed: Floats
  ) {
    guard n > 0 else { return }
    let columns = vectorWidth + vectorWidth / 2
    for p in 0..<depth {
      let to = packed + p / 2 * 2 * columns + p % 2
      for j in 0..<columns { to[2 * j] = j < n ? b[p * ldb + j] : 0 }
    }
  }

  /// Floats of scratch that `directForward` needs, for any number of images.
  func directForwardScratchCount(_ g: ConvolutionGeometry) -> Int {
    g.isDepthwise || g.isPointwise ? 0 : g.forwardPlan(images: .max / 2).floats
  }

  /// Floats of scratch that the three direct forms need, for any number of images.
  func directScratchCount(_ g: ConvolutionGeometry) -> Int {
    if g.isDepthwise { return 0 }
    let forward = g.forwardPlan(images: .max / 2)
    let columns = rounded(g.groupOutputs)
    let gradientPanel = forward.runs * g.outputColumns * columns
    let gradientSum = g.kernelRows * g.kernelColumns * g.groupInputs * columns
    let backward = g.phases.map { $0.plan(g, images: .max / 2).floats }.max() ?? 0
    return max(forward.floats + gradientPanel + gradientSum, backward) + 64
  }

  /// y = the epilogue of x * w, for one part of the maps.
  func directForward(
    _ x: ConstFloats, packed: ConstFloats, _ epilogue: Epilogue?, into y: Floats,
    _ g: ConvolutionGeometry, _ part: ConvolutionPart, scratch: Floats
  ) {
    if g.isDepthwise {
      for image in part.images {
        let first = image * g.outputRows * g.outputColumns * part.pixelStep
        bodies.depthwise(
          x + image * g.inputCount, weights: packed, into: y + first, step: part.pixelStep, g,
          rows: part.rows, channels: part.columns, epilogue?.offset(by: first))
      }
    } else if g.isPointwise {
      let pixels = part.pixels(of: g)
      let first = part.images.lowerBound * g.outputRows * g.outputColumns + pixels.lowerBound
      multiplyPixels(
        x + first * g.inputChannels, g.inputChannels,
        packed + part.columns.lowerBound * g.inputChannels, part.columns.count,
        epilogue?.offset(channel: part.columns.lowerBound, by: first * part.pixelStep),
        into: y + first * part.pixelStep + part.columns.lowerBound, step: part.pixelStep,
        pixels: part.images.count * pixels.count, pairs: true)
    } else {
      forwardPanels(x, packed, epilogue, y, g, part, scratch)
    }
  }

  /// The product of many pixels with packed weights, in blocks of pixels that stay in the first-level cache or near it while they meet all columns; `pairs` says that the
  /// last columns are packed as `packDirect` does.
  func multiplyPixels(
    _ x: ConstFloats, _ depth: Int, _ packed: ConstFloats, _ columns: Int, _ epilogue: Epilogue?,
    into y: Floats, step: Int, pixels: Int, pairs: Bool = false
  ) {
    var zero = 0
    let blocks = pixelBlocks(depth, pixels)
    // Whole tiles throughout; the last block has the rest.
    let tile = bodies.tileRows(of: pixels)
    func border(_ number: Int) -> Int {
      min(pixels, (pixels * number / blocks + tile - 1) / tile * tile)
    }
    for number in 0..<blocks {
      let (first, end) = (border(number), border(number + 1))
      let (x, y, epilogue) = (
        x + first * depth, y + first * step, epilogue?.offset(by: first * step)
      )
      multiplyRuns(
        x, aRows: &zero, lda: depth, taps: &zero, tapCount: 1, depth: depth, packed,
        columns: columns, y, cRows: &zero, ldc: step, runs: 1, pixels: end - first, epilogue,
        pairs: pairs)
    }
  }

  // Even blocks: a last one of few pixels would read all weights for them.
  private func pixelBlocks(_ depth: Int, _ pixels: Int) -> Int {
    let block = max(96, 49_152 / max(1, depth) / 12 * 12)
    return max(1, (pixels + block / 2) / block)
  }

  /// How often `directForward` reads the packed weights for so many images.
  func directWeightReadings(_ g: ConvolutionGeometry, images: Int) -> Int {
    if g.isDepthwise { return 1 }
    if g.isPointwise {
      return pixelBlocks(g.inputChannels, images * g.outputRows * g.outputColumns)
    }
    let plan = g.forwardPlan(images: images)
    return (images + plan.images - 1) / plan.images
      * ((g.outputRows + plan.rows - 1) / plan.rows)
  }

  private func forwardPanels(
    _ x: ConstFloats, _ packed: ConstFloats, _ epilogue: Epilogue?, _ y: Floats,
    _ g: ConvolutionGeometry, _ part: ConvolutionPart, _ scratch: Floats
  ) {
    let plan = g.forwardPlan(images: part.images.count, rows: part.rows.count)
    let source = PanelSource(rows: g.inputRows, columns: g.inputColumns, channels: g.inputChannels)
    let depth = g.kernelColumns * g.groupInputs
    let weightsPerGroup = g.kernelRows * depth * rounded(g.groupOutputs)
    let weights = packed + part.columns.lowerBound * g.kernelRows * depth
    let count = g.groups == 1 ? part.columns.count : g.groupOutputs
    forEachPanel(plan, outputRows: part.rows.count, images: part.images.count) {
      image, images, row, rows in
      let (first, top) = (part.images.lowerBound + image, part.rows.lowerBound + row)
      withOffsets(plan.runs, plan.runs, g.kernelRows) { from, to, taps in
        g.forEachPiece(of: top..<top + rows, tile: bodies.tileRows(of: g.outputColumns)) {
          rows, columns, isInside in
          var panel = plan
          panel.panelColumns = (columns.count - 1) * g.columnStride + g.kernelColumns
          let (rowStep, mapStep) =
            isInside
            ? (g.inputColumns * g.inputChannels, g.inputCount)
            : (panel.panelColumns * g.groupInputs, panel.floatsPerImage)
          for r in 0..<g.kernelRows { taps[r] = r * rowStep }
          for i in 0..<images {
            for (j, row) in rows.enumerated() {
              let run = i * rows.count + j
              from[run] = i * mapStep + j * g.rowStride * rowStep
              to[run] =
                (((first + i) * g.outputRows + row) * g.outputColumns + columns.lowerBound)
                * part.pixelStep
            }
          }
          let firstRow = rows.lowerBound * g.rowStride - g.padding.top
          let firstColumn = columns.lowerBound * g.columnStride - g.padding.left
          for group in 0..<g.groups {
            let channel = group * g.groupOutputs + part.columns.lowerBound
            if !isInside {
              source.fill(
                scratch, panel, from: x + first * g.inputCount, images: images, firstRow: firstRow,
                rows: (rows.count - 1) * g.rowStride + g.kernelRows, firstColumn: firstColumn,
                firstChannel: group * g.groupInputs)
            }
            multiplyRuns(
              isInside
                ? x + first * g.inputCount + firstRow * rowStep + firstColumn * g.inputChannels
                : UnsafePointer(scratch),
              aRows: from, lda: g.columnStride * g.groupInputs, taps: taps, tapCount: g.kernelRows,
              depth: depth, weights + group * weightsPerGroup, columns: count, y + channel,
              cRows: to, ldc: part.pixelStep, runs: images * rows.count, pixels: columns.count,
              epilogue?.offset(channel: channel, by: 0), pairs: true)
          }
        }
      }
    }
  }

  /// Calls `body(first image, images, first row, rows)` for each panel.
  func forEachPanel(
    _ plan: PanelPlan, outputRows: Int, images: Int, _ body: (Int, Int, Int, Int) -> Void
  ) {
    for image in stride(from: 0, to: images, by: plan.images) {
      for row in stride(from: 0, to: outputRows, by: plan.rows) {
        body(image, min(plan.images, images - image), row, min(plan.rows, outputRows - row))
      }
    }
  }

  /// Three lists of offsets on the stack.
  func withOffsets(
    _ a: Int, _ b: Int, _ c: Int,
    _ body: (
      UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>, UnsafeMutablePointer<Int>
    ) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: a + b + c + 1) { list in
      guard let base = list.baseAddress else { return }
      body(base, base + a, base + a + b)
    }
  }
}
