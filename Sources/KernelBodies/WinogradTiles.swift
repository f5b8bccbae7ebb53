import KernelContract

// The way in of Winograd's convolution: tiles of pixels become planes, `[product][tile][channel]`.

/// Where a tile's outputs lie in a stack of maps.
struct TilePlace {
  let image, row, column: Int

  @inline(__always) init(_ tile: Int, _ g: WinogradGeometry) {
    let (image, rest) = tile.quotientAndRemainder(dividingBy: g.tilesPerImage)
    self.image = image
    row = rest / g.tileColumns * g.filter.outputs
    column = rest % g.tileColumns * g.filter.outputs
  }

  /// Its first output's first number in the maps.
  @inline(__always) func corner(_ g: WinogradGeometry) -> Int {
    ((image * g.outputRows + row) * g.outputColumns + column) * g.outputStep
  }
}

/// The part of a stack of maps that a tile reads: `size` x `size` pixels of each of the stride's phases.
private struct TileWindow {
  let map: ConstFloats
  let rows, columns, channels, stride, size: Int
  /// Where it begins in the map; it may hang over the edges.
  let row, column: Int

  /// The rows and columns of one phase's pixels that lie inside the map.
  @inline(__always) func inside(phase: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (y, x) = phase.quotientAndRemainder(dividingBy: stride)
    return (inside(row + y, rows), inside(column + x, columns))
  }

  private func inside(_ first: Int, _ count: Int) -> Range<Int> {
    let low = min(size, (max(0, -first) + stride - 1) / stride)
    return low..<max(low, min(size, (count - first + stride - 1) / stride))
  }

  /// The pixels of one phase in place.
  @inline(__always) func block(phase: Int) -> Block {
    let (y, x) = phase.quotientAndRemainder(dividingBy: stride)
    return Block(
      at: Floats(mutating: map + ((row + y) * columns + column + x) * channels),
      rowStep: stride * columns * channels, columnStep: stride * channels)
  }

  /// A copy whose pixels hold all phases' channels, filled up with zeros to `width`; zeros outside the map. Whole vectors are written, so up to one beyond the copy.
  func gather(into copy: Floats, _ width: Int) {
    if gatherInside(into: copy, width) { return }
    for r in 0..<size {
      for s in 0..<size {
        var to = copy + (r * size + s) * width
        let end = to + width
        let x = column + s * stride
        for y in row + r * stride..<row + (r + 1) * stride {
          let line = map + (y * columns + x) * channels
          if y < 0 || y >= rows || x + stride <= 0 || x >= columns {
            clear(to, to + stride * channels)
            to += stride * channels
          } else if x >= 0 && x + stride <= columns {
            transfer(line, stride * channels, to)
            to += stride * channels
          } else {
            for pixel in 0..<stride {
              if x + pixel >= 0 && x + pixel < columns {
                transfer(line + pixel * channels, channels, to)
              } else {
                clear(to, to + channels)
              }
              to += channels
            }
          }
        }
        clear(to, end)
      }
    }
  }

  // The same where nothing is outside, even if only whole vectors are read: what is copied too much is written over by what follows.
  private func gatherInside(into copy: Floats, _ width: Int) -> Bool {
    let (count, lineStep) = (stride * channels, columns * channels)
    let (endRow, endColumn) = (row + size * stride, column + size * stride)
    let overrun = (endRow - 1) * lineStep + endColumn * channels + lanes
    guard row >= 0, column >= 0, endColumn <= columns, overrun <= rows * lineStep else {
      return false
    }
    for r in 0..<size {
      for s in 0..<size {
        var to = copy + (r * size + s) * width
        let end = to + width
        var line = map + (row + r * stride) * lineStep + (column + s * stride) * channels
        for _ in 0..<stride {
          for c in Swift.stride(from: 0, to: count, by: lanes) {
            store(load(line + c), to + c)
          }
          to += count
          line += lineStep
        }
        clear(to, end)
      }
    }
    return true
  }

  @inline(__always) private func transfer(_ from: ConstFloats, _ count: Int, _ to: Floats) {
    var c = 0
    while c + lanes <= count {
      store(load(from + c), to + c)
      c += lanes
    }
    if c < count { store(load(from + c, first: count - c), to + c) }
  }

  @inline(__always) private func clear(_ from: Floats, _ end: Floats) {
    var to = from
    while to < end {
      store(.zero, to)
      to += lanes
    }
  }
}

extension Bodies {
  package static func winogradTiles(
    _ x: ConstFloats, of gradient: Bool, channels: Int, _ g: WinogradGeometry, tiles: Range<Int>,
    into planes: Floats, planeStep: Int, tileStep: Int, scratch: Floats
  ) {
    let (rows, columns) =
      gradient ? (g.outputRows, g.outputColumns) : (g.inputRows, g.inputColumns)
    let (top, left, step) = gradient ? (0, 0, 1) : (g.top, g.left, g.stride)
    let width = (step * step * channels + lanes - 1) / lanes * lanes
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let (a, b) = (Transform.Input.size, Transform.Output.size)
      let copy = scratch + a * b * lanes
      for tile in tiles {
        let place = TilePlace(tile, g)
        let window = TileWindow(
          map: x + place.image * rows * columns * channels, rows: rows, columns: columns,
          channels: channels, stride: step, size: a, row: place.row * step - top,
          column: place.column * step - left)
        let isInPlace = channels % lanes == 0
        if !isInPlace { window.gather(into: copy, width) }
        // In place phase by phase; a copy holds all phases' channels side by side.
        let run = isInPlace ? channels : width
        var to = planes + (tile - tiles.lowerBound) * tileStep
        for phase in 0..<(width / run) {
          let from =
            isInPlace
            ? window.block(phase: phase)
            : Block(at: copy, rowStep: a * width, columnStep: width)
          let all = (rows: 0..<a, columns: 0..<a)
          let inside = isInPlace ? window.inside(phase: phase) : all
          let isWhole = inside == all
          for c in stride(from: 0, to: run, by: lanes) {
            let source = Block(at: from.at + c, rowStep: from.rowStep, columnStep: from.columnStep)
            let target = Block(at: to + c, rowStep: b * planeStep, columnStep: planeStep)
            if isWhole {
              transformBlock(
                transform, source, count: lanes, into: target, valid: lanes, between: scratch)
            } else {
              let (rows, columns) = inside
              transformBlock(
                transform, between: scratch,
                take: {
                  rows.contains($0) && columns.contains($1) ? load(source.place($0, $1)) : .zero
                }, put: { store($2, target.place($0, $1)) })
            }
          }
          to += run
        }
      }
    }
    switch (g.filter.outputs, g.filter.inputs, gradient) {
    case (_, 4, false): run(WinogradTwo.Input.self)
    case (_, 6, false): run(WinogradFour.Input.self)
    case (_, 7, false): run(WinogradFive.Input.self)
    case (_, _, false): run(WinogradSix.Input.self)
    case (2, _, true): run(WinogradTwo.OutputGradient.self)
    case (4, 6, true): run(WinogradFour.OutputGradient.self)
    case (4, _, true): run(WinogradFourOfFive.OutputGradient.self)
    case (5, _, true): run(WinogradFive.OutputGradient.self)
    case (_, _, true): run(WinogradSix.OutputGradient.self)
    }
  }
}
