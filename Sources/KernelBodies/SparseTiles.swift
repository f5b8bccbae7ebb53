import CVector
import KernelContract

// Pixels of which many numbers are zero, as behind a rectifier, times packed weights, without the products of zeros. A register tile of a few pixels meets the weights of a
// depth if one of its numbers there is not zero: of two pixels that are neighbours both are zero nearly as often as one, and a weight that is loaded serves both. Tall tiles
// would seldom find a depth where all are zero; low ones read the weights again and again, so a block of them stays in the first-level cache until all pixels have met it.
//
// The products of a sum come in the same order as in the other tiles, and one with a zero changes no sum, if the weight is finite: so the sums have the same bits, but for the
// sign of a sum that is zero because all of it is.

/// Depths of a block of weights: a tile's numbers there make a word, with a bit for each depth.
private let wordDepth = UInt64.bitWidth

/// Vectors of columns that a tile has at most.
private let mostVectors = hasManyRegisters ? 8 : 6

/// With so few vectors a tile has four pixels, so that enough multiply-adds wait for nothing; else two.
private let fewVectors = 3

/// Tiles of which the zeros are counted for an estimate.
private let sampledTiles = 4

/// Floats of a cache line.
private let cacheLine = 16

/// Pixels of a tile.
private func pixelsOfTile(vectors: Int) -> Int { vectors <= fewVectors ? 4 : 2 }

/// Calls `body` with the tap, the first depth in it and the depths of each block of weights.
@inline(__always)
private func forBlocks(_ taps: Int, _ depth: Int, _ body: (Int, Int, Int) -> Void) {
  for tap in 0..<taps {
    for from in stride(from: 0, to: depth, by: wordDepth) {
      body(tap, from, min(wordDepth, depth - from))
    }
  }
}

/// A bit for each of the first depths, 64 at most, at which not all of so many pixels are zero.
@inline(__always)
private func nonzeros(_ x: ConstFloats, lda: Int, _ pixels: Int, _ depth: Int) -> UInt64 {
  @inline(__always) func ofVector(_ numbers: (ConstFloats) -> Vector) -> UInt64 {
    var all = unsafeBitCast(numbers(x), to: IntVector.self)
    for i in 1..<pixels { all |= unsafeBitCast(numbers(x + i * lda), to: IntVector.self) }
    return nonzeros(unsafeBitCast(all, to: Vector.self))
  }
  var (bits, p): (UInt64, Int) = (0, 0)
  while p + lanes <= depth {
    bits |= ofVector { load($0 + p) } << UInt64(p)
    p += lanes
  }
  if p < depth { bits |= ofVector { load($0 + p, first: depth - p) } << UInt64(p) }
  return bits
}

/// All pixels times the vectors of columns from a panel's beginning on, in tiles of twice `rows` pixels. The upper rows of a tile have `half` sums, and so have the lower ones:
/// `rows` of the first vector, `rows` of the second, and so on.
@inline(__always)
private func sparseTiles<let rows: Int, let half: Int>(
  _: InlineArray<rows, Bool>.Type, _: InlineArray<half, Bool>.Type, _ a: ConstFloats,
  aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int, depth: Int,
  _ b: ConstFloats, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int, runs: Int, pixels: Int,
  _ end: TileEnd
) {
  let (low, high) = (end.low, end.high)
  let biases = InlineArray<half, Vector> { end.bias($0 / rows * lanes) }
  // Columns of the last vector.
  let last = end.count((half / rows - 1) * lanes)
  @inline(__always) func isWhole(_ k: Int) -> Bool { k / rows < half / rows - 1 || last == lanes }
  let (tiles, panel) = (pixels / (2 * rows), tapCount * depth * 2 * lanes)
  forBlocks(tapCount, depth) { tap, from, count in
    let isFirst = tap == 0 && from == 0
    let isLast = tap + 1 == tapCount && from + count == depth
    let first = b + (tap * depth + from) * 2 * lanes
    // Where the block begins in each panel.
    let panels = InlineArray<half, ConstFloats> { cv_place(first + $0 * panel) }
    @inline(__always) func word(_ x: ConstFloats, lda: Int) -> UInt64 {
      // The length of most words is known to the compiler so: such layers take 1 to 3 % less time.
      count == wordDepth
        ? nonzeros(x, lda: lda, 2 * rows, wordDepth) : nonzeros(x, lda: lda, 2 * rows, count)
    }
    // Adds a block's products to the sums of the tile that begins `at` in the result.
    @inline(__always) func multiply(_ bits: UInt64, _ x: ConstFloats, lda: Int, at: Int, ldc: Int) {
      @inline(__always) func place(_ k: Int) -> Int { k % rows * ldc + k / rows * lanes }
      @inline(__always) func sum(_ p: ConstFloats, _ k: Int) -> Vector {
        isWhole(k) ? load(p + place(k)) : load(p + place(k), first: last)
      }
      @inline(__always) func finish(_ sum: Vector, _ p: Floats, _ k: Int) {
        if isWhole(k) { store(sum, p + place(k)) } else { store(sum, p + place(k), first: last) }
      }
      var (upper, lower) = (biases, biases)
      let y = c + at
      if !isFirst {
        for k in 0..<half { upper[k] = sum(y, k) }
        for k in 0..<half { lower[k] = sum(y + rows * ldc, k) }
      } else if let residual = end.residual {
        for k in 0..<half { upper[k] += sum(residual + at, k) }
        for k in 0..<half { lower[k] += sum(residual + at + rows * ldc, k) }
      }
      var bits = bits
      while bits != 0 {
        let p = bits.trailingZeroBitCount
        bits &= bits &- 1
        let s = InlineArray<rows, Vector> { Vector(repeating: x[p + $0 * lda]) }
        let t = InlineArray<rows, Vector> { Vector(repeating: x[p + (rows + $0) * lda]) }
        for k in 0..<half {
          let vector = k / rows
          let weights = load(panels[vector / 2] + p * 2 * lanes + vector % 2 * lanes)
          upper[k] = fma(s[k % rows], weights, upper[k])
          lower[k] = fma(t[k % rows], weights, lower[k])
        }
      }
      if isLast {
        for k in 0..<half { upper[k] = clamped(upper[k], low, high) }
        for k in 0..<half { lower[k] = clamped(lower[k], low, high) }
      }
      for k in 0..<half { finish(upper[k], y, k) }
      for k in 0..<half { finish(lower[k], y + rows * ldc, k) }
    }
    // Lines of each panel's next block that a tile asks for.
    let all = runs * tiles
    let asked = isLast || all == 0 ? 0 : (count * 2 * lanes / cacheLine + all - 1) / all
    var ahead = count * 2 * lanes
    for run in 0..<runs {
      var (x, at) = (a + aRows[run] + taps[tap] + from, cRows[run])
      var next = tiles > 0 ? word(x, lda: lda) : 0
      for tile in 0..<tiles {
        let (here, bits) = (x, next)
        x += 2 * rows * lda
        // A tile ahead: the comparisons would wait behind the multiply-adds of this one.
        if tile + 1 < tiles { next = word(x, lda: lda) }
        for _ in 0..<asked {
          for panel in 0..<(half / rows + 1) / 2 { cv_prefetch1(panels[panel] + ahead) }
          ahead += cacheLine
        }
        multiply(bits, here, lda: lda, at: at, ldc: ldc)
        at += 2 * rows * ldc
      }
      // A pixel that is left shares a tile with that of the run before, or it is all rows of one.
      for _ in 2 * rows * tiles..<pixels {
        if rows > 1 || run % 2 == 0 && run + 1 == runs {
          multiply(word(x, lda: 0), x, lda: 0, at: at, ldc: 0)
        } else if run % 2 > 0 {
          let other = aRows[run - 1] - aRows[run]
          multiply(
            word(x, lda: other), x, lda: other, at: at, ldc: cRows[run - 1] - cRows[run])
        }
        x += lda
        at += ldc
      }
    }
  }
}

