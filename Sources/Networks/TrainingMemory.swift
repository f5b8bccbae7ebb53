import AvocetKernels

extension TrainingWorkspace {
  /// Bytes that a workspace for batches of that size takes, and how many of them are packed weights; see `init`.
  public static func memoryNeeded(
    _ network: Network, batch: Int, threads: Int, kernels: KernelTable = Kernels.chosen,
    frozenThrough frozen: Int? = nil, keeping: Set<Int> = []
  ) -> (bytes: Int, packed: Int) {
    let stages = TrainingStage.all(
      of: network, keeping: keeping.union(network.levels.values), frozenNode: frozen ?? -1)
    let gradients = GradientPlan(network, stages, firstNode: max(1, (frozen ?? 0) + 1))
    let plans = network.nodes.indices.map {
      network.convolutionGeometry($0).map { kernels.plan($0) }
    }
    var (perImage, packed) = (network.inputShape.count + gradients.slotSizes.reduce(0, +), 0)
    for stage in stages {
      perImage += network.nodes[stage.last].shape.count
      if stage.keepsInner { perImage += network.nodes[stage.inner].shape.count }
    }
    var (winners, largest) = (0, 0)
    for (index, node) in network.nodes.enumerated() {
      if case .maxPool = node.operation { winners += node.shape.count }
      if let plan = plans[index] {
        packed += plan.packedCount
        if gradients.isWanted(index, in: network) { packed += plan.packedInputGradientCount }
      }
      if index > frozen ?? -1, LargeDense(network, index) == nil {
        largest = max(largest, NodePlace(network, index).weightCount)
      }
    }
    let worker = WorkerMemory.Sizes(network, stages, plans, kernels, batch: batch)
    let floats = worker.scratch + worker.map + worker.part + worker.weightSums
    return (
      4 * (batch * perImage + packed + shardCount * largest + threads * floats) + batch * winners,
      4 * packed
    )
  }
}
