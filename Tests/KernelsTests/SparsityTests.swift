import AvocetKernels
import Testing

/// Products that leave out the zeros of their pixels.
@Suite struct SparsityTests {
  /// A 1x1 convolution of so many pixels.
  private func pointwise(_ pixels: Int, _ inputs: Int, _ outputs: Int) -> ConvolutionGeometry {
    ConvolutionGeometry(
      inputRows: 1, inputColumns: pixels, inputChannels: inputs, outputChannels: outputs,
      kernelRows: 1, kernelColumns: 1, padding: Padding(0))
  }

  /// Numbers of which about such a share is zero, some of them negative zeros.
  private func sparse(_ count: Int, zeros share: Float) -> [Float] {
    zip(numbers(count, seed: 1), numbers(count, seed: 2)).map { x, other in
      other < 2 * share - 1 ? (x < 0 ? -0.0 : 0) : x
    }
  }

  private func packed(_ plan: ConvolutionPlan, _ weights: [Float]) -> FloatBuffer {
    let (weights, packed) = (FloatBuffer(weights), FloatBuffer(count: plan.packedCount))
    withExtendedLifetime(weights) {
      plan.pack(weights.pointer, into: packed.pointer, scratch: packed.pointer)
    }
    return packed
  }

  /// The product of the pixels with the weights, nothing after it.
  private func product(
    _ table: KernelTable, _ pixels: [Float], _ weights: [Float], depth: Int
  ) -> [Float] {
    let (count, outputs) = (pixels.count / depth, weights.count / depth)
    let plan = table.plan(pointwise(count, depth, outputs))
    let (x, packed) = (FloatBuffer(pixels), packed(plan, weights))
    let y = GuardedOutput(count * outputs)
    withExtendedLifetime((x, packed)) {
      plan.forward(
        x.pointer, packed: packed.pointer, into: y.pointer, images: 1, scratch: packed.pointer)
    }
    #expect(y.guardsAreWhole)
    return y.values
  }

