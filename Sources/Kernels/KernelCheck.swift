extension KernelTable {
  /// The largest error of a small convolution against the plain reference, relative to the largest result: on a sound machine some 1e-6 in direct form, and some
  /// 1e-5 with Winograd's tiles, whose transforms let rounding grow.
  public func convolutionErrors() -> (direct: Double, winograd: Double) {
    let g = ConvolutionGeometry(
      inputRows: 9, inputColumns: 11, inputChannels: 5, outputChannels: 19, kernelRows: 3,
      kernelColumns: 3, padding: Padding(1))
    var random = CounterRandom(seed: 1, purpose: "kernel check")
    let x = (0..<g.inputCount).map { _ in Float(random.uniform(-1, 1)) }
    let w = (0..<g.weightCount).map { _ in Float(random.uniform(-1, 1)) }
    let (input, weights) = (FloatBuffer(x), FloatBuffer(w))
    let expected = Reference.convolve(x, w, g, images: 1)
    let largest = expected.map(abs).max() ?? 1
    func error(_ algorithm: ConvolutionAlgorithm) -> Double {
      let found = result(input, weights, g, algorithm)
      // A number that is none is wrong without bound; `max` would pass over it.
      return zip(found, expected).reduce(0) { worst, pair in
        let error = abs(Double(pair.0) - pair.1)
        return error.isNaN ? .infinity : max(worst, error)
      } / largest
    }
    let tiles = ConvolutionAlgorithm.all(for: g).filter { $0 != .direct }
    return (error(.direct), tiles.map(error).max() ?? 0)
  }

  private func result(
    _ input: FloatBuffer, _ weights: FloatBuffer, _ g: ConvolutionGeometry,
    _ algorithm: ConvolutionAlgorithm
  ) -> [Float] {
    let plan = ConvolutionPlan(
      g, self, forward: algorithm, inputGradient: algorithm, weightGradient: algorithm)
    let (packed, y) = (FloatBuffer(count: plan.packedCount), FloatBuffer(count: g.outputCount))
    let scratch = FloatBuffer(count: plan.scratchCount)
    withExtendedLifetime((input, weights, packed, scratch)) {
      plan.pack(weights.pointer, into: packed.pointer, scratch: scratch.pointer)
      plan.forward(
        input.pointer, packed: packed.pointer, into: y.pointer, images: 1,
        scratch: scratch.pointer)
    }
    return y.array
  }
}
