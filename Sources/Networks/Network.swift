import AvocetKernels

/// One step of a network.
public struct Node: Hashable, Codable, Sendable {
  /// The name; its parameters are called `name.weight` and so on.
  public let name: String
  /// What it computes.
  public let operation: Operation
  /// The nodes that it reads, each before it.
  public let inputs: [Int]
  /// What comes out, for one image.
  public let shape: Shape
}

/// What a unit of a node sees of the picture.
public struct ReceptiveField: Hashable, Codable, Sendable {
  /// Rows and columns of input pixels.
  public var size: Int
  /// Input pixels between neighbouring units.
  public var stride: Int
  /// Input pixel at which unit 0's field begins (negative: in the padding).
  public var start: Int

  /// The smallest field that holds both.
  func union(_ other: ReceptiveField) -> ReceptiveField {
    let first = min(start, other.start)
    let end = max(start + size, other.start + other.size)
    return ReceptiveField(size: end - first, stride: max(stride, other.stride), start: first)
  }
}

/// A network as a value: a table of nodes, and which of them are its edges, parts and objects.
public struct Network: Hashable, Sendable {
  /// The builder's name, such as `aviary`.
  public let architecture: String
  /// The nodes; the first is the input, the last the logits.
  public let nodes: [Node]
  /// The node of each level.
  public let levels: [Level: Int]
  /// Where the parameters lie.
  public let layout: ParameterLayout
  private let fields: [ReceptiveField]

  /// Numbers that one map may hold, and that all parameters may.
  static let mapLimit = 1 << 28
  static let parameterLimit = 1 << 30
  /// Pixels that a receptive field and the step between two may have.
  static let fieldLimit = 1 << 32

  /// The network of these nodes, checked: shapes recomputed, names distinct, levels present and in order.
  public init(architecture: String, nodes: [Node], levels: [Level: Int]) throws(NetworkError) {
    try self.init(part: architecture, nodes: nodes, levels: levels)
    try checkLevels()
    guard let last = nodes.last, last.shape.rows == 1, last.shape.columns == 1 else {
      throw NetworkError("the last node gives no logits")
    }
  }

  /// A part of a network: it need not have levels nor end with logits.
  init(part architecture: String, nodes: [Node], levels: [Level: Int]) throws(NetworkError) {
    (self.architecture, self.nodes, self.levels) = (architecture, nodes, levels)
    guard let first = nodes.first, case .input(let shape) = first.operation, first.inputs.isEmpty,
      nodes.count >= 2, nodes.count <= 10_000
    else { throw NetworkError("a network is 2 to 10,000 nodes, the first its input") }
    guard shape == first.shape, Self.isAllowed(shape) else {
      throw NetworkError("an input of \(first.shape)")
    }
    layout = ParameterLayout(try Self.slices(nodes))
    fields = try Self.receptiveFields(nodes)
  }

  /// What lies between two nodes as a network of its own, without levels: `first` is its input, the map of `last` its output, the parameters keep their names. Nil
  /// where `last` can be reached past `first`, or does not come after it.
  public func section(from first: Int, to last: Int) -> Network? {
    var wanted: Set<Int> = [last]
    for node in stride(from: last, to: first, by: -1) where wanted.contains(node) {
      wanted.formUnion(nodes[node].inputs)
    }
    let order = wanted.sorted()
    guard first < last, order.first == first else { return nil }
    return part(order)
  }

  /// The nodes of `order`, rising, as a network of their own with those of `levels` among them: the first is its input, the map of the last its output, the
  /// parameters keep their names.
  func part(_ order: [Int], levels: [Level: Int] = [:]) -> Network? {
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let part = order.map { index in
      let node = nodes[index]
      return index == order[0]
        ? Node(name: node.name, operation: .input(node.shape), inputs: [], shape: node.shape)
        : Node(
          name: node.name, operation: node.operation, inputs: node.inputs.compactMap { places[$0] },
          shape: node.shape)
    }
    return try? Network(
      part: architecture, nodes: part, levels: levels.compactMapValues { places[$0] })
  }

