import AvocetKernels

extension TrainingWorkspace {
  /// From `logitsGradient`, the gradient of every learned parameter (those of frozen nodes and the statistics: zero).
  ///
  /// With `sparsity` also of that much of each picture's activity at the parts level: the sum of its units' magnitudes, averaged over the places,
  /// and of what `lesson` finds wrong there.
  public func backward(
    _ parameters: Parameters, into gradient: Parameters, sparsity: Float = 0,
    lesson: PartLesson? = nil
  ) {
    precondition(!isInspecting, "nothing learns in a workspace that inspects")
    gradient.values.pointer.update(repeating: 0, count: gradient.values.count)
    backward(parameters, gradient.values.pointer, sparsity: sparsity, lesson: lesson)
  }

  /// From `logitsGradient`, the gradient of the pictures, in a workspace that inspects.
  public func backward(_ parameters: Parameters) {
    precondition(isInspecting, "a workspace that learns needs a place for the gradient")
    backward(parameters, nil)
  }

  private func backward(
    _ parameters: Parameters, _ gradient: Floats?, sparsity: Float = 0, lesson: PartLesson? = nil
  ) {
    let parts = network.levels[.parts]
    let told = lesson == nil ? nil : PartLesson.node(of: network)
    for node in hasGradient.indices { hasGradient[node] = node == hasGradient.count - 1 }
    for stage in stages.reversed() where gradientPlan.slots[stage.last] != nil {
      guard hasGradient[stage.last] else { continue }
      timed(stage.nodes[0], .backward) {
        if sparsity > 0, stage.last == parts { addActivityGradient(stage.last, sparsity) }
        if let lesson, stage.last == told { addLessonGradient(stage.last, lesson) }
        backward(stage, parameters, gradient)
      }
      for input in stage.inputs where gradientPlan.slots[input] != nil { hasGradient[input] = true }
    }
  }

  // Adds the gradient of the mean over a map's places of its magnitudes' sum, which is `weight` over the places, with the value's sign.
  private func addActivityGradient(_ node: Int, _ weight: Float) {
    let shape = network.nodes[node].shape
    let step = weight / Float(shape.rows * shape.columns)
    let (values, dy) = (stored(node), gradient(node))
    forEachShard { shard in
      let end = shard.images.upperBound * shape.count
      for i in shard.images.lowerBound * shape.count..<end where values[i] != 0 {
        dy[i] += values[i] > 0 ? step : -step
      }
    }
  }

  private func backward(_ stage: TrainingStage, _ parameters: Parameters, _ gradient: Floats?) {
    if let main = stage.main, let dense = largeDense[main] {
      return backward(dense, main, parameters.values.pointer, gradient)
    }
    if let norm = stage.norm {
      normGradient(stage, norm, gradient)
    } else if let function = stage.function {
      activationGradient(stage, function)
    }
    let size = network.groupSize(stage)
    let hasBias = gradient != nil && stage.main.map { places[$0].hasBias } ?? false
    if hasBias, let main = stage.main { clearSums(count: network.nodes[main].shape.channels) }
    forEachShard { shard in
      shard.forEachGroup(of: size) { first, count in
        if let norm = stage.norm { normInputGradient(stage, norm, first, count) }
        backwardMain(stage, parameters, first, count, shard)
      }
    }
    guard let gradient, let main = stage.main else { return }
    let place = places[main]
    if place.weightCount > 0 { combinePartials(place.weightCount, into: gradient + place.weight) }
    if hasBias { combineBiasSums(main, into: gradient) }
  }

  /// Adds up the shards' sums of a node's gradient, which is that of its bias.
  func combineBiasSums(_ index: Int, into gradient: Floats) {
    let channels = network.nodes[index].shape.channels
    combineSums(count: channels)
    for c in 0..<channels { gradient[places[index].bias + c] = Float(sums.pointer[c]) }
  }

  // A function that only cuts off is known by its result, others need what they were applied to.
  private func activationGradient(_ stage: TrainingStage, _ function: Activation) {
    let size = network.nodes[stage.last].shape.count
    let x = stored(stage.cutsOff ? stage.last : stage.inner)
    let dy = gradient(stage.last)
    forEachShard { shard in
      let at = shard.images.lowerBound * size
      kernels.activationGradient(
        function, dy: dy + at, x: x + at, into: dy + at, count: shard.images.count * size)
    }
  }

