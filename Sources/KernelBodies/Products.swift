import KernelContract

/// The biases of `count` channels from `channel` on, zeros where there are none.
@inline(__always) func biases(_ epilogue: Epilogue?, _ channel: Int, _ count: Int) -> Vector {
  guard let bias = epilogue?.bias else { return Vector.zero }
  return load(bias + channel, upTo: count)
}

/// Finishes the sums of a tile in place.
@inline(__always)
private func finishTile(
  _ epilogue: Epilogue, _ c: Floats, at: Int, _ ldc: Int, rows: Int, column: Int, columns: Int
) {
  let (low, high) = (Vector(repeating: epilogue.low), Vector(repeating: epilogue.high))
  for j in stride(from: 0, to: columns, by: lanes) {
    let count = min(lanes, columns - j)
    let bias = biases(epilogue, column + j, count)
    for i in 0..<rows {
      let to = c + at + i * ldc + j
      var sums = load(UnsafePointer(to), upTo: count) + bias
      if let residual = epilogue.residual { sums += load(residual + at + i * ldc + j, upTo: count) }
      store(clamped(sums, low, high), to, upTo: count)
    }
  }
}

/// Writes a tile's valid columns, or adds them to what is there.
@inline(__always)
private func copyTile(
  _ from: Floats, _ fromStep: Int, to: Floats, _ toStep: Int, rows: Int, columns: Int,
  _ accumulate: Bool
) {
  for i in 0..<rows {
    for j in stride(from: 0, to: columns, by: lanes) {
      let (count, to) = (min(lanes, columns - j), to + i * toStep + j)
      var v = load(from + i * fromStep + j)
      if accumulate { v += load(UnsafePointer(to), upTo: count) }
      store(v, to, upTo: count)
    }
  }
}

extension Bodies {
  package static func multiplyRuns(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int,
    runs: Int, pixels: Int, accumulate: Bool, _ epilogue: Epilogue?
  ) {
    let width = 2 * lanes
    let blockSize = tapCount * depth * width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: tallestTile * width) { memory in
      guard let partial = memory.baseAddress else { return }
      var weights = b
      for column in stride(from: 0, to: columns, by: width) {
        let valid = min(width, columns - column)
        for run in 0..<runs {
          let from = a + aRows[run]
          var x = 0
          while x < pixels {
            let rows = tileHeight(pixels - x)
            let at = cRows[run] + x * ldc + column
            if valid == width {
              forwardTile(
                rows: rows, from + x * lda, lda: lda, taps: taps, tapCount: tapCount, depth: depth,
                weights, c + at, ldc: ldc, accumulate: accumulate)
            } else {
              forwardTile(
                rows: rows, from + x * lda, lda: lda, taps: taps, tapCount: tapCount, depth: depth,
                weights, partial, ldc: width, accumulate: false)
              copyTile(partial, width, to: c + at, ldc, rows: rows, columns: valid, accumulate)
            }
            if let epilogue {
              // The tile's sums are in the first-level cache still.
              finishTile(epilogue, c, at: at, ldc, rows: rows, column: column, columns: valid)
            }
            x += rows
          }
        }
        weights += blockSize
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
      var i = 0
      while i < rows {
        let height = outerHeight(rows - i)
        var j = 0
        while j < columns {
          outerTile(
            rows: height, a + taps[tap] + i, aStep: aStep, aRows: aRows, b + j, bStep: bStep,
            bRows: bRows, rowCount: runs, pixels: pixels, into + i * columns + j, ldc: columns,
            accumulate: accumulate)
          j += 2 * lanes
        }
        i += height
      }
    }
  }

  package static func measureLimit(repetitions: Int, _ values: Floats) -> Int {
    var sums = InlineArray<24, Vector> { _ in Vector.zero }
    let count = tallestTile == 12 ? 24 : 12
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
