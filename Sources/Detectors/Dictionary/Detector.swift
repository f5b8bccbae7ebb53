import AvocetImages
import AvocetNetworks
import AvocetTraining

/// Hits of tries.
public struct HitRate: Sendable, Hashable {
  /// How many of how many.
  public let hits, tries: Int

  /// hits / tries.
  public var share: Double { Double(hits) / Double(max(1, tries)) }
  /// Wilson's 95 % interval.
  public var interval: (low: Double, high: Double) { Evaluation.interval(hits, of: tries) }
}

/// How well a unit agrees with the part that it agrees with best: chosen on the pictures of even number, measured on the others.
public struct PartAgreement: Sendable {
  /// The part.
  public let part: String
  /// Intersection over union of the unit's active pixels and the part's.
  public let iou: Estimate
  /// What as many active pixels, spread blindly over the views, would reach.
  public let chance: Double
  /// Pictures that show the part, and those where the unit is strongest within 7 % of the side from it.
  public let pointing: HitRate
  /// Pictures that have the part's point, and those where the unit is strongest within a tenth of the object's box of it.
  public let pck: HitRate
}

/// One unit, and what it detects.
public struct Detector: Sendable {
  /// The unit's level and number.
  public let level: Level
  /// Its channel.
  public let unit: Int
  /// The name it has earned.
  public internal(set) var name: String?
  /// The part it agrees with best; nil where no parts are known.
  public let best: PartAgreement?
  /// The best agreement of the unit of the same number before training, and in a random turn of the level's units.
  public let iouUntrained, iouRotated: Estimate?
  /// How much it prefers one direction of edges, 0 to 1; of the first level only.
  public let orientationSelectivity: Double?
  /// Where it was strongest in the data, at most nine places on as many pictures.
  public let places: [StrongPlace]
  /// The names of those pictures, and what the unit saw there.
  public let pictures: [String]
  /// The pixels of its field there.
  public let patches: [Image]
  /// The class of those pictures, where at least seven of nine have the same.
  public let commonClass: String?
  /// The weights as a picture, where the unit reads the pixels themselves.
  public let filter: Image?
  /// A picture that excites it, if one was sought.
  public internal(set) var preferred: Image?

  /// From this overlap on a unit counts as a detector of a part (Bau et al. 2017).
  public static let leastOverlap = 0.04

  /// Whether it detects a part.
  public var detectsPart: Bool { (best?.iou.value ?? 0) > Self.leastOverlap }
}

/// How often a part is found on the pictures of odd number, and how often by what knows nothing of it.
public struct FindingRate: Sendable {
  /// By the part's best unit in each basis.
  public let units: [Basis: HitRate]
  /// By a guess at the middle of the object's box; of the view, where no box is known.
  public let center: HitRate
  /// The share of blind guesses, all over the view, that would find it: the mean over the pictures.
  public let chance: Double

  /// By the trained network's best unit.
  public var own: HitRate { units[.trained] ?? HitRate(hits: 0, tries: 0) }
}

/// How well the best unit for a part finds it: the unit chosen on the pictures of even number, measured on the others.
public struct PartFinding: Sendable {
  /// The part, and its share of all pixels.
  public let part: String
  /// Of all pixels.
  public let share: Double
  /// The share of a unit's values that count as active where this part is concerned: 0.5 %, or the part's own share of pixels where that is smaller.
  public let quantile: Double
  /// The unit that points at it best.
  public let level: Level
  /// Its number.
  public let unit: Int
  /// The unit that points at it best in each basis, counted over all levels.
  let best: [Basis: Int]
  /// Its strongest place within 7 % of the view's side from the part.
  public let pointing: FindingRate
  /// Within a tenth of the object's box of the part's point.
  public let pck: FindingRate
}

/// How many units of a level detect a part.
public struct LevelFinding: Sendable {
  /// The level.
  public let level: Level
  /// Units that detect a part of all, for each basis.
  public let detectors: [Basis: HitRate]
  /// Different parts that they detect.
  public let uniqueParts: [Basis: Int]
}
