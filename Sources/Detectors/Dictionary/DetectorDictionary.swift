import AvocetClassifier
import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetNetworks

/// All units of a network's levels, and what each of them detects in a data set.
public struct DetectorDictionary: Sendable {
  /// The units: edges, parts, objects.
  public internal(set) var detectors: [Detector]
  /// What the units of each level are on average, over all places and pictures.
  public let unitMeans: [Level: [Float]]
  /// What is known of the parts; empty where the data knows none.
  public let parts: [PartFinding]
  /// The same level by level.
  public let levels: [LevelFinding]
  /// What becomes of the parts' units where the parts are taken away; of an aviary only.
  public let twins: [TwinFinding]
  /// What becomes of the class where the parts' units are switched off.
  public let switches: SwitchFinding?
  /// How fast the class falls where what counts is deleted first, if that was measured.
  public internal(set) var deletions: DeletionStudy?
  /// Pictures that were looked at, and those of them whose parts are known.
  public let pictures, known: Int
  /// Pictures that could not be read: their names and why.
  public let refused: [(identifier: String, message: String)]
  /// Whether all pictures were looked at.
  public let isComplete: Bool

  /// Looks at all pictures of `source`, twice; `progress` hears how many of twice as many are done. `seed` is of the untrained network and the random basis.
  public init(
    _ classifier: Classifier, on source: PartSource, classes: [String], seed: UInt64,
    team: ThreadTeam, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    let knowsParts = !source.names.isEmpty
    let bases = Bases(classifier, comparing: knowsParts, seed: seed, team: team)
    let survey = DetectorSurvey(
      classifier.preprocessing, source, bases, team: team, shouldStop: shouldStop,
      progress: progress)
    let first = survey.firstWalk()
    let tallies =
      first.known > 0 ? Self.tallies(first, bases, classifier.preprocessing, source.names) : []
    let second = survey.secondWalk(first, tallies)
    let scores = PartScores(first, second, bases, source.names, classifier.preprocessing)
    let table = bases.table
    let orientations = table.parts.first.map { Orientation.all(classifier, $0, team: team) } ?? []
    let filters = FilterPictures(classifier)
    var detectors = (0..<table.count).map { number -> Detector in
      let part = table.part(of: number)
      let unit = number - part.first
      let places = first.places.places[number]
      let labels = places.map { source.pictures.label($0.picture) }
      let common = labels.first { label in labels.count { $0 == label } >= 7 }
      return Detector(
        level: part.level, unit: unit, name: nil, best: scores.best(number, .trained),
        iouUntrained: scores.best(number, .untrained)?.iou,
        iouRotated: scores.best(number, .rotated)?.iou,
        orientationSelectivity: part.level == .edges ? orientations[unit].selectivity : nil,
        places: places, pictures: places.map { source.pictures.identifier($0.picture) },
        patches: places.indices.compactMap { second.patches[number]?[$0] },
        commonClass: common.flatMap { classes.indices.contains($0) ? classes[$0] : nil },
        filter: part.level == .edges ? filters?.picture(unit) : nil, preferred: nil)
    }
    Self.name(&detectors, orientations)
    self.detectors = detectors
    unitMeans = first.means.levels(of: table)
    (parts, levels) = (scores.findings, scores.levels)
    let aviary = (source.pictures as? AviarySource)?.aviary
    twins =
      aviary.map {
        Self.twins(bases, classifier.preprocessing, $0, scores.findings, team: team)
      } ?? []
    switches = Self.switches(classifier, source, detectors, seed: seed, team: team)
    (pictures, known) = (first.pictures, first.known)
    refused = first.refused.sorted { $0.key < $1.key }
      .map { (source.pictures.identifier($0.key), $0.value) }
    isComplete = !shouldStop()
  }

  // Empty tallies with each unit's thresholds.
  private static func tallies(
    _ first: DetectorSurvey.First, _ bases: Bases, _ preprocessing: Preprocessing, _ names: [String]
  ) -> [PartTally] {
    let quantiles = PartScores.quantiles(first, preprocessing)
    let distinct = Set(quantiles).sorted(by: >)
    let ranks = quantiles.map { distinct.firstIndex(of: $0) ?? 0 }
    return first.histograms.map { histogram in
      let thresholds = (0..<bases.table.count).flatMap { unit -> [Float] in
        let shape = bases.table.part(of: unit).shape
        let total = first.pictures * shape.rows * shape.columns
        return distinct.map { histogram.threshold(unit, share: $0, of: total) }
      }
      return PartTally(
        units: bases.table.count, parts: names.count, thresholds: thresholds, rankOfPart: ranks)
    }
  }

  // A unit is called by the part it detects, else by its preferred edge (first level) or the class it is seen on (last levels); the second of a name gets a 2.
  private static func name(_ detectors: inout [Detector], _ orientations: [Orientation]) {
    for level in Level.allCases {
      var taken: [String: Int] = [:]
      let order = detectors.indices.filter { detectors[$0].level == level }.sorted {
        (detectors[$1].best?.iou.value ?? 0, $0) < (detectors[$0].best?.iou.value ?? 0, $1)
      }
      for index in order {
        let detector = detectors[index]
        let earned =
          level == .edges
          ? orientations[detector.unit].name
          : detector.detectsPart ? detector.best?.part : detector.commonClass
        guard let earned else { continue }
        taken[earned, default: 0] += 1
        let number = taken[earned] ?? 1
        detectors[index].name = number > 1 ? "\(earned) \(number)" : earned
      }
    }
  }

  /// The names by level and unit, as a model keeps them.
  public var names: [Level: [Int: String]] {
    var names: [Level: [Int: String]] = [:]
    for detector in detectors { names[detector.level, default: [:]][detector.unit] = detector.name }
    return names
  }
}
