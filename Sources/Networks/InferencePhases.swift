import AvocetKernels

/// Segments through which a core takes a few pictures together.
///
/// Where maps are large and weights small, few pictures let the maps stay in the core's cache; where weights are large, many pictures share one reading of them.
struct Phase {
  let segments: Range<Int>
  /// Pictures that a core takes through all of the segments; nil where the cores go step by step through all pictures.
  let pictures: Int?

  /// Groups in which a core takes so many pictures.
  func groups(of share: Int) -> Int { pictures.map { (share + $0 - 1) / $0 } ?? 1 }
}

extension Phase {
  /// The phases that move the fewest numbers from and to memory beyond a core's cache. `joins` says which map lies inside which other, `lives` in which segments a
  /// node's map is needed.
  static func best(
    _ prepared: PreparedNetwork, _ segments: [Segment], _ joins: [Int: Int],
    lives: [Range<Int>], pictures: Int, threads: Int
  ) -> [Phase] {
    let share = (pictures + threads - 1) / threads
    let groups: [Int?] = sequence(first: 1) { $0 * 2 < share ? $0 * 2 : nil }.map { $0 } + [nil]
    // By group and segment: what a picture moves in the segments before.
    let sums = groups.map { group in
      segments.sums { prepared.traffic($0, joins, pictures: group ?? share) }
    }
    let weights = segments.sums { segment in
      Double(prepared.steps[segment.steps].reduce(0) { $0 + $1.weightCount })
    }
    let maps = segments.sums { segment in
      Double(prepared.steps[segment.steps].reduce(0) { $0 + prepared.maps($1, segment, joins) })
    }
    // What lies between two phases does not stay in the cache.
    let crossing = (0...segments.count).map { border in
      lives.indices.reduce(borderCost) {
        joins[$1] == nil && lives[$1].lowerBound < border && border < lives[$1].upperBound
          ? $0 + Double(prepared.network.nodes[$1].shape.count) : $0
      }
    }
    // From the last segment to the first: the least traffic of the rest, and the phase that begins it.
    var best = [(traffic: Double, phase: Phase?)](repeating: (0, nil), count: segments.count + 1)
    for first in segments.indices.reversed() {
      for (group, sums) in zip(groups, sums) {
        for end in first + 1...segments.count {
          // Weights that fill the third-level cache drive the maps out of it, from one picture to the next.
          let isCrowded =
            group != nil && weights[end] - weights[first] > Double(PreparedNetwork.cachedWeights)
          let total =
            sums[end] - sums[first] + (isCrowded ? maps[end] - maps[first] : 0) + crossing[end]
            + best[end].traffic
          if best[first].phase == nil || total < best[first].traffic {
            best[first] = (total, Phase(segments: first..<end, pictures: group))
          }
        }
      }
    }
    var phases: [Phase] = []
    while let next = best[phases.last?.segments.upperBound ?? 0].phase { phases.append(next) }
    return phases
  }
}

/// What a weight costs beside a number of a map: it is read along, while a map is written and read again. Measured on SqueezeNet and ResNet-18 at batch 16.
private let weightCost = 0.25

/// What a border between phases costs beside the maps that cross it, so that there are few.
private let borderCost = 65_536.0

/// Numbers of the maps of a step that stay in the second-level cache.
private let cachedMaps = 196_608

extension [Segment] {
  // What the segments before each one amount to, and all of them.
  fileprivate func sums(_ amount: (Segment) -> Double) -> [Double] {
    reduce(into: [0]) { sums, segment in sums.append(sums[sums.count - 1] + amount(segment)) }
  }
}

extension PreparedNetwork {
  // Numbers that a segment moves for a picture, so many of which run together: its weights, and what the second-level cache does not hold of its maps.
  fileprivate func traffic(_ segment: Segment, _ joins: [Int: Int], pictures: Int) -> Double {
    steps[segment.steps].reduce(0) { sum, step in
      let weights = step.weightCount * step.weightReadings(pictures: pictures)
      let missing = max(0, pictures * maps(step, segment, joins) - cachedMaps)
      return sum + (Double(weights) * weightCost + Double(missing)) / Double(pictures)
    }
  }

  // Numbers of the maps that a step reads and writes, but for those of which there are only windows.
  fileprivate func maps(_ step: PreparedStep, _ segment: Segment, _ joins: [Int: Int]) -> Int {
    (step.sources + [step.node]).reduce(0) {
      segment.windows[joins[$1] ?? $1] == nil && joins[$1] != step.node
        ? $0 + network.nodes[$1].shape.count : $0
    }
  }
}

extension PreparedStep {
  /// How often so many pictures at once need its weights to be read.
  fileprivate func weightReadings(pictures: Int) -> Int {
    if case .convolution(let plan, _, _, _) = work { return plan.weightReadings(images: pictures) }
    return 1
  }
}
