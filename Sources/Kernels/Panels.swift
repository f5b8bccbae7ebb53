// What direct convolutions read: their input in place, or panels of it.

/// Floats that a panel may hold: a quarter of a megabyte, so that it stays in the second-level cache beside the weights.
private let panelLimit = 65_536

/// How a convolution walks through its panels: `images` maps or, of a large map, `rows` output rows at a time.
struct PanelPlan {
  let images: Int
  let rows: Int
  let panelRows: Int
  var panelColumns: Int
  let channels: Int

  /// Output rows in all, each reading `taps` rows of the panel at `step` rows from the last.
  init(outputRows: Int, step: Int, taps: Int, panelColumns: Int, channels: Int, images: Int) {
    self.panelColumns = panelColumns
    self.channels = channels
    let rowCount = panelColumns * channels
    let whole = ((outputRows - 1) * step + taps) * rowCount
    if whole <= panelLimit {
      rows = outputRows
      self.images = max(1, min(images, panelLimit / whole))
    } else {
      rows = max(1, min(outputRows, (panelLimit / rowCount - taps) / step + 1))
      self.images = 1
    }
    panelRows = (rows - 1) * step + taps
  }

  var floatsPerImage: Int { panelRows * panelColumns * channels }
  var floats: Int { images * floatsPerImage }
  var runs: Int { images * rows }
}

/// Copies so many rows of `images` maps from `firstRow` on into a panel, `channels` of them from `firstChannel` on; outside the map is zero.
struct PanelSource {
  let rows: Int
  let columns: Int
  let channels: Int

  func fill(
    _ panel: Floats, _ plan: PanelPlan, from maps: ConstFloats, images: Int, firstRow: Int,
    rows panelRows: Int, firstColumn: Int, firstChannel: Int
  ) {
    let depth = plan.channels
    let low = min(plan.panelColumns, max(0, -firstColumn))
    let high = max(low, min(plan.panelColumns, columns - firstColumn))
    for image in 0..<images {
      let map = maps + image * rows * columns * channels
      for r in 0..<panelRows {
        let to = panel + (image * plan.panelRows + r) * plan.panelColumns * depth
        let row = firstRow + r
        guard row >= 0, row < rows else {
          to.update(repeating: 0, count: plan.panelColumns * depth)
          continue
        }
        to.update(repeating: 0, count: low * depth)
        let from = map + (row * columns + firstColumn + low) * channels + firstChannel
        if depth == channels {
          (to + low * depth).update(from: from, count: (high - low) * depth)
        } else {
          for x in 0..<(high - low) {
            (to + (low + x) * depth).update(from: from + x * channels, count: depth)
          }
        }
        (to + high * depth).update(repeating: 0, count: (plan.panelColumns - high) * depth)
      }
    }
  }
}

extension ConvolutionGeometry {
  func forwardPlan(images: Int, rows: Int? = nil) -> PanelPlan {
    PanelPlan(
      outputRows: rows ?? outputRows, step: rowStride, taps: kernelRows,
      panelColumns: (outputColumns - 1) * columnStride + kernelColumns, channels: groupInputs,
      images: images)
  }

  /// Calls `body(output rows, output columns, whether all that they read lies inside the map)` for the pieces into which some output rows fall, those in the middle of
  /// whole register tiles of `tile` pixels.
  func forEachPiece(
    of rows: Range<Int>, tile: Int, _ body: (Range<Int>, Range<Int>, Bool) -> Void
  ) {
    func piece(_ rows: Range<Int>, _ columns: Range<Int>, isInside: Bool = false) {
      if !rows.isEmpty, !columns.isEmpty { body(rows, columns, isInside) }
    }
    let all = 0..<outputColumns
    let inner = Self.inside(outputRows, rowStride, padding.top, kernelRows, inputRows)
      .clamped(to: rows)
    let middle = wholeTiles(
      Self.inside(outputColumns, columnStride, padding.left, kernelColumns, inputColumns), tile)
    guard groups == 1, !inner.isEmpty, !middle.isEmpty else { return piece(rows, all) }
    piece(rows.lowerBound..<inner.lowerBound, all)
    piece(inner, 0..<middle.lowerBound)
    piece(inner, middle, isInside: true)
    piece(inner, middle.upperBound..<outputColumns)
    piece(inner.upperBound..<rows.upperBound, all)
  }

  // Those of the columns that fill whole register tiles, and leave such tiles at either side.
  private func wholeTiles(_ columns: Range<Int>, _ tile: Int) -> Range<Int> {
    let first = (columns.lowerBound + tile - 1) / tile * tile
    if columns.upperBound == outputColumns { return min(first, outputColumns)..<outputColumns }
    return first..<first + max(0, columns.upperBound - first) / tile * tile
  }

  // Outputs along one axis whose taps all lie inside the map.
  private static func inside(
    _ outputs: Int, _ step: Int, _ padding: Int, _ taps: Int, _ inputs: Int
  ) -> Range<Int> {
    let first = min(outputs, (padding + step - 1) / step)
    let last = inputs + padding - taps
    return first..<(last < 0 ? first : max(first, min(outputs, last / step + 1)))
  }
}
