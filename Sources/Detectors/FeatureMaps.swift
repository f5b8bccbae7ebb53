import AvocetClassifier
import AvocetImages
import AvocetModelFiles
import AvocetNetworks

/// One unit's map over a picture.
public struct FeatureMap: Sendable {
  /// The unit: a channel of its level's node.
  public let unit: Int
  /// The detector's name, if it has one.
  public let name: String?
  /// The values, row by row.
  public let values: [Float]
  /// The largest value.
  public let maximum: Float
  /// Where it is (the first of equals): row and column of the map.
  public let row, column: Int
  /// What the unit sees there, in pixels of the original picture, cut off at its edges.
  public let field: Rectangle
  /// The same in pixels of the view that the network saw.
  public let viewField: Rectangle
  /// What the unit adds to the predicted class's logit, against its level's baseline, all places together (see `IntegratedGradients`); nil where other ways lead
  /// past its level.
  public let contribution: Float?
}

/// All units of one level over a picture, those first that add the most to the prediction.
public struct LevelMaps: Sendable {
  /// The level.
  public let level: Level
  /// Rows and columns of the maps, and how many units there are.
  public let shape: Shape
  /// Pixels of the view that one unit sees, along each side.
  public let fieldSize: Int
  /// The maps, by falling contribution; of equals, and where there is none, by falling maximum, then the lower unit first.
  public let maps: [FeatureMap]
  /// What all units together add to the predicted class's logit, and by how much that misses the difference to the baseline's.
  public let total: (contribution: Double, gap: Double)?
  /// What that is measured against.
  public let baseline: Baseline
  /// The largest value of all maps, at least 0.
  public var peak: Float { maps.reduce(0) { max($0, $1.maximum) } }
}

/// What a network makes of one picture, level by level.
public struct FeatureMaps: Sendable {
  /// The picture as the network saw it.
  public let view: Image
  /// What it said.
  public let prediction: Prediction
  /// The levels, edges first.
  public let levels: [LevelMaps]

  /// Shows `image` to the network and gathers the maps of the given levels.
  public init(
    _ attribution: Attribution, _ image: Image, levels wanted: [Level] = Level.allCases,
    in workspace: InferenceWorkspace
  ) throws(ImageError) {
    let classifier = attribution.classifier
    let (network, preprocessing) = (classifier.network, classifier.preprocessing)
    // One view: maps and prediction belong to the same pixels.
    view = preprocessing.view(of: image)
    let blurred = PictureMaps(
      view: PictureMaps.baseline(of: view), preprocessing, in: workspace)
    let picture = PictureMaps(view: view, preprocessing, in: workspace)
    let probabilities = workspace.probabilities()
    guard probabilities.allSatisfy(\.isFinite) else {
      throw ImageError(code: "not-finite", message: "the network's output for it is not a number")
    }
    prediction = Prediction(classes: classifier.classes, probabilities: probabilities)
    let winner = prediction.top(1).first?.index ?? 0
    let weights = (0..<network.classCount).map { Float($0 == winner ? 1 : 0) }
    let place = { (field: Rectangle) in
      preprocessing.place(of: field, width: image.width, height: image.height)
    }
    levels = wanted.compactMap { level in
      guard let node = network.levels[level] else { return nil }
      let added = attribution.contributions(
        of: level, from: blurred, to: picture, to: weights, tolerance: 0.02)
      return LevelMaps(
        level, attribution, node, picture[level], added, place: place)
    }
  }
}

