import AvocetImages
import AvocetNetworks

/// From the counts of the walks to what is said of units and parts.
struct PartScores {
  /// The best unit for each part that is seen at all.
  let findings: [PartFinding]
  let levels: [LevelFinding]
  private let bests: [[PartAgreement?]]

  /// The share of active values for each part: 0.5 %, or its own share of the pixels where that is smaller.
  static func quantiles(_ first: DetectorSurvey.First, _ preprocessing: Preprocessing) -> [Double] {
    let pixels = Double(max(1, first.known * preprocessing.width * preprocessing.height))
    return first.partPixels.enumerated().map { part, count in
      part == 0 || count == 0 ? 0.005 : min(0.005, Double(count) / pixels)
    }
  }

  init(
    _ first: DetectorSurvey.First, _ second: DetectorSurvey.Second, _ bases: Bases,
    _ names: [String], _ preprocessing: Preprocessing
  ) {
    let table = bases.table
    let area = preprocessing.width * preprocessing.height
    bests = second.tallies.map { tally in
      (0..<table.count).map { Self.best($0, tally, second, names, area: area) }
    }
    guard !second.tallies.isEmpty else {
      (findings, levels) = ([], [])
      return
    }
    let quantiles = Self.quantiles(first, preprocessing)
    let pixels = Double(max(1, first.known * area))
    findings = names.indices.dropFirst().compactMap { part in
      let tries = second.pictures[1][part]
      guard tries > 0, second.pictures[0][part] > 0 else { return nil }
      let units = second.tallies.map { tally in
        (0..<table.count).max {
          (tally.hits($0, part, half: 0), $1) < (tally.hits($1, part, half: 0), $0)
        } ?? 0
      }
      let best = Dictionary(uniqueKeysWithValues: zip(bases.bases, units))
      func rate(
        _ hits: (PartTally, Int) -> Int, of tries: Int, center: Int, chance: Int
      ) -> FindingRate {
        FindingRate(
          units: best.reduce(into: [:]) { rates, basis in
            let tally = second.tallies[basis.key.rawValue]
            rates[basis.key] = HitRate(hits: hits(tally, basis.value), tries: tries)
          }, center: HitRate(hits: center, tries: tries),
          chance: Double(chance) / 0x1p20 / Double(max(1, tries)))
      }
      let own = table.part(of: units[0])
      return PartFinding(
        part: names[part], share: Double(first.partPixels[part]) / pixels,
        quantile: quantiles[part], level: own.level, unit: units[0] - own.first, best: best,
        pointing: rate(
          { $0.hits($1, part, half: 1) }, of: tries, center: second.centerHits[part],
          chance: second.pointingChance[part]),
        pck: rate(
          { $0.near($1, part, half: 1) }, of: second.pointed[1][part],
          center: second.centerNear[part], chance: second.nearChance[part]))
    }
    let bests = bests
    levels = table.parts.map { level in
      let units = level.first..<level.first + level.shape.channels
      var (detectors, unique): ([Basis: HitRate], [Basis: Int]) = ([:], [:])
      for basis in bases.bases {
        let found = bests[basis.rawValue][units].compactMap { $0 }.filter {
          $0.iou.value > Detector.leastOverlap
        }
        detectors[basis] = HitRate(hits: found.count, tries: units.count)
        unique[basis] = Set(found.map(\.part)).count
      }
      return LevelFinding(level: level.level, detectors: detectors, uniqueParts: unique)
    }
  }

  /// What the unit agrees with best in a basis; nil where nothing is known.
  func best(_ unit: Int, _ basis: Basis) -> PartAgreement? {
    bests.indices.contains(basis.rawValue) ? bests[basis.rawValue][unit] : nil
  }

  private static func best(
    _ unit: Int, _ tally: PartTally, _ second: DetectorSurvey.Second, _ names: [String], area: Int
  ) -> PartAgreement? {
    let choices = names.indices.dropFirst().map {
      (
        part: $0,
        overlap: tally.overlap(unit, $0, half: 0, partPixels: second.pixels[0][$0])
      )
    }
    guard let best = choices.max(by: { ($0.overlap, $1.part) < ($1.overlap, $0.part) }),
      best.overlap > 0
    else { return nil }
    let partPixels = second.pixels[1][best.part]
    return PartAgreement(
      part: names[best.part],
      iou: tally.measuredOverlap(
        unit, best.part, partPixels: partPixels, pictures: second.measured),
      chance: tally.blindOverlap(
        unit, best.part, partPixels: partPixels, pixels: second.measured * area),
      pointing: HitRate(
        hits: tally.hits(unit, best.part, half: 1), tries: second.pictures[1][best.part]),
      pck: HitRate(
        hits: tally.near(unit, best.part, half: 1), tries: second.pointed[1][best.part]))
  }
}
