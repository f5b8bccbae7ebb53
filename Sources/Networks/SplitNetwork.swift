import AvocetKernels

/// A network in two: a body that ends with a node, and a tail that takes the map of that node as its input.
public struct SplitNetwork: Sendable {
  /// The network as it was.
  public let whole: Network
  /// The nodes up to the cut.
  public let body: Network
  /// The nodes after it, the first of them an input in the place of the body's last.
  public let tail: Network

  /// The network cut after `node`; nil where a later node reads one before it.
  public init?(_ network: Network, after node: Int) {
    let nodes = network.nodes
    guard node > 0, node < nodes.count - 1,
      nodes[(node + 1)...].allSatisfy({ $0.inputs.allSatisfy { $0 >= node } })
    else { return nil }
    let (body, tail) = (network.body(through: node), network.tail(after: node))
    guard let body, let tail else { return nil }
    (whole, self.body, self.tail) = (network, body, tail)
  }

  /// The network cut behind its nodes up to `frozen`, which do not learn, and behind those after them that have nothing to learn and make the map no larger.
  ///
  /// Nil where there is no such place, and where the map there holds more numbers than the picture: it would not pay to keep it.
  public init?(_ network: Network, freezing frozen: Int) {
    let nodes = network.nodes
    let learning = Set(network.layout.slices.map(\.node))
    var node = frozen
    while node + 1 < nodes.count, !learning.contains(node + 1), nodes[node + 1].inputs == [node],
      nodes[node + 1].shape.count <= nodes[node].shape.count
    {
      node += 1
    }
    self.init(network, after: node)
    if tail.inputShape.count > network.inputShape.count { return nil }
  }

  /// The body's share of the whole network's numbers.
  public func bodyParameters(of parameters: Parameters) -> Parameters {
    let part = Parameters(body.layout)
    part.copySlices(from: parameters)
    return part
  }

  /// The tail's share of the whole network's numbers.
  public func tailParameters(of parameters: Parameters) -> Parameters {
    let part = Parameters(tail.layout)
    part.copySlices(from: parameters)
    return part
  }
}

extension Network {
  fileprivate func body(through node: Int) -> Network? {
    try? Network(
      part: architecture, nodes: Array(nodes[...node]), levels: levels.filter { $0.value <= node })
  }

  fileprivate func tail(after node: Int) -> Network? {
    let shape = nodes[node].shape
    let input = Node(name: nodes[node].name, operation: .input(shape), inputs: [], shape: shape)
    let rest = nodes[(node + 1)...].map {
      Node(
        name: $0.name, operation: $0.operation, inputs: $0.inputs.map { $0 - node },
        shape: $0.shape)
    }
    return try? Network(
      part: architecture, nodes: [input] + rest,
      levels: levels.filter { $0.value > node }.mapValues { $0 - node })
  }

  /// The same network for another number of classes, which its last convolution or dense layer gives.
  public func telling(classes: Int) throws(NetworkError) -> Network {
    if classes == classCount { return self }
    guard let head = layout.head, nodes[head].shape.channels == classCount else {
      throw NetworkError("no layer with weights gives its \(classCount) classes")
    }
    var nodes = nodes
    for index in head..<nodes.count {
      let node = nodes[index]
      var operation = node.operation
      switch (index == head, operation) {
      case (true, .convolution(var layer)):
        layer.channels = classes
        operation = .convolution(layer)
      case (true, .dense(var layer)):
        layer.channels = classes
        operation = .dense(layer)
      default: break
      }
      guard let layer = operation.layer else { continue }
      let shape: Shape
      do throws(NetworkError) {
        shape = try layer.outputShape(node.inputs.map { nodes[$0].shape })
      } catch {
        throw NetworkError("\(node.name): \(error.description)")
      }
      nodes[index] = Node(
        name: node.name, operation: operation, inputs: node.inputs, shape: shape)
    }
    return try Network(architecture: architecture, nodes: nodes, levels: levels)
  }
}

extension Parameters {
  /// Takes the numbers of every slice that the other has under the same name.
  public func copySlices(from other: Parameters) {
    for slice in layout.slices {
      guard let from = other.layout[slice.name] else { continue }
      precondition(from.range.count == slice.range.count, "\(slice.name): another shape")
      (values.pointer + slice.range.lowerBound).update(
        from: other.values.pointer + from.range.lowerBound, count: slice.range.count)
    }
  }
}
