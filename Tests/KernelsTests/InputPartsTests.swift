import AvocetKernels
import TestSupport
import Testing

/// Maps whose channels lie in parts: the same bits as where they lie side by side.
@Suite struct InputPartsTests {
  private static let parts = 3

  /// The same map with its channels in parts, one after the other.
  private func apart(_ map: FloatBuffer, channels: Int) -> FloatBuffer {
    let (width, pixels) = (channels / Self.parts, map.count / channels)
    let result = FloatBuffer(count: map.count)
    for pixel in 0..<pixels {
      for channel in 0..<channels {
        result[(channel / width * pixels + pixel) * width + channel % width] =
          map[pixel * channels + channel]
      }
    }
    return result
  }

  private func plan(_ g: ConvolutionGeometry, _ table: KernelTable) -> ConvolutionPlan {
    ConvolutionPlan(
      g, table, forward: .direct, inputGradient: .direct, weightGradient: .direct)
  }

  private func packed(_ plan: ConvolutionPlan) -> FloatBuffer {
    let packed = FloatBuffer(count: plan.packedCount)
    let scratch = FloatBuffer(count: plan.packingScratchCount)
    plan.pack(
      FloatBuffer(numbers(plan.geometry.weightCount, seed: 4)).pointer, into: packed.pointer,
      scratch: scratch.pointer)
    return packed
  }

  @Test(arguments: tables.map(\.name)) func aProductReadsParts(_ name: String) throws {
    let table = try Kernels.named(name)
    for (side, width, outputs) in [
      (7, table.tileWidth, table.tileWidth + 5), (5, 3, 7), (16, 40, 3 * table.vectorWidth / 2),
    ] {
      let g = ConvolutionGeometry(
        inputRows: side, inputColumns: side, inputChannels: Self.parts * width,
        outputChannels: outputs, kernelRows: 1, kernelColumns: 1)
      let plan = plan(g, table)
      #expect(plan.readsParts)
      let (x, weights) = (FloatBuffer(numbers(g.inputCount, seed: 3)), packed(plan))
      let parts = apart(x, channels: g.inputChannels)
      func forward(_ x: FloatBuffer, _ count: Int, _ rows: [Range<Int>]) -> [Float] {
        let y = GuardedOutput(g.outputCount)
        var part = plan.whole(images: 1)
        part.inputParts = count
        for rows in rows {
          part.rows = rows
          plan.forward(
            x.pointer, packed: weights.pointer, into: y.pointer, part, scratch: y.pointer)
        }
        #expect(y.guardsAreWhole)
        return y.values
      }
      let expected = forward(x, 1, [0..<side])
      #expect(forward(parts, Self.parts, [0..<side]) == expected, "\(side), \(width)")
      #expect(forward(parts, Self.parts, [2..<side, 0..<2]) == expected, "\(side), \(width), rows")
    }
  }

  @Test(arguments: tables.map(\.name), [1, 2])
  func channelsThatAreEachAloneReadAndWriteParts(_ name: String, _ stride: Int) throws {
    let table = try Kernels.named(name)
    for (kernel, side) in [(3, 7), (3, 14), (5, 9), (2, 6)] {
      let width = table.tileWidth
      let channels = Self.parts * width
      let g = ConvolutionGeometry(
        inputRows: side, inputColumns: side, inputChannels: channels, outputChannels: channels,
        kernelRows: kernel, kernelColumns: kernel, rowStride: stride, columnStride: stride,
        padding: Padding(kernel / 2), groups: channels)
      let plan = plan(g, table)
      let (x, weights) = (FloatBuffer(numbers(g.inputCount, seed: 5)), packed(plan))
      let bias = FloatBuffer(numbers(channels, seed: 6))
      let (whole, parts) = (GuardedOutput(g.outputCount), GuardedOutput(g.outputCount))
      plan.forward(
        x.pointer, packed: weights.pointer, bias: bias.pointer, activation: .relu6,
        into: whole.pointer, plan.whole(images: 1), scratch: whole.pointer)
      let (input, pixels) = (apart(x, channels: channels), g.outputRows * g.outputColumns)
      for number in 0..<Self.parts {
        // Two pieces of each part.
        for columns in [
          number * width..<number * width + 1, number * width + 1..<(number + 1) * width,
        ] {
          var part = plan.whole(images: 1)
          (part.columns, part.inputParts, part.pixelStep) = (columns, Self.parts, width)
          plan.forward(
            input.pointer + number * (g.inputRows * g.inputColumns * width - width),
            packed: weights.pointer, bias: bias.pointer, activation: .relu6,
            into: parts.pointer + number * (pixels * width - width), part, scratch: parts.pointer)
        }
      }
      #expect(parts.guardsAreWhole)
      #expect(parts.values == apart(FloatBuffer(whole.values), channels: channels).array, "\(g)")
    }
  }

  @Test(arguments: tables.map(\.name)) func aMeanReadsParts(_ name: String) throws {
    let table = try Kernels.named(name)
    for width in [5 * table.vectorWidth + 3, 2] {
      let channels = Self.parts * width
      let g = PoolGeometry.whole(7, 7, channels)
      let x = FloatBuffer(numbers(g.inputCount, seed: 7))
      let (whole, parts) = (GuardedOutput(channels), GuardedOutput(channels))
      table.averagePool(x.pointer, into: whole.pointer, g, images: 1)
      let input = apart(x, channels: channels)
      for number in 0..<Self.parts {
        for piece in [
          number * width..<number * width + 1, number * width + 1..<(number + 1) * width,
        ] {
          table.averagePool(
            input.pointer + number * (7 * 7 * width - width), step: width, into: parts.pointer,
            g, images: 1, channels: piece)
        }
      }
      #expect(parts.guardsAreWhole && parts.values == whole.values, "\(width)")
    }
  }
}
