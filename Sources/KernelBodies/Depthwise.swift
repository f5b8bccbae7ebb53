import KernelContract

// Depthwise convolution: every channel alone, so channels run in vectors and no product of matrices arises. Weights `[row, column, 1, channel]`.

extension Bodies {
  package static func depthwise(
    _ x: ConstFloats, weights: ConstFloats, into y: Floats, _ g: ConvolutionGeometry,
    rows: Range<Int>, _ epilogue: Epilogue?
  ) {
    let channels = g.inputChannels
    let bounds = epilogue ?? Epilogue()
    let (low, high) = (Vector(repeating: bounds.low), Vector(repeating: bounds.high))
    for row in rows {
      let tapRows = inside(row, g.rowStride, g.padding.top, g.kernelRows, g.inputRows)
      for column in 0..<g.outputColumns {
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
          if let residual = bounds.residual { sum += load(residual + at + c, upTo: n) }
          store(clamped(sum, low, high), y + at + c, upTo: n)
        }
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