extension LevelMaps {
  fileprivate init(
    _ level: Level, _ attribution: Attribution, _ node: Int, _ values: [Float],
    _ added: IntegratedGradients?, place: (Rectangle) -> Rectangle
  ) {
    let classifier = attribution.classifier
    let shape = classifier.network.nodes[node].shape
    let field = classifier.network.receptiveField(of: node)
    let preprocessing = classifier.preprocessing
    let sums = added.map { unitSums($0.contributions, channels: shape.channels) }
    let maps = (0..<shape.channels).map { unit -> FeatureMap in
      let (map, best) = unitMap(values, unit, channels: shape.channels)
      let (row, column) = (best / shape.columns, best % shape.columns)
      let seen = field.rectangle(row: row, column: column)
      return FeatureMap(
        unit: unit, name: classifier.detectorNames[level]?[unit], values: map, maximum: map[best],
        row: row, column: column, field: place(seen),
        viewField: seen.cut(preprocessing.width, preprocessing.height),
        contribution: sums.map { Float($0[unit]) })
    }
    (self.level, self.shape, fieldSize) = (level, shape, field.size)
    self.maps = maps.sorted {
      ($1.contribution ?? 0, $1.maximum, $0.unit) < ($0.contribution ?? 0, $0.maximum, $1.unit)
    }
    baseline = attribution.baseline(of: level)
    total = added.map { ($0.contributions.reduce(0) { $0 + Double($1) }, $0.gap) }
  }
}

/// One channel's values, place by place, and where the largest is (the first of equals).
func unitMap(_ values: [Float], _ unit: Int, channels: Int) -> (map: [Float], best: Int) {
  // One strided gather: channels lie side by side.
  let map = stride(from: unit, to: values.count, by: channels).map { values[$0] }
  var best = 0
  for place in map.indices where map[place] > map[best] { best = place }
  return (map, best)
}

/// The sum over all channels, for each place.
func placeSums(_ values: [Float], channels: Int) -> [Float] {
  stride(from: 0, to: values.count, by: channels).map { first in
    (first..<first + channels).reduce(0) { $0 + values[$1] }
  }
}

/// A map whose every number is shared out over the places about it, with a bell's weights of deviation √5 along rows and columns (the binomial ones, ten times 1 2 1); what
/// would fall beyond an edge comes back, so that the sum stays. A network that halves its maps looks at every second pixel more closely, and its gradients are a chequered
/// pattern on top of what they mean, which these weights take out. Measured on the aviary: deleted in this order pixels lower the class sooner than with the next neighbours
/// alone, and no wider bell does better.
package func spread(_ map: [Float], columns: Int) -> [Float] {
  let rows = map.count / max(1, columns)
  var map = map
  func pass(_ count: Int, step: Int, lines: Int, lineStep: Int) {
    for line in 0..<lines {
      let first = line * lineStep
      let values = (0..<count).map { map[first + $0 * step] }
      for i in 0..<count {
        let (before, after) = (values[max(0, i - 1)], values[min(count - 1, i + 1)])
        map[first + i * step] = (before + 2 * values[i] + after) / 4
      }
    }
  }
  for _ in 0..<10 {
    pass(columns, step: 1, lines: rows, lineStep: columns)
    pass(rows, step: columns, lines: columns, lineStep: 1)
  }
  return map
}

/// The sum over all places, for each channel.
func unitSums(_ values: [Float], channels: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: channels)
  for first in stride(from: 0, to: values.count, by: channels) {
    for channel in 0..<channels { sums[channel] += Double(values[first + channel]) }
  }
  return sums
}

extension ReceptiveField {
  /// What the unit in a row and column of the map sees, in pixels of the view; it may reach beyond them.
  func rectangle(row: Int, column: Int) -> Rectangle {
    Rectangle(
      x: Double(start + column * stride), y: Double(start + row * stride), width: Double(size),
      height: Double(size))
  }
}

extension Rectangle {
  /// The part inside width x height.
  func cut(_ maximumX: Int, _ maximumY: Int) -> Rectangle {
    let (left, top) = (max(0, x), max(0, y))
    let right = min(Double(maximumX), x + width)
    let bottom = min(Double(maximumY), y + height)
    return Rectangle(x: left, y: top, width: max(0, right - left), height: max(0, bottom - top))
  }
}
