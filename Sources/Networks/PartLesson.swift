import AvocetKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the parts level is told of a batch: which part lies where.
///
/// Unit `u` of the first `units` answers for part `u` modulo the parts: before its nonlinearity, less `threshold`, it is the logit of the part lying at a place. Two
/// things can be wrong with it on a picture, and both add to the loss: the cross-entropies of all places, averaged over them, and, where the part is to be seen,
/// `choosing` times the cross-entropy of choosing its place among all (the softmax over the places).
public struct PartLesson: Sendable {
  /// How much of what is wrong, of each picture the sum over those units, the gradient adds to the loss's.
  public let weight: Float
  /// How many units are told, from the first on.
  public let units: Int
  /// What a place that a part fills, or would fill, counts, for each part; another counts 1.
  public let emphasis: [Float]
  /// The share of a place that each part fills, 0 to 1: `[image, row, column, part]` at the parts level's resolution.
  public let shares: [Float]
  /// The share of a place that each part would fill, had it not been taken away, in the same order.
  public let missing: [Float]
  /// Whether the parts of a picture are known; one of which they are not teaches its class alone.
  public let isKnown: [Bool]

  /// What choosing the place counts beside judging each.
  public static let choosing: Float = 0.4
  /// The logit at which a unit falls silent is as far below 0, a probability of 12 %: a unit that spoke only where the part is more likely than not would point
  /// nowhere on half of the pictures, and one that spoke at 5 % would speak where a head alone says that there must be a beak.
  public static let threshold: Float = 2

  /// A lesson of `emphasis.count` parts.
  public init(
    weight: Float, units: Int, emphasis: [Float], shares: [Float], missing: [Float], isKnown: [Bool]
  ) {
    (self.weight, self.units, self.emphasis) = (weight, units, emphasis)
    (self.shares, self.missing, self.isKnown) = (shares, missing, isKnown)
  }

  /// The node whose numbers are the logits; a workspace that learns from a lesson must keep its map.
  public static func node(of network: Network) -> Int? {
    guard let level = network.levels[.parts] else { return nil }
    guard case .activation = network.nodes[level].operation else { return level }
    return network.nodes[level].inputs[0]
  }
}

extension TrainingWorkspace {
  /// Adds a lesson's gradient at the maps of its node.
  func addLessonGradient(_ node: Int, _ lesson: PartLesson) {
    let shape = network.nodes[node].shape
    let (places, parts) = (shape.rows * shape.columns, lesson.emphasis.count)
    precondition(
      lesson.units <= shape.channels && lesson.isKnown.count == images
        && lesson.shares.count == images * places * parts,
      "PartLesson: not one of \(images) maps of \(shape)")
    let (logits, gradient) = (stored(node), gradient(node))
    forEachShard { shard in
      for image in shard.images where lesson.isKnown[image] {
        let map = image * places * shape.channels
        for unit in 0..<lesson.units {
          lesson.addGradient(
            unit, at: image * places * parts, logits: logits + map + unit,
            into: gradient + map + unit, places: places, step: shape.channels)
        }
      }
    }
  }
}

extension PartLesson {
  // Of one unit on one picture, whose shares begin at `start`; a place's logit and gradient follow the last one's after `step` numbers.
  fileprivate func addGradient(
    _ unit: Int, at start: Int, logits: Floats, into gradient: Floats, places: Int, step: Int
  ) {
    let (parts, part) = (emphasis.count, unit % emphasis.count)
    let (each, most) = (weight / Float(places), emphasis[part] - 1)
    var (area, highest) = (Float(0), -Float.infinity)
    for place in 0..<places {
      let at = start + place * parts + part
      let (share, logit) = (shares[at], logits[place * step])
      gradient[place * step] +=
        each * (1 + most * max(share, missing[at]))
        * (1 / (1 + exp(Self.threshold - logit)) - share)
      (area, highest) = (area + share, max(highest, logit))
    }
    guard area > 0 else { return }
    let sum = (0..<places).reduce(Float(0)) { $0 + exp(logits[$1 * step] - highest) }
    for place in 0..<places {
      let share = shares[start + place * parts + part] / area
      gradient[place * step] +=
        Self.choosing * weight * (exp(logits[place * step] - highest) / sum - share)
    }
  }
}
