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
  /// How much of the parts level's activity the gradient adds to the loss's: of each picture the sum of the units' magnitudes, averaged over the places (an L1
  /// penalty). It makes units that answer to few things. Nil: none.
  public var sparsity: Double?
  /// How much the parts level is told of the parts where the data has maps of them: what the gradient adds to the loss's of `PartLesson`. Nil: nothing, the
  /// classes alone teach.
  public var partLesson: Double?
  /// What is done to the training pictures.
  public var augmentation: Augmentation
  /// Whether the gradient of a batch is its pictures' mean or their sum.
  public var reduction: Reduction
  /// Whether a last batch that is not full is left out of its epoch.
  public var dropsLast: Bool
  /// The share of the training pictures that is held out to choose the epoch, where the data has no pictures for that.
  public var validation: Double
  /// Views of a picture that a prediction is averaged over; see `Preprocessing`.
  public var views: Int

  /// Batches whose gradients make one step.
  public var accumulation: Int
  /// The greatest length of a step's gradient, longer ones are shortened to it; nil: any.
  public var clipNorm: Double?
  /// The decay of a moving average of the weights, which is what is validated and kept; nil: the weights themselves are.
  public var averageDecay: Double?
  /// Epochs without a better validation after which the training ends; nil: it never does.
  public var patience: Int?
  /// Which pictures an epoch shows.
  public var sampler: Sampler
  /// Views of each training picture whose maps of a frozen level are computed once and kept: an epoch shows one of them. Nil: every step computes them anew.
  public var storedViews: Int?
  /// Whether batch norms use the statistics that they begin with, those of another model, instead of each batch's. Nil: they do not.
  public var storesStatistics: Bool?

  /// What becomes of the pictures' losses.
  public enum Reduction: String, Codable, Sendable, CaseIterable { case mean, sum }

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
    augmentation: Augmentation, reduction: Reduction = .mean, dropsLast: Bool = false,
    validation: Double = 0.1, views: Int = 1, accumulation: Int = 1, clipNorm: Double? = nil,
    averageDecay: Double? = nil, patience: Int? = nil, sampler: Sampler = .plain,
    storedViews: Int? = nil, storesStatistics: Bool? = nil, sparsity: Double? = nil,
    partLesson: Double? = nil
  ) {
    (self.name, self.architecture, self.size) = (name, architecture, size)
    (self.epochs, self.batch, self.optimizer) = (epochs, batch, optimizer)
    (self.schedule, self.warmUp, self.labelSmoothing) = (schedule, warmUp, labelSmoothing)
    (self.augmentation, self.reduction, self.dropsLast) = (augmentation, reduction, dropsLast)
    (self.validation, self.views, self.accumulation) = (validation, views, accumulation)
    (self.clipNorm, self.averageDecay, self.patience) = (clipNorm, averageDecay, patience)
    (self.sampler, self.storedViews) = (sampler, storedViews)
    (self.storesStatistics, self.sparsity) = (storesStatistics, sparsity)
    self.partLesson = partLesson
  }

  /// Reads a recipe; what came later than the first recipes may be missing.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ missing: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? missing
    }
    self.init(
      name: try values.decode(String.self, forKey: .name),
      architecture: try values.decode(String.self, forKey: .architecture),
      size: try values.decode(Int.self, forKey: .size),
      epochs: try values.decode(Int.self, forKey: .epochs),
      batch: try values.decode(Int.self, forKey: .batch),
      optimizer: try values.decode(OptimizerSettings.self, forKey: .optimizer),
      schedule: try values.decode(Schedule.self, forKey: .schedule),
      warmUp: try values.decode(Double.self, forKey: .warmUp),
      labelSmoothing: try values.decode(Double.self, forKey: .labelSmoothing),
      augmentation: try values.decode(Augmentation.self, forKey: .augmentation),
      reduction: try value(.reduction, .mean), dropsLast: try value(.dropsLast, false),
      validation: try value(.validation, 0.1), views: try value(.views, 1),
      accumulation: try value(.accumulation, 1),
      clipNorm: try values.decodeIfPresent(Double.self, forKey: .clipNorm),
      averageDecay: try values.decodeIfPresent(Double.self, forKey: .averageDecay),
      patience: try values.decodeIfPresent(Int.self, forKey: .patience),
      sampler: try value(.sampler, .plain),
      storedViews: try values.decodeIfPresent(Int.self, forKey: .storedViews),
      storesStatistics: try values.decodeIfPresent(Bool.self, forKey: .storesStatistics),
      sparsity: try values.decodeIfPresent(Double.self, forKey: .sparsity),
      partLesson: try values.decodeIfPresent(Double.self, forKey: .partLesson))
  }

  /// Batches of an epoch of so many pictures.
  func batches(_ pictures: Int) -> Int {
    BatchLoader.batchCount(pictures, batch: batch, dropsLast: dropsLast)
  }

  /// Steps in which so many batches end.
  func steps(batches: Int) -> Int { (batches + accumulation - 1) / accumulation }

  /// Where an epoch's batch number `number`, counted from 0, stands in its step, and whether it is the step's last.
  func share(ofBatch number: Int, pictures: Int) -> (share: TrainingStep.Share, isLast: Bool) {
    let all = batches(pictures)
    let first = number - number % accumulation
    let end = min(first + accumulation, all)
    let last = dropsLast && pictures >= batch ? all * batch : pictures
    let seen = min(end * batch, last) - first * batch
    return (TrainingStep.Share(pictures: seen, isFirst: number == first), number == end - 1)
  }

  /// The share of the peak learning rate in a step counted from 0, for parameters that learn for so many epochs; 0 after the last of them.
  func factor(step: Int, epochs: Int?, pictures: Int) -> Double {
    let steps = steps(batches: batches(pictures)) * min(epochs ?? self.epochs, self.epochs)
    return step < steps ? schedule.factor(step: step, of: steps, warmUp: warmUp) : 0
  }

  /// What a user could have written wrong in a recipe's file, or nil.
  public var problem: String? {
    func bad<Value>(_ name: String, _ value: Value, _ range: String) -> String {
      "\(name) is \(value); \(range) is allowed"
    }
    if !(1...1024).contains(size) { return bad("size", size, "1 to 1024") }
    if !(0...1_000_000).contains(epochs) { return bad("epochs", epochs, "0 to 1,000,000") }
    if !(1...65_536).contains(batch) { return bad("batch", batch, "1 to 65,536") }
    if let problem = optimizer.problem { return problem }
    if !(0..<1).contains(warmUp) { return bad("warmUp", warmUp, "0 up to 1") }
    if !(0..<1).contains(labelSmoothing) {
      return bad("labelSmoothing", labelSmoothing, "0 up to 1")
    }
    if let sparsity, !(0...1000).contains(sparsity) {
      return bad("sparsity", sparsity, "0 to 1000")
    }
    if let partLesson {
      if !(0...1000).contains(partLesson) { return bad("partLesson", partLesson, "0 to 1000") }
      let a = augmentation
      if a.cropScale != nil || a.cutout > 0 || a.mixup > 0 || a.cutmix > 0 {
        return "partLesson is given, and the maps of the parts can only be moved and mirrored"
      }
    }
    if !(0..<1).contains(validation) { return bad("validation", validation, "0 up to 1") }
    if !(1...1024).contains(accumulation) { return bad("accumulation", accumulation, "1 to 1024") }
    if let clipNorm, !(clipNorm > 0 && clipNorm.isFinite) {
      return bad("clipNorm", clipNorm, "above 0")
    }
    if let averageDecay, !(0..<1).contains(averageDecay) {
      return bad("averageDecay", averageDecay, "0 up to 1")
    }
    if let patience, !(1...1_000_000).contains(patience) {
      return bad("patience", patience, "1 to 1,000,000")
    }
    if let storedViews, !(1...1024).contains(storedViews) {
      return bad("storedViews", storedViews, "1 to 1024")
    }
    if ![1, 2, 6].contains(views) { return bad("views", views, "1, 2 or 6") }
    return augmentation.problem(side: size)
  }
}
