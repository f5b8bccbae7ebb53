import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

/// Why a training ended before its end.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// A loss or a gradient that is not finite (nothing was changed by it), or without pictures: weights that are not (nothing was saved of them).
  case diverged(epoch: Int, step: Int, pictures: [String])
  /// A picture could not be read.
  case unreadable(String)
  /// The output could not be written.
  case unwritable(FileError)
  /// A state that does not belong to this training.
  case foreignState(String)

  /// One line.
  public var description: String {
    switch self {
    case .diverged(let epoch, let step, []):
      "training diverged in epoch \(epoch), step \(step): a weight is not finite after the update; nothing was saved of it; try a smaller --learning-rate"
    case .diverged(let epoch, let step, let pictures):
      "training diverged in epoch \(epoch), step \(step): the loss or its gradient is not finite (batch: \(pictures.prefix(3).joined(separator: ", ")), ...); stopped before the update; try a smaller --learning-rate"
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
  /// The training ends early: no epoch after the best one was better, for as long as the recipe's patience lasts.
  case impatient(best: Int)
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
  let average: WeightAverage?
  var state: TrainingState

  /// A training of `parameters`, which it changes.
  public init(
    _ network: Network, _ parameters: Parameters, recipe: Recipe, seed: UInt64, classes: [String],
    preprocessing: Preprocessing, training: any DataSource, validation: (any DataSource)?,
    provenance: Provenance, folder: RunFolder, team: ThreadTeam, frozenThrough frozen: Int? = nil,
    classWeights: [Float]? = nil
  ) {
    (self.network, self.parameters, self.recipe, self.seed) = (network, parameters, recipe, seed)
    (self.classes, self.preprocessing, self.provenance) = (classes, preprocessing, provenance)
    (self.training, self.validation) = (training, validation)
    (self.folder, self.team, frozenNode) = (folder, team, frozen)
    self.classWeights = classWeights
    optimizer = Optimizer(recipe.optimizer, network.layout, frozenThrough: frozen ?? -1)
    average = recipe.averageDecay.map { WeightAverage(network.layout, decay: $0) }
    state = TrainingState(training)
  }

  /// Epochs in all.
  public var epochs: Int { recipe.epochs }
  /// Epochs done.
  public var epochsDone: Int { state.epoch }
  /// A row for each of them.
  public var rows: [EpochMetrics] { state.rows }

  /// Takes up a saved state and cuts `metrics.csv` back to it.
  public func resume() throws(TrainingError) {
    state = try folder.readState(
      into: parameters, optimizer, average: average?.values, start: state, recipe)
    try write { () throws(FileError) in try folder.writeMetrics(state.rows) }
  }

  // What is validated and kept.
  private var kept: Parameters {
    if let average, optimizer.steps > 0 { average.values } else { parameters }
  }

  var model: Model {
    Model(
      network: network, parameters: kept, classes: classes, preprocessing: preprocessing,
      detectorNames: [:], provenance: provenance)
  }

  /// Trains from the state to the last epoch; `shouldStop` is asked after every step.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool = { false }, _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> TrainingOutcome {
    if recipe.epochs == 0, state.rows.isEmpty {
      try write { () throws(FileError) in try folder.writeModel(model) }
    }
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
      let finished = try runEpoch(step, shouldStop, report)
      guard optimizer.isFinite(with: parameters) else {
        throw .diverged(epoch: state.epoch + 1, step: state.step, pictures: [])
      }
      guard finished else {
        try write { () throws(FileError) in try writeState() }
        return .stopped
      }
      try endEpoch(report)
    }
    return .finished
  }

  private func writeState() throws(FileError) {
    try folder.writeState(state, parameters, optimizer, average: average?.values)
  }

  private func trainingStep(frozenThrough node: Int) -> TrainingStep {
    TrainingStep(
      network, batch: recipe.batch, team: team, labelSmoothing: recipe.labelSmoothing,
      reduction: recipe.reduction, accumulates: recipe.accumulation > 1,
      classWeights: classWeights,
      frozenThrough: node > 0 ? node : nil)
  }

  private func write(_ body: () throws(FileError) -> Void) throws(TrainingError) {
    do throws(FileError) { try body() } catch { throw .unwritable(error) }
  }

  // Runs the steps that the epoch still has; false if it was told to stop.
  private func runEpoch(
    _ step: TrainingStep, _ shouldStop: @escaping @Sendable () -> Bool,
    _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> Bool {
    let clock = ContinuousClock()
    var start = clock.now
    let loader = BatchLoader(
      training, preprocessing: preprocessing, augmentation: recipe.augmentation,
      batch: recipe.batch, dropsLast: recipe.dropsLast, sampler: recipe.sampler, seed: seed,
      epoch: state.epoch, firstBatch: state.step)
    defer { loader.stop() }
    while true {
      let batch: Batch
      do throws(BatchError) {
        guard let next = try loader.next() else { break }
        batch = next
      } catch { throw .unreadable(error.description) }
      unsafe step.workspace.input.update(
        from: batch.pictures.pointer, count: batch.labels.count * network.inputShape.count)
      let (share, isLast) = recipe.share(ofBatch: state.step, pictures: training.count)
      guard
        let result = step.differentiate(
          parameters, labels: batch.labels, blends: batch.blends, share: share)
      else {
        throw .diverged(
          epoch: state.epoch + 1, step: state.step + 1,
          pictures: batch.indices.map { training.identifier($0) })
      }
      let done = optimizer.steps
      func factor(_ epochs: Int?) -> Double {
        recipe.factor(step: done, epochs: epochs, pictures: training.count)
      }
      if isLast {
        step.update(parameters, optimizer, clipNorm: recipe.clipNorm, factor: factor)
        average?.add(parameters, step: optimizer.steps)
      } else {
        step.updateStatistics(parameters)
      }
      loader.recycle(batch)
      state.add(result, learningRate: recipe.optimizer.learningRate * factor(nil))
      let now = clock.now
      state.seconds += (now - start) / .seconds(1)
      start = now
      report(.progress(epoch: state.epoch + 1, images: state.seen, of: training.count))
      // A step is finished before a state is saved.
      if isLast, shouldStop() { return false }
    }
    return true
  }

  private func endEpoch(_ report: (TrainingEvent) -> Void) throws(TrainingError) {
    let clock = ContinuousClock()
    let start = clock.now
    let trainingSeconds = state.seconds
    let evaluation = validation.map {
      Evaluation(
        PreparedNetwork(network, kept, keepsLevels: false, team: team), preprocessing,
        classes: classes,
        on: $0, team: team)
    }
    let isBest = evaluation.map { $0.top1 > state.best } ?? true
    if isBest {
      state.best = evaluation?.top1 ?? 0
      try write { () throws(FileError) in try folder.writeModel(model) }
    }
    let row = EpochMetrics(
      epoch: state.epoch + 1, trainLoss: state.loss / Double(max(1, state.seen)),
      trainTop1: Double(state.correct) / Double(max(1, state.seen)),
      validationLoss: evaluation?.loss, validationTop1: evaluation?.top1,
      learningRate: state.learningRate,
      imagesPerSecond: Double(state.seen) / max(trainingSeconds, 1e-9),
      seconds: trainingSeconds + (clock.now - start) / .seconds(1))
    state.beginEpoch(after: row)
    do throws(FileError) {
      try writeState()
      try folder.writeMetrics(state.rows)
    } catch {
      report(.warning("\(error.description); the last checkpoint is intact, training goes on"))
    }
    report(.epoch(row, isBest: isBest))
  }
}
