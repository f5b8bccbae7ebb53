// The input gradient of a strided convolution falls apart by phases: the input pixels of one residue (row mod stride, column mod stride) meet the same taps,
// so each phase is a stride-1 convolution of dy with some of the flipped, transposed weights, written to every stride-th pixel. Stride 1 has one phase.

/// One residue of the input's rows and columns, and the taps that reach it.
struct GradientPhase {
  let row, column: Int
  /// Kernel rows and columns of this phase, ascending, `stride` apart from the first.
  let firstTapRow, firstTapColumn, tapRows, tapColumns: Int
  /// Input pixels of this phase.
  let rows, columns: Int
  /// dy's row (column) that the last tap of input row (column) 0 of this phase reads.
  let firstRow, firstColumn: Int

  func plan(_ g: ConvolutionGeometry, images: Int) -> PanelPlan {
    PanelPlan(
      outputRows: max(1, rows), step: 1, taps: max(1, tapRows),
      panelColumns: max(1, columns) + max(1, tapColumns) - 1, channels: g.groupOutputs,
      images: images)
  }
}

/// The phases of a convolution, row by row; nothing is stored.
struct GradientPhases: RandomAccessCollection {
  let geometry: ConvolutionGeometry
  var startIndex: Int { 0 }
  var endIndex: Int { geometry.rowStride * geometry.columnStride }

  /// Input row y = row + j * stride reads dy rows (y + top - r) / stride for the kernel rows r of its residue.
  subscript(index: Int) -> GradientPhase {
    let g = geometry
    let (row, column) = (index / g.columnStride, index % g.columnStride)
    func part(_ p: Int, _ before: Int, _ step: Int, _ kernel: Int, _ size: Int) -> (
      first: Int, taps: Int, count: Int, start: Int
    ) {
      let first = (p + before) % step
      let taps = first < kernel ? (kernel - first + step - 1) / step : 0
      let count = p < size ? (size - p + step - 1) / step : 0
      return (first, taps, count, (p + before - first) / step - (taps - 1))
    }
    let r = part(row, g.padding.top, g.rowStride, g.kernelRows, g.inputRows)
    let c = part(column, g.padding.left, g.columnStride, g.kernelColumns, g.inputColumns)
    return GradientPhase(
      row: row, column: column, firstTapRow: r.first, firstTapColumn: c.first, tapRows: r.taps,
      tapColumns: c.taps, rows: r.count, columns: c.count, firstRow: r.start, firstColumn: c.start)
  }
}

extension ConvolutionGeometry {
  var phases: GradientPhases { GradientPhases(geometry: self) }
}

extension KernelTable {
  /// Floats of the packed weights for `directInputGradient`.
  func directPackedInputGradientCount(_ g: ConvolutionGeometry) -> Int {
    g.isDepthwise
      ? g.weightCount
      : g.groups * g.kernelRows * g.kernelColumns * g.groupOutputs * rounded(g.groupInputs)
  }

  /// Packs weights `[row, column, in / groups, out]` for `directInputGradient`: by phase and group, flipped and transposed.
  func packDirectInputGradient(
    _ weights: ConstFloats, _ g: ConvolutionGeometry, into packed: Floats
  ) {
    if g.isDepthwise {
      packed.update(from: weights, count: g.weightCount)
      return
    }
    var to = packed
    for phase in g.phases {
      for group in 0..<g.groups {
        for first in stride(from: 0, to: g.groupInputs, by: tileWidth) {
          for tapRow in (0..<phase.tapRows).reversed() {
            for tapColumn in (0..<phase.tapColumns).reversed() {
              let r = phase.firstTapRow + tapRow * g.rowStride
              let s = phase.firstTapColumn + tapColumn * g.columnStride
              let from = weights + (r * g.kernelColumns + s) * g.groupInputs * g.outputChannels
              packTransposed(from, g, group, first, into: to)
              to += g.groupOutputs * tileWidth
            }
          }
        }
      }
    }
  }

  // [out][tileWidth in] of one tap.
  private func packTransposed(
    _ from: ConstFloats, _ g: ConvolutionGeometry, _ group: Int, _ first: Int, into to: Floats
  ) {
    let valid = min(tileWidth, g.groupInputs - first)
    for j in 0..<tileWidth {
      let source = from + (first + j) * g.outputChannels + group * g.groupOutputs
      for k in 0..<g.groupOutputs { to[k * tileWidth + j] = j < valid ? source[k] : 0 }
    }
  }

  /// dx: the gradient with respect to the input of `directForward`; overwrites dx.
  func directInputGradient(
    _ dy: ConstFloats, packed: ConstFloats, into dx: Floats, _ g: ConvolutionGeometry, images: Int,
    scratch: Floats
  ) {
    guard images > 0 else { return }
    if g.isDepthwise {
      bodies.depthwiseInputGradient(dy, weights: packed, into: dx, g, images: images)
      return
    }
    if g.isPointwise {
      multiplyPixels(
        dy, g.outputChannels, packed, g.inputChannels, nil, into: dx, step: g.inputChannels,
        pixels: images * g.outputRows * g.outputColumns)
      return
    }
    let phases = g.phases
    if phases.contains(where: { $0.tapRows == 0 || $0.tapColumns == 0 }) {
      dx.update(repeating: 0, count: images * g.inputCount)
    }
    var weights = packed
    for phase in phases {
      let taps = phase.tapRows * phase.tapColumns
      let weightsPerGroup = taps * g.groupOutputs * rounded(g.groupInputs)
      if taps > 0, phase.rows > 0, phase.columns > 0 {
        runPhase(phase, dy, weights, weightsPerGroup, dx, g, images, scratch)
      }
      weights += g.groups * weightsPerGroup
    }
  }

  private func runPhase(
    _ phase: GradientPhase, _ dy: ConstFloats, _ packed: ConstFloats, _ weightsPerGroup: Int,
    _ dx: Floats, _ g: ConvolutionGeometry, _ images: Int, _ scratch: Floats
  ) {
    let plan = phase.plan(g, images: images)
    let source = PanelSource(
      rows: g.outputRows, columns: g.outputColumns, channels: g.outputChannels)
    forEachPanel(plan, outputRows: phase.rows, images: images) { image, count, row, rows in
      withOffsets(plan.runs, plan.runs, phase.tapRows) { from, to, taps in
        for r in 0..<phase.tapRows { taps[r] = r * plan.panelColumns * g.groupOutputs }
        for i in 0..<count {
          for j in 0..<rows {
            from[i * rows + j] = i * plan.floatsPerImage + j * plan.panelColumns * g.groupOutputs
            let y = phase.row + (row + j) * g.rowStride
            to[i * rows + j] =
              (((image + i) * g.inputRows + y) * g.inputColumns + phase.column) * g.inputChannels
          }
        }
        for group in 0..<g.groups {
          source.fill(
            scratch, plan, from: dy + image * g.outputCount, images: count,
            firstRow: row + phase.firstRow, rows: rows - 1 + phase.tapRows,
            firstColumn: phase.firstColumn,
            firstChannel: group * g.groupOutputs)
          bodies.multiplyRuns(
            scratch, aRows: from, lda: g.groupOutputs, taps: taps, tapCount: phase.tapRows,
            depth: phase.tapColumns * g.groupOutputs, packed + group * weightsPerGroup,
            columns: g.groupInputs, dx + group * g.groupInputs, cRows: to,
            ldc: g.columnStride * g.inputChannels, runs: count * rows, pixels: phase.columns,
            accumulate: false, nil, pairs: false, upcoming: nil)
        }
      }
    }
  }
}
