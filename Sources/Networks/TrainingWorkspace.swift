import AvocetKernels

/// A batch is cut into this many shards, whatever the number of threads; sums run inside a shard in order and over the shards in a fixed tree, so the same bits
/// come out on 1 thread and on 64.
public let shardCount = 8

/// The images of one shard of a batch.
func shardRange(_ shard: Int, images: Int) -> Range<Int> {
  images * shard / shardCount..<images * (shard + 1) / shardCount
}

/// All memory of a training step, planned once: the maps of a whole batch, their gradients, packed weights and the partial sums of the shards.
///
/// `forward` fills the maps from `input`, the caller writes `logitsGradient`, `backward` gives the gradient of every parameter. Not for use from several threads
/// at once; the work inside is shared out over the team.
public final class TrainingWorkspace {
  let network: Network
  let kernels: KernelTable
  let team: ThreadTeam
  /// Images that fit.
  public let capacity: Int
  /// The last node that does not learn, -1 for none.
  let frozenNode: Int
  let places: [NodePlace]
  let values: [FloatBuffer]
  let gradientPlan: GradientPlan
  let gradients: [FloatBuffer]
  let plans: [ConvolutionPlan?]
  let packedForward: [FloatBuffer?]
  let packedBackward: [FloatBuffer?]
  let statistics: [FloatBuffer?]
  let winners: [ByteBuffer?]
  let partials: FloatBuffer
  let sums: DoubleBuffer
  let scratch: [FloatBuffer]
  /// Images of the batch that `forward` saw last.
  public private(set) var images = 0
  /// Hears how long each node took, forward and backward.
  public var observer: ((StepTime) -> Void)?

  /// Memory for batches of up to `batch` images. Nodes up to and including `frozenThrough` use stored statistics and get no gradient;
  /// `inputGradient` asks for the gradient of the picture too.
  public init(
    _ network: Network, batch: Int, team: ThreadTeam, kernels: KernelTable = Kernels.chosen,
    frozenThrough frozen: Int? = nil, inputGradient: Bool = false
  ) {
    precondition(batch > 0, "TrainingWorkspace: a batch of \(batch)")
    (self.network, self.kernels, self.team, capacity) = (network, kernels, team, batch)
    frozenNode = frozen ?? -1
    places = network.nodes.indices.map { NodePlace(network, $0) }
    values = network.nodes.map { FloatBuffer(count: batch * $0.shape.count) }
    let plan = GradientPlan(network, firstNode: inputGradient ? 0 : max(1, (frozen ?? 0) + 1))
    gradientPlan = plan
    gradients = plan.slotSizes.map { FloatBuffer(count: batch * $0) }
    var convolutions: [ConvolutionPlan?] = []
    var (forward, backward): ([FloatBuffer?], [FloatBuffer?]) = ([], [])
    var (kept, won): ([FloatBuffer?], [ByteBuffer?]) = ([], [])
    var (scratchSize, partialSize, channels) = (0, 0, 1)
    for (index, node) in network.nodes.enumerated() {
      let convolution = network.convolutionGeometry(index).map { kernels.plan($0) }
      convolutions.append(convolution)
      forward.append(convolution.map { FloatBuffer(count: $0.packedCount) })
      let learns = plan.slots[index] != nil
      backward.append(
        learns ? convolution.map { FloatBuffer(count: $0.packedInputGradientCount) } : nil)
      if let convolution { scratchSize = max(scratchSize, convolution.scratchCount) }
      if case .dense = node.operation {
        let (m, n, k) = (
          batch / shardCount + 1, node.shape.count, network.inputShape(of: index).count
        )
        scratchSize = max(
          scratchSize, kernels.multiplyScratchCount(m: m, n: n, k: k),
          kernels.multiplyScratchCount(m: m, n: k, k: n),
          kernels.multiplyScratchCount(m: k, n: n, k: m))
      }
      if learns { partialSize = max(partialSize, places[index].weightCount) }
      channels = max(channels, node.shape.channels)
      if case .batchNorm = node.operation {
        kept.append(FloatBuffer(count: 8 * node.shape.channels))
      } else {
        kept.append(nil)
      }
      if case .maxPool = node.operation {
        won.append(ByteBuffer(count: batch * node.shape.count))
      } else {
        won.append(nil)
      }
    }
    plans = convolutions
    (packedForward, packedBackward, statistics, winners) = (forward, backward, kept, won)
    partials = FloatBuffer(count: shardCount * partialSize)
    sums = DoubleBuffer(count: shardCount * 2 * channels)
    scratch = (0..<team.threadCount).map { _ in FloatBuffer(count: scratchSize) }
  }

  /// Bytes that a workspace of that batch takes, about.
  public static func memoryNeeded(_ network: Network, batch: Int) -> Int {
    let maps = network.nodes.reduce(0) { $0 + $1.shape.count }
    let plan = GradientPlan(network, firstNode: 1).slotSizes.reduce(0, +)
    return 4 * (batch * (maps + plan) + 4 * network.layout.count)
  }

  /// Where the pictures go: `[image, row, column, channel]`.
  public var input: Floats { values[0].pointer }
  /// What came out: `[image, class]`.
  public var logits: ConstFloats { UnsafePointer(values[values.count - 1].pointer) }
  /// Where the loss's gradient goes before `backward`: `[image, class]`.
  public var logitsGradient: Floats { gradient(network.nodes.count - 1) }
  /// The gradient of the pictures, if it was asked for.
  public var inputGradient: ConstFloats { UnsafePointer(gradient(0)) }
  /// A node's map of the batch that `forward` saw last.
  public func map(_ node: Int) -> ConstFloats { UnsafePointer(values[node].pointer) }

