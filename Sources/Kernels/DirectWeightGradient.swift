extension KernelTable {
  /// dw = Σ over images of the weight gradient, `[row, column, in / groups, out]`; overwrites dw.
  func directWeightGradient(
    _ x: ConstFloats, _ dy: ConstFloats, into dw: Floats, _ g: ConvolutionGeometry, images: Int,
    scratch: Floats
  ) {
    if g.isDepthwise {
      bodies.depthwiseWeightGradient(x, dy, into: dw, g, images: images)
      return
    }
    let plan = g.forwardPlan(images: images)
    let columns = rounded(g.groupOutputs)
    let inPlace = g.groups == 1 && columns == g.outputChannels
    let panel = scratch
    let gradientPanel = panel + g.forwardPlan(images: .max / 2).floats
    let sum = inPlace ? dw : gradientPanel + plan.runs * g.outputColumns * columns
    let source = PanelSource(rows: g.inputRows, columns: g.inputColumns, channels: g.inputChannels)
    let depth = g.kernelColumns * g.groupInputs
    for group in 0..<g.groups {
      var first = true
      forEachPanel(plan, outputRows: g.outputRows, images: images) { image, count, row, rows in
        withOffsets(plan.runs, plan.runs, g.kernelRows) { from, to, taps in
          for r in 0..<g.kernelRows { taps[r] = r * plan.panelColumns * g.groupInputs }
          source.fill(
            panel, plan, from: x + image * g.inputCount, images: count,
            firstRow: row * g.rowStride - g.padding.top,
            rows: (rows - 1) * g.rowStride + g.kernelRows, firstColumn: -g.padding.left,
            firstChannel: group * g.groupInputs)
          for i in 0..<count {
            for j in 0..<rows {
              let run = i * rows + j
              from[run] =
                i * plan.floatsPerImage + j * g.rowStride * plan.panelColumns * g.groupInputs
              let at = ((image + i) * g.outputRows + row + j) * g.outputColumns * g.outputChannels
              if inPlace {
                to[run] = at
              } else {
                to[run] = run * g.outputColumns * columns
                copyColumns(
                  dy + at + group * g.groupOutputs, g.outputChannels, g.groupOutputs,
                  into: gradientPanel + to[run], columns, g.outputColumns)
              }
            }
          }
          bodies.outerProducts(
            panel, aRows: from, aStep: g.columnStride * g.groupInputs, taps: taps,
            tapCount: g.kernelRows, rows: depth, inPlace ? dy : UnsafePointer(gradientPanel),
            bRows: to, bStep: columns, columns: columns, sum, runs: count * rows,
            pixels: g.outputColumns, accumulate: !first)
        }
        first = false
      }
      if !inPlace {
        for p in 0..<(g.kernelRows * depth) {
          (dw + p * g.outputChannels + group * g.groupOutputs).update(
            from: sum + p * columns, count: g.groupOutputs)
        }
      }
    }
  }

  // `pixels` runs of `count` floats, widened to `width` by zeros.
  private func copyColumns(
    _ from: ConstFloats, _ step: Int, _ count: Int, into to: Floats, _ width: Int, _ pixels: Int
  ) {
    for x in 0..<pixels {
      (to + x * width).update(from: from + x * step, count: count)
      for j in count..<width { to[x * width + j] = 0 }
    }
  }
}