  private static func isAllowed(_ shape: Shape) -> Bool {
    guard [shape.rows, shape.columns, shape.channels].allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
      return false
    }
    let (plane, overflow) = shape.rows.multipliedReportingOverflow(by: shape.columns)
    let (count, more) = plane.multipliedReportingOverflow(by: shape.channels)
    return !overflow && !more && count <= mapLimit
  }

  private static func slices(_ nodes: [Node]) throws(NetworkError) -> [ParameterSlice] {
    var slices: [ParameterSlice] = []
    var names: Set<String> = []
    var position = 0
    for (index, node) in nodes.enumerated() {
      guard !node.name.isEmpty, names.insert(node.name).inserted else {
        throw NetworkError("two nodes (or none) are called \"\(node.name)\"")
      }
      guard let layer = node.operation.layer else {
        if index > 0 { throw NetworkError("\(node.name): a second input") }
        continue
      }
      guard node.inputs.allSatisfy({ $0 >= 0 && $0 < index }) else {
        throw NetworkError("\(node.name): reads a node that is not before it")
      }
      let inputs = node.inputs.map { nodes[$0].shape }
      let shape: Shape
      do { shape = try layer.outputShape(inputs) } catch {
        throw NetworkError("\(node.name): \(error.description)")
      }
      guard shape == node.shape, isAllowed(shape) else {
        throw NetworkError("\(node.name): says \(node.shape), gives \(shape)")
      }
      for parameter in layer.parameters(inputs[0]) {
        var count = 1
        for size in parameter.shape {
          let (product, overflow) = count.multipliedReportingOverflow(by: size)
          guard !overflow, product <= parameterLimit else {
            throw NetworkError("\(node.name): \(parameter.shape) weights are too many")
          }
          count = product
        }
        guard position + count <= parameterLimit else {
          throw NetworkError("\(node.name): more than \(parameterLimit) parameters")
        }
        slices.append(
          ParameterSlice(
            name: "\(node.name).\(parameter.name)", node: index, shape: parameter.shape,
            range: position..<(position + count), role: parameter.role, isFlat: parameter.isFlat))
        position += count
      }
    }
    return slices
  }

  private func checkLevels() throws(NetworkError) {
    var before = 0
    var rows = Int.max
    for level in Level.allCases {
      guard let node = levels[level], nodes.indices.contains(node), node > 0 else {
        throw NetworkError("no node is marked as the level \(level.rawValue)")
      }
      guard node > before, nodes[node].shape.rows <= rows else {
        throw NetworkError("the level \(level.rawValue) is out of order")
      }
      (before, rows) = (node, nodes[node].shape.rows)
    }
  }

  func start(of slice: ParameterSlice) -> ParameterDescription.Start {
    let node = nodes[slice.node]
    let all = node.operation.layer?.parameters(nodes[node.inputs[0]].shape) ?? []
    return all.first { slice.name == "\(node.name).\($0.name)" }?.start ?? .zero
  }

  /// The picture's shape.
  public var inputShape: Shape { nodes[0].shape }
  /// Number of logits.
  public var classCount: Int { nodes[nodes.count - 1].shape.channels }
  /// Learned numbers.
  public var parameterCount: Int { layout.learnedCount }

  /// Multiply-adds for one image, of one node or of all.
  public func multiplyAdds(of index: Int) -> Int {
    let node = nodes[index]
    return node.operation.layer?.multiplyAdds(nodes[node.inputs[0]].shape) ?? 0
  }
  /// Multiply-adds for one image.
  public var multiplyAdds: Int { nodes.indices.reduce(0) { $0 + multiplyAdds(of: $1) } }

  /// What a unit of the node sees, along all ways through the network.
  public func receptiveField(of index: Int) -> ReceptiveField { fields[index] }

  private static func receptiveFields(_ nodes: [Node]) throws(NetworkError) -> [ReceptiveField] {
    var fields = [ReceptiveField(size: 1, stride: 1, start: 0)]
    for node in nodes.dropFirst() {
      var field = fields[node.inputs[0]]
      for input in node.inputs.dropFirst() { field = field.union(fields[input]) }
      let (window, stride, padding): (Int, Int, Int)
      switch node.operation {
      case .convolution(let c): (window, stride, padding) = (c.kernelRows, c.stride, c.padding.top)
      case .maxPool(let p), .averagePool(let p):
        (window, stride, padding) = (p.window, p.stride, p.padding)
      case .globalAveragePool, .dense:
        let shape = nodes[node.inputs[0]].shape
        (window, stride, padding) = (max(shape.rows, shape.columns), 1, 0)
      case .input, .batchNorm, .activation, .add, .concatenation, .scale, .localResponseNorm:
        (window, stride, padding) = (1, 1, 0)
      }
      field = ReceptiveField(
        size: field.size + (window - 1) * field.stride, stride: field.stride * stride,
        start: field.start - padding * field.stride)
      // So many that the numbers of the next node still fit.
      guard field.size <= fieldLimit, field.stride <= fieldLimit else {
        throw NetworkError(
          "\(node.name): a unit sees \(field.size) pixels, the next one \(field.stride) further; \(fieldLimit) is the limit"
        )
      }
      fields.append(field)
    }
    return fields
  }
}

extension Network: Codable {
  private enum Key: CodingKey { case architecture, nodes, levels }

  /// Reads and checks a network.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    try self.init(
      architecture: container.decode(String.self, forKey: .architecture),
      nodes: container.decode([Node].self, forKey: .nodes),
      levels: container.decode([Level: Int].self, forKey: .levels))
  }

  /// Writes the table.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(nodes, forKey: .nodes)
    try container.encode(levels, forKey: .levels)
  }
}