  func gradient(_ node: Int) -> Floats {
    guard let slot = gradientPlan.slots[node] else {
      preconditionFailure("\(network.nodes[node].name) has no gradient")
    }
    return gradients[slot].pointer
  }

  /// Runs `body(first image, images, scratch of this worker, shard)` for every shard that is not empty.
  func forEachShard(_ body: (Int, Int, Floats, Int) -> Void) {
    let images = images
    team.run(shardCount) { shard, worker in
      let range = shardRange(shard, images: images)
      body(range.lowerBound, range.count, scratch[worker].pointer, shard)
    }
  }

  func timed(_ node: Int, _ pass: StepTime.Pass, _ body: () -> Void) {
    guard let observer else { return body() }
    let duration = ContinuousClock().measure(body)
    observer(StepTime(node: node, pass: pass, duration: duration))
  }

  func begin(images count: Int) {
    precondition(count > 0 && count <= capacity, "\(count) images in a workspace for \(capacity)")
    images = count
  }

  /// Adds the shards' sums into the first, in a tree whose quarters are whole.
  func combineSums(count: Int) {
    for step in [1, 2, 4] {
      for shard in stride(from: 0, to: shardCount, by: 2 * step) {
        let into = sums.pointer + shard * count
        let from = sums.pointer + (shard + step) * count
        for i in 0..<count { into[i] += from[i] }
      }
    }
  }
}

/// Where a node's parameters lie in the flat vector.
struct NodePlace {
  let weight, bias, mean, variance: Int
  let weightCount: Int
  let hasBias: Bool

  init(_ network: Network, _ index: Int) {
    let name = network.nodes[index].name
    func start(_ part: String) -> Int {
      network.layout["\(name).\(part)"]?.range.lowerBound ?? 0
    }
    (weight, bias) = (start("weight"), start("bias"))
    (mean, variance) = (start("running_mean"), start("running_var"))
    weightCount = network.layout["\(name).weight"]?.range.count ?? 0
    hasBias = network.layout["\(name).bias"] != nil
  }
}

extension Network {
  func convolutionGeometry(_ index: Int) -> ConvolutionGeometry? {
    guard case .convolution(let layer) = nodes[index].operation else { return nil }
    return layer.geometry(inputShape(of: index))
  }

  func inputShape(of index: Int) -> Shape { nodes[nodes[index].inputs[0]].shape }
}

/// Which memory holds each node's gradient: slots are shared by gradients that are never alive together, and pointwise work is done in place.
struct GradientPlan {
  /// The slot of each node, nil where no gradient is wanted.
  let slots: [Int?]
  /// Numbers per image of each slot.
  let slotSizes: [Int]
  /// Where the later of two consumers puts its part before it is added.
  let spareSlot: Int?

  init(_ network: Network, firstNode: Int) {
    let nodes = network.nodes
    var consumers = [Int](repeating: 0, count: nodes.count)
    for node in nodes { for input in node.inputs { consumers[input] += 1 } }
    var slots = [Int?](repeating: nil, count: nodes.count)
    var sizes: [Int] = []
    var free: [Int] = []
    func take(_ count: Int) -> Int {
      if let best = free.indices.min(by: {
        abs(sizes[free[$0]] - count) < abs(sizes[free[$1]] - count)
      }) {
        let slot = free.remove(at: best)
        sizes[slot] = max(sizes[slot], count)
        return slot
      }
      sizes.append(count)
      return sizes.count - 1
    }
    slots[nodes.count - 1] = take(nodes[nodes.count - 1].shape.count)
    for index in nodes.indices.reversed() where index > 0 {
      guard let own = slots[index] else { continue }
      var handedOn = false
      for input in Set(nodes[index].inputs).sorted() where input >= firstNode && slots[input] == nil
      {
        if nodes[index].operation.worksInPlace && consumers[input] == 1 {
          slots[input] = own
          handedOn = true
        } else {
          slots[input] = take(nodes[input].shape.count)
        }
      }
      if !handedOn { free.append(own) }
    }
    if zip(nodes.indices, consumers).contains(where: { $0 >= firstNode && $1 > 1 }) {
      sizes.append(nodes.map(\.shape.count).max() ?? 0)
      spareSlot = sizes.count - 1
    } else {
      spareSlot = nil
    }
    (self.slots, slotSizes) = (slots, sizes)
  }
}

extension Operation {
  /// Whether the gradient of the input may overwrite that of the output.
  var worksInPlace: Bool {
    switch self {
    case .batchNorm, .activation, .scale: true
    case .input, .convolution, .dense, .maxPool, .averagePool, .globalAveragePool, .add: false
    }
  }
}

/// Owned bytes.
final class ByteBuffer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<UInt8>
  init(count: Int) {
    pointer = .allocate(capacity: max(1, count))
    pointer.initialize(repeating: 0, count: max(1, count))
  }
  deinit { pointer.deallocate() }
}

/// Owned doubles.
final class DoubleBuffer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Double>
  init(count: Int) {
    pointer = .allocate(capacity: max(1, count))
    pointer.initialize(repeating: 0, count: max(1, count))
  }
  deinit { pointer.deallocate() }
}
