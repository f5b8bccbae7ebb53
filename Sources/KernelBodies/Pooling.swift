import KernelContract

/// The rows (or columns) of a window that lie inside the map.
@inline(__always)
func inside(_ output: Int, _ stride: Int, _ before: Int, _ window: Int, _ size: Int) -> Range<Int> {
  let first = output * stride - before
  let low = max(0, -first)
  return low..<max(low, min(window, size - first))
}

/// The largest numbers of a window and their sum; all lanes if `count` is nil.
@inline(__always)
private func largest(
  _ x: ConstFloats, _ rows: Int, _ columns: Int, _ rowStep: Int, _ step: Int, _ count: Int?
) -> (best: Vector, sum: Vector) {
  var (best, sum) = (Vector(repeating: -.infinity), Vector.zero)
  var line = x
  for _ in 0..<rows {
    var p = line
    for _ in 0..<columns {
      let v = if let count { load(p, first: count) } else { load(p) }
      best.replace(with: v, where: v .> best)
      sum += v
      p += step
    }
    line += rowStep
  }
  return (best, sum)
}

/// The largest values of one row of windows; false, and nothing of use, if a sum over a window is not finite, as with a NaN.
@inline(__always)
private func maximaOfFinite(_ map: ConstFloats, _ y: Floats, _ g: PoolGeometry, row: Int) -> Bool {
  let channels = g.channels
  let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
  // Zero times the sums.
  var trace = Vector.zero
  for column in 0..<g.outputColumns {
    let columns = inside(column, g.columnStride, g.padding.left, g.windowColumns, g.inputColumns)
    let first =
      map
      + ((row * g.rowStride - g.padding.top + rows.lowerBound) * g.inputColumns
        + column * g.columnStride - g.padding.left + columns.lowerBound) * channels
    let to = y + (row * g.outputColumns + column) * channels
    var c = 0
    while c + lanes <= channels {
      let found = largest(
        first + c, rows.count, columns.count, g.inputColumns * channels, channels, nil)
      trace = fma(found.sum, Vector.zero, trace)
      store(found.best, to + c)
      c += lanes
    }
    if c < channels {
      let n = channels - c
      let found = largest(
        first + c, rows.count, columns.count, g.inputColumns * channels, channels, n)
      trace = fma(found.sum, Vector.zero, trace)
      store(found.best, to + c, first: n)
    }
  }
  return trace == Vector.zero
}

