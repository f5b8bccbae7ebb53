import AvocetKernels
import Testing

@Suite struct ProductTests {
  @Test(arguments: tables.map(\.name))
  func matrixProductEqualsTheReference(_ name: String) throws {
    let table = try Kernels.named(name)
    let w = table.vectorWidth
    let sizes = [
      (0, 3, 3), (3, 0, 3), (3, 3, 0), (1, 1, 1), (w - 1, w, w + 1), (w + 1, w - 1, w),
      (13, 97, 31),
      (29, 2 * w + 1, 5), (193, 2 * w, 257), (7, 3, 600), (11, 67, 17), (16, 64, 9),
      // Five, six and seven vectors of columns: pairs alone, and pairs before a tile of three.
      (6, 5 * w - 1, 9), (9, 6 * w, 5), (5, 7 * w - 3, 11),
      // Two blocks of rows before many columns, and two of the depth, the first larger than a cache.
      (101, 11 * w - 5, 40), (3, 261, 1100),
    ]
    for (m, n, k) in sizes {
      for mode in 0..<8 {
        let (transposeA, transposeB, accumulate) = (mode & 1 != 0, mode & 2 != 0, mode & 4 != 0)
        if accumulate && m > 100 { continue }
        let a = numbers(m * k, seed: 1)
        let b = numbers(k * n, seed: 2)
        var expected = Reference.multiply(a, b, m: m, n: n, k: k)
        let storedA = FloatBuffer(transposeA ? transposed(a, m, k) : a)
        let storedB = FloatBuffer(transposeB ? transposed(b, k, n) : b)
        let c = GuardedOutput(m * n)
        if accumulate {
          for i in 0..<(m * n) { c.pointer[i] = Float(i % 7) }
          for i in 0..<(m * n) { expected[i] += Double(i % 7) }
        }
        let scratch = GuardedOutput(table.multiplyScratchCount(m: m, n: n, k: k))
        table.multiply(
          m: m, n: n, k: k, storedA.pointer, lda: transposeA ? m : k, transposeA: transposeA,
          storedB.pointer, ldb: transposeB ? k : n, transposeB: transposeB, into: c.pointer, ldc: n,
          accumulate: accumulate, scratch: scratch.pointer)
        expectClose(c, expected, tolerance: 2e-5, "\(name) \(m) x \(n) x \(k), mode \(mode)")
        #expect(scratch.guardsAreWhole)
      }
    }
  }

  /// Register tiles of every height, over one, two and three vectors of columns; which heights are taken depends on the depth.
  @Test(arguments: tables.map(\.name))
  func tilesOfEveryHeightEqualTheReference(_ name: String) throws {
    let table = try Kernels.named(name)
    for depth in [20, 100] {
      for vectors in 1...3 {
        let n = vectors * table.vectorWidth
        let b = numbers(depth * n, seed: 2)
        let right = FloatBuffer(b)
        for m in 1...31 {
          let a = numbers(m * depth, seed: 1)
          let left = FloatBuffer(a)
          let c = GuardedOutput(m * n)
          let scratch = GuardedOutput(table.multiplyScratchCount(m: m, n: n, k: depth))
          table.multiply(
            m: m, n: n, k: depth, left.pointer, lda: depth, right.pointer, ldb: n, into: c.pointer,
            ldc: n, scratch: scratch.pointer)
          expectClose(
            c, Reference.multiply(a, b, m: m, n: n, k: depth), tolerance: 2e-5,
            "\(name) \(m) x \(n) x \(depth)")
        }
      }
    }
  }

  /// A row of a dense layer alone, all its columns and some: the reference's numbers, and the bits of the same row beside another.
  @Test(arguments: tables.map(\.name))
  func aRowAloneEqualsTheReferenceAndTheRowAmongOthers(_ name: String) throws {
    let table = try Kernels.named(name)
    let (w, block) = (table.vectorWidth, table.tileWidth)
    for depth in [0, 1, 37, 1024, 1025, 2100] {
      for n in [
        1, w - 1, w, w + 1, block, block + 1, 5 * w, 4 * block, 7 * block - 1, 9 * block + 3,
      ] {
        let (x, b) = (FloatBuffer(numbers(2 * depth, seed: 1)), numbers(depth * n, seed: 2))
        let weights = FloatBuffer(b)
        let bias = numbers(n, seed: 3)
        let (packed, stored) = (
          FloatBuffer(count: table.packedCount(depth: depth, columns: n)), FloatBuffer(bias)
        )
        withExtendedLifetime(weights) {
          table.packColumns(weights.pointer, depth: depth, columns: n, into: packed.pointer)
        }
        func product(_ rows: Int, _ columns: Range<Int>) -> GuardedOutput {
          let y = GuardedOutput(rows * n)
          table.multiplyPacked(
            x.pointer, rows: rows, depth: depth, packed.pointer, columns: columns,
            bias: UnsafePointer(stored.pointer), activation: .relu6, into: y.pointer, step: n)
          return y
        }
        let (alone, both) = (product(1, 0..<n), product(2, 0..<n))
        let sums = Reference.multiply(
          Array(x.array.prefix(depth)), b, m: 1, n: n, k: depth)
        expectClose(
          alone, zip(sums, bias).map { min(max($0 + Double($1), 0), 6) }, tolerance: 2e-5,
          "\(name) \(depth) -> \(n)")
        let bits = alone.values.map(\.bitPattern)
        #expect(bits == both.values.prefix(n).map(\.bitPattern))
        guard n > block else { continue }
        // The others stay as they were.
        let part = product(1, block..<n)
        #expect(part.values.dropFirst(block).map(\.bitPattern) == Array(bits.dropFirst(block)))
        #expect(part.values.prefix(block).allSatisfy { $0.isNaN })
        #expect(part.guardsAreWhole)
      }
    }
  }

