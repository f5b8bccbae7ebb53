import AvocetClassifier
import AvocetImages
import AvocetNetworks

/// What one unit adds to the score on one picture.
public struct UnitEvidence: Sendable {
  /// The unit, and the name it has earned.
  public let level: Level
  /// Its channel.
  public let unit: Int
  /// The name, if it has earned one.
  public let name: String?
  /// What it adds to the score, all places together, and at each place.
  public let contribution: Double
  /// Place by place, row by row.
  public let map: [Float]
  /// What it sees where it adds the most, in pixels of the view.
  public let field: Rectangle

  /// The name, or the number.
  public var title: String { name ?? "unit \(unit)" }
  /// The name without the number that tells units of one name apart.
  public var concept: String? {
    name.map { name in
      let words = name.split(separator: " ")
      return words.count > 1 && Int(words[words.count - 1]) != nil
        ? words.dropLast().joined(separator: " ") : name
    }
  }
}

/// What a lower unit adds to the score through a higher one.
public struct EvidenceLink: Sendable {
  /// The higher unit's level, and both units.
  public let level: Level
  public let from, to: Int
  /// Its share of the higher unit's contribution. The shares fall short of it by what the lower level's baseline already makes of the higher unit beyond the higher
  /// unit's own baseline: nothing, where both are the blurred picture's.
  public let contribution: Double
}

/// What one level adds to the score.
public struct LevelEvidence: Sendable {
  /// The level, the size of its maps, and what one unit sees.
  public let level: Level
  /// The size of its maps, and how many units there are.
  public let shape: Shape
  /// Pixels of the view that one unit sees, along each side.
  public let fieldSize: Int
  /// All units, by falling contribution.
  public let units: [UnitEvidence]
  /// What all units together add at each place.
  public let map: [Float]
  /// What the contributions are measured against.
  public let baseline: Baseline
  /// score(picture) - score(the level's baseline): what they add up to.
  public let difference: Double
  /// The sum over all units; by how much it misses the difference.
  public let sum, gap: Double
  /// Intervals of the path that were needed.
  public let steps: Int
}

extension LevelEvidence {
  /// What each unit adds, by its number.
  var worth: [Float] {
    units.reduce(into: [Float](repeating: 0, count: shape.channels)) {
      $0[$1.unit] = Float($1.contribution)
    }
  }
}

/// Why a network says of a picture what it says: the score of a class, or of one class over another, taken apart.
public struct Explanation: Sendable {
  /// The picture as the network saw it, and blurred: what the pixels are measured against.
  public let view, baseline: Image
  /// What the network says of both.
  public let prediction, blurredPrediction: Prediction
  /// The class, and the one it is compared with.
  public let target: Int
  /// The class that it is compared with, if there is one.
  public let versus: Int?
  /// score(picture) - score(blurred picture), which the pixels add up to; the score is the class's logit, less the other class's.
  public let difference: Double
  /// What each pixel adds, all channels together, spread over the places about it (see `spread`), and by how much the sum misses the difference.
  public let pixels: [Float]
  /// By how much their sum misses the difference.
  public let pixelGap: Double
  /// The levels, edges first.
  public let levels: [LevelEvidence]
  /// From the lower units to the shown ones of parts and objects.
  public let links: [EvidenceLink]
  /// What happens where units are switched off.
  public let switches: [SwitchedOff]
  /// How fast the score falls where what counts is deleted first.
  public let deletions: [Deletion]

  /// Units of each level that the graph shows.
  static let shown = 6

  /// Why `target` (nil: the most probable class), rather than `versus`; the error `stopped` where `shouldStop` says so on the way.
  public init(
    _ attribution: Attribution, _ image: Image, target wanted: Int? = nil, versus: Int? = nil,
    shouldStop: () -> Bool = { false }
  ) throws(ImageError) {
    func goOn() throws(ImageError) {
      if shouldStop() { throw ImageError(code: "stopped", message: "stopped before the end") }
    }
    let task = try EvidenceTask(attribution, image, target: wanted, versus: versus)
    (view, baseline) = (task.picture.view, task.blurred.view)
    (prediction, blurredPrediction) = (task.said(task.picture), task.said(task.blurred))
    (target, self.versus) = (task.target, versus)
    guard let ofPixels = task.pixels() else {
      throw ImageError(code: "no-levels", message: "the network cannot be taken apart")
    }
    difference = ofPixels.difference
    pixels = task.pixelMap(ofPixels)
    pixelGap = ofPixels.gap
    try goOn()
    let found = Level.allCases.compactMap { task.level($0) }
    guard found.count == Level.allCases.count else {
      throw ImageError(
        code: "no-levels", message: "other ways of the network lead past one of its levels")
    }
    levels = found.map(\.evidence)
    try goOn()
    links = task.links(found)
    try goOn()
    switches = task.switches(levels, prediction, target)
    try goOn()
    deletions =
      task.deletions(of: .pixels, ours: pixels)
      + task.deletions(of: .parts, ours: levels[1].worth)
  }
}

