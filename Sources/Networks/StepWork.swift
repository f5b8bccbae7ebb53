import AvocetKernels

/// What one step of a run computes and moves: the account against which its time is held.
public struct StepWork: Sendable {
  /// One direction.
  public struct Pass: Sendable {
    /// How a convolution is computed, such as `F(4)`; on the way back the input gradient, then the weight gradient, once where they agree. Nil for other steps.
    public let algorithm: String?
    /// Multiply-adds for one picture, as the direct form needs them.
    public let multiplyAdds: Int
    /// Numbers of maps and their gradients that must be read or written for one picture, however large the cache: batch norm needs its input twice.
    public let maps: Int
    /// Numbers of parameters and their gradients that must be read or written for a batch, weights in the form in which they are packed: Winograd's is larger.
    public let parameters: Int
  }

  /// The nodes, in order; several where they are folded into the first.
  public let nodes: [Int]
  /// From the picture to the logits.
  public let forward: Pass
  /// And back, nil where nothing is learned.
  public let backward: Pass?
}

extension InferenceWorkspace {
  /// The steps of a run, in order.
  public var work: [StepWork] {
    let network = prepared.network
    return prepared.steps.map { step in
      var (algorithm, maps): (String?, Int) = (nil, network.numbers(step.sources + [step.node]))
      var parameters = network.parameterCount(step.nodes)
      if step.weightCount > 0 {
        parameters += step.weightCount - NodePlace(network, step.nodes[0]).weightCount
      }
      switch step.work {
      case .convolution(let plan, _, _, _): algorithm = plan.forward.description
      case .concatenation: maps = 2 * network.numbers(step.inputs.filter { !isInPlace($0, step) })
      default: break
      }
      return StepWork(
        nodes: step.nodes,
        forward: StepWork.Pass(
          algorithm: algorithm, multiplyAdds: network.multiplyAdds(step.nodes), maps: maps,
          parameters: parameters),
        backward: nil)
    }
  }

  // Whether a part was written where the concatenation has it.
  private func isInPlace(_ part: Int, _ step: PreparedStep) -> Bool {
    let (from, to) = (place(part), place(step.node))
    return from.isWorkers == to.isWorkers && from.buffer == to.buffer
  }
}

extension TrainingWorkspace {
  /// The steps of a forward and a backward pass, in the order of the forward one.
  public var work: [StepWork] {
    stages.map {
      StepWork(nodes: $0.nodes, forward: forwardWork($0), backward: backwardWork($0))
    }
  }

  private func forwardWork(_ stage: TrainingStage) -> StepWork.Pass {
    let inner = network.nodes[stage.inner].shape.count
    var maps = network.numbers(stage.inputs + [stage.last])
    if stage.main != nil, stage.keepsInner { maps += inner }
    if stage.norm != nil { maps += inner }
    let plan = plan(stage)
    let more = plan.map { $0.packedCount - $0.geometry.weightCount } ?? 0
    return StepWork.Pass(
      algorithm: plan?.forward.description, multiplyAdds: network.multiplyAdds(stage.nodes),
      maps: maps, parameters: network.parameterCount(stage.nodes) + more)
  }

  private func backwardWork(_ stage: TrainingStage) -> StepWork.Pass? {
    guard let slot = gradientPlan.slots[stage.last] else { return nil }
    let (inner, last) = (
      network.nodes[stage.inner].shape.count, network.nodes[stage.last].shape.count
    )
    let wanted = stage.inputs.filter { gradientPlan.slots[$0] != nil }
    let weights = stage.main.map { places[$0].weightCount } ?? 0
    // A sum hands its gradient on where it lies; what a norm or a nonlinearity does in place is written all the same.
    let given = wanted.filter { stage.main == nil || gradientPlan.slots[$0] != slot }
    var maps = last + network.numbers(given)
    if stage.norm != nil {
      maps += last + 2 * inner
    } else if stage.function != nil {
      maps += inner
    }
    if weights > 0 { maps += network.numbers(stage.inputs) }
    let plan = plan(stage)
    let algorithm = plan.map { plan in
      let (input, weight) = (plan.inputGradient.description, plan.weightGradient.description)
      return wanted.isEmpty || input == weight ? weight : "\(input), \(weight)"
    }
    let read = wanted.isEmpty ? 0 : plan?.packedInputGradientCount ?? weights
    return StepWork.Pass(
      algorithm: algorithm,
      multiplyAdds: ((weights > 0 ? 1 : 0) + (wanted.isEmpty ? 0 : 1))
        * network.multiplyAdds(stage.nodes), maps: maps,
      parameters: network.parameterCount(stage.nodes) + read)
  }

  private func plan(_ stage: TrainingStage) -> ConvolutionPlan? { stage.main.flatMap { plans[$0] } }
}

extension Network {
  // Numbers of the maps of these nodes, each counted once.
  fileprivate func numbers(_ indices: [Int]) -> Int {
    Set(indices).reduce(0) { $0 + nodes[$1].shape.count }
  }

  fileprivate func multiplyAdds(_ indices: [Int]) -> Int {
    indices.reduce(0) { $0 + multiplyAdds(of: $1) }
  }

  fileprivate func parameterCount(_ indices: [Int]) -> Int {
    layout.slices.reduce(0) { $0 + (indices.contains($1.node) ? $1.range.count : 0) }
  }
}
