import CVector
import KernelContract

// Register tiles over the last columns where these fill one vector and no more than half of another, for processors with many registers. A vector holds half as many
// columns, each twice: beside each other the weights of an even depth and of the odd one after it. It meets both depths' numbers of a pixel, which lie side by side and are
// read at once, so that no lane multiplies in vain: three such vectors for two depths, not four. In the end the two sums of a column are added.

/// Rows of the tallest pair tile.
private let tallestPairTile = 8

/// So many tiles, one below the other, of three vectors of half as many columns.
@inline(__always)
private func pairTiles<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ tiles: Int, _ a: ConstFloats, lda: Int,
  taps: UnsafePointer<Int>, tapCount: Int, depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int,
  _ end: TileEnd
) {
  let (low, high, count) = (end.low, end.high, end.count(lanes))
  let (bias0, bias1) = (end.bias(0), end.bias(lanes))
  var (a, c, residual) = (a, c, end.residual)
  for _ in 0..<tiles {
    var left = InlineArray<rows, Vector> { _ in .zero }
    var middle = InlineArray<rows, Vector> { _ in .zero }
    var right = InlineArray<rows, Vector> { _ in .zero }
    var b = b
    for tap in 0..<tapCount {
      var pixels = rowPlaces(InlineArray<rows, Bool>.self, a + taps[tap], lda)
      for _ in 0..<depth / 2 {
        let b0 = load(b)
        let b1 = load(b + lanes)
        let b2 = load(b + 2 * lanes)
        @inline(__always) func add(_ i: Int, _ pixel: ConstFloats) {
          let s = loadPair(pixel)
          left[i] = fma(s, b0, left[i])
          middle[i] = fma(s, b1, middle[i])
          right[i] = fma(s, b2, right[i])
        }
        forRows(&pixels, lda, by: 2, add)
        b += 3 * lanes
      }
    }
    forEachRow(InlineArray<rows, Bool>.self) { i in
      left[i] = bias0 + pairSums(left[i], middle[i])
      right[i] = bias1 + pairSums(right[i], right[i])
    }
    if let place = residual {
      for i in 0..<rows { left[i] += load(place + i * ldc) }
      for i in 0..<rows { right[i] += load(place + i * ldc + lanes, first: count) }
      residual = place + rows * ldc
    }
    if end.accumulate {
      for i in 0..<rows { left[i] += load(UnsafePointer(c + i * ldc)) }
      for i in 0..<rows { right[i] += load(UnsafePointer(c + i * ldc + lanes), first: count) }
    }
    for i in 0..<rows { store(clamped(left[i], low, high), c + i * ldc) }
    for i in 0..<rows { store(clamped(right[i], low, high), c + i * ldc + lanes, first: count) }
    a += rows * lda
    c += rows * ldc
  }
}

/// Calls `body` with the number of each row. Written out: the compiler would keep a loop, and what it indexes in memory.
@inline(__always)
private func forEachRow<let rows: Int>(_: InlineArray<rows, Bool>.Type, _ body: (Int) -> Void) {
  @inline(__always) func row(_ i: Int) { if i < rows { body(i) } }
  _ = (row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7))
}

/// Two numbers that lie side by side, in turn in all lanes.
@inline(__always) private func loadPair(_ p: ConstFloats) -> Vector {
  let pair = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
  return unsafeBitCast(PairVector(repeating: pair), to: Vector.self)
}

/// So many pair tiles of the given height.
@inline(__always)
func pairTiles(
  rows: Int, _ tiles: Int, _ a: ConstFloats, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
  depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int, _ end: TileEnd
) {
  @inline(__always) func run<let height: Int>(_ type: InlineArray<height, Bool>.Type) {
    pairTiles(
      type, tiles, a, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b, c, ldc: ldc, end)
  }
  switch rows {
  case 1: run(InlineArray<1, Bool>.self)
  case 2: run(InlineArray<2, Bool>.self)
  case 3: run(InlineArray<3, Bool>.self)
  case 4: run(InlineArray<4, Bool>.self)
  case 5: run(InlineArray<5, Bool>.self)
  case 6: run(InlineArray<6, Bool>.self)
  case 7: run(InlineArray<7, Bool>.self)
  default: run(InlineArray<8, Bool>.self)
  }
}

/// How tall the next pair tile is when `left` rows remain, and how many of them follow each other.
@inline(__always) func pairTileHeight(_ left: Int) -> (rows: Int, tiles: Int) {
  if left % 7 == 0, left % tallestPairTile > 0 { return (7, left / 7) }
  return left < tallestPairTile ? (left, 1) : (tallestPairTile, left / tallestPairTile)
}
