import AvocetKernels

/// A parameter that a layer owns: its name's last part, its shape in memory, and its role.
public struct ParameterDescription: Sendable {
  let name: String
  let shape: [Int]
  let role: ParameterRole
  let start: Start
  /// Whether files have all but the outputs as one dimension.
  var isFlat = false

  /// What a parameter begins as.
  enum Start: Sendable {
    case zero, one
    case normal(deviation: Double)
    case uniform(bound: Double)
    /// Uniform, but the first outputs hand the inputs on: the middle tap of output i is 1 at input i and 0 elsewhere.
    case identity(bound: Double)
  }
}

/// An immutable description of what a node does with its inputs.
protocol Layer: Hashable, Codable, Sendable {
  /// The shape that comes out of maps of the given shapes.
  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape
  /// The parameters, for an input of the given shape.
  func parameters(_ input: Shape) -> [ParameterDescription]
  /// Multiply-adds for one image.
  func multiplyAdds(_ input: Shape) -> Int
}

extension Layer {
  func parameters(_ input: Shape) -> [ParameterDescription] { [] }
  func multiplyAdds(_ input: Shape) -> Int { 0 }

  func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(NetworkError) {
    guard range.contains(value) else {
      throw NetworkError(
        "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) is allowed")
    }
  }

  func one(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    guard inputs.count == 1, let input = inputs.first else {
      throw NetworkError("takes one input, not \(inputs.count)")
    }
    return input
  }
}

/// A convolution (or cross-correlation, as the field calls it): weights `[row, column, in / groups, out]`.
public struct Convolution: Layer {
  /// Output channels.
  public var channels: Int
  /// Rows and columns of the kernel.
  public var kernelRows, kernelColumns: Int
  /// Step between outputs, the same in both directions.
  public var stride: Int
  /// Zeros around the map.
  public var padding: Padding
  /// Groups of channels that do not meet.
  public var groups: Int
  /// Whether a bias is added.
  public var bias: Bool
  /// How the weights begin; nil: He normal (He et al. 2015).
  public var start: Start?

  /// A way to begin.
  public enum Start: String, Codable, Sendable {
    /// The first outputs hand the inputs on, the others are uniform (Dirac initialisation).
    case identity
    /// The weights are found from the training pictures, so that the outputs do not depend on each other (see `whiten`); the biases are uniform.
    case whitening
  }

  func geometry(_ input: Shape) -> ConvolutionGeometry {
    ConvolutionGeometry(
      inputRows: input.rows, inputColumns: input.columns, inputChannels: input.channels,
      outputChannels: channels, kernelRows: kernelRows, kernelColumns: kernelColumns,
      rowStride: stride, columnStride: stride, padding: padding, groups: groups)
  }

  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    let input = try one(inputs)
    try check("channels", channels, 1...65_536)
    try check("kernelRows", kernelRows, 1...255)
    try check("kernelColumns", kernelColumns, 1...255)
    try check("stride", stride, 1...255)
    for side in [padding.top, padding.left, padding.bottom, padding.right] {
      try check("padding", side, 0...255)
    }
    try check("groups", groups, 1...65_536)
    guard input.channels % groups == 0, channels % groups == 0 else {
      throw NetworkError(
        "\(groups) groups do not divide \(input.channels) and \(channels) channels")
    }
    let g = geometry(input)
    guard input.rows + padding.top + padding.bottom >= kernelRows,
      input.columns + padding.left + padding.right >= kernelColumns
    else { throw NetworkError("a kernel of \(kernelRows)x\(kernelColumns) on a map of \(input)") }
    return Shape(g.outputRows, g.outputColumns, channels)
  }

  func parameters(_ input: Shape) -> [ParameterDescription] {
    let fanIn = kernelRows * kernelColumns * input.channels / groups
    let weight = ParameterDescription(
      name: "weight", shape: [kernelRows, kernelColumns, input.channels / groups, channels],
      role: .weight,
      start: start == .identity
        ? .identity(bound: 1 / Double(fanIn).squareRoot())
        : .normal(deviation: (2 / Double(fanIn)).squareRoot()))
    let offset = ParameterDescription(
      name: "bias", shape: [channels], role: .offset,
      start: start == .whitening ? .uniform(bound: 1 / Double(fanIn).squareRoot()) : .zero)
    return bias ? [weight, offset] : [weight]
  }

  func multiplyAdds(_ input: Shape) -> Int { geometry(input).multiplyAdds }
}

/// A fully connected layer on the flattened map: weights `[in, out]`, or `[row, column, in, out]` where the map has several pixels.
public struct Dense: Layer {
  /// Outputs.
  public var channels: Int
  /// Whether a bias is added.
  public var bias: Bool
  /// How the weights begin; nil: uniform ±1/√in.
  public var start: Start?

