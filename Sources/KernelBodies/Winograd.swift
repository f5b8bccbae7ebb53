import KernelContract

// The tiles of Winograd's convolution: blocks of pixels become planes of products, `[product][tile][channel]`, and back. Channels run in vectors.

/// Transforms an a x a block into a b x b one, first down its columns, then along its rows; `between` holds a * b vectors.
@inline(__always)
func transformBlock<Transform: LineTransform>(
  _: Transform.Type, between: Floats, load read: (_ row: Int, _ column: Int) -> Vector,
  store write: (Int, Int, Vector) -> Void
) {
  let (a, b) = (Transform.Input.size, Transform.Output.size)
  var line = Transform.Input.zero
  for column in 0..<a {
    for row in 0..<a { line.set(row, read(row, column)) }
    let result = Transform.apply(line)
    for row in 0..<b { store(result.vector(row), between + (row * a + column) * lanes) }
  }
  for row in 0..<b {
    for column in 0..<a { line.set(column, load(between + (row * a + column) * lanes)) }
    let result = Transform.apply(line)
    for column in 0..<b { write(row, column, result.vector(column)) }
  }
}

/// Where a tile's outputs lie in a stack of maps.
struct TilePlace {
  let image, row, column: Int

  @inline(__always) init(_ tile: Int, _ g: WinogradGeometry) {
    let (image, rest) = tile.quotientAndRemainder(dividingBy: g.tilesPerImage)
    self.image = image
    row = rest / g.tileColumns * g.outputTile
    column = rest % g.tileColumns * g.outputTile
  }
}

