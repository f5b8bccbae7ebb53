import AvocetKernels

/// A dense layer whose weights outgrow a core's cache: it meets the whole batch, one slice of its weights after another, so that they are read once instead of
/// once for every shard and their gradient is written once. A slice's sums run over the batch in order, whatever the number of threads.
struct LargeDense {
  /// Inputs and outputs of an image.
  let inputs, outputs: Int

  /// Inputs, or outputs, of a slice.
  private static let slice = 128
  // Floats of weights, 1 MiB, from which on the layer is large.
  private static let least = 1 << 18

  /// Nil where the node is no dense layer, or a small one.
  init?(_ network: Network, _ index: Int) {
    guard case .dense = network.nodes[index].operation else { return nil }
    (inputs, outputs) = (network.inputShape(of: index).count, network.nodes[index].shape.count)
    if inputs * outputs < Self.least { return nil }
  }

  /// Floats that a thread needs to multiply a slice with a batch of so many images.
  func scratchCount(batch: Int, _ kernels: KernelTable) -> Int {
    max(
      kernels.multiplyScratchCount(m: batch, n: min(Self.slice, outputs), k: inputs),
      kernels.multiplyScratchCount(m: batch, n: min(Self.slice, inputs), k: outputs),
      kernels.multiplyScratchCount(m: min(Self.slice, inputs), n: outputs, k: batch))
  }

  /// Calls `body` for every slice of `count` inputs or outputs, on the team's threads.
  func forEachSlice(
    of count: Int, _ team: ThreadTeam, _ body: (_ slice: Range<Int>, _ worker: Int) -> Void
  ) {
    team.run((count + Self.slice - 1) / Self.slice) { task, worker in
      body(task * Self.slice..<min(count, (task + 1) * Self.slice), worker)
    }
  }
}

extension TrainingWorkspace {
  /// y[image, output] = x[image, input] w[input, output] + b[output].
  func forward(_ dense: LargeDense, _ index: Int, _ parameters: Floats) {
    let place = places[index]
    let x = UnsafePointer(stored(network.nodes[index].inputs[0]))
    let (y, images) = (stored(index), images)
    dense.forEachSlice(of: dense.outputs, team) { slice, worker in
      kernels.multiply(
        m: images, n: slice.count, k: dense.inputs, x, lda: dense.inputs,
        parameters + place.weight + slice.lowerBound, ldb: dense.outputs,
        into: y + slice.lowerBound, ldc: dense.outputs, scratch: workers[worker].scratch)
    }
    guard place.hasBias else { return }
    kernels.addBias(parameters + place.bias, to: y, count: images, channels: dense.outputs)
  }

  /// dw[input, output] = Σ over the images x[image, input] dy[image, output], db likewise, and
  /// dx[image, input] = Σ over the outputs dy[image, output] w[input, output], added to what is there if another node gave its part.
  func backward(_ dense: LargeDense, _ index: Int, _ parameters: Floats, _ gradient: Floats?) {
    let dy = UnsafePointer(self.gradient(index))
    if let gradient {
      weightGradient(dense, index, dy, into: gradient + places[index].weight)
      if places[index].hasBias {
        clearSums(count: dense.outputs)
        kernels.channelSums(dy, count: images, channels: dense.outputs, into: sums.pointer)
        combineBiasSums(index, into: gradient)
      }
    }
    let input = network.nodes[index].inputs[0]
    if gradientPlan.slots[input] != nil {
      inputGradient(
        dense, dy, parameters + places[index].weight, into: self.gradient(input),
        adds: hasGradient[input])
    }
  }

  private func weightGradient(
    _ dense: LargeDense, _ index: Int, _ dy: ConstFloats, into dw: Floats
  ) {
    let x = UnsafePointer(stored(network.nodes[index].inputs[0]))
    let images = images
    dense.forEachSlice(of: dense.inputs, team) { slice, worker in
      kernels.multiply(
        m: slice.count, n: dense.outputs, k: images, x + slice.lowerBound, lda: dense.inputs,
        transposeA: true, dy, ldb: dense.outputs, into: dw + slice.lowerBound * dense.outputs,
        ldc: dense.outputs, scratch: workers[worker].scratch)
    }
  }

  private func inputGradient(
    _ dense: LargeDense, _ dy: ConstFloats, _ weights: Floats, into dx: Floats, adds: Bool
  ) {
    let images = images
    dense.forEachSlice(of: dense.inputs, team) { slice, worker in
      kernels.multiply(
        m: images, n: slice.count, k: dense.outputs, dy, lda: dense.outputs,
        weights + slice.lowerBound * dense.outputs, ldb: dense.outputs, transposeB: true,
        into: dx + slice.lowerBound, ldc: dense.inputs, accumulate: adds,
        scratch: workers[worker].scratch)
    }
  }
}
