import AvocetKernels

/// What an optimiser does with a parameter.
public enum ParameterRole: String, Codable, Sendable {
  /// Learned, and decays.
  case weight
  /// Learned, does not decay: biases, and batch norm's scale and offset.
  case offset
  /// A moving average: optimisers and exchanges skip it.
  case statistic
}

/// One parameter's place in the flat vector.
public struct ParameterSlice: Hashable, Sendable {
  /// PyTorch's name, such as `stem.weight`.
  public let name: String
  /// The node that owns it.
  public let node: Int
  /// The shape in memory: `[row, column, in / groups, out]`, `[in, out]` or `[channels]`.
  public let shape: [Int]
  /// Where it lies.
  public let range: Range<Int>
  /// What an optimiser does with it.
  public let role: ParameterRole

  /// The shape in files: `[out, in / groups, row, column]`, `[out, in]` or `[channels]`, as PyTorch has it.
  public var fileShape: [Int] {
    switch shape.count {
    case 4: [shape[3], shape[2], shape[0], shape[1]]
    case 2: [shape[1], shape[0]]
    default: shape
    }
  }
}

/// Where each parameter of a network lies in one flat vector.
public struct ParameterLayout: Hashable, Sendable {
  /// The slices, in the order of their nodes.
  public let slices: [ParameterSlice]
  /// Numbers in all.
  public let count: Int
  private let indices: [String: Int]

  init(_ slices: [ParameterSlice]) {
    self.slices = slices
    count = slices.last?.range.upperBound ?? 0
    indices = Dictionary(
      slices.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The slice of that name.
  public subscript(name: String) -> ParameterSlice? { indices[name].map { slices[$0] } }
  /// Numbers that are learned.
  public var learnedCount: Int {
    slices.reduce(0) { $0 + ($1.role == .statistic ? 0 : $1.range.count) }
  }
}

/// One number for every place of a layout: parameters, gradients, an optimiser's state.
public final class Parameters: Sendable {
  /// Where each slice lies.
  public let layout: ParameterLayout
  /// The numbers.
  public let values: FloatBuffer

  /// All zero.
  public init(_ layout: ParameterLayout) {
    self.layout = layout
    values = FloatBuffer(count: layout.count)
  }

  /// A network's starting point: He normal weights for convolutions (He et al. 2015), uniform ±1/√in for dense layers, ones and zeros
  /// for batch norm; a function of the seed and each slice's place.
  public convenience init(initialising network: Network, seed: UInt64) {
    self.init(network.layout)
    for (index, slice) in layout.slices.enumerated() {
      var random = CounterRandom(
        seed: seed, purpose: .init("initial weights"), epoch: 0, index: index)
      let start = network.start(of: slice)
      for i in slice.range {
        switch start {
        case .zero: values[i] = 0
        case .one: values[i] = 1
        case .normal(let deviation): values[i] = Float(random.normal() * deviation)
        case .uniform(let bound), .identity(let bound):
          values[i] = Float(random.uniform(-bound, bound))
        }
      }
      if case .identity = start { handOnInputs(slice) }
    }
  }

  // The middle tap of output i is 1 at input i, all else of the first outputs 0.
  private func handOnInputs(_ slice: ParameterSlice) {
    let (rows, columns, inputs, outputs) = (
      slice.shape[0], slice.shape[1], slice.shape[2], slice.shape[3]
    )
    for row in 0..<rows {
      for column in 0..<columns {
        for input in 0..<inputs {
          for output in 0..<min(inputs, outputs) {
            let at = ((row * columns + column) * inputs + input) * outputs + output
            let isMiddle = row == rows / 2 && column == columns / 2
            values[slice.range.lowerBound + at] = isMiddle && input == output ? 1 : 0
          }
        }
      }
    }
  }

  /// A copy.
  public func copy() -> Parameters {
    let copy = Parameters(layout)
    copy.values.copy(from: values)
    return copy
  }

  /// The first number of the slice of that name; nil if there is none.
  func pointer(_ name: String) -> Floats? {
    layout[name].map { values.pointer + $0.range.lowerBound }
  }

  /// A slice's numbers in the order of files (OIHW, [out, in]).
  public func fileValues(_ slice: ParameterSlice) -> [Float] {
    var result = [Float](repeating: 0, count: slice.range.count)
    forEachPlace(slice) { memory, file in
      result[file] = values[slice.range.lowerBound + memory]
    }
    return result
  }

  /// Takes a slice's numbers in the order of files.
  public func setFileValues(_ slice: ParameterSlice, _ numbers: [Float]) {
    precondition(numbers.count == slice.range.count, "\(slice.name): \(numbers.count) numbers")
    let to = values.pointer + slice.range.lowerBound
    forEachPlace(slice) { memory, file in to[memory] = numbers[file] }
  }

  @inline(__always)
  private func forEachPlace(_ slice: ParameterSlice, _ body: (Int, Int) -> Void) {
    let s = slice.shape.count == 4 ? slice.shape : [1, 1] + slice.shape
    guard s.count == 4 else {
      for i in slice.range.indices { body(i - slice.range.lowerBound, i - slice.range.lowerBound) }
      return
    }
    // Sixteen outputs at a time: a line of the memory is used whole while the file is read along in as many places.
    let taps = s[0] * s[1]
    for first in stride(from: 0, to: s[3], by: 16) {
      for i in 0..<s[2] {
        for tap in 0..<taps {
          for o in first..<min(s[3], first + 16) {
            body((tap * s[2] + i) * s[3] + o, (o * s[2] + i) * taps + tap)
          }
        }
      }
    }
  }
}
