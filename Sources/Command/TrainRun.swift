import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetFiles
import AvocetModelFiles
import AvocetTraining

// What `train` does once everything is ready: it trains and reports.
extension Train {
  /// The studies, the training itself, the report on both.
  func train(
    _ plan: Plan, _ trainer: Trainer, _ source: Sources, _ folder: RunFolder, _ session: Session
  ) throws(Failure) -> Int32 {
    let clock = ContinuousClock()
    let start = clock.now
    let judged = folds == nil ? nil : try crossValidate(plan, source, folder, session)
    let points = learningCurve ? try trainOnShares(plan, source, folder, session) : []
    try run(trainer, folder, session)
    let evaluation = try report(trainer, judged, source, folder, session)
    if let evaluation { try writeCurve(points, evaluation, source, folder, session) }
    session.note("trained in \(duration((clock.now - start) / .seconds(1)))")
    try session.print(folder.modelPath.escaped)
    return trainer.isSaved ? 0 : 5
  }

  /// Trains to the end.
  func run(_ trainer: Trainer, _ folder: RunFolder, _ session: Session) throws(Failure) {
    var progress: Progress?
    let pictures = try EpochPictures(trainer, folder, events: tensorboard)
    let outcome: TrainingOutcome
    do {
      let shouldStop = session.shouldStop
      outcome = try trainer.run(shouldStop: { shouldStop() != nil }) { event in
        switch event {
        case .progress(let epoch, let images, let total, let loss, let top1):
          if progress == nil { progress = Progress(session, "epoch \(epoch)/\(trainer.epochs)") }
          progress?.update(
            images, of: total,
            detail: "loss \(decimal(loss, 3))  right \(decimal(100 * top1, 1)) %")
        case .epoch(let row, let isBest):
          progress?.end()
          progress = nil
          session.note(line(row, of: trainer.epochs, isBest))
          if let problem = pictures.add(row) { session.complain("\(problem); training goes on") }
        case .impatient(let best):
          session.note("no epoch was better than epoch \(best): the training ends")
        case .warning(let text): session.complain(text)
        }
      }
    } catch {
      progress?.end()
      switch error {
      case .diverged: throw Failure("\(folder.path.escaped): \(error.description)", code: 4)
      case .unwritable(let file): throw Failure(file)
      case .unreadable, .foreignState: throw Failure(error.description)
      }
    }
    progress?.end()
    if outcome == .stopped {
      throw Failure(
        "stopped; the state is saved in \(folder.path.escaped), go on with --resume",
        code: 128 + (session.shouldStop() ?? 2))
    }
  }

  // Looks what the units are on average, fits the temperature on the pictures that were held out, by the folds if there are any, and writes what they show; gives
  // the judgement of them.
  private func report(
    _ trainer: Trainer, _ judged: CrossValidation?, _ source: Sources, _ folder: RunFolder,
    _ session: Session
  ) throws(Failure) -> Evaluation? {
    var model = try readModel(folder.modelPath, trainer.team)
    var evaluation =
      judged?.pooled
      ?? trainer.validation.map {
        Evaluation(
          model.prepared(keepsLevels: false, team: trainer.team), model.preprocessing,
          classes: model.classes, on: $0, team: trainer.team)
      }
    if let found = evaluation, !found.judgements.isEmpty {
      model.temperature = found.fittedTemperature()
      let fitted = found.at(temperature: model.temperature)
      let (before, after) = (Calibration(found.at(temperature: 1)).error, Calibration(fitted).error)
      session.note(
        "temperature \(decimal(model.temperature, 2)): calibration error \(decimal(100 * before, 2)) % before, \(decimal(100 * after, 2)) % after"
      )
      evaluation = fitted
    }
    model.unitMeans = Classifier(model).measuredUnitMeans(
      on: trainer.validation ?? source.training, team: trainer.team)
    try writing { () throws(FileError) in try model.write(to: folder.modelPath) }
    let report = Report(
      model, rows: trainer.rows, evaluation: evaluation,
      source: judged == nil ? trainer.validation : source.training,
      split: judged == nil ? "validation" : Report.heldOut, command: session.commandLine)
    try writing { () throws(FileError) in try report.write(to: folder) }
    return evaluation
  }

  private func line(_ row: EpochMetrics, of epochs: Int, _ isBest: Bool) -> String {
    var line =
      "epoch \(row.epoch)/\(epochs)  loss \(decimal(row.trainLoss, 4))  training \(decimal(100 * row.trainTop1, 2)) %"
    if let top1 = row.validationTop1 {
      line += "  validation \(decimal(100 * top1, 2)) %\(isBest ? " (best)" : "")"
    }
    line += "  \(decimal(row.imagesPerSecond, 0)) images/s  \(duration(row.seconds))"
    let left = row.seconds * Double(epochs - row.epoch)
    return left < 1 ? line : line + ", \(duration(left)) left"
  }
}

/// What is drawn anew after each epoch for people who look on.
private final class EpochPictures {
  private let folder: RunFolder
  private var rows: [EpochMetrics]
  private let log: EventLog?

  init(_ trainer: Trainer, _ folder: RunFolder, events: Bool) throws(Failure) {
    (self.folder, rows) = (folder, trainer.rows)
    do throws(FileError) { log = events ? try EventLog(folder, rows: trainer.rows) : nil } catch {
      throw Failure(error)
    }
  }

  /// Adds an epoch; what could not be written.
  func add(_ row: EpochMetrics) -> String? {
    rows.append(row)
    do throws(FileError) {
      try folder.writeCurves(rows)
      try log?.add(row)
      return nil
    } catch { return error.description }
  }
}
