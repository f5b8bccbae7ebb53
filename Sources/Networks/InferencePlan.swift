import AvocetKernels

/// Where the maps of a run lie, and how many pictures a core takes through its steps together.
struct InferencePlan {
  /// Where a node's map lies.
  struct Place {
    /// The buffer, and whether it belongs to a worker (the pictures that it takes together) or to all pictures.
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
  /// The segments, by how many pictures run together.
  let phases: [Phase]
  /// By node; nil for maps that are never made.
  let places: [Place?]
  /// By node: the one inside whose map it lies, itself or a concatenation.
  let wholes: [Int]
  /// Numbers of each worker's buffers, and for one picture of the common ones.
  let workerSizes, commonSizes: [Int]

  init(_ prepared: PreparedNetwork, pictures: Int, threads: Int) {
    let (network, steps) = (prepared.network, prepared.steps)
    let joins = Self.joins(prepared)
    let segments = Segment.all(
      prepared, joins.mapValues(\.node), parts: pictures > 1 ? 1 : threads)
    let lives = Self.lives(prepared, segments, joins)
    let phases =
      pictures > 1
      ? Phase.best(
        prepared, segments, joins.mapValues(\.node), lives: lives, pictures: pictures,
        threads: threads)
      : [Phase(segments: 0..<segments.count, pictures: nil)]
    let windows = segments.reduce(into: [:]) { $0.merge($1.windows) { first, _ in first } }
    func phase(_ segment: Int) -> Phase? { phases.first { $0.segments.contains(segment) } }
    /// The pictures of a map that a worker has for itself; nil if all pictures have it in common.
    func own(_ node: Int) -> Int? {
      if windows[node] != nil { return 1 }
      guard let phase = phase(lives[node].lowerBound), !prepared.kept.contains(node),
        lives[node].upperBound <= phase.segments.upperBound
      else { return nil }
      return phase.pictures
    }
    func isCommon(_ node: Int) -> Bool { own(node) == nil }
    var memory = [false: SlotAllocator(), true: SlotAllocator()]
    var slots = [Int?](repeating: nil, count: network.nodes.count)
    func take(_ node: Int) {
      guard slots[node] == nil else { return }
      let shape = network.nodes[node].shape
      let rows = min(windows[node] ?? shape.rows, shape.rows)
      slots[node] = memory[isCommon(node)]?.take(
        rows * shape.columns * shape.channels * (own(node) ?? 1))
    }
    // Threads at a single picture may be some segments apart: so long a map's memory rests, or all would wait until the last has read it.
    let rest = pictures == 1 && threads > 1 ? 2 : 0
    // Where pictures run in groups, some are at the end of the last such phase in a row while others are at the beginning of the first: a common map stays until all are done.
    let free = lives.indices.reduce(into: [Int: [Int]]()) { free, node in
      guard node > 0, !lives[node].isEmpty, !prepared.kept.contains(node), joins[node] == nil
      else { return }
      let last = lives[node].upperBound - 1
      let inGroups = phases.drop { $0.segments.upperBound <= last }.prefix { $0.pictures != nil }
      let end = inGroups.last.map { $0.segments.upperBound - 1 } ?? last + rest
      free[isCommon(node) ? end : last, default: []].append(node)
    }
    take(0)
    for (position, segment) in segments.enumerated() {
      for step in steps[segment.steps] { take(joins[step.node]?.node ?? step.node) }
      for node in free[position] ?? [] {
        if let slot = slots[node] { memory[isCommon(node)]?.free(slot) }
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
    wholes = network.nodes.indices.map { joins[$0]?.node ?? $0 }
    (self.segments, self.phases) = (segments, phases)
    (workerSizes, commonSizes) = (memory[false]?.sizes ?? [], memory[true]?.sizes ?? [])
  }

  // By node: the segments in which its map is needed, from the one that makes it to the one that reads it last, or beyond; none for nodes that are folded into others.
  private static func lives(
    _ prepared: PreparedNetwork, _ segments: [Segment],
    _ joins: [Int: (node: Int, channel: Int)]
  ) -> [Range<Int>] {
    // The picture is there before.
    var made = [0: -1]
    var lastUse: [Int: Int] = [:]
    for (position, segment) in segments.enumerated() {
      for step in prepared.steps[segment.steps] {
        made[step.node] = position
        for source in step.sources { lastUse[source] = position }
      }
    }
    // A map begins with its first part, and a part lives as long as the whole.
    for (part, join) in joins {
      made[join.node] = min(made[join.node] ?? .max, made[part] ?? .max)
      lastUse[part] = lastUse[join.node]
    }
    return prepared.network.nodes.indices.map { node in
      made[node].map { $0..<(lastUse[node] ?? segments.count) + 1 } ?? 0..<0
    }
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
