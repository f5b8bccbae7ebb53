import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks

/// Trains a network on a split and keeps a run folder.
public final class Trainer {
  /// What is trained: the network, or what follows its frozen level.
  let network: Network
  let recipe: Recipe
  let seed: UInt64
  let classes: [String]
  let preprocessing: Preprocessing
  let training: any DataSource
  let examples: any Examples
  let frozen: FrozenLevel?
  /// The pictures that choose the epoch.
  public let validation: (any DataSource)?
  let provenance: Provenance
  /// The threads.
  public let team: ThreadTeam
  let frozenNode: Int?
  let classWeights: [Float]?
  private let teacher: PartTeacher?
  let folder: RunFolder
  let parameters: Parameters
  let optimizer: Optimizer
  let average: WeightAverage?
  /// What `model.safetensors` holds: the best epoch's parameters, or their average.
  let best: Parameters
  let pictures: PictureRecord
  var state: TrainingState
  /// The time between two checkpoints inside a long epoch.
  public var checkpointInterval = Duration.seconds(120)
  /// Whether the newest state is on the disk.
  public internal(set) var isSaved = true
  var isModelSaved = true
  var lastCheckpoint = ContinuousClock.now

  /// A training of `parameters`, which it changes; `pictures` is what a resume compares.
  ///
  /// `frozenThrough` names the last node that stays as it is; with its maps in `stored`, what follows it is trained alone, and `parameters` do not change.
  public init(
    _ network: Network, _ parameters: Parameters, recipe: Recipe, seed: UInt64, classes: [String],
    preprocessing: Preprocessing, training: any DataSource, validation: (any DataSource)?,
    provenance: Provenance, folder: RunFolder, team: ThreadTeam, frozenThrough frozen: Int? = nil,
    stored: FrozenLevel? = nil, classWeights: [Float]? = nil, parts: PartMaps? = nil,
    pictures: PictureRecord? = nil
  ) {
    (self.network, self.recipe, self.seed) = (stored?.split.tail ?? network, recipe, seed)
    self.parameters = stored.map { Parameters($0.split.tail, of: parameters) } ?? parameters
    self.frozen = stored
    examples =
      stored?.training
      ?? AugmentedPictures(
        training, preprocessing: preprocessing, augmentation: recipe.augmentation, parts: parts)
    teacher = recipe.partLesson.flatMap { weight in
      parts.flatMap { PartTeacher(network, $0, weight: weight) }
    }
    (self.classes, self.preprocessing, self.provenance) = (classes, preprocessing, provenance)
    (self.training, self.validation) = (training, validation)
    (self.folder, self.team, frozenNode) = (folder, team, stored == nil ? frozen : nil)
    self.classWeights = classWeights
    let layout = self.network.layout
    optimizer = Optimizer(recipe.optimizer, layout, frozenThrough: frozenNode ?? -1)
    average = recipe.averageDecay.map { WeightAverage(layout, decay: $0) }
    best = Parameters(layout)
    let record = pictures ?? PictureRecord(training, validation, classes: classes)
    self.pictures = record
    state = TrainingState(
      pictures: training.count, fingerprint: record.fingerprint, frozen: stored?.fingerprint)
  }

  /// Parts that the parts level is told of.
  public var toldParts: Int { teacher?.parts ?? 0 }
  /// Epochs in all.
  public var epochs: Int { recipe.epochs }
  /// Epochs done.
  public var epochsDone: Int { state.epoch }
  /// Batches done in the running epoch.
  public var batchesDone: Int { state.step }
  /// A row for each of the epochs done.
  public var rows: [EpochMetrics] { state.rows }

  /// What is validated, and kept if it is the best.
  var kept: Parameters {
    if let average, optimizer.steps > 0 { average.values } else { parameters }
  }

  var model: Model {
    Model(
      network: frozen?.split.whole ?? network, parameters: frozen?.joined(best) ?? best,
      classes: classes, preprocessing: preprocessing,
      detectorNames: [:], provenance: provenance)
  }

  /// Trains from the state to the last epoch; `shouldStop` is asked after every step. What cannot be saved on the way is a warning, at the end an error.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool = { false }, _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> TrainingOutcome {
    try write { () throws(FileError) in try folder.write(pictures.csv, "split.csv") }
    if recipe.epochs == 0, state.rows.isEmpty {
      best.values.copy(from: kept.values)
      isModelSaved = false
    }
    lastCheckpoint = .now
    var memory: (step: TrainingStep, fixedNode: Int)?
    while state.epoch < recipe.epochs {
      if let best = state.bestEpoch, let patience = recipe.patience, state.epoch - best >= patience
      {
        report(.impatient(best: best))
        break
      }
      let fixed = max(frozenNode ?? -1, optimizer.lastFixedNode(after: state.epoch))
      // What no longer learns needs no gradient. The old memory goes before the new comes.
      if memory?.fixedNode != fixed { memory = nil }
      let step = memory?.step ?? trainingStep(frozenThrough: fixed)
      memory = (step, fixed)
      guard try runEpoch(step, shouldStop, report), endEpoch(shouldStop, report) else {
        try write { () throws(FileError) in try saveState() }
        return .stopped
      }
    }
    if !isModelSaved { try write { () throws(FileError) in try saveModel() } }
    return .finished
  }

  private func trainingStep(frozenThrough node: Int) -> TrainingStep {
    TrainingStep(
      network, batch: recipe.batch, team: team, labelSmoothing: recipe.labelSmoothing,
      sparsity: recipe.sparsity ?? 0, teacher: teacher,
      reduction: recipe.reduction, accumulates: recipe.accumulation > 1,
      classWeights: classWeights,
      frozenThrough: node > 0 ? node : nil, storesStatistics: recipe.storesStatistics ?? false)
  }
}
