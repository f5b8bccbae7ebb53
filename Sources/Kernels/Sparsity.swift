// Which products leave out the zeros of their pixels.

/// The share of zeros from which on it pays. Measured alone on a Zen 5 with AVX-512, AVX2 and SSE, with 32 to 256 columns, both forms are as quick at 0.1 to 0.13.
private let leastShareOfZeros = 0.15

extension KernelTable {
  /// Whether so many of the pixels' numbers are zero that a product takes less time without them. It needs two vectors of columns at least, and none of them in pairs of depths
  /// (`pairs` as in `multiplyRuns`). The bits are the same either way.
  func skipsZeros(
    _ x: ConstFloats, depth: Int, columns: Int, pixels: Int, pairs: Bool
  ) -> Bool {
    guard !isDirect, columns > vectorWidth,
      !(pairs && bodies.packsPairs(columns: columns % tileWidth, depth: depth))
    else { return false }
    return bodies.zeroShare(x, lda: depth, depth: depth, columns: columns, pixels: pixels)
      >= leastShareOfZeros
  }
}
