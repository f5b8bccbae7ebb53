import AvocetClassifier
import AvocetImages
import AvocetKernels
import AvocetNetworks

/// What contributions are measured against.
public enum Baseline: String, Sendable {
  /// The picture blurred, or a level's map of it.
  case blurred = "the blurred picture"
  /// Every unit at its mean over the data, at every place.
  case mean = "the data set's mean"
}

/// Finds what the pixels of a picture, and the units of the levels, add to a class's logit: the pixels against the blurred picture; a level's units against their
/// means over the data, where the model knows them, else against the blurred picture too.
///
/// Not for use from several threads at once.
public final class Attribution {
  let classifier: Classifier
  private let team: ThreadTeam
  private var sections: [Span: NetworkSection] = [:]

  private struct Span: Hashable { let first, last: Int }

  /// For a classifier that keeps its levels.
  public init(_ classifier: Classifier, team: ThreadTeam) {
    (self.classifier, self.team) = (classifier, team)
  }

  /// The section between two nodes; nil where other ways lead past the first.
  func section(from first: Int, to last: Int) -> NetworkSection? {
    let span = Span(first: first, last: last)
    if let known = sections[span] { return known }
    let network = classifier.network
    guard let parameters = classifier.parameters else { return nil }
    // So many maps at once as a hundred megabytes hold.
    let size = network.nodes[first...last].reduce(0) { $0 + $1.shape.count }
    let batch = max(2, min(16, 24_000_000 / max(1, size) / 2 * 2))
    let section = NetworkSection(
      network, parameters, from: first, to: last, batch: batch, team: team)
    sections[span] = section
    return section
  }

  /// What a level's units are measured against.
  func baseline(of level: Level) -> Baseline {
    classifier.unitMeans[level] == nil ? .blurred : .mean
  }

  /// The level's map there.
  func baselineMap(of level: Level, _ blurred: PictureMaps) -> [Float] {
    guard let means = classifier.unitMeans[level] else { return blurred[level] }
    return (0..<blurred[level].count / means.count).flatMap { _ in means }
  }

  /// What a level's numbers add to the logits, each counted by its weight; nil where other ways lead past the level.
  func contributions(
    of level: Level, from blurred: PictureMaps, to picture: PictureMaps, to weights: [Float],
    tolerance: Double = 0.005
  ) -> IntegratedGradients? {
    guard let node = classifier.network.levels[level] else { return nil }
    return contributions(
      ofNode: node, from: baselineMap(of: level, blurred), to: picture[level], to: weights,
      tolerance: tolerance)
  }

  /// What the pixels' numbers add to the logits.
  func pixelContributions(
    from blurred: PictureMaps, to picture: PictureMaps, to weights: [Float],
    tolerance: Double = 0.005
  ) -> IntegratedGradients? {
    contributions(
      ofNode: 0, from: blurred.input, to: picture.input, to: weights, tolerance: tolerance)
  }

  private func contributions(
    ofNode node: Int, from baseline: [Float], to map: [Float], to weights: [Float],
    tolerance: Double
  ) -> IntegratedGradients? {
    section(from: node, to: classifier.network.nodes.count - 1).map {
      IntegratedGradients($0, from: baseline, to: map, of: weights, tolerance: tolerance)
    }
  }
}

/// The numbers that a network makes of one picture, copied: its input, its levels, its logits.
struct PictureMaps: Sendable {
  /// The picture as the network saw it.
  let view: Image
  let input: [Float]
  let logits: [Float]
  private let levels: [Level: [Float]]

  subscript(level: Level) -> [Float] { levels[level] ?? [] }

  /// Shows one view to the network.
  init(view: Image, _ preprocessing: Preprocessing, in workspace: InferenceWorkspace) {
    self.view = view
    let network = workspace.prepared.network
    func copy(_ start: ConstFloats, _ count: Int) -> [Float] {
      unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }
    // The input's memory is used again by what comes after.
    unsafe preprocessing.normalise(view, into: workspace.input)
    input = unsafe copy(workspace.input, network.inputShape.count)
    workspace.run()
    logits = unsafe copy(workspace.logits, network.classCount)
    var levels: [Level: [Float]] = [:]
    for level in network.levels.keys {
      let (shape, start) = unsafe workspace.level(level)
      levels[level] = unsafe copy(start, shape.count)
    }
    self.levels = levels
  }

  /// The view blurred until an eighth of its side is one spot.
  static func baseline(of view: Image) -> Image {
    view.blurred(reach: max(1, max(view.width, view.height) / 8))
  }
}
