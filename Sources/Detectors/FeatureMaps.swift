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
  /// What the unit adds to the predicted class's logit, where the head is a mean and a dense layer; else nil.
  public let contribution: Float?
}

/// All units of one level over a picture, the strongest first.
public struct LevelMaps: Sendable {
  /// The level.
  public let level: Level
  /// Rows and columns of the maps, and how many units there are.
  public let shape: Shape
  /// Pixels of the view that one unit sees, along each side.
  public let fieldSize: Int
  /// The maps, by falling maximum; of equals the lower unit first.
  public let maps: [FeatureMap]
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
    _ classifier: Classifier, _ image: Image, levels wanted: [Level] = Level.allCases,
    in workspace: InferenceWorkspace
  ) throws(ImageError) {
    let (network, preprocessing) = (classifier.network, classifier.preprocessing)
    // One view: maps and prediction belong to the same pixels.
    view = preprocessing.view(of: image)
    unsafe preprocessing.normalise(view, into: workspace.input)
    workspace.run()
    let probabilities = workspace.probabilities()
    guard probabilities.allSatisfy(\.isFinite) else {
      throw ImageError(code: "not-finite", message: "the network's output for it is not a number")
    }
    prediction = Prediction(classes: classifier.classes, probabilities: probabilities)
    let winner = prediction.top(1).first?.index ?? 0
    levels = wanted.compactMap { level in
      guard let node = network.levels[level] else { return nil }
      let (shape, values) = unsafe workspace.level(level)
      let head = Head(classifier, above: node, winner)
      let receptive = network.receptiveField(of: node)
      let maps = (0..<shape.channels).map { unit -> FeatureMap in
        // One strided gather: channels lie side by side.
        let pixels = shape.rows * shape.columns
        let map = (0..<pixels).map { unsafe values[$0 * shape.channels + unit] }
        var best = 0
        for i in 1..<max(1, pixels) where map[i] > map[best] { best = i }
        let (row, column) = (best / shape.columns, best % shape.columns)
        let field = Rectangle(
          x: Double(receptive.start + column * receptive.stride),
          y: Double(receptive.start + row * receptive.stride), width: Double(receptive.size),
          height: Double(receptive.size))
        let mean = map.reduce(0, +) / Float(pixels)
        return FeatureMap(
          unit: unit, name: classifier.detectorNames[level]?[unit], values: map,
          maximum: map[best], row: row, column: column,
          field: preprocessing.place(of: field, width: image.width, height: image.height),
          viewField: field.cut(preprocessing.width, preprocessing.height),
          contribution: head.map { $0.weights[unit] * mean })
      }
      return LevelMaps(
        level: level, shape: shape, fieldSize: receptive.size,
        maps: maps.sorted { ($1.maximum, $0.unit) < ($0.maximum, $1.unit) })
    }
  }

  /// The dense layer's weights from each unit of a level to one class, where only a mean lies between.
  private struct Head {
    let weights: [Float]

    init?(_ classifier: Classifier, above level: Int, _ classNumber: Int) {
      let nodes = classifier.network.nodes
      guard level + 2 == nodes.count - 1, nodes[level + 1].inputs == [level],
        case .globalAveragePool = nodes[level + 1].operation,
        case .dense = nodes[level + 2].operation, nodes[level + 2].inputs == [level + 1],
        let parameters = classifier.parameters,
        let slice = classifier.network.layout["\(nodes[level + 2].name).weight"]
      else { return nil }
      let classes = classifier.network.classCount
      weights = (0..<nodes[level].shape.channels).map {
        parameters.values[slice.range.lowerBound + $0 * classes + classNumber]
      }
    }
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
