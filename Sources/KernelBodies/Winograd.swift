import CVector
import KernelContract

// The tiles of Winograd's convolution: blocks of pixels become planes of products, `[product][tile][channel]`, and back. Channels run in vectors.

/// A block of vectors in memory: where it begins, and the steps to the next row and column.
struct Block {
  let at: Floats
  let rowStep, columnStep: Int

  /// The place of one of its vectors.
  @inline(__always) func place(_ row: Int, _ column: Int) -> Floats {
    at + row * rowStep + column * columnStep
  }
}

/// Transforms an a x a block into a b x b one, first down its columns, then along its rows; of each vector `count` lanes are read and `valid` written.
/// `between` holds a * b vectors.
@inline(__always)
func transformBlock<Transform: LineTransform>(
  _ transform: Transform.Type, _ from: Block, count: Int, into to: Block, valid: Int,
  between: Floats
) {
  transformBlock(
    transform, between: between, take: { load(from.place($0, $1), upTo: count) },
    put: { store($2, to.place($0, $1), upTo: valid) })
}

/// The same, where `take` gets the vector of a row and column, and `put` brings it to its place.
@inline(__always)
func transformBlock<Transform: LineTransform>(
  _: Transform.Type, between: Floats, take: (_ row: Int, _ column: Int) -> Vector,
  put: (_ row: Int, _ column: Int, Vector) -> Void
) {
  let (a, b) = (Transform.Input.size, Transform.Output.size)
  var line = Transform.Input.zero
  for column in 0..<a {
    for row in 0..<a { line.set(row, take(row, column)) }
    let result = Transform.apply(line)
    for row in 0..<b { store(result.vector(row), between + (row * a + column) * lanes) }
  }
  for row in 0..<b {
    for column in 0..<a { line.set(column, load(between + (row * a + column) * lanes)) }
    let result = Transform.apply(line)
    for column in 0..<b { put(row, column, result.vector(column)) }
  }
}

/// So many packed weights are kept by the second-level cache until they are read: 2 MiB.
private let mostCachedWeights = 524_288

