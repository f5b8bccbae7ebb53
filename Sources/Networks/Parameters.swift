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
  /// The shape in memory: `[row, column, in / groups, out]`, `[in, out]` or `[channels]`; of a dense layer over a map `[row, column, in, out]`.
  public let shape: [Int]
  /// Where it lies.
  public let range: Range<Int>
  /// What an optimiser does with it.
  public let role: ParameterRole
  /// Whether it belongs to a dense layer, which in files has one dimension of inputs, channel by channel.
  public let isFlat: Bool

  /// The shape in files: `[out, in / groups, row, column]`, `[out, in]` or `[channels]`, as PyTorch has it.
  public var fileShape: [Int] {
    switch shape.count {
    case 4 where isFlat: [shape[3], shape[2] * shape[0] * shape[1]]
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
  /// The last node with a matrix of weights, whose outputs become the logits.
  public var head: Int? { slices.last { $0.shape.count > 1 }?.node }
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

  /// The parameters of a section of the network that `whole` belongs to.
  public convenience init(_ section: Network, of whole: Parameters) {
    self.init(section.layout)
    copySlices(from: whole)
  }

  /// A copy.
  public func copy() -> Parameters {
    let copy = Parameters(layout)
    copy.values.copy(from: values)
    return copy
  }

  /// A slice's numbers in the order of files (OIHW, [out, in]).
  public func fileValues(_ slice: ParameterSlice) -> [Float] {
    var result = [Float](repeating: 0, count: slice.range.count)
    let from = values.pointer + slice.range.lowerBound
    result.withUnsafeMutableBufferPointer { result in
      guard let to = result.baseAddress else { return }
      for block in FileBlock.all(of: slice) {
        block.forEachLine { memory, file in
          let (line, places) = (from + memory, to + block.range.lowerBound + file)
          for o in 0..<block.count { places[o * block.step] = line[o] }
        }
      }
    }
    return result
  }

  /// Takes a slice's numbers in the order of files.
  public func setFileValues(_ slice: ParameterSlice, _ numbers: [Float]) {
    precondition(numbers.count == slice.range.count, "\(slice.name): \(numbers.count) numbers")
    setFileValues(slice) { numbers[$0] }
  }

  /// Takes a slice's numbers range by range, in the order of files, from `numbers`.
  public func setFileValues<Failure: Error>(
    _ slice: ParameterSlice, _ numbers: (Range<Int>) throws(Failure) -> ArraySlice<Float>
  ) throws(Failure) {
    let to = values.pointer + slice.range.lowerBound
    for block in FileBlock.all(of: slice) {
      let part = try numbers(block.range)
      precondition(part.count == block.range.count, "\(slice.name): \(part.count) numbers")
      part.withUnsafeBufferPointer { part in
        guard let from = part.baseAddress else { return }
        block.forEachLine { memory, file in
          let (line, places) = (to + memory, from + file)
          for o in 0..<block.count { line[o] = places[o * block.step] }
        }
      }
    }
  }
}

/// Numbers of a slice that lie together in a file: those of sixteen outputs at most, so that a line of the memory is used whole while the file is read along in as
/// many places.
private struct FileBlock {
  /// Taps, inputs and outputs of the slice; a slice of one dimension has inputs alone.
  private let taps, inputs, outputs: Int
  private let own: Range<Int>
  /// Its place in the order of files.
  var range: Range<Int> {
    own.lowerBound * inputs * taps..<own.upperBound * inputs * taps
  }

  static func all(of slice: ParameterSlice) -> [FileBlock] {
    let shape = slice.shape
    let (taps, inputs, outputs) =
      switch shape.count {
      case 4: (shape[0] * shape[1], shape[2], shape[3])
      case 2: (1, shape[0], shape[1])
      default: (1, slice.range.count, 1)
      }
    return stride(from: 0, to: outputs, by: 16).map {
      FileBlock(taps: taps, inputs: inputs, outputs: outputs, own: $0..<min(outputs, $0 + 16))
    }
  }

  /// Its outputs, which lie side by side in memory.
  var count: Int { own.count }
  /// How far apart in the file the numbers of two neighbouring outputs lie.
  var step: Int { inputs * taps }

  /// Calls `body` for the outputs' numbers of each input and tap, with the first one's place in memory and its place in the file from the block's beginning on.
  @inline(__always)
  func forEachLine(_ body: (_ memory: Int, _ file: Int) -> Void) {
    for i in 0..<inputs {
      for tap in 0..<taps {
        body((tap * inputs + i) * outputs + own.lowerBound, i * taps + tap)
      }
    }
  }
}