  private func transposed(_ a: [Float], _ rows: Int, _ columns: Int) -> [Float] {
    (0..<(rows * columns)).map { a[($0 % rows) * columns + $0 / rows] }
  }

  /// Shapes that meet every path: large strides, odd kernels, uneven padding, groups, depthwise, pointwise, taps that no input meets, rows that are partly read in place.
  static func geometries(_ w: Int) -> [ConvolutionGeometry] {
    func g(
      _ rows: Int, _ columns: Int, _ i: Int, _ o: Int, _ kernel: (Int, Int), stride: Int = 1,
      _ padding: Padding = Padding(0), groups: Int = 1
    ) -> ConvolutionGeometry {
      ConvolutionGeometry(
        inputRows: rows, inputColumns: columns, inputChannels: i, outputChannels: o,
        kernelRows: kernel.0, kernelColumns: kernel.1, rowStride: stride, columnStride: stride,
        padding: padding, groups: groups)
    }
    return [
      g(1, 1, 1, 1, (1, 1)), g(1, 1, 3, 5, (3, 3), Padding(1)),
      g(5, 7, 3, w + 1, (3, 3), Padding(1)),
      g(7, 5, w - 1, 2 * w, (3, 3), Padding(1)),
      g(9, 11, 2, 2 * w + 1, (5, 5), stride: 2, Padding(2)),
      g(13, 13, 3, 7, (7, 7), stride: 2, Padding(3)), g(6, 9, 5, 11, (1, 1)),
      g(9, 9, 4, 6, (1, 1), stride: 2),
      g(8, 8, 3, 4, (3, 2), stride: 3, Padding(top: 1, left: 0, bottom: 2, right: 1)),
      g(17, 3, 4, 4, (3, 3), Padding(1)), g(6, 6, 6, 9, (3, 3), Padding(1), groups: 3),
      g(7, 7, 4, 8, (3, 3), stride: 2, Padding(1), groups: 2),
      g(7, 9, w + 1, w + 1, (3, 3), Padding(1), groups: w + 1),
      g(8, 7, 2 * w, 2 * w, (3, 3), stride: 2, Padding(1), groups: 2 * w),
      g(9, 6, 5, 5, (5, 5), stride: 1, Padding(2), groups: 5),
      g(5, 16, w + 1, w + 1, (3, 3), Padding(1), groups: w + 1),
      g(4, 15, w, w, (3, 3), stride: 2, Padding(top: 0, left: 0, bottom: 1, right: 1), groups: w),
      g(7, 14, w, w, (5, 5), Padding(2), groups: w),
      g(6, 13, w + 2, w + 2, (5, 5), stride: 2, Padding(2), groups: w + 2),
      g(9, 9, w, w, (5, 5), Padding(0), groups: w), g(4, 3, w, w, (3, 3), Padding(1), groups: w),
      g(29, 31, 3, 4, (11, 11), stride: 4, Padding(2)),
      g(60, 60, 24, 3, (3, 3), Padding(1)),
      g(7, 5, 3, 5 * w - 1, (3, 3), Padding(1)), g(3, 7, w + 1, 6 * w, (1, 1)),
      g(3, 3, 4, 14 * w - 6, (3, 3), Padding(1), groups: 2),
      g(7, 67, 3, w + 2, (3, 3), stride: 2, Padding(1)), g(5, 37, 2, 3, (3, 3), stride: 2),
      g(9, 64, 3, 5, (7, 7), stride: 2, Padding(3)), g(6, 30, 3, 2 * w + 1, (5, 5), Padding(2)),
      g(4, 33, 2, 3, (3, 3), Padding(top: 0, left: 2, bottom: 3, right: 1)),
      g(3, 20, 2, 3, (3, 3), Padding(top: 1, left: 16, bottom: 1, right: 0)),
      g(3, 8, w, w, (3, 3), Padding(top: 5, left: 1, bottom: 4, right: 1), groups: w),
      g(3, 80, 2, 3, (5, 3), stride: 3, Padding(top: 0, left: 1, bottom: 2, right: 1)),
      g(7, 8, 6, 3 * w / 2, (1, 1)), g(11, 5, 8, 3 * w + 1, (1, 1)),
      g(7, 7, 35, 6 * w + 5, (1, 1)), g(4, 11, 34, 9 * w, (1, 1)),
      g(5, 7, 2, 7 * w / 2 - 1, (3, 3), Padding(1)),
      g(6, 6, 4, 2 * w + 2, (3, 3), Padding(1), groups: 2),
    ]
  }

