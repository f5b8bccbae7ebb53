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
    guard let body = network.part(Array(0...node), levels: network.levels),
      let tail = network.part(
        Array(node..<nodes.count), levels: network.levels.filter { $0.value > node })
    else { return nil }
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
}

extension Network {
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
