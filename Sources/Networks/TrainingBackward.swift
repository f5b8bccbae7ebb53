import AvocetKernels

extension TrainingWorkspace {
  /// From `logitsGradient`, the gradient of every learned parameter (those of frozen nodes and the statistics: zero).
  public func backward(_ parameters: Parameters, into gradient: Parameters) {
    let count = gradient.values.count
    gradient.values.pointer.update(repeating: 0, count: count)
    var written = [Bool](repeating: false, count: network.nodes.count)
    written[network.nodes.count - 1] = true
    for index in network.nodes.indices.reversed() where index > 0 {
      guard gradientPlan.slots[index] != nil, written[index] else { continue }
      timed(index, .backward) {
        backwardParameters(index, parameters, gradient.values.pointer)
        backwardInputs(index, parameters, &written)
      }
    }
  }

  // The gradient of each input that wants one; the later of two readers adds its part.
  private func backwardInputs(_ index: Int, _ parameters: Parameters, _ written: inout [Bool]) {
    for (position, input) in network.nodes[index].inputs.enumerated()
    where gradientPlan.slots[input] != nil {
      if written[input], let spare = gradientPlan.spareSlot {
        let part = gradients[spare].pointer
        backwardInput(index, position, parameters, into: part)
        let (total, size) = (self.gradient(input), network.nodes[input].shape.count)
        forEachShard { first, count, _, _ in
          let at = first * size
          kernels.add(total + at, part + at, into: total + at, count: count * size)
        }
      } else {
        backwardInput(index, position, parameters, into: self.gradient(input))
        written[input] = true
      }
    }
  }

  private func backwardParameters(_ index: Int, _ parameters: Parameters, _ gradient: Floats) {
    let node = network.nodes[index]
    let shape = node.shape
    let from = network.inputShape(of: index)
    let place = places[index]
    let x = values[node.inputs[0]].pointer
    let dy = self.gradient(index)
    switch node.operation {
    case .convolution(let layer):
      guard let plan = plans[index] else { return }
      forEachShard { first, count, scratch, shard in
        plan.weightGradient(
          x + first * from.count, dy + first * shape.count,
          into: partials.pointer + shard * place.weightCount, images: count, scratch: scratch)
      }
      combinePartials(place.weightCount, into: gradient + place.weight)
      if layer.bias { biasGradient(index, into: gradient + place.bias) }
    case .dense(let layer):
      forEachShard { first, count, scratch, shard in
        kernels.multiply(
          m: from.count, n: shape.count, k: count, x + first * from.count, lda: from.count,
          transposeA: true, dy + first * shape.count, ldb: shape.count,
          into: partials.pointer + shard * place.weightCount, ldc: shape.count, scratch: scratch)
      }
      combinePartials(place.weightCount, into: gradient + place.weight)
      if layer.bias { biasGradient(index, into: gradient + place.bias) }
    case .batchNorm: batchNormSums(index, gradient)
    case .input, .activation, .maxPool, .averagePool, .globalAveragePool, .add, .scale: break
    }
  }

  private func backwardInput(
    _ index: Int, _ position: Int, _ parameters: Parameters, into dx: Floats
  ) {
    let node = network.nodes[index]
    let shape = node.shape
    let from = network.inputShape(of: index)
    let dy = gradient(index)
    let x = values[node.inputs[position]].pointer
    switch node.operation {
    case .input: break
    case .convolution:
      guard let packed = packedBackward[index], let plan = plans[index] else { return }
      forEachShard { first, count, scratch, _ in
        plan.inputGradient(
          dy + first * shape.count, packed: packed.pointer, into: dx + first * from.count,
          images: count, scratch: scratch)
      }
    case .dense:
      let weights = parameters.values.pointer + places[index].weight
      forEachShard { first, count, scratch, _ in
        kernels.multiply(
          m: count, n: from.count, k: shape.count, dy + first * shape.count, lda: shape.count,
          weights, ldb: shape.count, transposeB: true, into: dx + first * from.count,
          ldc: from.count, scratch: scratch)
      }
    case .batchNorm: batchNormInputGradient(index, into: dx)
    case .activation(let layer):
      forEachShard { first, count, _, _ in
        let at = first * shape.count
        kernels.activationGradient(
          layer.function, dy: dy + at, x: x + at, into: dx + at, count: count * shape.count)
      }
    case .maxPool(let layer):
      guard let winners = winners[index] else { return }
      forEachShard { first, count, _, _ in
        kernels.maxPoolGradient(
          dy + first * shape.count, argmax: winners.pointer + first * shape.count,
          into: dx + first * from.count, layer.geometry(from), images: count)
      }
    case .averagePool(let layer):
      forEachShard { first, count, _, _ in
        kernels.averagePoolGradient(
          dy + first * shape.count, into: dx + first * from.count, layer.geometry(from),
          images: count)
      }
    case .globalAveragePool:
      forEachShard { first, count, _, _ in
        kernels.globalAveragePoolGradient(
          dy + first * shape.count, into: dx + first * from.count, rows: from.rows,
          columns: from.columns, channels: from.channels, images: count)
      }
    case .add: scaled(dy, by: 1, into: dx, shape.count)
    case .scale(let layer): scaled(dy, by: layer.factor, into: dx, shape.count)
    }
  }

