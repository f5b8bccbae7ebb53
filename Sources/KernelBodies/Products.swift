import KernelContract

/// The biases of `count` channels from `channel` on, zeros where there are none.
@inline(__always) func biases(_ epilogue: Epilogue?, _ channel: Int, _ count: Int) -> Vector {
  guard let bias = epilogue?.bias else { return Vector.zero }
  return load(bias + channel, upTo: count)
}

/// So many tiles have pixels that may come from far.
private let fewestTilesOfPixels = 4

/// Floats from the weights that a single tile meets, as quickly as they come, to those that it asks for.
private let singleTileDistance = 2_048

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
    let width = 2 * lanes
    let panel = tapCount * depth * width
    let fetchesTiles = runs == 1 && tapCount == 1 && lda == depth
    var column = 0
    while column < columns {
      let left = columns - column
      let isPaired = pairs && packsPairs(columns: left, depth: depth)
      let third = thirdVector(column, left, panel)
      let taken = third == nil ? width : 3 * lanes
      let total = runs * (third == nil ? tilesOf(pixels) : wideTilesOf(pixels))
      // The tiles fetch the next weights in equal parts; where they are many, the first ones do, and where more is upcoming, all but two. Those of the first columns fetch
      // pixels too: the next run's or, in a single one whose pixels lie one after the other, the next tile's.
      let fetching = upcoming != nil && total > 2 ? total - 2 : total
      // Two wide tiles share three panels: the first asks for the last of them, the second for the next two.
      let asked = column % width > 0 ? 2 * panel : panel
      let next = third == nil ? column + width : column / width * width + 2 * width
      let distance = panel / width * (next - column)
      let from =
        b + panel / width * column + (total > 1 ? distance : min(distance, singleTileDistance))
      var ahead = Ahead(
        Ahead.Stretch(
          at: from, end: from + asked, step: (asked / panel * width + fetching - 1) / fetching))
      if let upcoming {
        // Every panel's last two tiles fetch a part.
        let part = (upcoming.count * taken + columns - 1) / columns
        let from = upcoming.at + upcoming.count * column / columns
        ahead.then = Ahead.Stretch(
          at: from, end: from + part,
          step: (part + 2 * tapCount * depth - 1) / (2 * tapCount * depth))
      }
      // Where the third vector lies before the pair, the pair begins a vector later.
      let first = column - min(0, third?.column ?? 0)
      let weights = b + first / width * panel
      for run in 0..<runs {
        let from = a + aRows[run]
        var x = 0
        while x < pixels {
          let at = cRows[run] + x * ldc + first
          let end = TileEnd(
            accumulate: accumulate, epilogue: epilogue, column: first, at: at,
            columns: min(taken, columns - first))
          @inline(__always) func fetchPixels(_ rows: Int) {
            guard column == 0 else { return }
            ahead.pixels =
              fetchesTiles && total >= fewestTilesOfPixels
              ? rows * lda : run + 1 < runs ? aRows[run + 1] - aRows[run] : 0
          }
          if let third {
            let (rows, tiles) = wideTileHeight(pixels - x)
            fetchPixels(rows)
            wideTiles(
              rows: rows, tiles, from + x * lda, lda: lda, taps: taps, tapCount: tapCount,
              depth: depth, weights, third, c + at, ldc: ldc, &ahead, end)
            x += tiles * rows
          } else if isPaired {
            let (rows, tiles) = pairTileHeight(pixels - x)
            pairTiles(
              rows: rows, tiles, from + x * lda, lda: lda, taps: taps, tapCount: tapCount,
              depth: depth, weights, c + at, ldc: ldc, end)
            x += tiles * rows
          } else {
            let (rows, tiles) = (tileHeight(pixels - x), tileCount(pixels - x))
            fetchPixels(rows)
            forwardTiles(
              rows: rows, tiles, from + x * lda, lda: lda, taps: taps, tapCount: tapCount,
              depth: depth, weights, c + at, ldc: ldc, &ahead, end)
            x += tiles * rows
          }
        }
      }
      column += taken
    }
  }

  // The third vector of the columns from `column` on, where they go through wide tiles: half of the second of three panels, or a panel's half that remains.
  @inline(__always)
  private static func thirdVector(_ column: Int, _ left: Int, _ panel: Int) -> ThirdVector? {
    guard widestTile == 3 else { return nil }
    if column % (2 * lanes) > 0 { return ThirdVector(weights: lanes - panel, column: -lanes) }
    let vectors = (left + lanes - 1) / lanes
    let isWide = vectors == 3 || hasManyRegisters && left >= 6 * lanes
    return isWide ? ThirdVector(weights: panel, column: 2 * lanes) : nil
  }

  package static func multiplyPlanes(
    _ a: ConstFloats, planeStep: Int, lda: Int, planes: Int, rows: Int, depth: Int,
    _ b: ConstFloats, next: ConstFloats, into c: Floats, sumStep: Int, ldc: Int
  ) {
    let panel = depth * 2 * lanes
    let tiles = tilesOf(rows)
    let step = (2 * lanes + tiles - 1) / tiles
    for plane in 0..<planes {
      let (from, weights) = (a + plane * planeStep, b + plane * panel)
      let to = c + plane * sumStep
      var ahead = next + plane * panel
      var x = 0
      while x < rows {
        let height = tileHeight(rows - x)
        planeTile(
          rows: height, from + x * lda, lda: lda, depth: depth, weights, to + x * ldc, ldc: ldc,
          ahead, step: step)
        ahead += depth * step
        x += height
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
