import AvocetKernels
import Testing

@Suite struct WinogradTests {
  /// Many packed weights go to memory past the caches where they are aligned, few do not: the same bits, nothing beyond them.
  @Test(arguments: tables.map(\.name)) func manyWeightsArePackedAsFewAre(_ name: String) throws {
    let table = try #require(tables.first { $0.name == name })
    let (inputs, outputs) = (64, 256)
    func plan(_ outputs: Int) -> ConvolutionPlan {
      let g = ConvolutionGeometry(
        inputRows: 8, inputColumns: 8, inputChannels: inputs, outputChannels: outputs,
        kernelRows: 3, kernelColumns: 3, padding: Padding(1))
      return ConvolutionPlan(
        g, table, forward: .winograd(outputTile: 4), inputGradient: .direct, weightGradient: .direct
      )
    }
    func packed(_ weights: [Float], _ outputs: Int, offset: Int) -> [Float] {
      let plan = plan(outputs)
      let (w, scratch) = (FloatBuffer(weights), FloatBuffer(count: plan.packingScratchCount))
      let result = GuardedOutput(plan.packedCount + offset)
      plan.pack(w.pointer, into: result.pointer + offset, scratch: scratch.pointer)
      #expect(result.guardsAreWhole)
      return Array(result.values.dropFirst(offset))
    }
    let weights = numbers(9 * inputs * outputs, seed: 90)
    let half = outputs / 2
    let halves = [0, half].flatMap { first in
      packed(
        (0..<9 * inputs).flatMap { weights[$0 * outputs + first..<$0 * outputs + first + half] },
        half, offset: 0)
    }
    for offset in [0, 1, 8] {
      #expect(packed(weights, outputs, offset: offset) == halves, "\(offset) floats beside a line")
    }
  }

  /// The largest error of each tile size over the largest sum of the products' magnitudes: rounding, times the growth of the transforms.
  static let bounds: [(form: Form, error: Double)] = [
    (.rows, 1e-6), (Form(2, 3), 1e-6), (Form(4, 3), 3e-6), (Form(5, 3), 1.2e-5), (Form(6, 3), 8e-6),
    (Form(4, 5), 1.5e-5), (Form(7, 3, stride: 2), 5e-6), (Form(5, 7, stride: 2), 5e-6),
    (Form(4, 5, stride: 2), 3e-6), (Form(6, 11, stride: 4), 8e-6),
  ]

  /// A tile of outputs, a kernel and a stride.
  struct Form: Hashable, Sendable, CustomTestStringConvertible {
    let algorithm: ConvolutionAlgorithm
    let tile, kernel, stride: Int
    init(_ tile: Int, _ kernel: Int, stride: Int = 1) {
      algorithm = .winograd(outputTile: tile)
      (self.tile, self.kernel, self.stride) = (tile, kernel, stride)
    }
    private init(_ algorithm: ConvolutionAlgorithm, _ tile: Int, _ kernel: Int) {
      self.algorithm = algorithm
      (self.tile, self.kernel, stride) = (tile, kernel, 1)
    }
    /// Pairs of outputs along the rows.
    static let rows = Form(.winogradRows, 2, 3)
    /// Rows and columns of a map that falls into several blocks.
    var manyOutputs: Int { algorithm == .winogradRows ? 160 : 12 * tile }
    var testDescription: String { "\(algorithm) of \(kernel)x\(kernel), stride \(stride)" }
  }

  /// Maps smaller than a tile, of one tile, of several and a bit; channels around the vector's width; paddings that differ.
  static func geometries(_ w: Int, _ form: Form) -> [ConvolutionGeometry] {
    let kernel = form.kernel
    func g(
      _ rows: Int, _ columns: Int, _ inputs: Int, _ outputs: Int, _ padding: Padding? = nil
    ) -> ConvolutionGeometry {
      ConvolutionGeometry(
        inputRows: rows, inputColumns: columns, inputChannels: inputs, outputChannels: outputs,
        kernelRows: kernel, kernelColumns: kernel, rowStride: form.stride,
        columnStride: form.stride, padding: padding ?? Padding(kernel / 2))
    }
    return [
      g(kernel - 2, kernel - 2, 1, 1), g(kernel, kernel, 1, 2, Padding(0)), g(2, 7, 3, w - 1),
      g(4, 4, w, w),
      g(5, 6, w + 1, 2 * w), g(7, 7, 2 * w, 2 * w + 1),
      g(kernel + 5, kernel + 5, w - 1, 3 * w, Padding(0)),
      g(13, max(4, kernel - 3), 5, 7, Padding(2)),
      g(kernel + 6, 15, w, w + 3, Padding(top: 0, left: 2, bottom: 1, right: 1)),
      g(31, 17, 2, 3),
      g(kernel, 6, 3, 5 * w - 1), g(7, kernel, 2, 6 * w),
    ]
  }

