/// Which memory holds each gradient: slots are shared by gradients that are never alive together, and pointwise work is done in place.
struct GradientPlan {
  /// The slot of each node that a stage reads or gives, nil where no gradient is wanted.
  let slots: [Int?]
  /// Numbers per image of each slot.
  let slotSizes: [Int]
  private let firstNode: Int

  /// Gradients of the nodes from `firstNode` on.
  init(_ network: Network, _ stages: [TrainingStage], firstNode: Int) {
    let nodes = network.nodes
    var consumers = [Int](repeating: 0, count: nodes.count)
    for stage in stages { for input in stage.inputs { consumers[input] += 1 } }
    var slots = [Int?](repeating: nil, count: nodes.count)
    var memory = SlotAllocator()
    slots[nodes.count - 1] = memory.take(nodes[nodes.count - 1].shape.count)
    for stage in stages.reversed() {
      guard let own = slots[stage.last] else { continue }
      var handedOn = false
      for input in stage.inputs where input >= firstNode && slots[input] == nil {
        if !handedOn, stage.worksInPlace(network), consumers[input] == 1 {
          slots[input] = own
          handedOn = true
        } else {
          slots[input] = memory.take(nodes[input].shape.count)
        }
      }
      if !handedOn { memory.free(own) }
    }
    (self.slots, slotSizes, self.firstNode) = (slots, memory.sizes, firstNode)
  }

  /// Whether the gradient with respect to what a node reads is wanted.
  func isWanted(_ node: Int, in network: Network) -> Bool {
    network.nodes[node].inputs.contains { $0 >= firstNode }
  }
}

extension TrainingStage {
  /// Whether the gradient of an input may overwrite that of the output.
  func worksInPlace(_ network: Network) -> Bool {
    guard let main else { return true }
    switch network.nodes[main].operation {
    case .add: return true
    case .input, .convolution, .dense, .batchNorm, .activation, .maxPool, .averagePool,
      .globalAveragePool, .concatenation, .scale, .localResponseNorm:
      return false
    }
  }
}