  /// A way to begin.
  public enum Start: String, Codable, Sendable {
    /// Uniform with a deviation of 1, where a small scale follows.
    case unit
  }

  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    _ = try one(inputs)
    try check("channels", channels, 1...1_048_576)
    return Shape(1, 1, channels)
  }

  func parameters(_ input: Shape) -> [ParameterDescription] {
    let bound = start == .unit ? 3.0.squareRoot() : 1 / Double(input.count).squareRoot()
    let weight = ParameterDescription(
      name: "weight",
      shape: input.rows * input.columns == 1
        ? [input.channels, channels] : [input.rows, input.columns, input.channels, channels],
      role: .weight, start: .uniform(bound: bound), isFlat: true)
    let offset = ParameterDescription(name: "bias", shape: [channels], role: .offset, start: .zero)
    return bias ? [weight, offset] : [weight]
  }

  func multiplyAdds(_ input: Shape) -> Int { input.count * channels }
}

/// Batch normalisation (Ioffe and Szegedy 2015) over all images and pixels of a batch.
public struct BatchNorm: Layer {
  /// Added to the variance.
  public var epsilon: Float
  /// The share of a new batch in the moving averages.
  public var momentum: Float
  /// Whether the scale is learned; nil: it is. Else it stays as it begins, 1.
  public var learnsScale: Bool?

  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    guard epsilon > 0, epsilon < 1, momentum > 0, momentum <= 1 else {
      throw NetworkError("epsilon \(epsilon), momentum \(momentum): each lies between 0 and 1")
    }
    return try one(inputs)
  }

  func parameters(_ input: Shape) -> [ParameterDescription] {
    let shape = [input.channels]
    return [
      ParameterDescription(
        name: "weight", shape: shape, role: learnsScale == false ? .statistic : .offset, start: .one
      ),
      ParameterDescription(name: "bias", shape: shape, role: .offset, start: .zero),
      ParameterDescription(name: "running_mean", shape: shape, role: .statistic, start: .zero),
      ParameterDescription(name: "running_var", shape: shape, role: .statistic, start: .one),
    ]
  }
}

/// Max or average pooling over windows.
public struct Pool: Layer {
  /// Rows and columns of the square window, and the step between windows.
  public var window, stride: Int
  /// Pixels around the map that do not count (an average's divisor: see `countsPadding`).
  public var padding: Int
  /// Whether a last, partly filled window counts.
  public var roundsUp: Bool
  /// Whether an average divides by the whole window.
  public var countsPadding: Bool

  /// A pooling over windows of `window` x `window`.
  public init(window: Int, stride: Int, padding: Int, roundsUp: Bool, countsPadding: Bool) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
    (self.roundsUp, self.countsPadding) = (roundsUp, countsPadding)
  }

  func geometry(_ input: Shape) -> PoolGeometry {
    PoolGeometry(
      inputRows: input.rows, inputColumns: input.columns, channels: input.channels,
      windowRows: window, windowColumns: window, rowStride: stride, columnStride: stride,
      padding: Padding(padding), roundsUp: roundsUp, countsPadding: countsPadding)
  }

  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    let input = try one(inputs)
    try check("window", window, 1...16)
    try check("stride", stride, 1...255)
    try check("padding", padding, 0...(window / 2))
    guard input.rows + 2 * padding >= window, input.columns + 2 * padding >= window else {
      throw NetworkError("a window of \(window)x\(window) on a map of \(input)")
    }
    let g = geometry(input)
    return Shape(g.outputRows, g.outputColumns, input.channels)
  }
}

/// A nonlinearity at every number.
public struct Nonlinearity: Layer {
  /// Which.
  public var function: Activation
  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape { try one(inputs) }
}

/// The mean of each channel over the whole map.
public struct GlobalAveragePool: Layer {
  /// The one there is.
  public init() {}
  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    Shape(1, 1, try one(inputs).channels)
  }
}

/// The sum of two maps of one shape.
public struct Sum: Layer {
  /// The one sum there is.
  public init() {}
  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    guard inputs.count == 2, inputs[0] == inputs[1] else {
      throw NetworkError("adds two maps of one shape, not \(inputs.map(\.description))")
    }
    return inputs[0]
  }
}

/// Maps of one size side by side, channel after channel.
public struct Concatenation: Layer {
  /// The one there is.
  public init() {}
  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    guard let first = inputs.first, inputs.count >= 2, inputs.count <= 64,
      inputs.allSatisfy({ ($0.rows, $0.columns) == (first.rows, first.columns) })
    else {
      throw NetworkError("joins maps of one size, not \(inputs.map(\.description))")
    }
    return Shape(first.rows, first.columns, inputs.reduce(0) { $0 + $1.channels })
  }
}

/// Every number times a constant.
public struct Scale: Layer {
  /// The constant.
  public var factor: Float
  /// Times `factor`.
  public init(factor: Float) { self.factor = factor }
  func outputShape(_ inputs: [Shape]) throws(NetworkError) -> Shape {
    guard factor.isFinite else { throw NetworkError("factor is \(factor)") }
    return try one(inputs)
  }
}