  private func scaled(_ dy: Floats, by factor: Float, into dx: Floats, _ size: Int) {
    forEachShard { first, count, _, _ in
      kernels.scale(dy + first * size, by: factor, into: dx + first * size, count: count * size)
    }
  }

  // Adds the shards' partial gradients in a fixed tree, piece by piece.
  private func combinePartials(_ count: Int, into total: Floats) {
    let piece = 4096
    let base = partials.pointer
    team.run((count + piece - 1) / piece) { task, _ in
      let start = task * piece
      let size = min(piece, count - start)
      for step in [1, 2, 4] {
        for shard in stride(from: 0, to: shardCount, by: 2 * step) {
          let into = base + shard * count + start
          kernels.add(into, base + (shard + step) * count + start, into: into, count: size)
        }
      }
      (total + start).update(from: base + start, count: size)
    }
  }

  private func biasGradient(_ index: Int, into gradient: Floats) {
    let shape = network.nodes[index].shape
    let dy = self.gradient(index)
    forEachShard { first, count, _, shard in
      kernels.channelSums(
        dy + first * shape.count, count: count * shape.rows * shape.columns,
        channels: shape.channels, into: sums.pointer + shard * shape.channels)
    }
    combineSums(count: shape.channels)
    for c in 0..<shape.channels { gradient[c] = Float(sums.pointer[c]) }
  }

  // y = γ x̂ + β, x̂ = (x - μ) / σ: dβ = Σ dy, dγ = Σ dy x̂, and since μ and σ depend on every x, dx = γ / σ (dy - mean(dy) - x̂ mean(dy x̂)).
  // With stored statistics μ and σ are constants and dx = γ / σ dy.
  private func batchNormSums(_ index: Int, _ gradient: Floats) {
    guard let kept = statistics[index] else { return }
    let node = network.nodes[index]
    let channels = node.shape.channels
    let pixels = node.shape.rows * node.shape.columns
    let x = values[node.inputs[0]].pointer
    let dy = self.gradient(index)
    forEachShard { first, count, _, shard in
      let at = first * pixels * channels
      let sums = sums.pointer + shard * 2 * channels
      kernels.batchNormGradientSums(
        dy: dy + at, x: x + at, mean: kept.pointer, inverseDeviation: kept.pointer + channels,
        count: count * pixels, channels: channels, sums: sums, products: sums + channels)
    }
    combineSums(count: 2 * channels)
    let n = Double(images * pixels)
    for c in 0..<channels {
      let (sum, product) = (sums.pointer[c], sums.pointer[channels + c])
      gradient[places[index].bias + c] = Float(sum)
      gradient[places[index].weight + c] = Float(product)
      kept[6 * channels + c] = Float(sum / n)
      kept[7 * channels + c] = Float(product / n)
    }
  }

  private func batchNormInputGradient(_ index: Int, into dx: Floats) {
    guard let kept = statistics[index] else { return }
    let node = network.nodes[index]
    let channels = node.shape.channels
    let pixels = node.shape.rows * node.shape.columns
    let x = values[node.inputs[0]].pointer
    let dy = gradient(index)
    let row = { (i: Int) in kept.pointer + i * channels }
    forEachShard { first, count, _, _ in
      let at = first * pixels * channels
      kernels.batchNormInputGradient(
        dy: dy + at, x: x + at, mean: row(0), inverseDeviation: row(1), factor: row(3),
        meanDy: row(6), meanProduct: row(7), into: dx + at, count: count * pixels,
        channels: channels)
    }
  }
}
