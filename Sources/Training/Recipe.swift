import AvocetDatasets
import AvocetImages
import AvocetModelFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How a network is trained: every constant, as one JSON value.
public struct Recipe: Codable, Hashable, Sendable {
  /// The name.
  public var name: String
  /// The network's name; see `Architecture`.
  public var architecture: String
  /// Rows and columns of the pictures that the network sees.
  public var size: Int
  /// Times through the training data.
  public var epochs: Int
  /// Pictures in a batch.
  public var batch: Int
  /// The optimiser and its constants.
  public var optimizer: OptimizerSettings
  /// How the learning rate moves.
  public var schedule: Schedule
  /// The share of the steps in which the learning rate rises.
  public var warmUp: Double
  /// The share of the target that is spread over all classes (Szegedy et al. 2016).
  public var labelSmoothing: Double
  /// What is done to the training pictures.
  public var augmentation: Augmentation

  /// The recipes that have a name.
  public static let named: [Recipe] = [
    Recipe(
      name: "aviary", architecture: "aviary", size: 64, epochs: 12, batch: 64,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 4, flip: true)),
    Recipe(
      name: "fashion-mnist", architecture: "fashion", size: 28, epochs: 12, batch: 128,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 2, flip: true)),
    Recipe(
      name: "mnist", architecture: "fashion", size: 28, epochs: 12, batch: 128,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 2)),
    Recipe(
      name: "cifar", architecture: "fashion", size: 32, epochs: 12, batch: 128,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 4, flip: true)),
    Recipe(
      name: "photos", architecture: "aviary", size: 96, epochs: 40, batch: 32,
      optimizer: OptimizerSettings(rule: .adamW, learningRate: 2e-3, weightDecay: 0.05),
      schedule: .cosine, warmUp: 0.1, labelSmoothing: 0.1,
      augmentation: Augmentation(
        cropScale: 0.35...1, flip: true, brightness: 0.3, contrast: 0.3, saturation: 0.3)),
  ]

  /// The recipe of that name.
  public static func named(_ name: String) -> Recipe? { named.first { $0.name == name } }

  /// A recipe from its JSON, in which every key must be known: a misspelled one would be a default in silence.
  public init(json: [UInt8]) throws {
    let read = try StrictJSON(json, depth: 8)
    self = try JSONDecoder().decode(Recipe.self, from: Data(json))
    if let unknown = read.key(missingIn: try StrictJSON(self.json.utf8, depth: 8)) {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "\(unknown) is no part of a recipe"))
    }
  }

  /// The recipe as JSON.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  init(
    name: String, architecture: String, size: Int, epochs: Int, batch: Int,
    optimizer: OptimizerSettings, schedule: Schedule, warmUp: Double, labelSmoothing: Double,
    augmentation: Augmentation
  ) {
    (self.name, self.architecture, self.size) = (name, architecture, size)
    (self.epochs, self.batch, self.optimizer) = (epochs, batch, optimizer)
    (self.schedule, self.warmUp, self.labelSmoothing) = (schedule, warmUp, labelSmoothing)
    self.augmentation = augmentation
  }

  /// What a user could have written wrong in a recipe's file, or nil.
  public var problem: String? {
    func bad<Value>(_ name: String, _ value: Value, _ range: String) -> String {
      "\(name) is \(value); \(range) is allowed"
    }
    if !(1...1024).contains(size) { return bad("size", size, "1 to 1024") }
    if !(0...1_000_000).contains(epochs) { return bad("epochs", epochs, "0 to 1,000,000") }
    if !(1...65_536).contains(batch) { return bad("batch", batch, "1 to 65,536") }
    let rate = optimizer.learningRate
    if !(rate > 0 && rate < 1000) { return bad("learningRate", rate, "above 0, below 1000") }
    if !(0..<1).contains(optimizer.momentum) {
      return bad("momentum", optimizer.momentum, "0 up to 1")
    }
    if !(0..<1).contains(optimizer.weightDecay) {
      return bad("weightDecay", optimizer.weightDecay, "0 up to 1")
    }
    if !(0..<1).contains(warmUp) { return bad("warmUp", warmUp, "0 up to 1") }
    if !(0..<1).contains(labelSmoothing) {
      return bad("labelSmoothing", labelSmoothing, "0 up to 1")
    }
    return augmentation.problem(side: size)
  }
}