extension Bodies {
  package static func multiplySparse(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int,
    runs: Int, pixels: Int, _ epilogue: Epilogue?
  ) {
    let vectors = (columns + lanes - 1) / lanes
    let groups = (vectors + mostVectors - 1) / mostVectors
    // Whole panels in each group, about as many in all.
    let width = ((vectors + groups - 1) / groups + 1) / 2 * 2
    for first in stride(from: 0, to: vectors, by: width) {
      let column = first * lanes
      let end = TileEnd(
        accumulate: false, epilogue: epilogue, column: column, at: column,
        columns: columns - column)
      @inline(__always) func run<let rows: Int, let half: Int>(
        _ rows: InlineArray<rows, Bool>.Type, _ half: InlineArray<half, Bool>.Type
      ) {
        sparseTiles(
          rows, half, a, aRows: aRows, lda: lda, taps: taps, tapCount: tapCount, depth: depth,
          b + column * tapCount * depth, c + column, cRows: cRows, ldc: ldc, runs: runs,
          pixels: pixels, end)
      }
      switch min(width, vectors - first) {
      case 1: run(InlineArray<2, Bool>.self, InlineArray<2, Bool>.self)
      case 2: run(InlineArray<2, Bool>.self, InlineArray<4, Bool>.self)
      case 3: run(InlineArray<2, Bool>.self, InlineArray<6, Bool>.self)
      case 4: run(InlineArray<1, Bool>.self, InlineArray<4, Bool>.self)
      case 5: run(InlineArray<1, Bool>.self, InlineArray<5, Bool>.self)
      case 7 where hasManyRegisters: run(InlineArray<1, Bool>.self, InlineArray<7, Bool>.self)
      case 8 where hasManyRegisters: run(InlineArray<1, Bool>.self, InlineArray<8, Bool>.self)
      default: run(InlineArray<1, Bool>.self, InlineArray<6, Bool>.self)
      }
    }
  }

  package static func zeroShare(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, columns: Int, runs: Int, pixels: Int
  ) -> Double {
    let height = pixelsOfTile(vectors: (columns + lanes - 1) / lanes)
    guard runs > 0, pixels >= height, depth > 0 else { return 0 }
    var zeros = 0
    for sample in 0..<sampledTiles {
      func spread(_ count: Int) -> Int { (count - 1) * sample / (sampledTiles - 1) }
      let tile = a + aRows[spread(runs)] + spread(pixels - height + 1) * lda
      forBlocks(tapCount, depth) { tap, from, count in
        let bits = nonzeros(tile + taps[tap] + from, lda: lda, height, count)
        zeros += count - bits.nonzeroBitCount
      }
      // There are none at all, as in a linear layer's map.
      if zeros == 0 { return 0 }
    }
    return Double(zeros) / Double(sampledTiles * tapCount * depth)
  }
}
