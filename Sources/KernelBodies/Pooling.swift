import KernelContract

/// The rows (or columns) of a window that lie inside the map.
@inline(__always)
func inside(_ output: Int, _ stride: Int, _ before: Int, _ window: Int, _ size: Int) -> Range<Int> {
  let first = output * stride - before
  let low = max(0, -first)
  return low..<max(low, min(window, size - first))
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
                let wins = place .== Int32(truncatingIfNeeded: r * g.windowColumns + s)
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
          forChannelVectors(channels) { c, n in
            var sum = Vector.zero
            for r in rows {
              for s in columns {
                sum += load(map + (corner + r * g.inputColumns + s) * channels + c, upTo: n)
              }
            }
            store(sum * factor, y + at + c, upTo: n)
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
