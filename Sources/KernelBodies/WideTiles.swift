import CVector
import KernelContract

// Register tiles three vectors wide, for what is left of an odd number of vectors: a pair and a lone vector would take fifteen loads for eighteen multiply-adds, four rows
// of three take seven for twelve and fill sixteen registers just as well. The weights are packed in pairs, so the third vector comes from the next panel's first half.
// Measured on a Zen 3: 24 columns of a 1x1 convolution gain 16 %. For all columns this tile gains at most 5 %, and in Winograd's products it loses up to 37 %: two panels that are
// read at once often lie a multiple of 4 KiB apart and share cache sets.

/// Rows of the tallest wide tile.
let tallestWideTile = 4

/// Three vectors of columns.
@inline(__always)
func wideTile<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ a: ConstFloats, lda: Int, taps: UnsafePointer<Int>,
  tapCount: Int, depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int, _ end: TileEnd
) {
  let (low, high, count) = (end.low, end.high, end.count(2 * lanes))
  let (bias0, bias1, bias2) = (end.bias(0), end.bias(lanes), end.bias(2 * lanes))
  var left = InlineArray<rows, Vector> { _ in bias0 }
  var middle = InlineArray<rows, Vector> { _ in bias1 }
  var right = InlineArray<rows, Vector> { _ in bias2 }
  if let residual = end.residual {
    for i in 0..<rows { left[i] += load(residual + i * ldc) }
    for i in 0..<rows { middle[i] += load(residual + i * ldc + lanes) }
    for i in 0..<rows { right[i] += load(residual + i * ldc + 2 * lanes, first: count) }
  }
  if end.accumulate {
    for i in 0..<rows { left[i] += load(UnsafePointer(c + i * ldc)) }
    for i in 0..<rows { middle[i] += load(UnsafePointer(c + i * ldc + lanes)) }
    for i in 0..<rows { right[i] += load(UnsafePointer(c + i * ldc + 2 * lanes), first: count) }
  }
  var b = b
  let third = tapCount * depth * 2 * lanes
  for tap in 0..<tapCount {
    var p = a + taps[tap]
    for _ in 0..<depth {
      let b0 = load(b)
      let b1 = load(b + lanes)
      let b2 = load(b + third)
      for i in 0..<rows {
        let s = Vector(repeating: p[i * lda])
        left[i] = fma(s, b0, left[i])
        middle[i] = fma(s, b1, middle[i])
        right[i] = fma(s, b2, right[i])
      }
      b += 2 * lanes
      p += 1
    }
  }
  for i in 0..<rows { store(clamped(left[i], low, high), c + i * ldc) }
  for i in 0..<rows { store(clamped(middle[i], low, high), c + i * ldc + lanes) }
  if count == lanes {
    for i in 0..<rows { store(clamped(right[i], low, high), c + i * ldc + 2 * lanes) }
  } else {
    for i in 0..<rows {
      store(clamped(right[i], low, high), c + i * ldc + 2 * lanes, first: count)
    }
  }
}

/// The wide tile of the given height (at most `tallestWideTile`).
@inline(__always)
func wideTile(
  rows: Int, _ a: ConstFloats, lda: Int, taps: UnsafePointer<Int>, tapCount: Int, depth: Int,
  _ b: ConstFloats, _ c: Floats, ldc: Int, _ end: TileEnd
) {
  @inline(__always) func run<let height: Int>(_ type: InlineArray<height, Bool>.Type) {
    wideTile(
      type, a, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b, c, ldc: ldc, end)
  }
  switch rows {
  case 1: run(InlineArray<1, Bool>.self)
  case 2: run(InlineArray<2, Bool>.self)
  case 3: run(InlineArray<3, Bool>.self)
  default: run(InlineArray<4, Bool>.self)
  }
}

/// How tall the next wide tile is when `left` rows remain: three and two beat four and one.
@inline(__always) func wideTileHeight(_ left: Int) -> Int {
  left == 5 ? 3 : min(left, tallestWideTile)
}
