import CVector
import KernelContract

// Register tiles three vectors wide: nine rows of them take twelve loads for 27 multiply-adds where fourteen rows of two vectors take sixteen for 28, and four rows seven for
// twelve where six rows of two take eight. The weights are packed in pairs of vectors, so the third comes from the panel beside: three panels make two wide tiles, and
// three vectors that remain make one.
//
// Where multiply-adds wait for nothing else, both tiles are as quick; the wide ones gain 5-8 % where a neighbour on the same core needs its loads too (Emerald Rapids). With
// few registers three panels gain nothing, only what remains does: 24 columns of a 1x1 convolution 16 % on a Zen 3. There such tiles lost up to 37 % in Winograd's products:
// two panels that are read at once often lie a multiple of 4 KiB apart and share cache sets.

/// Rows of the tallest wide tile.
let tallestWideTile = hasManyRegisters ? 9 : 4

/// So many tiles, one below the other, of three vectors of columns.
@inline(__always)
private func wideTiles<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ tiles: Int, _ a: ConstFloats, lda: Int,
  taps: UnsafePointer<Int>, tapCount: Int, depth: Int, _ b: ConstFloats, _ third: ThirdVector,
  _ c: Floats, ldc: Int, _ ahead: inout Ahead, _ end: TileEnd
) {
  let (low, high, count) = (end.low, end.high, end.count(third.column))
  let (bias0, bias1, bias2) = (end.bias(0), end.bias(lanes), end.bias(third.column))
  var (a, c, residual) = (a, c, end.residual)
  let fetches = depth >= fewestProducts
  for _ in 0..<tiles {
    var left = InlineArray<rows, Vector> { _ in bias0 }
    var right = InlineArray<rows, Vector> { _ in bias1 }
    var apart = InlineArray<rows, Vector> { _ in bias2 }
    if let place = residual {
      for i in 0..<rows { left[i] += load(place + i * ldc) }
      for i in 0..<rows { right[i] += load(place + i * ldc + lanes) }
      for i in 0..<rows { apart[i] += load(place + i * ldc + third.column, first: count) }
      residual = place + rows * ldc
    }
    if end.accumulate {
      let place = UnsafePointer(c)
      for i in 0..<rows { left[i] += load(place + i * ldc) }
      for i in 0..<rows { right[i] += load(place + i * ldc + lanes) }
      for i in 0..<rows { apart[i] += load(place + i * ldc + third.column, first: count) }
    }
    var (b, asked) = (b, ahead.now.at)
    let step = ahead.now.step
    for tap in 0..<tapCount {
      var pixels = rowPlaces(InlineArray<rows, Bool>.self, a + taps[tap], lda)
      // The products of one depth; `count` depths further lies what follows.
      @inline(__always) func multiply(_ depth: Int, by count: Int) {
        let b0 = load(b + 2 * depth * lanes)
        let b1 = load(b + (2 * depth + 1) * lanes)
        let b2 = load(b + third.weights + 2 * depth * lanes)
        @inline(__always) func add(_ i: Int, _ pixel: ConstFloats) {
          let s = Vector(repeating: pixel[depth])
          left[i] = fma(s, b0, left[i])
          right[i] = fma(s, b1, right[i])
          apart[i] = fma(s, b2, apart[i])
        }
        forRows(&pixels, lda, by: count, add)
        b += 2 * count * lanes
      }
      // With few registers none is left for the addresses of what comes.
      guard hasManyRegisters else {
        for _ in 0..<depth { multiply(0, by: 1) }
        continue
      }
      var rest = depth
      if fetches && tap == 0 {
        // The places of the sums, a row at a time, as in `forwardTiles`.
        rest -= rows
        var place = UnsafePointer(c)
        for _ in 0..<rows {
          multiply(0, by: 1)
          cv_prefetch2(asked)
          asked += step
          cv_prefetch1(place)
          cv_prefetch1(place + lanes)
          cv_prefetch1(place + third.column)
          place += ldc
        }
      }
      var next = a + taps[tap] + ahead.pixels
      for _ in 0..<rest / 2 {
        multiply(0, by: 0)
        // Between the two, so that the compiler does not load the second's weights beside the first's: there is no register left.
        cv_prefetch2(asked)
        multiply(1, by: 2)
        cv_prefetch1(next)
        cv_prefetch2(asked + step)
        asked += 2 * step
        next += lanes
      }
      if rest % 2 > 0 { multiply(0, by: 1) }
    }
    if count == lanes {
      @inline(__always) func finish(_ i: Int, _ place: ConstFloats) {
        let place = UnsafeMutablePointer(mutating: place)
        store(clamped(left[i], low, high), place)
        store(clamped(right[i], low, high), place + lanes)
        store(clamped(apart[i], low, high), place + third.column)
      }
      var places = rowPlaces(InlineArray<rows, Bool>.self, UnsafePointer(c), ldc)
      forRows(&places, ldc, finish)
    } else {
      for i in 0..<rows { store(clamped(left[i], low, high), c + i * ldc) }
      for i in 0..<rows { store(clamped(right[i], low, high), c + i * ldc + lanes) }
      for i in 0..<rows {
        store(clamped(apart[i], low, high), c + i * ldc + third.column, first: count)
      }
    }
    ahead.advance(to: asked)
    a += rows * lda
    c += rows * ldc
  }
}

/// So many wide tiles of the given height (at most `tallestWideTile`).
@inline(__always)
func wideTiles(
  rows: Int, _ tiles: Int, _ a: ConstFloats, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
  depth: Int, _ b: ConstFloats, _ third: ThirdVector, _ c: Floats, ldc: Int,
  _ ahead: inout Ahead, _ end: TileEnd
) {
  @inline(__always) func run<let height: Int>(_ type: InlineArray<height, Bool>.Type) {
    wideTiles(
      type, tiles, a, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b, third, c,
      ldc: ldc, &ahead, end)
  }
  switch rows {
  case 1: run(InlineArray<1, Bool>.self)
  case 2: run(InlineArray<2, Bool>.self)
  case 3: run(InlineArray<3, Bool>.self)
  case 5 where hasManyRegisters: run(InlineArray<5, Bool>.self)
  case 6 where hasManyRegisters: run(InlineArray<6, Bool>.self)
  case 7 where hasManyRegisters: run(InlineArray<7, Bool>.self)
  case 8 where hasManyRegisters: run(InlineArray<8, Bool>.self)
  case 9 where hasManyRegisters: run(InlineArray<9, Bool>.self)
  default: run(InlineArray<4, Bool>.self)
  }
}
