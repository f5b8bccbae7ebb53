import AvocetKernels

/// Writes a network down, node by node; each function returns the node's index for the next to read.
///
/// A mistake (a map too small for a window, a level out of order) is remembered and thrown by `network`.
public struct NetworkBuilder {
  /// The input's index.
  public let input = 0
  private let architecture: String
  private var nodes: [Node]
  private var levels: [Level: Int] = [:]
  private var problem: NetworkError?

  /// A network that takes maps of `input`.
  public init(_ architecture: String, input: Shape) {
    self.architecture = architecture
    nodes = [Node(name: "input", operation: .input(input), inputs: [], shape: input)]
  }

  /// Adds any operation.
  public mutating func add(_ name: String, _ operation: Operation, _ inputs: Int...) -> Int {
    if let layer = operation.layer, problem == nil {
      do throws(NetworkError) {
        let shape = try layer.outputShape(inputs.map { nodes[$0].shape })
        nodes.append(Node(name: name, operation: operation, inputs: inputs, shape: shape))
      } catch { problem = NetworkError("\(name): \(error.description)") }
    }
    return nodes.count - 1
  }

  /// A convolution of a square kernel; `padding` nil keeps the map's size at stride 1.
  public mutating func convolution(
    _ name: String, _ input: Int, channels: Int, kernel: Int, stride: Int = 1, padding: Int? = nil,
    groups: Int = 1, bias: Bool = false, start: Convolution.Start? = nil
  ) -> Int {
    convolution(
      name, input, channels: channels, kernel: kernel, stride: stride,
      padding: Padding(padding ?? kernel / 2), groups: groups, bias: bias, start: start)
  }

  /// A convolution of a square kernel with a padding of its own for each side.
  public mutating func convolution(
    _ name: String, _ input: Int, channels: Int, kernel: Int, stride: Int = 1, padding: Padding,
    groups: Int = 1, bias: Bool = false, start: Convolution.Start? = nil
  ) -> Int {
    let layer = Convolution(
      channels: channels, kernelRows: kernel, kernelColumns: kernel, stride: stride,
      padding: padding, groups: groups, bias: bias, start: start)
    return add(name, .convolution(layer), input)
  }

  /// The padding that TensorFlow calls SAME: as little as gives ⌈size / stride⌉ outputs, an odd zero below and to the right.
  public func samePadding(_ input: Int, kernel: Int, stride: Int) -> Padding {
    func total(_ size: Int) -> Int {
      max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size)
    }
    let (rows, columns) = (total(shape(of: input).rows), total(shape(of: input).columns))
    return Padding(
      top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
  }

  /// Batch norm as PyTorch sets it: momentum 0.1 and, where none is given, epsilon 1e-5.
  public mutating func batchNorm(_ name: String, _ input: Int, epsilon: Float = 1e-5) -> Int {
    add(name, .batchNorm(BatchNorm(epsilon: epsilon, momentum: 0.1)), input)
  }

  /// A nonlinearity.
  public mutating func activation(_ name: String, _ input: Int, _ function: Activation = .relu)
    -> Int
  {
    add(name, .activation(Nonlinearity(function: function)), input)
  }

  /// Convolution, batch norm and nonlinearity: `name`, `name_norm`, `name_out`.
  public mutating func block(
    _ name: String, _ input: Int, channels: Int, kernel: Int = 3, stride: Int = 1
  ) -> Int {
    let map = convolution(name, input, channels: channels, kernel: kernel, stride: stride)
    return activation(name + "_out", batchNorm(name + "_norm", map))
  }

  /// Max pooling; `roundsUp` counts a last, partly filled window.
  public mutating func maxPool(
    _ name: String, _ input: Int, window: Int = 2, stride: Int = 2, padding: Int = 0,
    roundsUp: Bool = false
  ) -> Int {
    let pool = Pool(
      window: window, stride: stride, padding: padding, roundsUp: roundsUp, countsPadding: true)
    return add(name, .maxPool(pool), input)
  }

  /// The sum of two maps.
  public mutating func sum(_ name: String, _ a: Int, _ b: Int) -> Int {
    add(name, .add(Sum()), a, b)
  }

  /// Two maps side by side, channel after channel.
  public mutating func concatenation(_ name: String, _ a: Int, _ b: Int) -> Int {
    add(name, .concatenation(Concatenation()), a, b)
  }

  /// The mean of each channel.
  public mutating func globalAveragePool(_ name: String, _ input: Int) -> Int {
    add(name, .globalAveragePool(GlobalAveragePool()), input)
  }

  /// A dense layer.
  public mutating func dense(
    _ name: String, _ input: Int, channels: Int, bias: Bool = true, start: Dense.Start? = nil
  ) -> Int {
    add(name, .dense(Dense(channels: channels, bias: bias, start: start)), input)
  }

  /// The shape of a node's map.
  public func shape(of node: Int) -> Shape { nodes[node].shape }

  /// Marks a node as a level.
  public mutating func mark(_ level: Level, _ node: Int) {
    if problem == nil, levels[level] != nil {
      problem = NetworkError("the level \(level.rawValue) is marked twice")
    }
    levels[level] = node
  }

  /// The network.
  public func network() throws(NetworkError) -> Network {
    if let problem { throw problem }
    return try Network(architecture: architecture, nodes: nodes, levels: levels)
  }
}
