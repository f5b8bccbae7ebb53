import KernelContract

// Depthwise convolution: every channel alone, so channels run in vectors and no product of matrices arises. Weights `[row, column, 1, channel]`.

/// A number known when the code is compiled.
private typealias Stride<let stride: Int> = InlineArray<stride, Bool>

/// One map's depthwise convolution.
private struct DepthwiseWork {
  let x, weights: ConstFloats
  let y: Floats
  let g: ConvolutionGeometry
  let bounds: Epilogue
  let low, high: Vector
  /// Columns whose windows lie inside the map.
  let inner: Range<Int>

  init(
    _ x: ConstFloats, _ weights: ConstFloats, _ y: Floats, _ g: ConvolutionGeometry,
    _ bounds: Epilogue
  ) {
    (self.x, self.weights, self.y, self.g, self.bounds) = (x, weights, y, g, bounds)
    (low, high) = (Vector(repeating: bounds.low), Vector(repeating: bounds.high))
    let first = min(
      g.outputColumns, (g.padding.left + g.columnStride - 1) / g.columnStride)
    let room = g.inputColumns + g.padding.left - g.kernelColumns
    inner = first..<max(first, min(g.outputColumns, room < 0 ? 0 : room / g.columnStride + 1))
  }

  @inline(__always) func end(_ sum: Vector, _ at: Int, _ n: Int) {
    var sum = sum
    if let residual = bounds.residual { sum += load(residual + at, upTo: n) }
    store(clamped(sum, low, high), y + at, upTo: n)
  }

  /// Pixels of a row one by one, for any kernel, at the map's edges too.
  func pixels(_ row: Int, _ columns: Range<Int>) {
    let channels = g.inputChannels
    let tapRows = inside(row, g.rowStride, g.padding.top, g.kernelRows, g.inputRows)
    for column in columns {
      let tapColumns = inside(
        column, g.columnStride, g.padding.left, g.kernelColumns, g.inputColumns)
      let at = (row * g.outputColumns + column) * channels
      let corner =
        (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
        - g.padding.left
      forChannelVectors(channels) { c, n in
        var sum = biases(bounds, c, n)
        for r in tapRows {
          for s in tapColumns {
            let v = load(x + (corner + r * g.inputColumns + s) * channels + c, upTo: n)
            sum = fma(v, load(weights + (r * g.kernelColumns + s) * channels + c, upTo: n), sum)
          }
        }
        end(sum, at + c, n)
      }
    }
  }

  /// A row of a 3x3 kernel: neighbouring pixels share what they read.
  @inline(__always) func row<let stride: Int>(_ row: Int, _ type: Stride<stride>.Type) {
    pixels(row, 0..<inner.lowerBound)
    var column = inner.lowerBound
    while column < inner.upperBound {
      let left = inner.upperBound - column
      // A block may begin again at pixels that are done.
      if inner.count >= 8 && hasManyRegisters && left > 4 {
        block(row, min(column, inner.upperBound - 8), InlineArray<8, Bool>.self, type)
        column += 8
      } else if inner.count >= 4 {
        block(row, min(column, inner.upperBound - 4), InlineArray<4, Bool>.self, type)
        column += 4
      } else {
        pixels(row, column..<inner.upperBound)
        column = inner.upperBound
      }
    }
    pixels(row, inner.upperBound..<g.outputColumns)
  }

  @inline(__always)
  private func block<let width: Int, let stride: Int>(
    _ row: Int, _ column: Int, _: InlineArray<width, Bool>.Type, _: Stride<stride>.Type
  ) {
    let channels = g.inputChannels
    let taps = inside(row, g.rowStride, g.padding.top, 3, g.inputRows)
    let at = (row * g.outputColumns + column) * channels
    let corner =
      x
      + ((row * g.rowStride - g.padding.top) * g.inputColumns + column * stride - g.padding.left)
      * channels
    forChannelVectors(channels) { c, n in
      let bias = biases(bounds, c, n)
      var sums = InlineArray<width, Vector> { _ in bias }
      for r in taps {
        let from = corner + r * g.inputColumns * channels + c
        let tap = weights + r * 3 * channels + c
        let (w0, w1, w2) = (
          load(tap, first: n), load(tap + channels, first: n), load(tap + 2 * channels, first: n)
        )
        var last = load(from, first: n)
        for j in 0..<width {
          let middle = load(from + (j * stride + 1) * channels, first: n)
          let next = load(from + (j * stride + 2) * channels, first: n)
          sums[j] = fma(next, w2, fma(middle, w1, fma(last, w0, sums[j])))
          last = stride == 1 ? middle : next
        }
      }
      for j in 0..<width { end(sums[j], at + j * channels + c, n) }
    }
  }
}

extension Bodies {
  package static func depthwise(
    _ x: ConstFloats, weights: ConstFloats, into y: Floats, _ g: ConvolutionGeometry,
    rows: Range<Int>, _ epilogue: Epilogue?
  ) {
    let work = DepthwiseWork(x, weights, y, g, epilogue ?? Epilogue())
    for row in rows {
      if g.kernelRows == 3, g.kernelColumns == 3, g.columnStride == 1 {
        work.row(row, Stride<1>.self)
      } else if g.kernelRows == 3, g.kernelColumns == 3, g.columnStride == 2 {
        work.row(row, Stride<2>.self)
      } else {
        work.pixels(row, 0..<g.outputColumns)
      }
    }
  }