  // From the gradient of a group's inner map to the parameters' and the inputs'.
  private func backwardMain(
    _ stage: TrainingStage, _ parameters: Parameters, _ first: Int, _ count: Int, _ shard: Shard
  ) {
    let inner = network.nodes[stage.inner].shape
    var dy = UnsafePointer(gradient(stage.last) + first * inner.count)
    guard let main = stage.main else {
      let input = stage.inputs[0]
      if let slot = gradientPlan.slots[input], slot != gradientPlan.slots[stage.last] {
        give(
          dy, to: gradient(input) + first * inner.count, count * inner.count,
          adds: hasGradient[input])
      }
      return
    }
    let place = places[main]
    if place.hasBias, !isInspecting {
      kernels.channelSums(
        dy, count: count * inner.rows * inner.columns, channels: inner.channels,
        into: sums.pointer + shard.number * inner.channels)
    }
    if let pool = stage.pool, let winners = winners[pool],
      case .maxPool(let layer) = network.nodes[pool].operation
    {
      kernels.maxPoolGradient(
        dy, argmax: winners.pointer + first * inner.count, into: shard.memory.map,
        layer.geometry(network.nodes[main].shape), images: count)
      dy = UnsafePointer(shard.memory.map)
    }
    if place.weightCount > 0, !isInspecting { weightGradient(main, dy, first, count, shard) }
    for (position, input) in stage.inputs.enumerated() {
      guard let slot = gradientPlan.slots[input], slot != gradientPlan.slots[stage.last] else {
        continue
      }
      // An input that stands twice gets its second part added.
      let adds = hasGradient[input] || stage.inputs[..<position].contains(input)
      let size = network.nodes[input].shape.count
      let target = gradient(input) + first * size
      if case .add = network.nodes[main].operation {
        give(dy, to: target, count * size, adds: adds)
      } else if adds {
        inputGradient(
          main, position, parameters, dy, into: shard.memory.part, first, count, shard)
        give(UnsafePointer(shard.memory.part), to: target, count * size, adds: true)
      } else {
        inputGradient(main, position, parameters, dy, into: target, first, count, shard)
      }
    }
  }

  // Adds a group's gradient to what is there, or is the first.
  private func give(_ part: ConstFloats, to total: Floats, _ count: Int, adds: Bool) {
    if adds {
      kernels.add(total, part, into: total, count: count)
    } else {
      total.update(from: part, count: count)
    }
  }

  private func weightGradient(
    _ index: Int, _ dy: ConstFloats, _ first: Int, _ count: Int, _ shard: Shard
  ) {
    let node = network.nodes[index]
    let (shape, from, place) = (node.shape, network.inputShape(of: index), places[index])
    let x = stored(node.inputs[0]) + first * from.count
    let into = partials.pointer + shard.number * place.weightCount
    let isFirst = first == shard.images.lowerBound
    switch node.operation {
    case .convolution:
      plans[index]?.weightGradient(
        x, dy, into: into, images: count, sums: shard.memory.weightSums, isFirst: isFirst,
        isLast: first + count == shard.images.upperBound, scratch: shard.memory.scratch)
    case .dense:
      kernels.multiply(
        m: from.count, n: shape.count, k: count, x, lda: from.count, transposeA: true, dy,
        ldb: shape.count, into: into, ldc: shape.count, accumulate: !isFirst,
        scratch: shard.memory.scratch)
    case .input, .batchNorm, .activation, .maxPool, .averagePool, .globalAveragePool, .add,
      .concatenation, .scale, .localResponseNorm:
      break
    }
  }

  private func inputGradient(
    _ index: Int, _ position: Int, _ parameters: Parameters, _ dy: ConstFloats, into dx: Floats,
    _ first: Int, _ count: Int, _ shard: Shard
  ) {
    let node = network.nodes[index]
    let (shape, from) = (node.shape, network.inputShape(of: index))
    switch node.operation {
    case .input, .batchNorm, .activation, .add: break
    case .convolution:
      guard let packed = packedBackward[index] else { return }
      plans[index]?.inputGradient(
        dy, packed: packed.pointer, into: dx, images: count, scratch: shard.memory.scratch)
    case .dense:
      kernels.multiply(
        m: count, n: from.count, k: shape.count, dy, lda: shape.count,
        parameters.values.pointer + places[index].weight, ldb: shape.count, transposeB: true,
        into: dx, ldc: from.count, scratch: shard.memory.scratch)
    case .maxPool(let layer):
      guard let winners = winners[index] else { return }
      kernels.maxPoolGradient(
        dy, argmax: winners.pointer + first * shape.count, into: dx, layer.geometry(from),
        images: count)
    case .averagePool(let layer):
      kernels.averagePoolGradient(dy, into: dx, layer.geometry(from), images: count)
    case .globalAveragePool:
      kernels.globalAveragePoolGradient(
        dy, into: dx, rows: from.rows, columns: from.columns, channels: from.channels,
        images: count)
    case .concatenation:
      let channel = node.inputs[..<position].reduce(0) { $0 + network.nodes[$1].shape.channels }
      let channels = network.nodes[node.inputs[position]].shape.channels
      kernels.copyChannels(
        dy + channel, channels, step: shape.channels, into: dx, step: channels,
        pixels: count * shape.rows * shape.columns)
    case .scale(let layer):
      kernels.scale(dy, by: layer.factor, into: dx, count: count * shape.count)
    case .localResponseNorm(let layer):
      kernels.localResponseNormGradient(
        dy: dy, x: stored(node.inputs[0]) + first * from.count, into: dx, layer.response(from),
        pixels: count * shape.rows * shape.columns, scratch: shard.memory.scratch)
    }
  }

  // Adds the shards' partial gradients in a fixed tree, piece by piece; an empty shard counts as zero.
  private func combinePartials(_ count: Int, into total: Floats) {
    let piece = 4096
    let base = partials.pointer
    for shard in 0..<shardCount where shardRange(shard, images: images).isEmpty {
      (base + shard * count).update(repeating: 0, count: count)
    }
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
}
