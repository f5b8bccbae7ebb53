import AvocetKernels

extension TrainingWorkspace {
  /// Computes the maps of the first `images` pictures of `input`, batch norm over the whole batch.
  public func forward(_ parameters: Parameters, images: Int) {
    begin(images: images)
    packWeights(parameters)
    let values = parameters.values.pointer
    for stage in stages {
      timed(stage.nodes[0], .forward) { forward(stage, values) }
    }
  }

  private func packWeights(_ parameters: Parameters) {
    if isPacked { return }
    isPacked = isInspecting
    team.run(convolutions.count) { task, worker in
      let index = convolutions[task]
      guard let plan = plans[index] else { return }
      let weights = parameters.values.pointer + places[index].weight
      let scratch = workers[worker].scratch
      if let packed = packedForward[index] {
        plan.pack(weights, into: packed.pointer, scratch: scratch)
      }
      if let packed = packedBackward[index] {
        plan.packInputGradient(weights, into: packed.pointer, scratch: scratch)
      }
    }
  }

  private func forward(_ stage: TrainingStage, _ parameters: Floats) {
    if let main = stage.main, let dense = largeDense[main] {
      return forward(dense, main, parameters)
    }
    let size = network.groupSize(stage)
    if let norm = stage.norm { beginStatistics(norm) }
    forEachShard { shard in
      shard.forEachGroup(of: size) { first, count in
        makeInner(stage, parameters, first, count, shard)
        if let norm = stage.norm {
          gatherStatistics(norm, stage.inner, first, count, shard)
        } else if let function = stage.function, !stage.cutsOff {
          let shape = network.nodes[stage.last].shape
          kernels.activate(
            function, stored(stage.inner) + first * shape.count,
            into: stored(stage.last) + first * shape.count, count: count * shape.count)
        }
      }
    }
    if let norm = stage.norm { normalise(stage, norm, parameters) }
  }

  /// The stage's map before norm and nonlinearity, or the result itself where it is only cut off.
  private func makeInner(
    _ stage: TrainingStage, _ parameters: Floats, _ first: Int, _ count: Int, _ shard: Shard
  ) {
    guard let main = stage.main else { return }
    let target = stored(stage.cutsOff ? stage.last : stage.inner)
    let function = stage.cutsOff ? stage.function : nil
    guard let pool = stage.pool, case .maxPool(let layer) = network.nodes[pool].operation,
      let winners = winners[pool]
    else {
      compute(
        main, function, into: target + first * network.nodes[main].shape.count, parameters, first,
        count, shard)
      return
    }
    compute(main, nil, into: shard.memory.map, parameters, first, count, shard)
    let shape = network.nodes[pool].shape
    kernels.maxPool(
      shard.memory.map, into: target + first * shape.count,
      argmax: winners.pointer + first * shape.count, layer.geometry(network.nodes[main].shape),
      images: count)
  }

  /// One node's map for `count` images from `first` on, written at `y`.
  private func compute(
    _ index: Int, _ function: Activation?, into y: Floats, _ parameters: Floats, _ first: Int,
    _ count: Int, _ shard: Shard
  ) {
    let node = network.nodes[index]
    let (shape, from, place) = (node.shape, network.inputShape(of: index), places[index])
    let x = stored(node.inputs[0]) + first * from.count
    switch node.operation {
    case .input, .batchNorm, .activation: break
    case .convolution(let layer):
      guard let packed = packedForward[index], let plan = plans[index] else { return }
      plan.forward(
        x, packed: packed.pointer, bias: layer.bias ? parameters + place.bias : nil,
        activation: function, into: y, images: count, scratch: shard.memory.scratch)
    case .dense(let layer):
      kernels.multiply(
        m: count, n: shape.count, k: from.count, x, lda: from.count, parameters + place.weight,
        ldb: shape.count, into: y, ldc: shape.count, scratch: shard.memory.scratch)
      if layer.bias {
        kernels.addBias(parameters + place.bias, to: y, count: count, channels: shape.count)
      }
    case .maxPool(let layer):
      guard let winners = winners[index] else { return }
      kernels.maxPool(
        x, into: y, argmax: winners.pointer + first * shape.count, layer.geometry(from),
        images: count)
    case .averagePool(let layer):
      kernels.averagePool(x, into: y, layer.geometry(from), images: count)
    case .globalAveragePool:
      kernels.globalAveragePool(
        x, into: y, rows: from.rows, columns: from.columns, channels: from.channels, images: count)
    case .add:
      let other = stored(node.inputs[1]) + first * shape.count
      kernels.add(x, other, activation: function, into: y, count: count * shape.count)
    case .concatenation:
      var channel = 0
      for input in node.inputs {
        let channels = network.nodes[input].shape.channels
        kernels.copyChannels(
          stored(input) + first * network.nodes[input].shape.count, channels, step: channels,
          into: y + channel, step: shape.channels, pixels: count * shape.rows * shape.columns)
        channel += channels
      }
    case .scale(let layer):
      kernels.scale(x, by: layer.factor, into: y, count: count * shape.count)
    case .localResponseNorm(let layer):
      kernels.localResponseNorm(
        x, into: y, layer.response(from), pixels: count * shape.rows * shape.columns,
        scratch: shard.memory.scratch)
    }
  }
}
