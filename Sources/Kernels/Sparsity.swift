// Which products leave out the zeros of their pixels.

/// Pixels of a product whose zeros are counted.
private let sampledPixels = 4

/// The fewest vectors of columns with which leaving out zeros pays.
private let fewestSparseVectors = 3

extension KernelTable {
  /// Whether a product with so many columns can leave out zeros; `pairs` as in `multiplyRuns`.
  func canSkipZeros(depth: Int, columns: Int, pairs: Bool) -> Bool {
    !isDirect && columns > (fewestSparseVectors - 1) * vectorWidth
      && !(pairs && bodies.packsPairs(columns: columns % tileWidth, depth: depth))
  }

  /// Whether so many of the pixels' numbers are zero that leaving these out takes less time than register tiles. A few pixels stand for all; the first of them alone says so
  /// where there are no zeros at all. Either way the bits are the same.
  func skipsZeros(
    _ x: ConstFloats, depth: Int, columns: Int, pixels: Int, pairs: Bool
  ) -> Bool {
    guard canSkipZeros(depth: depth, columns: columns, pairs: pairs) else { return false }
    let least = Self.leastShareOfZeros(vectors: (columns + vectorWidth - 1) / vectorWidth)
    let samples = min(pixels, sampledPixels)
    var zeros = 0
    for sample in 0..<samples {
      let pixel = (2 * sample + 1) * pixels / (2 * samples)
      zeros += bodies.zeroCount(x + pixel * depth, count: depth)
      if zeros == 0 { return false }
    }
    return Double(zeros) >= least * Double(samples * depth)
  }

  /// The share of zeros from which on a product with so many vectors of columns takes less time without them. Measured alone on a Zen 5 both forms are as quick at 0.2 to 0.45,
  /// the sooner the more columns a zero saves; in a network the weights come from further away. AVX2 gains a little more, SSE much more.
  private static func leastShareOfZeros(vectors: Int) -> Double { 0.25 + 0.75 / Double(vectors) }
}
