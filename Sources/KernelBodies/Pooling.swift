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
      best = larger(best, v)
      sum += v
      p += step
    }
    line += rowStep
  }
  return (best, sum)
}

/// The largest numbers of a row of windows of three by three pixels, two pixels apart, in so many vectors of channels: what two windows share is compared once. Adds zero
/// times all numbers to `trace`.
@inline(__always)
private func largestOfThreeByThree<let vectors: Int>(
  _: InlineArray<vectors, Bool>.Type, _ x: ConstFloats, _ y: Floats, windows: Int, rowStep: Int,
  step: Int, trace: inout Vector
) {
  var (sum0, sum1) = (Vector.zero, Vector.zero)
  var left = InlineArray<vectors, Vector> { _ in Vector.zero }
  for i in 0..<vectors {
    let column = largest(x + i * lanes, 3, 1, rowStep, step, nil)
    sum0 += column.sum
    left[i] = column.best
  }
  var (p, to) = (x + step, y)
  for _ in 0..<windows {
    for i in 0..<vectors {
      let middle = largest(p + i * lanes, 3, 1, rowStep, step, nil)
      let right = largest(p + step + i * lanes, 3, 1, rowStep, step, nil)
      sum0 += middle.sum
      sum1 += right.sum
      store(larger(larger(left[i], middle.best), right.best), to + i * lanes)
      left[i] = right.best
    }
    p += 2 * step
    to += step
  }
  trace = fma(sum0 + sum1, Vector.zero, trace)
}

@inline(__always) private func larger(_ a: Vector, _ b: Vector) -> Vector {
  a.replacing(with: b, where: b .> a)
}

extension PoolGeometry {
  /// The columns of windows of three pixels, two pixels apart, that lie whole inside the map; none for other windows.
  fileprivate var wholeThreeByTwo: Range<Int> {
    let lastPixel = inputColumns + padding.left - windowColumns
    guard windowColumns == 3, columnStride == 2, lastPixel >= 0 else { return 0..<0 }
    let first = (padding.left + 1) / 2
    return first..<max(first, min(outputColumns, lastPixel / 2 + 1))
  }
}

/// The largest values of one row of windows; false, and nothing of use, if a sum of its numbers is not finite, as with a NaN.
@inline(__always)
private func maximaOfFinite(_ map: ConstFloats, _ y: Floats, _ g: PoolGeometry, row: Int) -> Bool {
  let (channels, step) = (g.channels, g.columnStride)
  let rowStep = g.inputColumns * channels
  let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
  let line = map + (row * g.rowStride - g.padding.top + rows.lowerBound) * rowStep
  // Zero times the sums.
  var trace = Vector.zero
  let whole = rows.count == 3 && channels % lanes == 0 ? g.wholeThreeByTwo : 0..<0
  if !whole.isEmpty {
    let first = line + (whole.lowerBound * step - g.padding.left) * channels
    let to = y + (row * g.outputColumns + whole.lowerBound) * channels
    var c = 0
    func take<let vectors: Int>(_ type: InlineArray<vectors, Bool>.Type) {
      largestOfThreeByThree(
        type, first + c, to + c, windows: whole.count, rowStep: rowStep, step: channels,
        trace: &trace)
      c += vectors * lanes
    }
    // Four vectors are a stretch of memory that comes without gaps, and few enough for the registers.
    while c < channels {
      if channels - c >= 4 * lanes {
        take(InlineArray<4, Bool>.self)
      } else {
        take(InlineArray<1, Bool>.self)
      }
    }
  }
  for column in 0..<g.outputColumns where !whole.contains(column) {
    let columns = inside(column, step, g.padding.left, g.windowColumns, g.inputColumns)
    let first = line + (column * step - g.padding.left + columns.lowerBound) * channels
    let to = y + (row * g.outputColumns + column) * channels
    var c = 0
    while c + lanes <= channels {
      let found = largest(first + c, rows.count, columns.count, rowStep, channels, nil)
      trace = fma(found.sum, Vector.zero, trace)
      store(found.best, to + c)
      c += lanes
    }
    if c < channels {
      let n = channels - c
      let found = largest(first + c, rows.count, columns.count, rowStep, channels, n)
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
  package static func averagePool(
    _ x: ConstFloats, into y: Floats, _ g: PoolGeometry, images: Int, channels: Range<Int>
  ) {
    for image in 0..<images {
      let map = x + image * g.inputCount
      for row in 0..<g.outputRows {
        let rows = inside(row, g.rowStride, g.padding.top, g.windowRows, g.inputRows)
        for column in 0..<g.outputColumns {
          let columns = inside(
            column, g.columnStride, g.padding.left, g.windowColumns, g.inputColumns)
          let at = ((image * g.outputRows + row) * g.outputColumns + column) * g.channels
          let corner =
            (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
            - g.padding.left
          let factor = 1 / divisor(g, rows, columns)
          // Four vectors of channels at a time: a cache line is used whole, and no sum waits for itself.
          var c = channels.lowerBound
          while c + 4 * lanes <= channels.upperBound {
            var sums = InlineArray<4, Vector> { _ in Vector.zero }
            for r in rows {
              for s in columns {
                let p = map + (corner + r * g.inputColumns + s) * g.channels + c
                for i in 0..<4 { sums[i] += load(p + i * lanes) }
              }
            }
            for i in 0..<4 { store(sums[i] * factor, y + at + c + i * lanes) }
            c += 4 * lanes
          }
          while c < channels.upperBound {
            let n = min(lanes, channels.upperBound - c)
            var sum = Vector.zero
            for r in rows {
              for s in columns {
                sum += load(map + (corner + r * g.inputColumns + s) * g.channels + c, upTo: n)
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
