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
    /// Whether the buffer holds only some of the rows.
    let isWindow: Bool
    /// Numbers before the first channel, and between pixels: a part of a concatenation lies inside its map.
    let channel, pixelStep: Int
    /// Numbers of a row.
    let rowStep: Int
    /// Numbers of one picture.
    let count: Int
  }

  /// All steps, grouped.
  let segments: [Segment]
  /// Segments that run picture by picture.
  let prefix: Int
  /// By node; nil for maps that are never made.
  let places: [Place?]
  /// Numbers for one picture of each worker's buffers and of the common ones.
  let workerSizes, commonSizes: [Int]

  init(_ prepared: PreparedNetwork, pictures: Int, threads: Int) {
    let (network, steps) = (prepared.network, prepared.steps)
    let joins = Self.joins(prepared)
    let segments = Segment.all(
      prepared, joins.mapValues(\.node), parts: pictures > 1 ? 1 : threads)
    let prefix = pictures > 1 ? Self.prefix(prepared, segments, pictures: pictures) : 0
    var made = [Int](repeating: -1, count: network.nodes.count)
    var lastUse = [Int: Int]()
    var windows: [Int: Int] = [:]
    for (position, segment) in segments.enumerated() {
      windows.merge(segment.windows) { first, _ in first }
      for step in steps[segment.steps] {
        made[step.node] = position
        for source in step.sources { lastUse[source] = position }
      }
    }
    // A part's map lives as long as the whole that it is a part of.
    for (part, join) in joins { lastUse[part] = lastUse[join.node] ?? segments.count }
    func isCommon(_ node: Int) -> Bool {
      if windows[node] != nil { return false }
      return made[node] < 0 || made[node] >= prefix || (lastUse[node] ?? 0) >= prefix
        || prepared.kept.contains(node)
    }
    func count(_ node: Int) -> Int {
      let shape = network.nodes[node].shape
      return min(windows[node] ?? shape.rows, shape.rows) * shape.columns * shape.channels
    }
    var memory = [false: SlotAllocator(), true: SlotAllocator()]
    var slots = [Int?](repeating: nil, count: network.nodes.count)
    func take(_ node: Int) {
      if slots[node] == nil { slots[node] = memory[isCommon(node)]?.take(count(node)) }
    }
    take(0)
    for (position, segment) in segments.enumerated() {
      for step in steps[segment.steps] { take(joins[step.node]?.node ?? step.node) }
      let sources = Set(steps[segment.steps].flatMap(\.sources))
      for source in sources.sorted()
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
          buffer: $0, isWorkers: !isCommon(whole), isWindow: windows[whole] != nil,
          channel: joins[node]?.channel ?? 0, pixelStep: shape.channels,
          rowStep: shape.columns * shape.channels, count: shape.count)
      }
    }
    (self.segments, self.prefix) = (segments, prefix)
    (workerSizes, commonSizes) = (memory[false]?.sizes ?? [], memory[true]?.sizes ?? [])
  }

  // The number of first segments that costs the least traffic, if they read their weights for every picture and the others their maps.
  private static func prefix(
    _ prepared: PreparedNetwork, _ segments: [Segment], pictures: Int
  ) -> Int {
    let nodes = prepared.network.nodes
    let maps = segments.map { segment in
      prepared.steps[segment.steps].reduce(0) { sum, step in
        ([step.node] + step.sources).reduce(sum) {
          $0 + (segment.windows[$1] == nil ? nodes[$1].shape.count : 0)
        }
      }
    }
    let weights = segments.map { prepared.steps[$0.steps].reduce(0) { $0 + $1.weightCount } }
    var cost = zip(maps, weights).reduce(0) { $0 + $1.0 + $1.1 / pictures }
    var best = (cost: cost, prefix: 0)
    for (position, (map, weight)) in zip(maps, weights).enumerated() {
      cost += weight - weight / pictures - map
      if cost < best.cost { best = (cost, position + 1) }
    }
    return best.prefix
  }

  // The convolutions that can write straight into the concatenation that alone reads them.
  private static func joins(_ prepared: PreparedNetwork) -> [Int: (node: Int, channel: Int)] {
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
      && (function == nil || function?.bounds != nil)
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
