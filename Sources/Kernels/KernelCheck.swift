extension KernelTable {
  /// The largest error of a small convolution against the plain reference, by any algorithm and relative to the largest result: some 1e-5 on a sound machine.
  public func convolutionError() -> Double {
    let g = ConvolutionGeometry(
      inputRows: 9, inputColumns: 11, inputChannels: 5, outputChannels: 19, kernelRows: 3,
      kernelColumns: 3, padding: Padding(1))
    var random = CounterRandom(seed: 1, purpose: "kernel check")
    let x = (0..<g.inputCount).map { _ in Float(random.uniform(-1, 1)) }
    let w = (0..<g.weightCount).map { _ in Float(random.uniform(-1, 1)) }
    let (input, weights) = (FloatBuffer(x), FloatBuffer(w))
    let expected = Reference.convolve(x, w, g, images: 1)
    let largest = expected.map(abs).max() ?? 1
    let errors = ConvolutionAlgorithm.all(for: g).map { algorithm in
      let found = result(input, weights, g, algorithm)
      return zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
    }
    return (errors.max() ?? 0) / largest
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
