import AvocetKernels

/// Nodes that a training step computes in one go: one that makes a map, and the pooling, batch norm and nonlinearity that follow it alone. What lies between
/// them is never stored for the whole batch, but for the norm's input.
struct TrainingStage {
  /// The nodes, in order.
  let nodes: [Int]
  /// The node that makes the map; nil where the stage begins with a norm or a nonlinearity.
  let main: Int?
  /// The nodes that follow it.
  let pool, norm, activation: Int?
  /// The nonlinearity.
  let function: Activation?

  /// What the stage reads.
  let inputs: [Int]
  /// The node whose map comes out.
  var last: Int { nodes[nodes.count - 1] }
  /// The node whose map the norm or the nonlinearity reads: it is stored where they need it for their gradient.
  var inner: Int { pool ?? main ?? inputs[0] }

  /// Whether the sums are cut off as they are stored, so that only the result is.
  var cutsOff: Bool {
    main != nil && pool == nil && norm == nil && function?.bounds != nil
  }

  /// Whether the inner map is stored beside the result.
  var keepsInner: Bool { inner != last && !cutsOff }

  /// The stages of a network. A node of `kept` ends its stage, and none reaches across `frozenNode`.
  static func all(of network: Network, keeping kept: Set<Int>, frozenNode: Int) -> [TrainingStage] {
    var consumers = network.nodes.map { _ in [Int]() }
    for (index, node) in network.nodes.enumerated() {
      for input in node.inputs { consumers[input].append(index) }
    }
    var done: Set<Int> = [0]
    return network.nodes.indices.compactMap { index in
      guard !done.contains(index) else { return nil }
      let stage = TrainingStage(network, from: index) { node in
        guard !kept.contains(node), consumers[node].count == 1,
          (node <= frozenNode) == (consumers[node][0] <= frozenNode)
        else { return nil }
        return consumers[node][0]
      }
      done.formUnion(stage.nodes)
      return stage
    }
  }

  // Takes in what follows node `first`, as long as it comes in the order pool, norm, nonlinearity.
  private init(_ network: Network, from first: Int, follower: (Int) -> Int?) {
    var nodes: [Int] = []
    var (pool, norm, activation): (Int?, Int?, Int?)
    var function: Activation?
    func takes(_ node: Int) -> Bool {
      switch network.nodes[node].operation {
      case .maxPool where nodes == [first] && network.convolutionGeometry(first) != nil: pool = node
      case .batchNorm where norm == nil && activation == nil: norm = node
      case .activation(let layer) where activation == nil:
        (activation, function) = (node, layer.function)
      default: return false
      }
      return true
    }
    let begins = takes(first)
    nodes = [first]
    let isFusible =
      switch network.nodes[first].operation {
      case .convolution, .add, .batchNorm: true
      default: false
      }
    while isFusible, let next = follower(nodes[nodes.count - 1]), takes(next) { nodes.append(next) }
    (self.nodes, inputs) = (nodes, network.nodes[first].inputs)
    (self.pool, self.norm, self.activation, self.function) = (pool, norm, activation, function)
    main = begins ? nil : first
  }
}
