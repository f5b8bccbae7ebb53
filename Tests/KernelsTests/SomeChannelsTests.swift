import AvocetKernels
import Testing

/// Some channels of a map after the others, where each is alone: the same bits as all at once.
@Suite struct SomeChannelsTests {
  private func pieces(_ channels: Int) -> [Range<Int>] {
    [channels - 1..<channels, 0..<channels / 3, channels / 3..<channels - 1]
  }

  @Test(arguments: tables.map(\.name), [1, 2])
  func depthwiseChannelsAreComputedApart(_ name: String, _ stride: Int) throws {
    let table = try Kernels.named(name)
    let channels = 5 * table.vectorWidth + 3
    for (kernel, side) in [(3, 7), (3, 14), (5, 9), (2, 6)] {
      let g = ConvolutionGeometry(
        inputRows: side, inputColumns: side, inputChannels: channels, outputChannels: channels,
        kernelRows: kernel, kernelColumns: kernel, rowStride: stride, columnStride: stride,
        padding: Padding(kernel / 2), groups: channels)
      let plan = table.plan(g, images: 1)
      let x = FloatBuffer(numbers(g.inputCount, seed: 5))
      let weights = FloatBuffer(numbers(g.weightCount, seed: 4))
      let bias = FloatBuffer(numbers(channels, seed: 6))
      func forward(_ pieces: [Range<Int>]) -> [Float] {
        let y = GuardedOutput(g.outputCount)
        for columns in pieces {
          var part = plan.whole(images: 1)
          part.columns = columns
          plan.forward(
            x.pointer, packed: weights.pointer, bias: bias.pointer, activation: .relu6,
            into: y.pointer, part, scratch: y.pointer)
        }
        #expect(y.guardsAreWhole)
        return y.values
      }
      #expect(forward(pieces(channels)) == forward([0..<channels]), "\(g)")
    }
  }

  @Test(arguments: tables.map(\.name)) func aMeanOfSomeChannels(_ name: String) throws {
    let table = try Kernels.named(name)
    for channels in [15 * table.vectorWidth + 9, 6] {
      let g = PoolGeometry.whole(7, 7, channels)
      let x = FloatBuffer(numbers(g.inputCount, seed: 7))
      let (whole, parts) = (GuardedOutput(channels), GuardedOutput(channels))
      table.averagePool(x.pointer, into: whole.pointer, g, images: 1)
      for piece in pieces(channels) {
        table.averagePool(x.pointer, into: parts.pointer, g, images: 1, channels: piece)
      }
      #expect(parts.guardsAreWhole && parts.values == whole.values, "\(channels)")
    }
  }
}
