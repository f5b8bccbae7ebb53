import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

/// A distribution over the classes.
public struct Prediction: Sendable, Hashable {
  /// The class names.
  public let classes: [String]
  /// A probability for each.
  public let probabilities: [Float]

  /// A probability for each of the classes.
  public init(classes: [String], probabilities: [Float]) {
    (self.classes, self.probabilities) = (classes, probabilities)
  }

  /// One class and its probability.
  public struct Entry: Sendable, Hashable {
    /// The class's name.
    public let label: String
    /// Its number.
    public let index: Int
    /// Its probability.
    public let probability: Float
  }

  /// The `count` most probable classes, the first of equals first.
  public func top(_ count: Int) -> [Entry] {
    let order = probabilities.indices.sorted {
      (probabilities[$1], $0) < (probabilities[$0], $1)
    }
    return order.prefix(count).map {
      Entry(label: classes[$0], index: $0, probability: probabilities[$0])
    }
  }
}

/// A model ready to classify on any number of threads.
public final class Classifier: Sendable {
  /// The network.
  public let network: Network
  /// The class names.
  public let classes: [String]
  /// The names that units of the levels have earned.
  public let detectorNames: [Level: [Int: String]]
  /// What the units of a level are on average over data, where that is known.
  public let unitMeans: [Level: [Float]]
  /// How a picture becomes the network's input.
  public let preprocessing: Preprocessing
  /// The folded network.
  public let prepared: PreparedNetwork
  /// The network's own numbers; nil where `keepsLevels` is false, to save the memory.
  public let parameters: Parameters?

  /// Folds and packs the model, on the team's threads where there is one; `views` overrides the number of views that the model asks for. Without `keepsLevels` it
  /// classifies faster and in less memory, but shows nothing of the levels.
  public init(_ model: Model, views: Int? = nil, keepsLevels: Bool = true, team: ThreadTeam? = nil)
  {
    (network, classes) = (model.network, model.classes)
    (detectorNames, unitMeans) = (model.detectorNames, model.unitMeans)
    var preprocessing = model.preprocessing
    if let views { preprocessing.views = views }
    self.preprocessing = preprocessing
    prepared = model.prepared(keepsLevels: keepsLevels, team: team)
    parameters = keepsLevels ? model.parameters : nil
  }

  /// Memory for one thread's pictures.
  public func workspace() -> InferenceWorkspace { InferenceWorkspace(prepared) }

  /// The distribution for a picture, over the views that the model asks for; a network that gives no number is an error, not a class.
  public func predict(_ image: Image, in workspace: InferenceWorkspace) throws(ImageError)
    -> Prediction
  {
    try predict(preprocessing.views(of: image), in: workspace)
  }

  // The mean over these views of one picture.
  func predict(_ views: [Image], in workspace: InferenceWorkspace) throws(ImageError) -> Prediction
  {
    let logits = try workspace.logits(views, preprocessing)
    return Prediction(classes: classes, probabilities: prepared.distribution(logits))
  }

  /// The distribution for one picture.
  public func predict(_ image: Image) throws(ImageError) -> Prediction {
    try predict(image, in: workspace())
  }
}
