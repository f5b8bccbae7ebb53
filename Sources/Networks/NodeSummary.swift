/// One line of a network's table.
public struct NodeSummary: Codable, Hashable, Sendable {
  /// The node's name.
  public let node: String
  /// What it computes, such as `convolution 3x3 / 2`.
  public let operation: String
  /// The shape that comes out.
  public let output: Shape
  /// Learned numbers.
  public let parameters: Int
  /// Multiply-adds for one picture.
  public let multiplyAdds: Int
  /// The level that the node is marked as.
  public let level: Level?
  /// What a unit sees of the picture.
  public let receptiveField: ReceptiveField
}

extension Network {
  /// A line for every node, the input first; parameters and multiply-adds sum up to the network's.
  public var summary: [NodeSummary] {
    var learned = [Int](repeating: 0, count: nodes.count)
    for slice in layout.slices where slice.role != .statistic {
      learned[slice.node] += slice.range.count
    }
    let levelOf = Dictionary(levels.map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    return nodes.enumerated().map { index, node in
      NodeSummary(
        node: node.name, operation: node.operation.words, output: node.shape,
        parameters: learned[index], multiplyAdds: multiplyAdds(of: index),
        level: levelOf[index], receptiveField: receptiveField(of: index))
    }
  }
}

extension Operation {
  /// The operation in words: `convolution 3x3 / 2` is one of stride 2.
  public var words: String {
    func step(_ stride: Int) -> String { stride == 1 ? "" : " / \(stride)" }
    func groups(_ count: Int) -> String { count == 1 ? "" : ", \(count) groups" }
    return switch self {
    case .input: "input"
    case .convolution(let c):
      "convolution \(c.kernelRows)x\(c.kernelColumns)\(step(c.stride))\(groups(c.groups))"
    case .dense: "dense"
    case .batchNorm: "batch norm"
    case .activation(let layer): layer.function.rawValue
    case .maxPool(let p): "max pool \(p.window)x\(p.window)\(step(p.stride))"
    case .averagePool(let p): "average pool \(p.window)x\(p.window)\(step(p.stride))"
    case .globalAveragePool: "global average pool"
    case .add: "add"
    case .concatenation: "concatenation"
    case .scale(let layer): "scale by \(layer.factor)"
    case .localResponseNorm(let layer): "local response norm over \(layer.window) channels"
    }
  }
}
