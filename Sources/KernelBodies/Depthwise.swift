import CVector
import KernelContract

// Depthwise convolution: every channel alone, so channels run in vectors and no product of matrices arises. Weights `[row, column, 1, channel]`.

/// A number known when the code is compiled.
private typealias Constant<let value: Int> = InlineArray<value, Bool>

/// One map's depthwise convolution.
private struct DepthwiseWork {
  let x, weights: ConstFloats
  let y: Floats
  /// Numbers between the pixels of y.
  let step: Int
  let g: ConvolutionGeometry
  /// The channels that are wanted.
  let wanted: Range<Int>
  let bounds: Epilogue
  let low, high: Vector

  init(
    _ x: ConstFloats, _ weights: ConstFloats, _ y: Floats, _ step: Int, _ g: ConvolutionGeometry,
    _ wanted: Range<Int>, _ bounds: Epilogue
  ) {
    (self.x, self.weights, self.y, self.g) = (x, weights, y, g)
    (self.step, self.wanted, self.bounds) = (step, wanted, bounds)
    (low, high) = (Vector(repeating: bounds.low), Vector(repeating: bounds.high))
  }

  @inline(__always) func end(_ sum: Vector, _ at: Int, _ n: Int) {
    store(clamped(sum, low, high), y + at, upTo: n)
  }

  /// Any kernel, pixel by pixel.
  func pixels(_ row: Int) {
    let channels = g.inputChannels
    let tapRows = inside(row, g.rowStride, g.padding.top, g.kernelRows, g.inputRows)
    for column in 0..<g.outputColumns {
      let tapColumns = inside(
        column, g.columnStride, g.padding.left, g.kernelColumns, g.inputColumns)
      let at = (row * g.outputColumns + column) * step
      let corner =
        (row * g.rowStride - g.padding.top) * g.inputColumns + column * g.columnStride
        - g.padding.left
      forChannelVectors(wanted) { c, n in
        var sum = biases(bounds, c, n)
        if let residual = bounds.residual { sum += load(residual + at + c, upTo: n) }
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

  /// Pixels of a row that are computed at once, so that the fewest are computed twice; 0 where blocks would reach too far over an edge of the map.
  var blockWidth: Int {
    let half = g.kernelColumns / 2
    let beyond =
      (g.outputColumns - 1) * g.columnStride - g.padding.left + g.kernelColumns - g.inputColumns
    guard g.kernelRows == g.kernelColumns, g.padding.left <= half, beyond <= half else { return 0 }
    var best = (width: 0, computed: Int.max)
    for width in 4...8 where width == 4 || hasManyRegisters && width > 6 {
      let computed = (g.outputColumns + width - 1) / width * width
      if width <= g.outputColumns, computed <= best.computed { best = (width, computed) }
    }
    return best.width
  }

  /// Rows in blocks of `width` pixels of one vector of channels, block under block: what a row reads of the map is still in the first-level cache for the next.
  @inline(__always)
  func blocks<let width: Int, let kernel: Int, let stride: Int>(
    _ rows: Range<Int>, _ widthType: Constant<width>.Type, _ kernelType: Constant<kernel>.Type,
    _ strideType: Constant<stride>.Type
  ) {
    for first in Swift.stride(from: 0, to: g.outputColumns, by: width) {
      // The last one begins again at pixels that are done.
      let column = min(first, g.outputColumns - width)
      forChannelVectors(wanted) { c, n in
        if n == lanes {
          block(rows, column, c, n, widthType, kernelType, strideType) { load($0) }
        } else {
          block(rows, column, c, n, widthType, kernelType, strideType) { load($0, first: n) }
        }
      }
    }
  }

  @inline(__always)
  private func block<let width: Int, let kernel: Int, let stride: Int>(
    _ rows: Range<Int>, _ column: Int, _ c: Int, _ n: Int, _: Constant<width>.Type,
    _: Constant<kernel>.Type, _: Constant<stride>.Type, _ load: (ConstFloats) -> Vector
  ) {
    let (bias, channels) = (biases(bounds, c, n), g.inputChannels)
    let (left, rowStep) = (column * stride - g.padding.left, g.inputColumns * channels)
    let top = rows.lowerBound * g.rowStride - g.padding.top
    var corner = x + top * rowStep + left * channels + c
    var at = (rows.lowerBound * g.outputColumns + column) * step + c
    for row in rows {
      var sums = InlineArray<width, Vector> { _ in bias }
      if let residual = bounds.residual {
        for j in 0..<width { sums[j] += load(residual + at + j * step) }
      }
      let taps = inside(row, g.rowStride, g.padding.top, kernel, g.inputRows)
      // An address that the compiler cannot follow: the pixels' distances from it are the same in all rows.
      var from: ConstFloats = cv_place(corner + taps.lowerBound * rowStep)
      var tap = weights + taps.lowerBound * kernel * channels + c
      for _ in taps {
        // Neighbours read the same pixels; the compiler keeps them. Only those at a block's ends may lie outside the map.
        for s in 0..<kernel {
          for j in 0..<width {
            let i = j * stride + s
            let mayBeOutside = i < kernel / 2 || i + kernel / 2 >= (width - 1) * stride + kernel
            let v =
              mayBeOutside && (left + i < 0 || left + i >= g.inputColumns)
              ? Vector.zero : load(from + i * channels)
            sums[j] = fma(v, load(tap + s * channels), sums[j])
          }
        }
        from += rowStep
        tap += kernel * channels
      }
      for j in 0..<width { end(sums[j], at + j * step, n) }
      corner += g.rowStride * rowStep
      at += g.outputColumns * step
    }
  }
}

extension Bodies {
  package static func depthwise(
    _ x: ConstFloats, weights: ConstFloats, into y: Floats, step: Int, _ g: ConvolutionGeometry,
    rows: Range<Int>, channels: Range<Int>, _ epilogue: Epilogue?
  ) {
    let work = DepthwiseWork(
      x, weights, y, step, g, channels, epilogue ?? Epilogue())
    @inline(__always) func run<let width: Int>(_ width: Constant<width>.Type) {
      switch (g.kernelColumns, g.columnStride) {
      case (3, 1): work.blocks(rows, width, Constant<3>.self, Constant<1>.self)
      case (3, 2): work.blocks(rows, width, Constant<3>.self, Constant<2>.self)
      case (5, 1): work.blocks(rows, width, Constant<5>.self, Constant<1>.self)
      case (5, 2): work.blocks(rows, width, Constant<5>.self, Constant<2>.self)
      default: for row in rows { work.pixels(row) }
      }
    }
    switch work.blockWidth {
    case 8 where hasManyRegisters: run(Constant<8>.self)
    case 7 where hasManyRegisters: run(Constant<7>.self)
    case 4: run(Constant<4>.self)
    default: for row in rows { work.pixels(row) }
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
