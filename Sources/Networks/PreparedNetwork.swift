import AvocetKernels

/// A network made ready to classify: batch norm and nonlinearities folded into the convolutions before them, weights packed. Shared by the workspaces of all cores.
public final class PreparedNetwork: Sendable {
  /// The network.
  public let network: Network
  /// Nodes whose maps stay readable after a run: the levels, and those asked for.
  public let kept: Set<Int>
  let kernels: KernelTable
  let steps: [Step]
  let scratchCount: Int

  /// One step of a run; it writes the map of `node`, the last of the nodes folded into it.
  struct Step: Sendable {
    let nodes: [Int]
    let inputs: [Int]
    let work: Work
    var node: Int { nodes[nodes.count - 1] }
  }

  /// The nodes of each step of a run, in order; several where they are folded into the first.
  public var stepNodes: [[Int]] { steps.map(\.nodes) }

  /// The work of a step.
  enum Work: Sendable {
    case convolution(ConvolutionPlan, packed: FloatBuffer, bias: FloatBuffer?, Activation?)
    case dense(weights: FloatBuffer, bias: FloatBuffer?)
    case scaleOffset(scale: FloatBuffer, offset: FloatBuffer, Activation?)
    case activation(Activation)
    case maxPool(PoolGeometry)
    case averagePool(PoolGeometry)
    case add
    case scale(Float)
  }

  /// Folds and packs; `keeping` names further nodes whose maps must stay readable.
  public init(
    _ network: Network, _ parameters: Parameters, keeping: Set<Int> = [],
    kernels: KernelTable = Kernels.chosen
  ) {
    (self.network, self.kernels) = (network, kernels)
    let kept = keeping.union(network.levels.values).union([network.nodes.count - 1])
    self.kept = kept
    var folding = Folding(network, parameters, kept, kernels)
    (steps, scratchCount) = folding.run()
  }

  // Walks over the nodes and swallows what follows a convolution while nobody else needs what lies between.
  private struct Folding {
    let network: Network
    let values: ConstFloats
    let kept: Set<Int>
    let kernels: KernelTable
    var consumers: [[Int]]
    var done: Set<Int> = [0]
    var scratch = 0

    init(
      _ network: Network, _ parameters: Parameters, _ kept: Set<Int>, _ kernels: KernelTable
    ) {
      (self.network, self.kept, self.kernels) = (network, kept, kernels)
      values = UnsafePointer(parameters.values.pointer)
      consumers = network.nodes.map { _ in [] }
      for (index, node) in network.nodes.enumerated() {
        for input in node.inputs { consumers[input].append(index) }
      }
    }

    // The only reader of a node that nobody else needs.
    func follower(_ index: Int) -> (Int, Operation)? {
      guard !kept.contains(index), consumers[index].count == 1 else { return nil }
      return (consumers[index][0], network.nodes[consumers[index][0]].operation)
    }

    mutating func run() -> ([Step], Int) {
      var steps: [Step] = []
      for index in network.nodes.indices where !done.contains(index) {
        let (last, work) = fold(index)
        var nodes = [last]
        while nodes[0] != index { nodes.insert(network.nodes[nodes[0]].inputs[0], at: 0) }
        steps.append(Step(nodes: nodes, inputs: network.nodes[index].inputs, work: work))
      }
      return (steps, scratch)
    }

    mutating func fold(_ index: Int) -> (Int, Work) {
      let node = network.nodes[index]
      let from = network.inputShape(of: index)
      let place = NodePlace(network, index)
      switch node.operation {
      case .input, .add: return (index, .add)
      case .convolution(let layer): return convolution(index, layer)
      case .dense(let layer):
        scratch = max(
          scratch, kernels.multiplyScratchCount(m: 1, n: node.shape.count, k: from.count))
        return (
          index,
          .dense(
            weights: copy(place.weight, place.weightCount),
            bias: layer.bias ? copy(place.bias, node.shape.count) : nil)
        )
      case .batchNorm(let layer):
        let (scale, offset) = affine(index, layer)
        let (last, function) = activation(after: index)
        return (last, .scaleOffset(scale: scale, offset: offset, function))
      case .activation(let layer): return (index, .activation(layer.function))
      case .maxPool(let layer): return (index, .maxPool(layer.geometry(from)))
      case .averagePool(let layer): return (index, .averagePool(layer.geometry(from)))
      case .globalAveragePool:
        let whole = PoolGeometry(
          inputRows: from.rows, inputColumns: from.columns, channels: from.channels,
          windowRows: from.rows, windowColumns: from.columns, rowStride: 1, columnStride: 1)
        return (index, .averagePool(whole))
      case .scale(let layer): return (index, .scale(layer.factor))
      }
    }

    mutating func activation(after index: Int) -> (Int, Activation?) {
      guard let (next, operation) = follower(index), case .activation(let layer) = operation else {
        return (index, nil)
      }
      done.insert(next)
      return (next, layer.function)
    }

    mutating func convolution(_ index: Int, _ layer: Convolution) -> (Int, Work) {
      let g = layer.geometry(network.inputShape(of: index))
      let place = NodePlace(network, index)
      let weights = copy(place.weight, place.weightCount)
      var bias = layer.bias ? copy(place.bias, g.outputChannels) : nil
      var last = index
      if let (next, operation) = follower(index), case .batchNorm(let norm) = operation {
        let (scale, offset) = affine(next, norm)
        for i in 0..<weights.count { weights.pointer[i] *= scale.pointer[i % g.outputChannels] }
        for c in 0..<g.outputChannels {
          offset.pointer[c] += scale.pointer[c] * (bias?.pointer[c] ?? 0)
        }
        bias = offset
        done.insert(next)
        last = next
      }
      let (end, function) = activation(after: last)
      let plan = kernels.plan(g)
      let packed = FloatBuffer(count: plan.packedCount)
      let memory = FloatBuffer(count: plan.scratchCount)
      plan.pack(weights.pointer, into: packed.pointer, scratch: memory.pointer)
      scratch = max(scratch, plan.scratchCount)
      return (end, .convolution(plan, packed: packed, bias: bias, function))
    }

    // Batch norm with stored statistics is y = scale x + offset.
    func affine(_ index: Int, _ layer: BatchNorm) -> (FloatBuffer, FloatBuffer) {
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

    func copy(_ start: Int, _ count: Int) -> FloatBuffer {
      let buffer = FloatBuffer(count: count)
      buffer.pointer.update(from: values + start, count: count)
      return buffer
    }
  }
}
