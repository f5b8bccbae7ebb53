// Which products leave out the zeros of their pixels.

/// The share of zeros from which on it pays. Measured alone on a Zen 5 with AVX-512, AVX2 and SSE, with 32 to 256 columns, both forms are as quick at 0.1 to 0.13.
private let leastShareOfZeros = 0.15

/// With fewer numbers in each of several taps the sums would be stored and loaded too often.
private let leastTapDepth = 64

extension KernelTable {
  /// Runs of pixels times packed weights, as `KernelBodies.multiplyRuns` says, without the products of zeros where that takes less time. The bits are the same either way.
  func multiplyRuns(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int,
    runs: Int, pixels: Int, _ epilogue: Epilogue?, pairs: Bool
  ) {
    // It needs two vectors of columns at least, and none of them in pairs of depths.
    let canSkip =
      !isDirect && columns > vectorWidth && (tapCount == 1 || depth >= leastTapDepth)
      && !(pairs && bodies.packsPairs(columns: columns % tileWidth, depth: depth))
    let zeros =
      canSkip
      ? bodies.zeroShare(
        a, aRows: aRows, lda: lda, taps: taps, tapCount: tapCount, depth: depth, columns: columns,
        runs: runs, pixels: pixels) : 0
    if zeros >= leastShareOfZeros {
      bodies.multiplySparse(
        a, aRows: aRows, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b,
        columns: columns, c, cRows: cRows, ldc: ldc, runs: runs, pixels: pixels, epilogue)
    } else {
      bodies.multiplyRuns(
        a, aRows: aRows, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b,
        columns: columns, c, cRows: cRows, ldc: ldc, runs: runs, pixels: pixels, accumulate: false,
        epilogue, pairs: pairs, upcoming: nil)
    }
  }
}