extension Bodies {
  package static func winogradOutput(
    _ planes: ConstFloats, planeStep: Int, tileStep: Int, _ g: WinogradGeometry, tiles: Range<Int>,
    channels: Range<Int>, _ epilogue: Epilogue?, into y: Floats, scratch: Floats
  ) {
    let rowStep = g.outputColumns * g.outputStep
    let low = Vector(repeating: epilogue?.low ?? -.infinity)
    let high = Vector(repeating: epilogue?.high ?? .infinity)
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let (n, m) = (Transform.Input.size, Transform.Output.size)
      var next = TilePlace(tiles.lowerBound, g)
      for tile in tiles {
        let place = next
        next = TilePlace(min(tile + 1, tiles.upperBound - 1), g)
        let rows = min(m, g.outputRows - place.row)
        let columns = min(m, g.outputColumns - place.column)
        let corner = place.corner(g)
        let from = Floats(mutating: planes + (tile - tiles.lowerBound) * tileStep)
        let nextCorner = next.corner(g)
        for c in stride(from: channels.lowerBound, to: channels.upperBound, by: lanes) {
          fetchPlaces(m, y + nextCorner + c, rowStep, g.outputStep)
          if let residual = epilogue?.residual {
            fetchPlaces(m, residual + nextCorner + c, rowStep, g.outputStep)
          }
          let valid = min(lanes, channels.upperBound - c)
          let source = Block(
            at: from + (c - channels.lowerBound), rowStep: n * planeStep, columnStep: planeStep)
          let target = Block(at: y + corner + c, rowStep: rowStep, columnStep: g.outputStep)
          if epilogue == nil && rows == m && columns == m {
            transformBlock(
              transform, source, count: lanes, into: target, valid: valid, between: scratch)
            continue
          }
          let bias = biases(epilogue, c, valid)
          transformBlock(
            transform, between: scratch, take: { load(source.place($0, $1)) },
            put: { row, column, sum in
              guard row < rows, column < columns else { return }
              let place = target.place(row, column)
              var v = sum + bias
              if let residual = epilogue?.residual {
                v += load(residual + (place - y), upTo: valid)
              }
              store(clamped(v, low, high), place, upTo: valid)
            })
        }
      }
    }
    switch (g.filter.outputs, g.filter.taps) {
    case (7, _): run(WinogradSevenOfTwo.Output.self)
    case (2, _): run(WinogradTwo.Output.self)
    case (4, 3): run(WinogradFour.Output.self)
    case (5, 3): run(WinogradFive.Output.self)
    case (5, _): run(WinogradFiveOfFour.Output.self)
    case (4, _): run(WinogradFourOfFive.Output.self)
    default: run(WinogradSix.Output.self)
    }
  }

  package static func winogradFilter(
    _ w: ConstFloats, inputs: Int, outputs: Int, _ filter: WinogradFilter, into packed: Floats,
    scratch: Floats
  ) {
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let n = Transform.Output.size
      let width = 2 * lanes
      // What no cache keeps until it is read goes past them: the planes' lines would drive each other out, for they share cache sets.
      let streams =
        isLine && n * n * inputs * outputs > mostCachedWeights
        && UInt(bitPattern: packed) % UInt(lanes * MemoryLayout<Float>.stride) == 0
      for first in stride(from: 0, to: outputs, by: lanes) {
        let valid = min(lanes, outputs - first)
        let block = packed + first / width * (n * n * inputs * width) + first % width
        for c in 0..<inputs {
          let from = Block(
            at: Floats(mutating: w + c * outputs + first),
            rowStep: filter.taps * inputs * outputs, columnStep: inputs * outputs)
          let to = Block(
            at: block + c * width, rowStep: n * inputs * width, columnStep: inputs * width)
          if streams {
            transformBlock(
              transform, between: scratch, take: { load(from.place($0, $1), upTo: valid) },
              put: { stream($2, to.place($0, $1)) })
          } else {
            transformBlock(
              transform, from, count: valid, into: to, valid: lanes, between: scratch)
          }
        }
      }
      if streams { cv_end_streaming() }
    }
    switch (filter.outputs, filter.taps) {
    case (7, _): run(WinogradSevenOfTwo.Filter.self)
    case (2, _): run(WinogradTwo.Filter.self)
    case (4, 3): run(WinogradFour.Filter.self)
    case (5, 3): run(WinogradFive.Filter.self)
    case (5, _): run(WinogradFiveOfFour.Filter.self)
    case (4, _): run(WinogradFourOfFive.Filter.self)
    default: run(WinogradSix.Filter.self)
    }
  }

  package static func winogradFilterGradient(
    _ planes: ConstFloats, planeStep: Int, rowStep: Int, inputs: Int, outputs: Int,
    _ filter: WinogradFilter,
    into dw: Floats, scratch: Floats
  ) {
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let n = Transform.Input.size
      for c in 0..<inputs {
        for k in stride(from: 0, to: outputs, by: lanes) {
          transformBlock(
            transform,
            Block(
              at: Floats(mutating: planes + c * rowStep + k), rowStep: n * planeStep,
              columnStep: planeStep), count: lanes,
            into: Block(
              at: dw + c * outputs + k, rowStep: filter.taps * inputs * outputs,
              columnStep: inputs * outputs),
            valid: min(lanes, outputs - k), between: scratch)
        }
      }
    }
    switch (filter.outputs, filter.taps) {
    case (2, _): run(WinogradTwo.FilterGradient.self)
    case (4, 3): run(WinogradFour.FilterGradient.self)
    case (4, _): run(WinogradFourOfFive.FilterGradient.self)
    case (5, _): run(WinogradFive.FilterGradient.self)
    default: run(WinogradSix.FilterGradient.self)
    }
  }
}

/// Asks for the places of a tile's outputs, which come while the tile before is finished; AVX2 is too slow to wait for them.
@inline(__always)
private func fetchPlaces(_ size: Int, _ at: ConstFloats, _ rowStep: Int, _ columnStep: Int) {
  guard hasManyRegisters else { return }
  for i in 0..<size {
    for j in 0..<size { cv_prefetch1(at + i * rowStep + j * columnStep) }
  }
}
