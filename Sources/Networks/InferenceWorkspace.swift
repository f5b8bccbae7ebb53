import AvocetKernels

/// The memory of one core that classifies: one picture at a time, maps reused as soon as nobody reads them, the kept nodes' maps whole.
public final class InferenceWorkspace {
  /// The network that runs.
  public let prepared: PreparedNetwork
  /// Hears how long each step of a run took.
  public var observer: ((StepTime) -> Void)?
  private let buffers: [FloatBuffer]
  private let bufferOf: [Int?]
  private let scratch: FloatBuffer

  /// Memory for one picture.
  public init(_ prepared: PreparedNetwork) {
    self.prepared = prepared
    let network = prepared.network
    var lastUse = [Int: Int]()
    for (position, step) in prepared.steps.enumerated() {
      for input in step.inputs { lastUse[input] = position }
    }
    var owner = [Int?](repeating: nil, count: network.nodes.count)
    var sizes: [Int] = []
    var free: [Int] = []
    func take(_ count: Int) -> Int {
      if let best = free.indices.min(by: {
        abs(sizes[free[$0]] - count) < abs(sizes[free[$1]] - count)
      }) {
        let buffer = free.remove(at: best)
        sizes[buffer] = max(sizes[buffer], count)
        return buffer
      }
      sizes.append(count)
      return sizes.count - 1
    }
    owner[0] = take(network.inputShape.count)
    for (position, step) in prepared.steps.enumerated() {
      owner[step.node] = take(network.nodes[step.node].shape.count)
      for input in Set(step.inputs).sorted() where lastUse[input] == position && input > 0 {
        if let buffer = owner[input], !prepared.kept.contains(input) { free.append(buffer) }
      }
    }
    bufferOf = owner
    buffers = sizes.map { FloatBuffer(count: $0) }
    scratch = FloatBuffer(count: prepared.scratchCount)
  }

  /// Where the picture goes: `[row, column, channel]`.
  public var input: Floats { pointer(0) }
  /// What came out, one number a class.
  public var logits: ConstFloats { UnsafePointer(pointer(prepared.network.nodes.count - 1)) }

  /// The map of a kept node after a run, `[row, column, channel]`.
  public func map(_ node: Int) -> ConstFloats {
    precondition(prepared.kept.contains(node), "node \(node) is not kept")
    return UnsafePointer(pointer(node))
  }

  /// A level's node after a run: its shape, and its map.
  public func level(_ level: Level) -> (shape: Shape, values: ConstFloats) {
    guard let node = prepared.network.levels[level] else {
      preconditionFailure("no level \(level.rawValue)")
    }
    return (prepared.network.nodes[node].shape, map(node))
  }

  private func pointer(_ node: Int) -> Floats {
    guard let buffer = bufferOf[node] else { preconditionFailure("node \(node) has no map") }
    return buffers[buffer].pointer
  }

  /// Computes the logits of the picture in `input`.
  public func run() {
    guard let observer else {
      for step in prepared.steps { run(step) }
      return
    }
    let clock = ContinuousClock()
    for step in prepared.steps {
      let duration = clock.measure { run(step) }
      observer(StepTime(node: step.nodes[0], pass: .forward, duration: duration))
    }
  }

  private func run(_ step: PreparedNetwork.Step) {
    let kernels = prepared.kernels
    let shape = prepared.network.nodes[step.node].shape
    let x = pointer(step.inputs[0])
    let y = pointer(step.node)
    switch step.work {
    case .convolution(let plan, let packed, let bias, let function):
      plan.forward(
        x, packed: packed.pointer, bias: bias.map { UnsafePointer($0.pointer) },
        activation: function, into: y, images: 1, scratch: scratch.pointer)
    case .dense(let weights, let bias):
      let depth = weights.count / shape.count
      kernels.multiply(
        m: 1, n: shape.count, k: depth, x, lda: depth, weights.pointer, ldb: shape.count, into: y,
        ldc: shape.count, scratch: scratch.pointer)
      if let bias { kernels.addBias(bias.pointer, to: y, count: 1, channels: shape.count) }
    case .scaleOffset(let scale, let offset, let function):
      kernels.scaleOffset(
        x, scale: scale.pointer, offset: offset.pointer, activation: function, into: y,
        count: shape.rows * shape.columns, channels: shape.channels)
    case .activation(let function):
      kernels.activate(function, x, into: y, count: shape.count)
    case .maxPool(let g): kernels.maxPool(x, into: y, argmax: nil, g, images: 1)
    case .averagePool(let g): kernels.averagePool(x, into: y, g, images: 1)
    case .add: kernels.add(x, pointer(step.inputs[1]), into: y, count: shape.count)
    case .scale(let factor): kernels.scale(x, by: factor, into: y, count: shape.count)
    }
  }

  /// The probabilities of the picture that ran last.
  public func probabilities() -> [Float] {
    let count = prepared.network.classCount
    return [Float](unsafeUninitializedCapacity: count) { memory, size in
      if let base = memory.baseAddress {
        prepared.kernels.softmax(logits, into: base, rows: 1, classes: count)
      }
      size = count
    }
  }
}