extension Bodies {
  package static func maxPool(
    _ x: ConstFloats, into y: Floats, argmax: UnsafeMutablePointer<UInt8>?, _ g: PoolGeometry,
    images: Int, rows: Range<Int>
  ) {
    let channels = g.channels
    for image in 0..<images {
      let map = x + image * g.inputCount
      for row in rows {
        if argmax == nil, maximaOfFinite(map, y + image * g.outputCount, g, row: row) { continue }
        let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
        for column in 0..<g.outputColumns {
          let columns = inside(
            column, g.columnStride, g.padding.left, g.windowColumns, g.inputColumns)
          let at = ((image * g.outputRows + row) * g.outputColumns + column) * channels
          let corner =
            (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
            - g.padding.left
          forChannelVectors(channels) { c, n in
            var best = Vector(repeating: -.infinity)
            var place = IntVector.zero
            for r in rows {
              for s in columns {
                let v = load(map + (corner + r * g.inputColumns + s) * channels + c, upTo: n)
                let wins = (v .> best) .| (v .!= v)
                best.replace(with: v, where: wins)
                place.replace(
                  with: Int32(truncatingIfNeeded: r * g.windowColumns + s), where: wins)
              }
            }
            store(best, y + at + c, upTo: n)
            if let argmax { storeBytes(place, argmax + at + c, upTo: n) }
          }
        }
      }
    }
  }

  package static func maxPoolGradient(
    _ dy: ConstFloats, argmax: UnsafePointer<UInt8>, into dx: Floats, _ g: PoolGeometry, images: Int
  ) {
    let channels = g.channels
    // Windows that do not overlap write each pixel once; windows that leave pixels out need zeros there.
    let overlaps = g.rowStride < g.windowRows || g.columnStride < g.windowColumns
    let covers =
      g.rowStride == g.windowRows && g.columnStride == g.windowColumns && g.padding == Padding(0)
      && g.outputRows * g.windowRows == g.inputRows
      && g.outputColumns * g.windowColumns == g.inputColumns
    if !covers { dx.update(repeating: 0, count: images * g.inputCount) }
    for image in 0..<images {
      let map = dx + image * g.inputCount
      for row in 0..<g.outputRows {
        let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
        for column in 0..<g.outputColumns {
          let columns = inside(
            column, g.columnStride, g.padding.left, g.windowColumns, g.inputColumns)
          let at = ((image * g.outputRows + row) * g.outputColumns + column) * channels
          let corner =
            (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
            - g.padding.left
          forChannelVectors(channels) { c, n in
            let gradient = load(dy + at + c, upTo: n)
            let place = loadBytes(argmax + at + c, upTo: n)
            for r in rows {
              for s in columns {
                let number = Int32(truncatingIfNeeded: r * g.windowColumns + s)
                let wins = place .== IntVector(repeating: number)
                let to = map + (corner + r * g.inputColumns + s) * channels + c
                var v = Vector.zero.replacing(with: gradient, where: wins)
                if overlaps { v += load(UnsafePointer(to), upTo: n) }
                store(v, to, upTo: n)
              }
            }
          }
        }
      }
    }
  }
}

/// What an average divides by.
@inline(__always)
func divisor(_ g: PoolGeometry, _ rows: Range<Int>, _ columns: Range<Int>) -> Float {
  Float(g.countsPadding ? g.windowRows * g.windowColumns : rows.count * columns.count)
}

extension Bodies {
  package static func averagePool(_ x: ConstFloats, into y: Floats, _ g: PoolGeometry, images: Int)
  {
    let channels = g.channels
    for image in 0..<images {
      let map = x + image * g.inputCount
      for row in 0..<g.outputRows {
        let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
        for column in 0..<g.outputColumns {
          let columns = inside(
            column, g.columnStride, g.padding.left, g.windowColumns, g.inputColumns)
          let at = ((image * g.outputRows + row) * g.outputColumns + column) * channels
          let corner =
            (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
            - g.padding.left
          let factor = 1 / divisor(g, rows, columns)
          // Four vectors of channels at a time: a cache line is used whole, and no sum waits for itself.
          var c = 0
          while c + 4 * lanes <= channels {
            var sums = InlineArray<4, Vector> { _ in Vector.zero }
            for r in rows {
              for s in columns {
                let p = map + (corner + r * g.inputColumns + s) * channels + c
                for i in 0..<4 { sums[i] += load(p + i * lanes) }
              }
            }
            for i in 0..<4 { store(sums[i] * factor, y + at + c + i * lanes) }
            c += 4 * lanes
          }
          while c < channels {
            let n = min(lanes, channels - c)
            var sum = Vector.zero
            for r in rows {
              for s in columns {
                sum += load(map + (corner + r * g.inputColumns + s) * channels + c, upTo: n)
              }
            }
            store(sum * factor, y + at + c, upTo: n)
            c += lanes
          }
        }
      }
    }
  }

  package static func averagePoolGradient(
    _ dy: ConstFloats, into dx: Floats, _ g: PoolGeometry, images: Int
  ) {
    let channels = g.channels
    dx.update(repeating: 0, count: images * g.inputCount)
    for image in 0..<images {
      let map = dx + image * g.inputCount
      for row in 0..<g.outputRows {
        let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
        for column in 0..<g.outputColumns {
          let columns = inside(
            column, g.columnStride, g.padding.left, g.windowColumns, g.inputColumns)
          let at = ((image * g.outputRows + row) * g.outputColumns + column) * channels
          let corner =
            (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
            - g.padding.left
          let factor = 1 / divisor(g, rows, columns)
          for r in rows {
            for s in columns {
              let to = map + (corner + r * g.inputColumns + s) * channels
              mapVectors(dy + at, to, to, channels) { $0 * factor + $1 }
            }
          }
        }
      }
    }
  }
}
