import CVector
import KernelContract

// Pixels of which many numbers are zero, as behind a rectifier, times packed weights: the products with zeros are left out, those of all columns at once. Register tiles of
// several pixels could not do so, for each pixel has its zeros elsewhere; so a pixel meets the weights alone. It loads as many vectors as it multiplies, and processors load as
// many from the first-level cache as they multiply: a block of weights stays there until all pixels have met it. Where three of five numbers are zero, a product to 64 columns
// or more takes half to two thirds of the time of the tiles (Zen 5).
//
// The products of a sum come in the same order as those of the tiles, and one with a zero changes no sum, if the weight is finite: so the sums have the same bits.

/// Depths of a block of weights: each pixel's numbers make a word with a bit for each that is not zero.
private let wordDepth = UInt64.bitWidth

/// Vectors of columns that a pixel meets at once.
private let mostVectors = hasManyRegisters ? 10 : 12

/// A bit for each of the first numbers, 64 at most, that is not zero.
@inline(__always)
private func nonzeros(_ x: ConstFloats, _ count: Int) -> UInt64 {
  var (bits, i): (UInt64, Int) = (0, 0)
  while i + lanes <= count {
    bits |= nonzeros(load(x + i)) << UInt64(i)
    i += lanes
  }
  if i < count { bits |= nonzeros(load(x + i, first: count - i)) << UInt64(i) }
  return bits
}

/// Pixels times the vectors of columns from the beginning of a panel on.
@inline(__always)
private func sparseRows<let vectors: Int>(
  _: InlineArray<vectors, Bool>.Type, _ a: ConstFloats, lda: Int, depth: Int, _ b: ConstFloats,
  _ c: Floats, ldc: Int, pixels: Int, _ end: TileEnd
) {
  let (low, high) = (end.low, end.high)
  let biases = InlineArray<vectors, Vector> { end.bias($0 * lanes) }
  // The last vector may have fewer columns than lanes.
  let last = end.count((vectors - 1) * lanes)
  @inline(__always) func sum(_ p: ConstFloats, _ i: Int) -> Vector {
    i < vectors - 1 || last == lanes ? load(p + i * lanes) : load(p + i * lanes, first: last)
  }
  for from in stride(from: 0, to: depth, by: wordDepth) {
    let numbers = min(wordDepth, depth - from)
    let (first, panel) = (b + from * 2 * lanes, depth * 2 * lanes)
    // Where the block begins in each panel; every other one counts.
    let panels = InlineArray<vectors, ConstFloats> { cv_place(first + $0 / 2 * panel) }
    var (x, y, residual) = (a + from, c, end.residual)
    var next = nonzeros(x, numbers)
    for pixel in 0..<pixels {
      var bits = next
      let pixelNumbers = x
      // A pixel ahead, for the comparisons would wait behind the multiply-adds of this one.
      if pixel + 1 < pixels { x += lda }
      next = numbers == wordDepth ? nonzeros(x, wordDepth) : nonzeros(x, numbers)
      var sums = biases
      if from > 0 {
        for i in 0..<vectors { sums[i] = sum(y, i) }
      } else if let place = residual {
        for i in 0..<vectors { sums[i] += sum(place, i) }
        residual = place + ldc
      }
      while bits != 0 {
        let p = bits.trailingZeroBitCount
        bits &= bits &- 1
        let s = Vector(repeating: pixelNumbers[p])
        let at = p * 2 * lanes
        for i in 0..<vectors { sums[i] = fma(s, load(panels[i] + at + i % 2 * lanes), sums[i]) }
      }
      if from + numbers == depth {
        for i in 0..<vectors { sums[i] = clamped(sums[i], low, high) }
      }
      for i in 0..<vectors - 1 { store(sums[i], y + i * lanes) }
      if last == lanes {
        store(sums[vectors - 1], y + (vectors - 1) * lanes)
      } else {
        store(sums[vectors - 1], y + (vectors - 1) * lanes, first: last)
      }
      y += ldc
    }
  }
}

extension Bodies {
  package static func multiplySparse(
    _ a: ConstFloats, lda: Int, depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, ldc: Int,
    pixels: Int, _ epilogue: Epilogue?
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
      @inline(__always) func run<let count: Int>(_ type: InlineArray<count, Bool>.Type) {
        sparseRows(
          type, a, lda: lda, depth: depth, b + column * depth, c + column, ldc: ldc,
          pixels: pixels, end)
      }
      switch min(width, vectors - first) {
      case 1: run(InlineArray<1, Bool>.self)
      case 2: run(InlineArray<2, Bool>.self)
      case 3: run(InlineArray<3, Bool>.self)
      case 4: run(InlineArray<4, Bool>.self)
      case 5: run(InlineArray<5, Bool>.self)
      case 6: run(InlineArray<6, Bool>.self)
      case 7: run(InlineArray<7, Bool>.self)
      case 8: run(InlineArray<8, Bool>.self)
      case 9: run(InlineArray<9, Bool>.self)
      case 11 where !hasManyRegisters: run(InlineArray<11, Bool>.self)
      case 12 where !hasManyRegisters: run(InlineArray<12, Bool>.self)
      default: run(InlineArray<10, Bool>.self)
      }
    }
  }

  package static func zeroCount(_ x: ConstFloats, count: Int) -> Int {
    var zeros = count
    for from in stride(from: 0, to: count, by: wordDepth) {
      zeros -= nonzeros(x + from, min(wordDepth, count - from)).nonzeroBitCount
    }
    return zeros
  }
}