  package static func depthwiseInputGradient(
    _ dy: ConstFloats, weights: ConstFloats, into dx: Floats, _ g: ConvolutionGeometry, images: Int
  ) {
    let channels = g.inputChannels
    dx.update(repeating: 0, count: images * g.inputCount)
    for image in 0..<images {
      let map = dx + image * g.inputCount
      for row in 0..<g.outputRows {
        let rows = inside(row, g.rowStride, g.padding.top, g.kernelRows, g.inputRows)
        for column in 0..<g.outputColumns {
          let columns = inside(
            column, g.columnStride, g.padding.left, g.kernelColumns, g.inputColumns)
          let from = dy + ((image * g.outputRows + row) * g.outputColumns + column) * channels
          let corner =
            (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
            - g.padding.left
          for r in rows {
            for s in columns {
              let to = map + (corner + r * g.inputColumns + s) * channels
              let w = weights + (r * g.kernelColumns + s) * channels
              forChannelVectors(channels) { c, n in
                let v = fma(
                  load(from + c, upTo: n), load(w + c, upTo: n),
                  load(UnsafePointer(to + c), upTo: n))
                store(v, to + c, upTo: n)
              }
            }
          }
        }
      }
    }
  }

  package static func depthwiseWeightGradient(
    _ x: ConstFloats, _ dy: ConstFloats, into dw: Floats, _ g: ConvolutionGeometry, images: Int
  ) {
    let channels = g.inputChannels
    dw.update(repeating: 0, count: g.weightCount)
    for image in 0..<images {
      let map = x + image * g.inputCount
      for row in 0..<g.outputRows {
        let rows = inside(row, g.rowStride, g.padding.top, g.kernelRows, g.inputRows)
        for r in rows {
          for s in 0..<g.kernelColumns {
            let to = dw + (r * g.kernelColumns + s) * channels
            forChannelVectors(channels) { c, n in
              var sum = load(UnsafePointer(to + c), upTo: n)
              for column in 0..<g.outputColumns {
                let at = column * g.columnStride - g.padding.left + s
                guard at >= 0, at < g.inputColumns else { continue }
                let pixel = (row * g.rowStride - g.padding.top + r) * g.inputColumns + at
                let out = ((image * g.outputRows + row) * g.outputColumns + column) * channels
                sum = fma(
                  load(map + pixel * channels + c, upTo: n), load(dy + out + c, upTo: n), sum)
              }
              store(sum, to + c, upTo: n)
            }
          }
        }
      }
    }
  }
}