  /// The direct form multiplies every number: the same bits, whatever share is zero, with all that may follow the sums, for all columns and for those of a part.
  @Test(arguments: tables.map(\.name))
  func leavingOutZerosChangesNoBit(_ name: String) throws {
    let table = try Kernels.named(name)
    let w = table.vectorWidth
    let columns = (2...14).map { $0 * w } + [w + 1, 3 * w - 1, 5 * w + 1, 21 * w, 25 * w - 3]
    // Pixels that leave none to three beside the tiles.
    for (depth, pixels) in [(1, 9), (15, 1), (63, 5), (64, 8), (65, 6), (130, 7)] {
      for outputs in columns {
        let g = pointwise(pixels, depth, outputs)
        let weights = numbers(depth * outputs, seed: 3)
        let bias = FloatBuffer(numbers(outputs, seed: 4))
        for share: Float in [0, 0.5, 0.8, 0.9, 1] {
          let x = FloatBuffer(sparse(pixels * depth, zeros: share))
          func bits(_ table: KernelTable, _ part: Range<Int>, residual: Bool) -> [UInt32] {
            let plan = table.plan(g)
            let packed = packed(plan, weights)
            let y = GuardedOutput(pixels * outputs)
            var wanted = plan.whole(images: 1)
            wanted.columns = part
            if residual {
              for (i, number) in numbers(pixels * outputs, seed: 5).enumerated() {
                y.pointer[i] = number
              }
            }
            withExtendedLifetime((x, bias, packed)) {
              // In place: the residual is where the result will be.
              plan.forward(
                x.pointer, packed: packed.pointer, bias: UnsafePointer(bias.pointer),
                residual: residual ? UnsafePointer(y.pointer) : nil, activation: .relu6,
                into: y.pointer, wanted, scratch: packed.pointer)
            }
            #expect(y.guardsAreWhole)
            return y.values.map(\.bitPattern)
          }
          for residual in [false, true] {
            for first in [0, table.tileWidth] where first < outputs {
              #expect(
                bits(table, first..<outputs, residual: residual)
                  == bits(table.direct, first..<outputs, residual: residual),
                "\(name) \(depth) -> \(outputs), \(pixels) pixels, zeros \(share)")
            }
          }
        }
      }
    }
  }

  /// Several taps, rows and images, steps, edges and groups: the same bits as in the direct form.
  @Test(arguments: tables.map(\.name))
  func convolutionsOfSeveralTapsLeaveOutZerosToo(_ name: String) throws {
    let table = try Kernels.named(name)
    let w = table.vectorWidth
    func g(
      _ size: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 3, step: Int = 2, groups: Int = 1
    ) -> ConvolutionGeometry {
      ConvolutionGeometry(
        inputRows: size, inputColumns: size + 3, inputChannels: inputs, outputChannels: outputs,
        kernelRows: kernel, kernelColumns: kernel, rowStride: step, columnStride: step,
        padding: Padding(kernel / 2), groups: groups)
    }
    // Rows of pixels that leave none to three beside the tiles.
    let geometries = [
      g(13, 22, 5 * w), g(11, 64, 8 * w), g(12, 43, 3 * w - 1), g(14, 65, 9 * w + 2, kernel: 1),
      g(9, 96, 6 * w, groups: 2), g(30, 32, 2 * w), g(6, 13, 4 * w, kernel: 5, step: 1),
      g(8, 30, 7 * w, step: 3),
    ]
    for g in geometries {
      let plan = ConvolutionPlan(
        g, table, forward: .direct, inputGradient: .direct, weightGradient: .direct)
      let direct = ConvolutionPlan(
        g, table.direct, forward: .direct, inputGradient: .direct, weightGradient: .direct)
      let packed = packed(plan, numbers(g.weightCount, seed: 3))
      let bias = FloatBuffer(numbers(g.outputChannels, seed: 4))
      let scratch = FloatBuffer(count: plan.scratchCount)
      for images in [1, 2] {
        let residual = FloatBuffer(numbers(images * g.outputCount, seed: 5))
        for share: Float in [0, 0.6, 0.9] {
          let x = FloatBuffer(sparse(images * g.inputCount, zeros: share))
          let results = [plan, direct].map { plan in
            let y = GuardedOutput(images * g.outputCount)
            withExtendedLifetime((x, packed, bias, residual, scratch)) {
              plan.forward(
                x.pointer, packed: packed.pointer, bias: bias.pointer, residual: residual.pointer,
                activation: .relu6, into: y.pointer, images: images, scratch: scratch.pointer)
            }
            #expect(y.guardsAreWhole)
            return y.values.map(\.bitPattern)
          }
          #expect(results[0] == results[1], "\(name) \(g), \(images) images, zeros \(share)")
        }
      }
    }
  }

  /// What is left out is not multiplied: an infinite weight does no harm where every pixel is zero, and it does in the direct form.
  @Test(arguments: tables.map(\.name))
  func zerosMeetNoWeights(_ name: String) throws {
    let table = try Kernels.named(name)
    let (depth, pixels, outputs) = (70, 12, 6 * table.vectorWidth)
    let numbersOfPixels = sparse(pixels * depth, zeros: 0.8).enumerated().map {
      $0 % depth == 66 ? 0 : $1
    }
    var weights = numbers(depth * outputs, seed: 3)
    for j in 0..<outputs { weights[66 * outputs + j] = .infinity }
    let without = product(table, numbersOfPixels, weights, depth: depth)
    let with = product(table.direct, numbersOfPixels, weights, depth: depth)
    #expect(without.allSatisfy { $0.isFinite })
    #expect(with.allSatisfy { $0.isNaN })
  }

  /// Where a number is not one, so are the sums.
  @Test(arguments: tables.map(\.name))
  func whatIsNotANumberIsNotAZero(_ name: String) throws {
    let table = try Kernels.named(name)
    let (depth, pixels, outputs) = (64, 4, 4 * table.vectorWidth)
    var numbersOfPixels = [Float](repeating: 0, count: pixels * depth)
    numbersOfPixels[2 * depth + 5] = .nan
    let weights = numbers(depth * outputs, seed: 3)
    for (i, value) in product(table, numbersOfPixels, weights, depth: depth).enumerated() {
      #expect(value.isNaN == (i / outputs == 2))
    }
  }
}
