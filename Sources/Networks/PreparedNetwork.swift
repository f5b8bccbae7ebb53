import AvocetKernels

/// A network made ready to classify: batch norms, sums and nonlinearities folded into the convolutions before them, weights packed once. Shared by the workspaces
/// of all cores.
public final class PreparedNetwork: Sendable {
  /// The network.
  public let network: Network
  /// Nodes whose maps stay readable after a run.
  public let kept: Set<Int>
  /// What the logits are divided by before the softmax (Guo et al. 2017).
  public let temperature: Float
  let kernels: KernelTable
  let steps: [PreparedStep]
  /// The third-level cache holds so many weights, and what Winograd's tiles make of them, from one picture to the next.
  static let cachedWeights = 2_097_152

  /// Folds and packs, on the team if there is one; the maps of the levels stay readable unless `keepsLevels` is false, and those of `keeping`.
  ///
  /// `batch` pictures are expected to run together: the more, the less it matters how much there is to read of the packed weights. A picture's numbers depend on
  /// it by rounding alone, and not on the pictures beside it.
  public init(
    _ network: Network, _ parameters: Parameters, keepsLevels: Bool = true,
    keeping: Set<Int> = [], batch: Int = 1, temperature: Double = 1,
    kernels: KernelTable = Kernels.chosen, team: ThreadTeam? = nil
  ) {
    (self.network, self.kernels) = (network, kernels)
    self.temperature = Float(temperature)
    kept = keeping.union(keepsLevels ? Array(network.levels.values) : [])
      .union([network.nodes.count - 1])
    steps = Folding(network, parameters, kept, kernels, batch).steps(team)
  }
}

/// One step of a run; it writes the map of `node`, the last of the nodes folded into it. Shared: the threads would count the references of a copy's parts one by one.
final class PreparedStep: Sendable {
  let nodes: [Int]
  let inputs: [Int]
  /// A map of the result's shape that is added.
  let residual: Int?
  let work: Work

  init(nodes: [Int], inputs: [Int], residual: Int?, work: Work) {
    (self.nodes, self.inputs, self.residual, self.work) = (nodes, inputs, residual, work)
  }

  var node: Int { nodes[nodes.count - 1] }
  /// All maps that it reads.
  var sources: [Int] { inputs + (residual.map { [$0] } ?? []) }

  /// What it does.
  enum Work: Sendable {
    case convolution(ConvolutionPlan, packed: FloatBuffer, bias: FloatBuffer?, Activation?)
    case dense(depth: Int, packed: FloatBuffer, bias: FloatBuffer?, Activation?)
    case scaleOffset(scale: FloatBuffer, offset: FloatBuffer, Activation?)
    case activation(Activation)
    case maxPool(PoolGeometry)
    case averagePool(PoolGeometry)
    case add(Activation?)
    case concatenation
    case scale(Float)
    case localResponseNorm(LocalResponse)
  }

  /// Floats of the weights that it reads.
  var weightCount: Int {
    switch work {
    case .convolution(_, let packed, _, _), .dense(_, let packed, _, _): packed.count
    default: 0
    }
  }

  /// Floats of scratch that it needs.
  var scratchCount: Int {
    switch work {
    case .convolution(let plan, _, _, _): plan.forwardScratchCount
    case .localResponseNorm(let g): g.scratchCount
    default: 0
    }
  }
}

// Walks over the nodes and swallows what follows a convolution while nobody else needs what lies between.
private struct Folding {
  let network: Network
  let values: ConstFloats
  let kept: Set<Int>
  let kernels: KernelTable
  /// Pictures that share one reading of the weights from memory.
  let batch: Int
  let consumers: [[Int]]

  init(
    _ network: Network, _ parameters: Parameters, _ kept: Set<Int>, _ kernels: KernelTable,
    _ batch: Int
  ) {
    (self.network, self.kept, self.kernels) = (network, kept, kernels)
    self.batch = parameters.values.count > PreparedNetwork.cachedWeights ? batch : .max
    values = UnsafePointer(parameters.values.pointer)
    var consumers = network.nodes.map { _ in [Int]() }
    for (index, node) in network.nodes.enumerated() {
      for input in node.inputs { consumers[input].append(index) }
    }
    self.consumers = consumers
  }

  /// A step before its weights are packed.
  private struct Draft {
    var nodes: [Int]
    var norm: Int?
    var residual: Int?
    var function: Activation?
  }

  /// The steps, ordered by their last nodes: so everything that a step reads, a folded sum's other side included, is made before it.
  func steps(_ team: ThreadTeam?) -> [PreparedStep] {
    var done: Set<Int> = [0]
    var drafts: [Draft] = []
    for index in network.nodes.indices where !done.contains(index) {
      let draft = draft(from: index, done)
      done.formUnion(draft.nodes)
      drafts.append(draft)
    }
    drafts.sort { $0.nodes[$0.nodes.count - 1] < $1.nodes[$1.nodes.count - 1] }
    let team = team ?? ThreadTeam(threads: 1)
    // Of every thread, for a convolution's folded weights and what packing them needs.
    let count = foldingCount
    let scratch = (0..<team.threadCount).map { _ in FloatBuffer(count: count) }
    // In the order in which a run reads them: what a step asks for beyond its last weights are the first ones of the next.
    let packed = FloatBuffer.inARow(drafts.map(packedCount))
    return team.map(drafts.count) { task, worker in
      step(drafts[task], packed[task], scratch[worker])
    }
  }

  // Floats of a step's packed weights.
  private func packedCount(_ draft: Draft) -> Int {
    let index = draft.nodes[0]
    return switch network.nodes[index].operation {
    case .convolution(let layer): plan(layer, index).packedCount
    case .dense:
      kernels.packedCount(
        depth: network.inputShape(of: index).count, columns: network.nodes[index].shape.count)
    default: 0
    }
  }