/// Copies a block of `size` x `size` pixels, channels filled up with zeros to `width`, zeros outside the map.
private func gather(
  _ map: ConstFloats, _ rows: Int, _ columns: Int, _ channels: Int, _ row: Int, _ column: Int,
  _ size: Int, into block: Floats, _ width: Int
) {
  for r in 0..<size {
    for s in 0..<size {
      let to = block + (r * size + s) * width
      let (y, x) = (row + r, column + s)
      if y >= 0, y < rows, x >= 0, x < columns {
        let from = map + (y * columns + x) * channels
        var c = 0
        while c + lanes <= channels {
          store(load(from + c), to + c)
          c += lanes
        }
        if c < channels { store(load(from + c, first: channels - c), to + c) }
      } else {
        for c in stride(from: 0, to: width, by: lanes) { store(.zero, to + c) }
      }
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
    let (top, left) = gradient ? (0, 0) : (g.top, g.left)
    let width = (channels + lanes - 1) / lanes * lanes
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let (a, b) = (Transform.Input.size, Transform.Output.size)
      let block = scratch + a * b * lanes
      for tile in tiles {
        let place = TilePlace(tile, g)
        let map = x + place.image * rows * columns * channels
        let (row, column) = (place.row - top, place.column - left)
        var (from, rowStep, columnStep) = (
          map + (row * columns + column) * channels, columns * channels, channels
        )
        let isInside = row >= 0 && column >= 0 && row + a <= rows && column + a <= columns
        if !isInside || width != channels {
          gather(map, rows, columns, channels, row, column, a, into: block, width)
          (from, rowStep, columnStep) = (UnsafePointer(block), a * width, width)
        }
        let to = planes + (tile - tiles.lowerBound) * tileStep
        for c in stride(from: 0, to: width, by: lanes) {
          transformBlock(
            transform, between: scratch,
            load: { load(from + ($0 * rowStep + $1 * columnStep + c)) },
            store: { store($2, to + (($0 * b + $1) * planeStep + c)) })
        }
      }
    }
    switch (g.outputTile, gradient) {
    case (2, false): run(WinogradTwo.Input.self)
    case (2, true): run(WinogradTwo.OutputGradient.self)
    case (4, false): run(WinogradFour.Input.self)
    case (4, true): run(WinogradFour.OutputGradient.self)
    case (_, false): run(WinogradSix.Input.self)
    case (_, true): run(WinogradSix.OutputGradient.self)
    }
  }

  package static func winogradOutput(
    _ planes: ConstFloats, planeStep: Int, tileStep: Int, _ g: WinogradGeometry, tiles: Range<Int>,
    channels: Range<Int>, _ epilogue: Epilogue, into y: Floats, outputChannels: Int, scratch: Floats
  ) {
    let rowStep = g.outputColumns * outputChannels
    let (low, high) = (Vector(repeating: epilogue.low), Vector(repeating: epilogue.high))
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let (n, m) = (Transform.Input.size, Transform.Output.size)
      for tile in tiles {
        let place = TilePlace(tile, g)
        let rows = min(m, g.outputRows - place.row)
        let columns = min(m, g.outputColumns - place.column)
        let corner =
          ((place.image * g.outputRows + place.row) * g.outputColumns + place.column)
          * outputChannels
        let from = planes + (tile - tiles.lowerBound) * tileStep
        for c in stride(from: channels.lowerBound, to: channels.upperBound, by: lanes) {
          let valid = min(lanes, channels.upperBound - c)
          let source = from + (c - channels.lowerBound)
          let bias = epilogue.bias.map { load($0 + c, upTo: valid) } ?? .zero
          let to = y + corner + c
          let residual = epilogue.residual.map { $0 + corner + c }
          transformBlock(
            transform, between: scratch, load: { load(source + ($0 * n + $1) * planeStep) }
          ) {
            i, j, v in
            guard i < rows, j < columns else { return }
            let offset = i * rowStep + j * outputChannels
            var sum = v + bias
            if let residual { sum += load(residual + offset, upTo: valid) }
            store(clamped(sum, low, high), to + offset, upTo: valid)
          }
        }
      }
    }
    switch g.outputTile {
    case 2: run(WinogradTwo.Output.self)
    case 4: run(WinogradFour.Output.self)
    default: run(WinogradSix.Output.self)
    }
  }

  package static func winogradFilter(
    _ w: ConstFloats, inputs: Int, outputs: Int, outputTile: Int, into packed: Floats,
    scratch: Floats
  ) {
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let n = Transform.Output.size
      let width = 2 * lanes
      for first in stride(from: 0, to: outputs, by: lanes) {
        let valid = min(lanes, outputs - first)
        let block = packed + first / width * (n * n * inputs * width) + first % width
        for c in 0..<inputs {
          let from = w + c * outputs + first
          transformBlock(
            transform, between: scratch,
            load: { load(from + ($0 * 3 + $1) * inputs * outputs, upTo: valid) },
            store: { store($2, block + (($0 * n + $1) * inputs + c) * width) })
        }
      }
    }
    switch outputTile {
    case 2: run(WinogradTwo.Filter.self)
    case 4: run(WinogradFour.Filter.self)
    default: run(WinogradSix.Filter.self)
    }
  }

  package static func winogradFilterGradient(
    _ planes: ConstFloats, planeStep: Int, rowStep: Int, inputs: Int, outputs: Int, outputTile: Int,
    into dw: Floats, scratch: Floats
  ) {
    @inline(__always) func run<Transform: LineTransform>(_ transform: Transform.Type) {
      let n = Transform.Input.size
      for c in 0..<inputs {
        for k in stride(from: 0, to: outputs, by: lanes) {
          let from = planes + c * rowStep + k
          let to = dw + c * outputs + k
          let valid = min(lanes, outputs - k)
          transformBlock(
            transform, between: scratch, load: { load(from + ($0 * n + $1) * planeStep) },
            store: { store($2, to + ($0 * 3 + $1) * inputs * outputs, upTo: valid) })
        }
      }
    }
    switch outputTile {
    case 2: run(WinogradTwo.FilterGradient.self)
    case 4: run(WinogradFour.FilterGradient.self)
    default: run(WinogradSix.FilterGradient.self)
    }
  }
}
