import AvocetKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension TrainingWorkspace {
  /// Computes every node's map for the first `images` pictures of `input`, batch norm over the whole batch.
  public func forward(_ parameters: Parameters, images: Int) {
    begin(images: images)
    packWeights(parameters)
    for index in network.nodes.indices.dropFirst() {
      timed(index, .forward) { forward(index, parameters.values.pointer) }
    }
  }

  private func packWeights(_ parameters: Parameters) {
    let convolutions = network.nodes.indices.filter { packedForward[$0] != nil }
    team.run(convolutions.count) { task, worker in
      let index = convolutions[task]
      guard let plan = plans[index] else { return }
      let weights = parameters.values.pointer + places[index].weight
      let memory = scratch[worker].pointer
      if let packed = packedForward[index] {
        plan.pack(weights, into: packed.pointer, scratch: memory)
      }
      if let packed = packedBackward[index] {
        plan.packInputGradient(weights, into: packed.pointer, scratch: memory)
      }
    }
  }

  private func forward(_ index: Int, _ parameters: Floats) {
    let node = network.nodes[index]
    let shape = node.shape
    let from = network.inputShape(of: index)
    let place = places[index]
    let x = values[node.inputs[0]].pointer
    let y = values[index].pointer
    switch node.operation {
    case .input: break
    case .convolution(let layer):
      guard let packed = packedForward[index], let plan = plans[index] else { return }
      forEachShard { first, count, scratch, _ in
        plan.forward(
          x + first * from.count, packed: packed.pointer,
          bias: layer.bias ? parameters + place.bias : nil, into: y + first * shape.count,
          images: count, scratch: scratch)
      }
    case .dense(let layer):
      forEachShard { first, count, scratch, _ in
        let to = y + first * shape.count
        kernels.multiply(
          m: count, n: shape.count, k: from.count, x + first * from.count, lda: from.count,
          parameters + place.weight, ldb: shape.count, into: to, ldc: shape.count, scratch: scratch)
        if layer.bias {
          kernels.addBias(parameters + place.bias, to: to, count: count, channels: shape.count)
        }
      }
    case .batchNorm(let layer): normalise(index, layer, parameters)
    case .activation(let layer):
      forEachShard { first, count, _, _ in
        kernels.activate(
          layer.function, x + first * shape.count, into: y + first * shape.count,
          count: count * shape.count)
      }
    case .maxPool(let layer):
      guard let winners = winners[index] else { return }
      forEachShard { first, count, _, _ in
        kernels.maxPool(
          x + first * from.count, into: y + first * shape.count,
          argmax: winners.pointer + first * shape.count, layer.geometry(from), images: count)
      }
    case .averagePool(let layer):
      forEachShard { first, count, _, _ in
        kernels.averagePool(
          x + first * from.count, into: y + first * shape.count, layer.geometry(from),
          images: count)
      }
    case .globalAveragePool:
      forEachShard { first, count, _, _ in
        kernels.globalAveragePool(
          x + first * from.count, into: y + first * shape.count, rows: from.rows,
          columns: from.columns, channels: from.channels, images: count)
      }
    case .add:
      let other = values[node.inputs[1]].pointer
      forEachShard { first, count, _, _ in
        kernels.add(
          x + first * shape.count, other + first * shape.count, into: y + first * shape.count,
          count: count * shape.count)
      }
    case .scale(let layer):
      forEachShard { first, count, _, _ in
        kernels.scale(
          x + first * shape.count, by: layer.factor, into: y + first * shape.count,
          count: count * shape.count)
      }
    }
  }

  // Of the kept numbers, by rows of `channels`: mean, 1 / deviation, variance, scale, offset, and three for the gradient.
  private func normalise(_ index: Int, _ layer: BatchNorm, _ parameters: Floats) {
    guard let kept = statistics[index] else { return }
    let node = network.nodes[index]
    let channels = node.shape.channels
    let pixels = node.shape.rows * node.shape.columns
    let place = places[index]
    let x = values[node.inputs[0]].pointer
    let y = values[index].pointer
    let row = { (i: Int) in kept.pointer + i * channels }
    if index <= frozenNode {
      for c in 0..<channels {
        row(0)[c] = parameters[place.mean + c]
        row(2)[c] = parameters[place.variance + c]
      }
    } else {
      // The first picture's first pixel lies inside the data, so that squares of large means do not cancel.
      let shift = row(5)
      shift.update(from: x, count: channels)
      forEachShard { first, count, _, shard in
        let sums = sums.pointer + shard * 2 * channels
        kernels.channelMoments(
          x + first * pixels * channels, shift: shift, count: count * pixels, channels: channels,
          sums: sums, squares: sums + channels)
      }
      combineSums(count: 2 * channels)
      let n = Double(images * pixels)
      for c in 0..<channels {
        let mean = sums.pointer[c] / n
        row(0)[c] = Float(Double(shift[c]) + mean)
        row(2)[c] = Float(max(0, sums.pointer[channels + c] / n - mean * mean))
      }
    }
    for c in 0..<channels {
      row(1)[c] = Float(1 / (Double(row(2)[c]) + Double(layer.epsilon)).squareRoot())
      row(3)[c] = parameters[place.weight + c] * row(1)[c]
      row(4)[c] = parameters[place.bias + c] - row(0)[c] * row(3)[c]
    }
    forEachShard { first, count, _, _ in
      let at = first * pixels * channels
      kernels.scaleOffset(
        x + at, scale: row(3), offset: row(4), into: y + at, count: count * pixels,
        channels: channels)
    }
  }

  /// Moves batch norm's moving averages towards the last batch (the variance unbiased, as PyTorch keeps it).
  public func updateStatistics(_ parameters: Parameters) {
    for (index, node) in network.nodes.enumerated() where index > frozenNode {
      guard case .batchNorm(let layer) = node.operation, let kept = statistics[index] else {
        continue
      }
      let channels = node.shape.channels
      let n = Float(images * node.shape.rows * node.shape.columns)
      let unbiased = n > 1 ? n / (n - 1) : 1
      let place = places[index]
      let p = parameters.values.pointer
      for c in 0..<channels {
        p[place.mean + c] += layer.momentum * (kept[c] - p[place.mean + c])
        p[place.variance + c] +=
          layer.momentum * (kept[2 * channels + c] * unbiased - p[place.variance + c])
      }
    }
  }
}