extension Explanation {
  /// What a unit adds beyond what comes through its links: what its lower level's baseline already makes of it beyond its own. Nothing but rounding where both are the
  /// blurred picture's.
  public func remainder(of unit: UnitEvidence) -> Double {
    links.reduce(unit.contribution) {
      $1.level == unit.level && $1.to == unit.unit ? $0 - $1.contribution : $0
    }
  }
}

/// One explanation being made.
struct EvidenceTask {
  let attribution: Attribution
  let picture, blurred: PictureMaps
  /// The class, and what each logit counts in the score.
  let target: Int
  let weights: [Float]

  /// Shows the picture and the blurred picture to the network; the class is `target`, or else the most probable one, the first of equals.
  init(
    _ attribution: Attribution, _ image: Image, target wanted: Int? = nil, versus: Int? = nil
  ) throws(ImageError) {
    let classifier = attribution.classifier
    let preprocessing = classifier.preprocessing
    let workspace = classifier.workspace()
    let view = preprocessing.view(of: image)
    self.attribution = attribution
    blurred = PictureMaps(view: PictureMaps.baseline(of: view), preprocessing, in: workspace)
    picture = PictureMaps(view: view, preprocessing, in: workspace)
    let logits = picture.logits
    guard (logits + blurred.logits).allSatisfy(\.isFinite) else {
      throw ImageError(code: "not-finite", message: "the network's output for it is not a number")
    }
    let target = wanted ?? logits.indices.max { (logits[$0], $1) < (logits[$1], $0) } ?? 0
    self.target = target
    weights = logits.indices.map { Float($0 == target ? 1 : $0 == versus ? -1 : 0) }
  }

  /// The probabilities of the classes.
  func said(_ maps: PictureMaps) -> Prediction {
    Prediction(
      classes: classifier.classes, probabilities: classifier.prepared.distribution(maps.logits))
  }

  var classifier: Classifier { attribution.classifier }
  var network: Network { classifier.network }

  func pixels() -> IntegratedGradients? {
    attribution.pixelContributions(from: blurred, to: picture, to: weights)
  }

  /// The same for each pixel, all channels together, spread over its neighbours.
  func pixelMap(_ added: IntegratedGradients) -> [Float] {
    let shape = network.inputShape
    return spread(
      placeSums(added.contributions, channels: shape.channels), columns: shape.columns)
  }

  /// What a level's units add.
  func level(_ level: Level) -> (evidence: LevelEvidence, gradients: IntegratedGradients)? {
    guard let node = network.levels[level],
      let added = attribution.contributions(of: level, from: blurred, to: picture, to: weights)
    else { return nil }
    let shape = network.nodes[node].shape
    let field = network.receptiveField(of: node)
    let units = (0..<shape.channels).map { unit in
      let (map, best) = unitMap(added.contributions, unit, channels: shape.channels)
      return UnitEvidence(
        level: level, unit: unit, name: classifier.detectorNames[level]?[unit],
        contribution: map.reduce(0) { $0 + Double($1) }, map: map,
        field: field.rectangle(row: best / shape.columns, column: best % shape.columns)
          .cut(view.width, view.height))
    }
    let evidence = LevelEvidence(
      level: level, shape: shape, fieldSize: field.size,
      units: units.sorted { ($1.contribution, $0.unit) < ($0.contribution, $1.unit) },
      map: placeSums(added.contributions, channels: shape.channels),
      baseline: attribution.baseline(of: level), difference: added.difference,
      sum: added.contributions.reduce(0) { $0 + Double($1) }, gap: added.gap, steps: added.steps)
    return (evidence, added)
  }

  private var view: Image { picture.view }

  /// What the lower level's units add through each shown unit: its map, every place weighted with its mean gradient, is itself taken apart along the path from the
  /// lower level's baseline to the picture's. So a unit's links add up to what it adds, less what the lower baseline already makes of it beyond its own.
  func links(_ levels: [(evidence: LevelEvidence, gradients: IntegratedGradients)])
    -> [EvidenceLink]
  {
    zip(levels, levels.dropFirst()).flatMap { lower, upper -> [EvidenceLink] in
      let (below, above) = (lower.evidence, upper.evidence)
      guard let first = network.levels[below.level], let last = network.levels[above.level],
        let section = attribution.section(from: first, to: last)
      else { return [] }
      return above.units.prefix(Explanation.shown).flatMap { unit -> [EvidenceLink] in
        let channels = above.shape.channels
        let score = upper.gradients.gradient.enumerated().map {
          $0 % channels == unit.unit ? $1 : 0
        }
        let added = IntegratedGradients(
          section, from: attribution.baselineMap(of: below.level, blurred),
          to: picture[below.level], of: score)
        return unitSums(added.contributions, channels: below.shape.channels).enumerated().map {
          EvidenceLink(level: above.level, from: $0, to: unit.unit, contribution: $1)
        }
      }
    }
  }
}