  private func plan(_ layer: Convolution, _ index: Int) -> ConvolutionPlan {
    kernels.plan(layer.geometry(network.inputShape(of: index)), images: batch)
  }

  // The only reader of a node that nobody else needs.
  private func follower(_ index: Int) -> Int? {
    kept.contains(index) || consumers[index].count != 1 ? nil : consumers[index][0]
  }

  private func draft(from first: Int, _ done: Set<Int>) -> Draft {
    var draft = Draft(nodes: [first])
    let (takesNorm, takesSum, takesFunction): (Bool, Bool, Bool)
    switch network.nodes[first].operation {
    case .convolution: (takesNorm, takesSum, takesFunction) = (true, true, true)
    case .dense, .batchNorm, .add: (takesNorm, takesSum, takesFunction) = (false, false, true)
    default: return draft
    }
    while let next = follower(draft.nodes[draft.nodes.count - 1]), !done.contains(next) {
      switch network.nodes[next].operation {
      case .batchNorm where takesNorm && draft.norm == nil && draft.residual == nil:
        draft.norm = next
      case .add where takesSum && draft.residual == nil:
        let sides = network.nodes[next].inputs
        guard let other = sides.first(where: { $0 != draft.nodes[draft.nodes.count - 1] }) else {
          return draft
        }
        draft.residual = other
      case .activation(let layer) where takesFunction:
        draft.function = layer.function
        draft.nodes.append(next)
        return draft
      default: return draft
      }
      draft.nodes.append(next)
    }
    return draft
  }

  // Floats of scratch that folding and packing any convolution needs.
  private var foldingCount: Int {
    network.nodes.indices.reduce(0) { largest, index in
      guard let geometry = network.convolutionGeometry(index) else { return largest }
      return max(largest, kernels.plan(geometry, images: batch).foldingScratchCount)
    }
  }

  private func step(
    _ draft: Draft, _ packed: FloatBuffer, _ scratch: FloatBuffer
  ) -> PreparedStep {
    PreparedStep(
      nodes: draft.nodes, inputs: network.nodes[draft.nodes[0]].inputs, residual: draft.residual,
      work: work(draft, packed, scratch))
  }

  private func work(
    _ draft: Draft, _ packed: FloatBuffer, _ scratch: FloatBuffer
  ) -> PreparedStep.Work {
    let index = draft.nodes[0]
    let from = network.inputShape(of: index)
    switch network.nodes[index].operation {
    case .input, .add: return .add(draft.function)
    case .convolution(let layer):
      return convolution(index, layer, plan(layer, index), draft, packed, scratch)
    case .dense(let layer): return dense(index, layer, draft, packed)
    case .batchNorm(let layer):
      let (scale, offset) = affine(index, layer)
      return .scaleOffset(scale: scale, offset: offset, draft.function)
    case .activation(let layer): return .activation(layer.function)
    case .maxPool(let layer): return .maxPool(layer.geometry(from))
    case .averagePool(let layer): return .averagePool(layer.geometry(from))
    case .globalAveragePool:
      return .averagePool(.whole(from.rows, from.columns, from.channels))
    case .concatenation: return .concatenation
    case .scale(let layer): return .scale(layer.factor)
    case .localResponseNorm(let layer): return .localResponseNorm(layer.response(from))
    }
  }

  private func convolution(
    _ index: Int, _ layer: Convolution, _ plan: ConvolutionPlan, _ draft: Draft,
    _ packed: FloatBuffer, _ scratch: FloatBuffer
  ) -> PreparedStep.Work {
    let channels = plan.geometry.outputChannels
    let place = NodePlace(network, index)
    let weights = values + place.weight
    var bias = layer.bias ? copy(place.bias, channels) : nil
    if let next = draft.norm, case .batchNorm(let norm) = network.nodes[next].operation {
      let (scale, offset) = affine(next, norm)
      for c in 0..<channels {
        offset.pointer[c] += scale.pointer[c] * (bias?.pointer[c] ?? 0)
      }
      bias = offset
      plan.pack(
        weights, scaledBy: scale.pointer, into: packed.pointer, scratch: scratch.pointer)
    } else {
      plan.pack(weights, into: packed.pointer, scratch: scratch.pointer)
    }
    return .convolution(plan, packed: packed, bias: bias, draft.function)
  }

  private func dense(
    _ index: Int, _ layer: Dense, _ draft: Draft, _ packed: FloatBuffer
  ) -> PreparedStep.Work {
    let (depth, columns) = (
      network.inputShape(of: index).count, network.nodes[index].shape.count
    )
    let place = NodePlace(network, index)
    kernels.packColumns(
      values + place.weight, depth: depth, columns: columns, into: packed.pointer)
    return .dense(
      depth: depth, packed: packed, bias: layer.bias ? copy(place.bias, columns) : nil,
      draft.function)
  }

  // Batch norm with stored statistics is y = scale x + offset.
  private func affine(_ index: Int, _ layer: BatchNorm) -> (FloatBuffer, FloatBuffer) {
    let place = NodePlace(network, index)
    let channels = network.nodes[index].shape.channels
    let (scale, offset) = (FloatBuffer(count: channels), FloatBuffer(count: channels))
    for c in 0..<channels {
      let variance = Double(values[place.variance + c]) + Double(layer.epsilon)
      scale[c] = Float(Double(values[place.weight + c]) / variance.squareRoot())
      offset[c] = values[place.bias + c] - values[place.mean + c] * scale[c]
    }
    return (scale, offset)
  }

  private func copy(_ start: Int, _ count: Int) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    buffer.pointer.update(from: values + start, count: count)
    return buffer
  }
}
