import AvocetKernels

/// Where the maps of a run lie, and which steps a core runs for one picture at a time.
///
/// The first steps, whose maps are large and weights small, run picture by picture, so that the maps stay in the core's cache; the last ones, whose weights are
/// large, run step by step over all pictures, so that the weights are read once.
struct InferencePlan {
  /// Where a node's map lies.
  struct Place {
    /// The buffer, and whether it belongs to a worker (one picture) or to all pictures.
    let buffer: Int
    let isWorkers: Bool
    /// Numbers before the first channel, and between pixels: a part of a concatenation lies inside its map.
    let channel, pixelStep: Int
    /// Numbers of one picture.
    let count: Int
  }

  /// Steps that run picture by picture.
  let prefix: Int
  /// By node; nil for maps that are never made.
  let places: [Place?]
  /// Numbers for one picture of each worker's buffers and of the common ones.
  let workerSizes, commonSizes: [Int]

  init(_ prepared: PreparedNetwork, pictures: Int) {
    let (network, steps) = (prepared.network, prepared.steps)
    let prefix = pictures > 1 ? Self.prefix(prepared, pictures: pictures) : 0
    let joins = Self.joins(prepared, prefix)
    var lastUse = [Int: Int]()
    for (position, step) in steps.enumerated() {
      for source in step.sources { lastUse[source] = position }
    }
    // A part's map lives as long as the whole that it is a part of.
    for (part, join) in joins { lastUse[part] = lastUse[join.node] ?? steps.count }
    var madeBy = [Int](repeating: -1, count: network.nodes.count)
    for (position, step) in steps.enumerated() { madeBy[step.node] = position }
    func isCommon(_ node: Int) -> Bool {
      madeBy[node] < 0 || madeBy[node] >= prefix || (lastUse[node] ?? 0) >= prefix
        || prepared.kept.contains(node)
    }
    var memory = [false: SlotAllocator(), true: SlotAllocator()]
    var slots = [Int?](repeating: nil, count: network.nodes.count)
    func take(_ node: Int) {
      if slots[node] == nil {
        slots[node] = memory[isCommon(node)]?.take(network.nodes[node].shape.count)
      }
    }
    take(0)
    for (position, step) in steps.enumerated() {
      take(joins[step.node]?.node ?? step.node)
      for source in Set(step.sources).sorted()
      where lastUse[source] == position && source > 0 && !prepared.kept.contains(source)
        && joins[source] == nil
      {
        if let slot = slots[source] { memory[isCommon(source)]?.free(slot) }
      }
    }
    places = network.nodes.indices.map { node in
      let whole = joins[node]?.node ?? node
      let shape = network.nodes[whole].shape
      return slots[whole].map {
        Place(
          buffer: $0, isWorkers: !isCommon(whole), channel: joins[node]?.channel ?? 0,
          pixelStep: shape.channels, count: shape.count)
      }
    }
    self.prefix = prefix
    (workerSizes, commonSizes) = (memory[false]?.sizes ?? [], memory[true]?.sizes ?? [])
  }

  // The number of first steps that costs the least traffic, if they read their weights for every picture and the others their maps.
  private static func prefix(_ prepared: PreparedNetwork, pictures: Int) -> Int {
    let nodes = prepared.network.nodes
    let maps = prepared.steps.map { step in
      step.sources.reduce(nodes[step.node].shape.count) { $0 + nodes[$1].shape.count }
    }
    let weights = prepared.steps.map(\.weightCount)
    var cost = zip(maps, weights).reduce(0) { $0 + $1.0 + $1.1 / pictures }
    var best = (cost: cost, prefix: 0)
    for (position, (map, weight)) in zip(maps, weights).enumerated() {
      cost += weight - weight / pictures - map
      if cost < best.cost { best = (cost, position + 1) }
    }
    return best.prefix
  }

  // The convolutions that can write straight into the concatenation that alone reads them.
  private static func joins(_ prepared: PreparedNetwork, _ prefix: Int) -> [Int: (
    node: Int, channel: Int
  )] {
    let nodes = prepared.network.nodes
    var readers = [Int](repeating: 0, count: nodes.count)
    for step in prepared.steps { for source in step.sources { readers[source] += 1 } }
    let makers = Dictionary(
      prepared.steps.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    var joins: [Int: (node: Int, channel: Int)] = [:]
    for step in prepared.steps {
      guard case .concatenation = step.work else { continue }
      var channel = 0
      for input in step.inputs {
        let width = nodes[input].shape.channels
        if readers[input] == 1, !prepared.kept.contains(input), let maker = makers[input],
          maker.writesIntoParts
        {
          joins[input] = (step.node, channel)
        }
        channel += width
      }
    }
    return joins
  }
}

extension PreparedStep {
  // Whether its result may lie in a wider map.
  fileprivate var writesIntoParts: Bool {
    guard case .convolution(let plan, _, _, let function) = work, residual == nil else {
      return false
    }
    return !plan.geometry.isDepthwise
      && (function == nil || function == .relu || function == .relu6)
  }
}

/// Hands out slots of memory and takes them back; a slot grows to the largest map that it ever holds.
struct SlotAllocator {
  /// Numbers of each slot.
  private(set) var sizes: [Int] = []
  private var free: [Int] = []

  /// A slot for `count` numbers: of the free ones the one whose size is nearest.
  mutating func take(_ count: Int) -> Int {
    let nearest = free.indices.min {
      abs(sizes[free[$0]] - count) < abs(sizes[free[$1]] - count)
    }
    guard let nearest else {
      sizes.append(count)
      return sizes.count - 1
    }
    let slot = free.remove(at: nearest)
    sizes[slot] = max(sizes[slot], count)
    return slot
  }

  /// Takes a slot back.
  mutating func free(_ slot: Int) { free.append(slot) }
}