  @Test(arguments: tables.map(\.name))
  func convolutionAndItsGradientsEqualTheReference(_ name: String) throws {
    let table = try Kernels.named(name)
    for g in Self.geometries(table.vectorWidth) {
      for images in [0, 1, 3] where images * g.multiplyAdds < 4_000_000 {
        let what = "\(name) \(g), \(images) images"
        let x = FloatBuffer(numbers(images * g.inputCount, seed: 3))
        let w = FloatBuffer(numbers(g.weightCount, seed: 4))
        let dy = FloatBuffer(numbers(images * g.outputCount, seed: 5))
        let plan = ConvolutionPlan(
          g, table, forward: .direct, inputGradient: .direct, weightGradient: .direct)
        let scratch = GuardedOutput(plan.scratchCount)
        let sums = GuardedOutput(plan.weightSumCount)
        let forward = GuardedOutput(plan.packedCount)
        plan.pack(w.pointer, into: forward.pointer, scratch: scratch.pointer)
        let backward = GuardedOutput(plan.packedInputGradientCount)
        plan.packInputGradient(w.pointer, into: backward.pointer, scratch: scratch.pointer)
        #expect(forward.guardsAreWhole && backward.guardsAreWhole)

        let y = GuardedOutput(images * g.outputCount)
        plan.forward(
          x.pointer, packed: forward.pointer, into: y.pointer, images: images,
          scratch: scratch.pointer)
        expectClose(
          y, Reference.convolve(x.array, w.array, g, images: images), tolerance: 2e-5, what)

        let dx = GuardedOutput(images * g.inputCount)
        plan.inputGradient(
          dy.pointer, packed: backward.pointer, into: dx.pointer, images: images,
          scratch: scratch.pointer)
        expectClose(
          dx, Reference.convolutionInputGradient(dy.array, w.array, g, images: images),
          tolerance: 2e-5, "input gradient, " + what)

        let dw = GuardedOutput(g.weightCount)
        plan.weightGradient(
          x.pointer, dy.pointer, into: dw.pointer, images: images, sums: sums.pointer,
          scratch: scratch.pointer)
        expectClose(
          dw, Reference.convolutionWeightGradient(x.array, dy.array, g, images: images),
          tolerance: 1e-4, "weight gradient, " + what)
        #expect(
          scratch.guardsAreWhole && sums.guardsAreWhole, "\(what): scratch overrun")
      }
    }
  }

  @Test(arguments: tables.map(\.name))
  func biasResidualAndActivationFollowTheConvolution(_ name: String) throws {
    let table = try Kernels.named(name)
    let w = table.vectorWidth
    for (inputs, outputs) in [(3, 19), (4, 3 * w / 2), (11, 9 * w), (12, 8 * w + 3)] {
      let g = ConvolutionGeometry(
        inputRows: 6, inputColumns: 5, inputChannels: inputs, outputChannels: outputs,
        kernelRows: 3, kernelColumns: 3, padding: Padding(1))
      let x = FloatBuffer(numbers(g.inputCount, seed: 6))
      let weights = FloatBuffer(numbers(g.weightCount, seed: 7))
      let bias = FloatBuffer(numbers(outputs, seed: 8))
      let residual = FloatBuffer(numbers(g.outputCount, seed: 9))
      let plan = ConvolutionPlan(
        g, table, forward: .direct, inputGradient: .direct, weightGradient: .direct)
      let packed = FloatBuffer(count: plan.packedCount)
      let scratch = FloatBuffer(count: plan.scratchCount)
      plan.pack(weights.pointer, into: packed.pointer, scratch: scratch.pointer)
      let y = GuardedOutput(g.outputCount)
      plan.forward(
        x.pointer, packed: packed.pointer, bias: bias.pointer, residual: residual.pointer,
        activation: .relu, into: y.pointer, images: 1, scratch: scratch.pointer)
      let plain = Reference.convolve(x.array, weights.array, g, images: 1)
      let expected = plain.enumerated().map {
        max(0, $1 + Double(bias[$0 % outputs]) + Double(residual[$0]))
      }
      expectClose(y, expected, tolerance: 2e-5, name)
    }
  }
}
