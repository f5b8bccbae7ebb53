import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

/// Why a training ended before its end.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// Numbers that are not finite: nothing was changed by them, or nothing was saved of them.
  case diverged(Divergence)
  /// A picture could not be read.
  case unreadable(String)
  /// The output could not be written.
  case unwritable(FileError)
  /// A state that does not belong to this training.
  case foreignState(String)

  /// One line.
  public var description: String {
    switch self {
    case .diverged(let divergence): divergence.description
    case .unreadable(let message), .foreignState(let message): message
    case .unwritable(let error): error.description
    }
  }
}

/// How a training that was not in error ended.
public enum TrainingOutcome: Sendable { case finished, stopped }

/// One row of `metrics.csv`.
public struct EpochMetrics: Codable, Sendable, Hashable {
  /// The epoch, from 1.
  public var epoch: Int
  /// Over the augmented training pictures, during the epoch.
  public var trainLoss, trainTop1: Double
  /// Over the validation pictures after the epoch; nil without any.
  public var validationLoss, validationTop1: Double?
  /// The rate of the epoch's last step.
  public var learningRate: Double
  /// Training pictures a second.
  public var imagesPerSecond: Double
  /// Of the whole epoch.
  public var seconds: Double
}

/// What a training tells while it runs.
public enum TrainingEvent: Sendable {
  /// So many pictures of the epoch are done.
  case progress(epoch: Int, images: Int, of: Int)
  /// An epoch ended; `isBest` if it is the best by validation so far.
  case epoch(EpochMetrics, isBest: Bool)
  /// The state could not be saved; training goes on.
  case warning(String)
}

/// Trains a network on a split and keeps a run folder.
public final class Trainer {
  let network: Network
  let recipe: Recipe
  let seed: UInt64
  let classes: [String]
  let preprocessing: Preprocessing
  let training: any DataSource
  /// The pictures that choose the epoch.
  public let validation: (any DataSource)?
  let provenance: Provenance
  /// The threads.
  public let team: ThreadTeam
  let frozenNode: Int?
  let classWeights: [Float]?
  let folder: RunFolder
  let parameters: Parameters
  let optimizer: Optimizer
  /// What `model.safetensors` holds: the best epoch's parameters.
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
  public init(
    _ network: Network, _ parameters: Parameters, recipe: Recipe, seed: UInt64, classes: [String],
    preprocessing: Preprocessing, training: any DataSource, validation: (any DataSource)?,
    provenance: Provenance, folder: RunFolder, team: ThreadTeam, frozenThrough frozen: Int? = nil,
    classWeights: [Float]? = nil, pictures: PictureRecord? = nil
  ) {
    (self.network, self.parameters, self.recipe, self.seed) = (network, parameters, recipe, seed)
    (self.classes, self.preprocessing, self.provenance) = (classes, preprocessing, provenance)
    (self.training, self.validation) = (training, validation)
    (self.folder, self.team, frozenNode) = (folder, team, frozen)
    self.classWeights = classWeights
    optimizer = Optimizer(recipe.optimizer, network.layout, frozenThrough: frozen ?? -1)
    best = Parameters(network.layout)
    let record = pictures ?? PictureRecord(training, validation, classes: classes)
    self.pictures = record
    state = TrainingState(pictures: training.count, fingerprint: record.fingerprint)
  }

  /// Epochs in all.
  public var epochs: Int { recipe.epochs }
  /// Epochs done.
  public var epochsDone: Int { state.epoch }
  /// Steps done in the running epoch.
  public var stepsDone: Int { state.step }
  /// A row for each of them.
  public var rows: [EpochMetrics] { state.rows }

  var model: Model {
    Model(
      network: network, parameters: best, classes: classes, preprocessing: preprocessing,
      detectorNames: [:], provenance: provenance)
  }

