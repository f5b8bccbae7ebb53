import AvocetKernels

/// A batch is cut into this many shards, whatever the number of threads; sums run inside a shard in order and over the shards in a fixed tree, so the same bits
/// come out on 1 thread and on 64.
public let shardCount = 8

/// The images of one shard of a batch.
func shardRange(_ shard: Int, images: Int) -> Range<Int> {
  (0..<images).part(shard, of: shardCount)
}

/// All memory of a training step, planned once: the maps of a whole batch that a gradient needs, their gradients, packed weights and the partial sums of the shards.
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
  let storesStatistics: Bool
  /// Whether nothing learns.
  let isInspecting: Bool
  /// Whether the weights of a network that learns nothing are packed.
  var isPacked = false
  let places: [NodePlace]
  let stages: [TrainingStage]
  let values: [FloatBuffer?]
  let gradientPlan: GradientPlan
  let gradients: [FloatBuffer]
  let plans: [ConvolutionPlan?]
  /// The nodes that meet the whole batch at once, nil for the others.
  let largeDense: [LargeDense?]
  /// The nodes that have a plan.
  let convolutions: [Int]
  let packedForward: [FloatBuffer?]
  let packedBackward: [FloatBuffer?]
  let statistics: [NormStatistics?]
  let winners: [ByteBuffer?]
  let partials: FloatBuffer
  let sums: DoubleBuffer
  let workers: [WorkerMemory]
  /// The nodes whose gradient `backward` has begun.
  var hasGradient: [Bool]
  /// Images of the batch that `forward` saw last.
  public private(set) var images = 0
  /// Hears how long each stage took, forward and backward, under the name of its first node.
  public var observer: ((StepTime) -> Void)?

  /// Memory for batches of up to `batch` images. Nodes up to and including `frozenThrough` use stored statistics and get no gradient; `inputGradient` asks for the
  /// gradient of the picture too, which frozen nodes do not give. With `storesStatistics` the batch norms of the others use stored statistics too, and learn scale
  /// and offset alone. `inspecting` looks at a finished network: every norm uses its stored statistics, nothing learns, and `backward` gives the gradient of the
  /// picture alone. The maps of the levels and of `keeping` are stored whole, others may be fused away.
  public init(
    _ network: Network, batch: Int, team: ThreadTeam, kernels: KernelTable = Kernels.chosen,
    frozenThrough frozen: Int? = nil, storesStatistics: Bool = false, inputGradient: Bool = false,
    inspecting: Bool = false,
    keeping: Set<Int> = []
  ) {
    precondition(batch > 0, "TrainingWorkspace: a batch of \(batch)")
    precondition(
      frozen == nil || !(inputGradient || inspecting),
      "TrainingWorkspace: frozen nodes give no gradient of the picture")
    (self.network, self.kernels, self.team, capacity) = (network, kernels, team, batch)
    frozenNode = frozen ?? -1
    self.storesStatistics = storesStatistics || inspecting
    isInspecting = inspecting
    let places = network.nodes.indices.map { NodePlace(network, $0) }
    self.places = places
    stages = TrainingStage.all(
      of: network, keeping: keeping.union(network.levels.values), frozenNode: frozen ?? -1)
    let plan = GradientPlan(
      network, stages, firstNode: inputGradient || inspecting ? 0 : max(1, (frozen ?? 0) + 1))
    gradientPlan = plan
    gradients = plan.slotSizes.map { FloatBuffer(count: batch * $0) }
    // Few maps at a time are inspected: large packed weights would not pay.
    let plans = network.nodes.indices.map {
      network.convolutionGeometry($0).map { kernels.plan($0, images: inspecting ? 1 : .max) }
    }
    self.plans = plans
    convolutions = plans.indices.filter { plans[$0] != nil }
    packedForward = plans.map { $0.map { FloatBuffer(count: $0.packedCount) } }
    packedBackward = network.nodes.indices.map { index in
      plan.isWanted(index, in: network)
        ? plans[index].map { FloatBuffer(count: $0.packedInputGradientCount) } : nil
    }
    var stored = [Bool](repeating: false, count: network.nodes.count)
    stored[0] = true
    for stage in stages {
      stored[stage.last] = true
      if stage.keepsInner { stored[stage.inner] = true }
    }
    values = zip(network.nodes, stored).map { node, isStored in
      isStored ? FloatBuffer(count: batch * node.shape.count) : nil
    }
    statistics = network.nodes.map { node in
      guard case .batchNorm = node.operation else { return nil }
      return NormStatistics(channels: node.shape.channels)
    }
    winners = network.nodes.map { node in
      guard case .maxPool = node.operation else { return nil }
      return ByteBuffer(count: batch * node.shape.count)
    }
    let largeDense = network.nodes.indices.map { LargeDense(network, $0) }
    self.largeDense = largeDense
    let weights = network.nodes.indices
      .filter { $0 > frozen ?? -1 && !inspecting && largeDense[$0] == nil }
      .map { places[$0].weightCount }
    partials = FloatBuffer(count: shardCount * (weights.max() ?? 0))
    sums = DoubleBuffer(count: shardCount * 2 * (network.nodes.map(\.shape.channels).max() ?? 1))
    hasGradient = network.nodes.map { _ in false }
    let needs = WorkerMemory.Sizes(network, stages, plans, kernels, batch: batch)
    workers = (0..<team.threadCount).map { _ in WorkerMemory(needs) }
  }

  /// Where the pictures go: `[image, row, column, channel]`.
  public var input: Floats { stored(0) }
  /// What came out: `[image, class]`.
  public var logits: ConstFloats { UnsafePointer(stored(network.nodes.count - 1)) }
  /// Where the loss's gradient goes before `backward`: `[image, class]`.
  public var logitsGradient: Floats { gradient(network.nodes.count - 1) }
  /// The gradient of the pictures, if it was asked for.
  public var inputGradient: ConstFloats { UnsafePointer(gradient(0)) }
  /// A stored node's map of the batch that `forward` saw last.
  public func map(_ node: Int) -> ConstFloats { UnsafePointer(stored(node)) }

  func stored(_ node: Int) -> Floats {
    guard let map = values[node] else {
      preconditionFailure("the map of \(network.nodes[node].name) is not stored")
    }
    return map.pointer
  }

  func gradient(_ node: Int) -> Floats {
    guard let slot = gradientPlan.slots[node] else {
      preconditionFailure("\(network.nodes[node].name) has no gradient")
    }
    return gradients[slot].pointer
  }

  /// Runs `body` for every shard that is not empty.
  func forEachShard(_ body: (Shard) -> Void) {
    let images = images
    team.run(shardCount) { number, worker in
      let range = shardRange(number, images: images)
      if range.isEmpty { return }
      body(Shard(number: number, images: range, memory: workers[worker]))
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

  /// Zeroes the shards' sums, `count` each.
  func clearSums(count: Int) { sums.pointer.update(repeating: 0, count: shardCount * count) }

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

/// One part of a batch, and the memory of the thread that works on it.
struct Shard {
  let number: Int
  let images: Range<Int>
  let memory: WorkerMemory

  /// Calls `body` for groups of up to `size` images, in order.
  func forEachGroup(of size: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
    for first in stride(from: images.lowerBound, to: images.upperBound, by: size) {
      body(first, min(size, images.upperBound - first))
    }
  }
}

/// What one thread needs beside the batch: the kernels' scratch, a group's map before its pooling, a group's gradient that is to be added, and the sums of a
/// weight gradient.
struct WorkerMemory {
  let scratch, map, part, weightSums: Floats
  private let buffers: [FloatBuffer]

  /// Floats of each.
  struct Sizes {
    var scratch = 0
    var map = 0
    var part = 0
    var weightSums = 0

    init(
      _ network: Network, _ stages: [TrainingStage], _ plans: [ConvolutionPlan?],
      _ kernels: KernelTable, batch: Int
    ) {
      for (index, node) in network.nodes.enumerated() {
        if let plan = plans[index] {
          scratch = max(scratch, plan.scratchCount)
          weightSums = max(weightSums, plan.weightSumCount)
        }
        if case .localResponseNorm(let layer) = node.operation {
          scratch = max(scratch, layer.response(node.shape).scratchCount)
        }
        if let dense = LargeDense(network, index) {
          scratch = max(scratch, dense.scratchCount(batch: batch, kernels))
        } else if case .dense = node.operation {
          let (m, n, k) = (
            batch / shardCount + 1, node.shape.count, network.inputShape(of: index).count
          )
          scratch = max(
            scratch, kernels.multiplyScratchCount(m: m, n: n, k: k),
            kernels.multiplyScratchCount(m: m, n: k, k: n),
            kernels.multiplyScratchCount(m: k, n: n, k: m))
        }
      }
      for stage in stages {
        guard let main = stage.main else { continue }
        let group = min(batch, network.groupSize(stage))
        if stage.pool != nil { map = max(map, group * network.nodes[main].shape.count) }
        part = max(part, group * (stage.inputs.map { network.nodes[$0].shape.count }.max() ?? 0))
      }
    }
  }

  init(_ sizes: Sizes) {
    buffers = [sizes.scratch, sizes.map, sizes.part, sizes.weightSums].map {
      FloatBuffer(count: $0)
    }
    (scratch, map) = (buffers[0].pointer, buffers[1].pointer)
    (part, weightSums) = (buffers[2].pointer, buffers[3].pointer)
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

  /// Images whose maps a stage works on together, so that they stay in the second-level cache and still fill the kernels' tiles.
  func groupSize(_ stage: TrainingStage) -> Int {
    guard let main = stage.main else { return 1 << 40 }
    let shape = nodes[main].shape
    let tiles = (shape.rows + 3) / 4 * ((shape.columns + 3) / 4)
    return max(1, 131_072 / shape.count, (48 + tiles - 1) / tiles)
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