  static let cases = tables.flatMap { table in bounds.map { (table.name, $0.form) } }

  private func expectWithin(
    _ found: GuardedOutput, _ expected: [Double], _ scale: [Double], _ bound: Double, _ what: String
  ) {
    #expect(found.guardsAreWhole, "\(what): wrote outside its result")
    let largest = scale.max() ?? 0
    let error = zip(found.values, expected).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(error <= bound * largest, "\(what): error \(error / largest)")
  }

  @Test(arguments: cases)
  func tilesComputeTheConvolutionAndItsGradients(_ name: String, _ form: Form) throws {
    let table = try Kernels.named(name)
    let algorithm = form.algorithm
    let bound = try #require(Self.bounds.first { $0.form == form }).error
    for g in Self.geometries(table.vectorWidth, form) {
      for images in [1, 3] where images * g.multiplyAdds < 2_000_000 {
        let what = "\(name) \(form.testDescription) \(g), \(images) images"
        let plan = ConvolutionPlan(
          g, table, forward: algorithm, inputGradient: algorithm, weightGradient: algorithm)
        #expect(plan.forward == algorithm)
        let (x, w) = (numbers(images * g.inputCount, seed: 3), numbers(g.weightCount, seed: 4))
        let dy = numbers(images * g.outputCount, seed: 5)
        let (xs, ws, dys) = (FloatBuffer(x), FloatBuffer(w), FloatBuffer(dy))
        let (ax, aw, ady) = (x.map(abs), w.map(abs), dy.map(abs))
        let scratch = GuardedOutput(plan.scratchCount)
        let sums = GuardedOutput(plan.weightSumCount)
        let packed = FloatBuffer(count: plan.packedCount)
        plan.pack(ws.pointer, into: packed.pointer, scratch: scratch.pointer)
        let y = GuardedOutput(images * g.outputCount)
        plan.forward(
          xs.pointer, packed: packed.pointer, into: y.pointer, images: images,
          scratch: scratch.pointer)
        expectWithin(
          y, Reference.convolve(x, w, g, images: images),
          Reference.convolve(ax, aw, g, images: images), bound, what)

        let backward = FloatBuffer(count: plan.packedInputGradientCount)
        plan.packInputGradient(ws.pointer, into: backward.pointer, scratch: scratch.pointer)
        let dx = GuardedOutput(images * g.inputCount)
        plan.inputGradient(
          dys.pointer, packed: backward.pointer, into: dx.pointer, images: images,
          scratch: scratch.pointer)
        expectWithin(
          dx, Reference.convolutionInputGradient(dy, w, g, images: images),
          Reference.convolutionInputGradient(ady, aw, g, images: images), bound,
          "input gradient, " + what)

        let dw = GuardedOutput(g.weightCount)
        plan.weightGradient(
          xs.pointer, dys.pointer, into: dw.pointer, images: images, sums: sums.pointer,
          scratch: scratch.pointer)
        expectWithin(
          dw, Reference.convolutionWeightGradient(x, dy, g, images: images),
          Reference.convolutionWeightGradient(ax, ady, g, images: images), bound,
          "weight gradient, " + what)
        #expect(
          scratch.guardsAreWhole && sums.guardsAreWhole, "\(what): scratch overrun")
      }
    }
  }

  /// What a plan computes of an image in one go and in parts that follow each other.
  private func results(
    _ plan: ConvolutionPlan, _ parts: [ConvolutionPart]
  ) -> (whole: GuardedOutput, inParts: GuardedOutput) {
    let xs = FloatBuffer(numbers(plan.geometry.inputCount, seed: 3))
    let ws = FloatBuffer(numbers(plan.geometry.weightCount, seed: 4))
    let (packed, scratch) = (
      FloatBuffer(count: plan.packedCount), GuardedOutput(plan.scratchCount)
    )
    plan.pack(ws.pointer, into: packed.pointer, scratch: scratch.pointer)
    func forward(_ parts: [ConvolutionPart]) -> GuardedOutput {
      let result = GuardedOutput(plan.geometry.outputCount)
      for part in parts {
        plan.forward(
          xs.pointer, packed: packed.pointer, into: result.pointer, part, scratch: scratch.pointer)
      }
      #expect(result.guardsAreWhole)
      return result
    }
    let results = (forward([plan.whole(images: 1)]), forward(parts))
    #expect(scratch.guardsAreWhole)
    return results
  }

  @Test(arguments: cases)
  func columnsThatContinueGiveTheBitsOfAll(_ name: String, _ form: Form) throws {
    let table = try Kernels.named(name)
    let border = table.tileWidth
    var canContinue: Set<Bool> = []
    for side in [form.tile, form.manyOutputs] {
      let g = ConvolutionGeometry(
        inputRows: side * form.stride, inputColumns: side * form.stride, inputChannels: 3,
        outputChannels: border + 5, kernelRows: form.kernel, kernelColumns: form.kernel,
        rowStride: form.stride, columnStride: form.stride, padding: Padding(form.kernel / 2))
      let plan = ConvolutionPlan(
        g, table, forward: form.algorithm, inputGradient: .direct, weightGradient: .direct)
      let parts = [0..<border, border..<g.outputChannels].map { columns in
        var part = plan.whole(images: 1)
        (part.columns, part.continues) = (columns, columns.lowerBound > 0)
        return part
      }
      let results = results(plan, parts)
      #expect(results.inParts.values == results.whole.values, "\(form.testDescription) \(g)")
      canContinue.insert(plan.canContinue(images: 1))
    }
    #expect(canContinue == [true, false], "one block of tiles, and several")
  }

  /// Planes of so many tiles that register tiles of every height meet them; which are taken depends on the depth.
  @Test(arguments: tables.map(\.name))
  func planesOfAnyHeightComputeTheConvolution(_ name: String) throws {
    let table = try Kernels.named(name)
    let bound = try #require(Self.bounds.first { $0.form == Form(2, 3) }).error
    for inputs in [20, 100] {
      for tiles in Array(1...15) + [21, 28] {
        let g = ConvolutionGeometry(
          inputRows: 2, inputColumns: 2 * tiles, inputChannels: inputs,
          outputChannels: table.tileWidth, kernelRows: 3, kernelColumns: 3, padding: Padding(1))
        let plan = ConvolutionPlan(
          g, table, forward: .winograd(outputTile: 2), inputGradient: .direct,
          weightGradient: .direct)
        let (x, w) = (numbers(g.inputCount, seed: 3), numbers(g.weightCount, seed: 4))
        let (xs, ws) = (FloatBuffer(x), FloatBuffer(w))
        let (packed, scratch) = (
          FloatBuffer(count: plan.packedCount), GuardedOutput(plan.scratchCount)
        )
        plan.pack(ws.pointer, into: packed.pointer, scratch: scratch.pointer)
        let y = GuardedOutput(g.outputCount)
        plan.forward(
          xs.pointer, packed: packed.pointer, into: y.pointer, images: 1, scratch: scratch.pointer)
        expectWithin(
          y, Reference.convolve(x, w, g, images: 1),
          Reference.convolve(x.map(abs), w.map(abs), g, images: 1), bound,
          "\(name), \(tiles) tiles of \(inputs) channels")
        #expect(scratch.guardsAreWhole)
      }
    }
  }

  /// Planes that leave the cache meet several blocks of columns one after the other: the same bits as those of each block alone.
  @Test(arguments: tables.map(\.name))
  func blocksOfColumnsTogetherGiveTheBitsOfEachAlone(_ name: String) throws {
    let table = try Kernels.named(name)
    let g = ConvolutionGeometry(
      inputRows: 30, inputColumns: 30, inputChannels: 160,
      outputChannels: 9 * table.tileWidth + 5, kernelRows: 3, kernelColumns: 3, padding: Padding(1))
    let plan = ConvolutionPlan(
      g, table, forward: .winograd(outputTile: 4), inputGradient: .direct, weightGradient: .direct)
    let parts = stride(from: 0, to: g.outputChannels, by: table.tileWidth).map { first in
      var part = plan.whole(images: 1)
      part.columns = first..<min(g.outputChannels, first + table.tileWidth)
      return part
    }
    let results = results(plan, parts)
    #expect(results.whole.values == results.inParts.values)
  }

  @Test(arguments: cases)
  func rowsInPartsGiveTheBitsOfAll(_ name: String, _ form: Form) throws {
    let table = try Kernels.named(name)
    let side = 5 * form.tile - 1
    let g = ConvolutionGeometry(
      inputRows: side * form.stride, inputColumns: side * form.stride, inputChannels: 5,
      outputChannels: table.tileWidth + 3, kernelRows: form.kernel, kernelColumns: form.kernel,
      rowStride: form.stride, columnStride: form.stride, padding: Padding(form.kernel / 2))
    let plan = ConvolutionPlan(
      g, table, forward: form.algorithm, inputGradient: .direct, weightGradient: .direct)
    let borders = [0, plan.rowUnit, 3 * plan.rowUnit, g.outputRows]
    let parts = zip(borders, borders.dropFirst()).map { first, end in
      var part = plan.whole(images: 1)
      part.rows = first..<end
      return part
    }
    let results = results(plan, parts)
    #expect(results.inParts.values == results.whole.values, "\(form.testDescription) \(g)")
  }

  @Test(arguments: cases)
  func groupsOfImagesGiveTheWeightGradientOfAll(_ name: String, _ form: Form) throws {
    let table = try Kernels.named(name)
    let g = ConvolutionGeometry(
      inputRows: 9, inputColumns: 10, inputChannels: 5, outputChannels: table.vectorWidth + 1,
      kernelRows: form.kernel, kernelColumns: form.kernel, rowStride: form.stride,
      columnStride: form.stride, padding: Padding(form.kernel / 2))
    let (x, dy) = (numbers(3 * g.inputCount, seed: 3), numbers(3 * g.outputCount, seed: 5))
    let (xs, dys) = (FloatBuffer(x), FloatBuffer(dy))
    let expected = Reference.convolutionWeightGradient(x, dy, g, images: 3)
    for algorithm in [ConvolutionAlgorithm.direct, form.algorithm] {
      let plan = ConvolutionPlan(
        g, table, forward: algorithm, inputGradient: algorithm, weightGradient: algorithm)
      let (dw, sums) = (GuardedOutput(g.weightCount), GuardedOutput(plan.weightSumCount))
      let scratch = FloatBuffer(count: plan.scratchCount)
      for (images, isFirst, isLast) in [
        (0..<1, true, false), (1..<1, false, false), (1..<3, false, true),
      ] {
        plan.weightGradient(
          xs.pointer + images.lowerBound * g.inputCount,
          dys.pointer + images.lowerBound * g.outputCount, into: dw.pointer, images: images.count,
          sums: sums.pointer, isFirst: isFirst, isLast: isLast, scratch: scratch.pointer)
      }
      expectClose(dw, expected, tolerance: 1e-4, "\(name) \(algorithm)")
      #expect(sums.guardsAreWhole)
    }
  }

  @Test(arguments: cases)
  func epilogueAddsBiasAndResidualAndCutsOff(_ name: String, _ form: Form) throws {
    let table = try Kernels.named(name)
    let channels = table.vectorWidth + 3
    let g = ConvolutionGeometry(
      inputRows: 9, inputColumns: 7, inputChannels: 4, outputChannels: channels,
      kernelRows: form.kernel, kernelColumns: form.kernel, rowStride: form.stride,
      columnStride: form.stride, padding: Padding(form.kernel / 2))
    let (x, w) = (numbers(2 * g.inputCount, seed: 6), numbers(g.weightCount, seed: 7))
    let (bias, residual) = (numbers(channels, seed: 8), numbers(2 * g.outputCount, seed: 9))
    let (xs, ws) = (FloatBuffer(x), FloatBuffer(w))
    let (biases, residuals) = (FloatBuffer(bias), FloatBuffer(residual))
    let sums = Reference.convolve(x, w, g, images: 2)
    for algorithm in [ConvolutionAlgorithm.direct, form.algorithm] {
      for activation in [Activation?.none, .relu, .relu6, .gelu] {
        let plan = ConvolutionPlan(
          g, table, forward: algorithm, inputGradient: algorithm, weightGradient: algorithm)
        let packed = FloatBuffer(count: plan.packedCount)
        let scratch = FloatBuffer(count: plan.scratchCount)
        plan.pack(ws.pointer, into: packed.pointer, scratch: scratch.pointer)
        let y = GuardedOutput(2 * g.outputCount)
        plan.forward(
          xs.pointer, packed: packed.pointer, bias: biases.pointer, residual: residuals.pointer,
          activation: activation, into: y.pointer,
          images: 2, scratch: scratch.pointer)
        let expected = sums.enumerated().map { i, sum in
          let z = sum + Double(bias[i % channels]) + Double(residual[i])
          return activation.map { Reference.activation($0, z) } ?? z
        }
        expectClose(
          y, expected, tolerance: 5e-5, "\(name) \(algorithm) \(String(describing: activation))")
      }
    }
  }

  @Test func aNumberThatIsNotFiniteStaysVisible() {
    let g = ConvolutionGeometry(
      inputRows: 8, inputColumns: 8, inputChannels: 3, outputChannels: 5, kernelRows: 3,
      kernelColumns: 3, padding: Padding(1))
    for table in tables {
      let plan = table.plan(g)
      var x = numbers(g.inputCount, seed: 1)
      x[40] = .nan
      let (input, w) = (FloatBuffer(x), FloatBuffer(numbers(g.weightCount, seed: 2)))
      let packed = FloatBuffer(count: plan.packedCount)
      let scratch = FloatBuffer(count: plan.scratchCount)
      plan.pack(
        w.pointer, into: packed.pointer,
        scratch: scratch.pointer)
      let y = FloatBuffer(count: g.outputCount)
      plan.forward(
        input.pointer, packed: packed.pointer, activation: .relu, into: y.pointer,
        images: 1, scratch: scratch.pointer)
      #expect(y.array.contains { $0.isNaN })
    }
  }
}