  /// Trains from the state to the last epoch; `shouldStop` is asked after every step. What cannot be saved on the way is a warning, at the end an error.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool = { false }, _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> TrainingOutcome {
    let step = TrainingStep(
      network, batch: recipe.batch, team: team, labelSmoothing: recipe.labelSmoothing,
      classWeights: classWeights, frozenThrough: frozenNode)
    try write { () throws(FileError) in try folder.write(pictures.csv, "split.csv") }
    if recipe.epochs == 0, state.rows.isEmpty {
      best.values.copy(from: parameters.values)
      isModelSaved = false
    }
    lastCheckpoint = .now
    while state.epoch < recipe.epochs {
      guard try runEpoch(step, shouldStop, report), endEpoch(shouldStop, report) else {
        try write { () throws(FileError) in try saveState() }
        return .stopped
      }
    }
    if !isModelSaved { try write { () throws(FileError) in try saveModel() } }
    return .finished
  }

  // Runs the steps that the epoch still has; false if it was told to stop.
  private func runEpoch(
    _ step: TrainingStep, _ shouldStop: @escaping @Sendable () -> Bool,
    _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> Bool {
    let clock = ContinuousClock()
    var start = clock.now
    let stepsPerEpoch = (training.count + recipe.batch - 1) / recipe.batch
    let loader = BatchLoader(
      training, preprocessing: preprocessing, augmentation: recipe.augmentation,
      batch: recipe.batch, seed: seed, epoch: state.epoch, firstBatch: state.step)
    defer { loader.stop() }
    while true {
      let batch: Batch
      do throws(BatchError) {
        guard let next = try loader.next() else { break }
        batch = next
      } catch { throw .unreadable(error.description) }
      unsafe step.workspace.input.update(
        from: batch.pictures.pointer, count: batch.labels.count * network.inputShape.count)
      guard let result = step.differentiate(parameters, labels: batch.labels) else {
        throw diverged(step, batch)
      }
      let rate =
        recipe.optimizer.learningRate
        * recipe.schedule.factor(
          step: optimizer.steps, of: recipe.epochs * stepsPerEpoch, warmUp: recipe.warmUp)
      step.update(parameters, optimizer, learningRate: rate)
      loader.recycle(batch)
      state.add(result, learningRate: rate)
      let now = clock.now
      state.seconds += (now - start) / .seconds(1)
      start = now
      report(.progress(epoch: state.epoch + 1, images: state.seen, of: training.count))
      if shouldStop() {
        try checkNumbers()
        return false
      }
      if now - lastCheckpoint >= checkpointInterval {
        try checkNumbers()
        save(report)
      }
    }
    try checkNumbers()
    return true
  }

  // Evaluates, keeps the model if it is the best, and saves; false if it was told to stop meanwhile.
  private func endEpoch(
    _ shouldStop: @Sendable () -> Bool, _ report: (TrainingEvent) -> Void
  ) -> Bool {
    let clock = ContinuousClock()
    let start = clock.now
    let trainingSeconds = state.seconds
    let evaluation = validation.map {
      Evaluation(
        PreparedNetwork(network, parameters, keepsLevels: false, team: team), preprocessing,
        classes: classes, on: $0, team: team, shouldStop: shouldStop)
    }
    if let evaluation, evaluation.isStopped(before: validation?.count ?? 0) { return false }
    let isBest = evaluation.map { $0.top1 > state.best } ?? true
    if isBest {
      state.best = evaluation?.top1 ?? 0
      best.values.copy(from: parameters.values)
      isModelSaved = false
    }
    let row = EpochMetrics(
      epoch: state.epoch + 1, trainLoss: state.loss / Double(max(1, state.seen)),
      trainTop1: Double(state.correct) / Double(max(1, state.seen)),
      validationLoss: evaluation?.loss, validationTop1: evaluation?.top1,
      learningRate: state.learningRate,
      imagesPerSecond: Double(state.seen) / max(trainingSeconds, 1e-9),
      seconds: trainingSeconds + (clock.now - start) / .seconds(1))
    state.beginEpoch(after: row)
    save(report)
    report(.epoch(row, isBest: isBest))
    return true
  }
}
