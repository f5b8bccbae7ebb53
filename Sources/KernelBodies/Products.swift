import KernelContract

/// The biases of `count` channels from `channel` on, zeros where there are none.
@inline(__always) func biases(_ epilogue: Epilogue?, _ channel: Int, _ count: Int) -> Vector {
  guard let bias = epilogue?.bias else { return Vector.zero }
  return load(bias + channel, upTo: count)
}

/// So many tiles have pixels that may come from far.
private let fewestTilesOfPixels = 4

extension Bodies {
  package static func packsPairs(columns: Int, depth: Int) -> Bool {
    hasManyRegisters && depth % 2 == 0 && (lanes + 1...lanes + lanes / 2).contains(columns)
  }

  package static func multiplyRuns(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int,
    runs: Int, pixels: Int, accumulate: Bool, _ epilogue: Epilogue?, pairs: Bool,
    upcoming: Upcoming?
  ) {
    let isRow = runs == 1 && tapCount == 1 && lda == depth
    var column = 0
    // Columns of equal width stack their tiles alike.
    var (width, stack): (TileWidth?, TileStack) = (nil, TileStack(0, .one, depth: 0))
    while column < columns {
      let block = ColumnBlock(column, of: columns, depth: tapCount * depth)
      let isPaired = pairs && packsPairs(columns: columns - column, depth: depth)
      let next = block.tileWidth(isPaired: isPaired)
      if next != width { (width, stack) = (next, TileStack(pixels, next, depth: block.depth)) }
      let weights = b + block.pair * block.depth
      let total = runs * stack.tiles
      var ahead = block.ahead(b, tiles: total, upcoming)
      for run in 0..<runs {
        let from = a + aRows[run]
        var x = 0
        for group in 0..<stack.groupCount {
          let (rows, tiles) = stack[group]
          let at = cRows[run] + x * ldc + block.pair
          let end = TileEnd(
            accumulate: accumulate, epilogue: epilogue, column: block.pair, at: at,
            columns: min(block.width, columns - block.pair))
          // The first columns' tiles ask for pixels too: the next run's or, in a single one whose pixels lie one after the other, the next tile's.
          if column == 0 {
            ahead.pixels =
              isRow && total >= fewestTilesOfPixels
              ? rows * lda : run + 1 < runs ? aRows[run + 1] - aRows[run] : 0
          }
          if let third = block.third {
            wideTiles(
              rows: rows, tiles, from + x * lda, lda: lda, taps: taps, tapCount: tapCount,
              depth: depth, weights, third, c + at, ldc: ldc, &ahead, end)
          } else if isPaired {
            pairTiles(
              rows: rows, tiles, from + x * lda, lda: lda, taps: taps, tapCount: tapCount,
              depth: depth, weights, c + at, ldc: ldc, end)
          } else {
            forwardTiles(
              rows: rows, tiles, from + x * lda, lda: lda, taps: taps, tapCount: tapCount,
              depth: depth, weights, c + at, ldc: ldc, &ahead, end)
          }
          x += tiles * rows
        }
      }
      column += block.width
    }
  }

  package static func multiplyPlanes(
    _ a: ConstFloats, planeStep: Int, lda: Int, planes: Int, rows: Int, depth: Int,
    _ b: ConstFloats, next: ConstFloats, into c: Floats, sumStep: Int, ldc: Int
  ) {
    let panel = depth * 2 * lanes
    let stack = TileStack(rows, .two, depth: depth)
    let step = (2 * lanes + stack.tiles - 1) / stack.tiles
    for plane in 0..<planes {
      let (from, weights) = (a + plane * planeStep, b + plane * panel)
      let to = c + plane * sumStep
      var ahead = next + plane * panel
      var x = 0
      for group in 0..<stack.groupCount {
        let (height, tiles) = stack[group]
        for _ in 0..<tiles {
          planeTile(
            rows: height, from + x * lda, lda: lda, depth: depth, weights, to + x * ldc, ldc: ldc,
            ahead, step: step)
          ahead += depth * step
          x += height
        }
      }
    }
  }

  package static func outerProducts(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, aStep: Int, taps: UnsafePointer<Int>,
    tapCount: Int,
    rows: Int, _ b: ConstFloats, bRows: UnsafePointer<Int>, bStep: Int, columns: Int, _ c: Floats,
    runs: Int, pixels: Int, accumulate: Bool
  ) {
    for tap in 0..<tapCount {
      let into = c + tap * rows * columns
      var first = 0
      while first < rows {
        // Low tiles in a group share the columns' numbers, which then stay in the first-level cache.
        let end = first + (hasManyRegisters ? outerHeight(rows - first) : min(48, rows - first))
        for j in stride(from: 0, to: columns, by: 2 * lanes) {
          var i = first
          while i < end {
            let height = outerHeight(end - i)
            outerTile(
              rows: height, a + taps[tap] + i, aStep: aStep, aRows: aRows, b + j, bStep: bStep,
              bRows: bRows, rowCount: runs, pixels: pixels, into + i * columns + j, ldc: columns,
              accumulate: accumulate)
            i += height
          }
        }
        first = end
      }
    }
  }

  package static func measureLimit(repetitions: Int, _ values: Floats) -> Int {
    var sums = InlineArray<24, Vector> { _ in Vector.zero }
    let count = hasManyRegisters ? 24 : 12
    let a = load(values)
    let b = load(values + lanes)
    for i in 0..<count { sums[i] = Vector(repeating: values[i]) }
    for _ in 0..<repetitions {
      if count == 24 {
        for i in 0..<24 { sums[i] = fma(a, b, sums[i]) }
      } else {
        for i in 0..<12 { sums[i] = fma(a, b, sums[i]) }
      }
    }
    var total = Vector.zero
    for i in 0..<count { total += sums[i] }
    store(total, values)
    return repetitions * count * lanes * 2
  }
}
