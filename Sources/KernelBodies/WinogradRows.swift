import CVector
import KernelContract

// The rows of Winograd's convolution F(1 x 2, 1 x 3): pairs of neighbouring outputs become four planes, `[product][row][pair][channel]`, and back. Channels run in
// vectors.

extension Bodies {
  package static func winogradRowTiles(
    _ x: ConstFloats, _ g: ConvolutionGeometry, rows: Range<Int>, into planes: Floats,
    planeStep: Int, tileStep: Int
  ) {
    let channels = g.inputChannels
    var to = planes
    for row in rows {
      let isInside = row >= 0 && row < g.inputRows
      for column in stride(from: -g.padding.left, to: g.outputColumns - g.padding.left, by: 2) {
        let from = x + (row * g.inputColumns + column) * channels
        forChannelVectors(channels) { c, n in
          var line = Four.zero
          for i in 0..<4 where isInside && column + i >= 0 && column + i < g.inputColumns {
            line[i] = load(from + i * channels + c, upTo: n)
          }
          let products = WinogradTwo.Input.apply(line)
          for i in 0..<4 { store(products[i], to + i * planeStep + c) }
        }
        to += tileStep
      }
    }
  }

  package static func winogradRowOutput(
    _ planes: ConstFloats, planeStep: Int, tileStep: Int, _ g: ConvolutionGeometry,
    rows: Range<Int>, channels: Range<Int>, _ epilogue: Epilogue?, into y: Floats, pixelStep: Int
  ) {
    let (low, high) = (
      Vector(repeating: epilogue?.low ?? -.infinity),
      Vector(repeating: epilogue?.high ?? .infinity)
    )
    var from = planes
    for row in rows {
      for column in stride(from: 0, to: g.outputColumns, by: 2) {
        let pixel = (row * g.outputColumns + column) * pixelStep
        forChannelVectors(channels) { c, n in
          let bias = biases(epilogue, c, n)
          let place = from + (c - channels.lowerBound)
          let line = Four { load(place + $0 * planeStep) }
          let outputs = WinogradTwo.Output.apply(line)
          for i in 0..<min(2, g.outputColumns - column) {
            let at = pixel + i * pixelStep + c
            var v = outputs[i] + bias
            if let residual = epilogue?.residual { v += load(residual + at, upTo: n) }
            store(clamped(v, low, high), y + at, upTo: n)
          }
        }
        from += tileStep
      }
    }
  }

  package static func winogradRowFilter(
    _ w: ConstFloats, rows: Int, inputs: Int, outputs: Int, into packed: Floats
  ) {
    let width = 2 * lanes
    let size = inputs * outputs
    for first in stride(from: 0, to: outputs, by: lanes) {
      let valid = min(lanes, outputs - first)
      let block = packed + first / width * (4 * rows * inputs * width) + first % width
      for row in 0..<rows {
        for c in 0..<inputs {
          let from = w + (row * 3 * inputs + c) * outputs + first
          let line = WinogradTwo.Filter.apply(Three { load(from + $0 * size, upTo: valid) })
          let to = block + (row * inputs + c) * width
          for i in 0..<4 { store(line[i], to + i * rows * inputs * width) }
        }
      }
    }
  }
}
