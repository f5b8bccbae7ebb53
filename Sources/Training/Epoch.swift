import AvocetDatasets
import AvocetNetworks

// One epoch: its steps, and what follows from them.
extension Trainer {
  /// Runs the steps that the epoch still has; false if it was told to stop.
  func runEpoch(
    _ step: TrainingStep, _ shouldStop: @escaping @Sendable () -> Bool,
    _ report: (TrainingEvent) -> Void
  ) throws(TrainingError) -> Bool {
    let clock = ContinuousClock()
    var start = clock.now
    let loader = BatchLoader(
      examples, mixing: recipe.augmentation, batch: recipe.batch, dropsLast: recipe.dropsLast,
      sampler: recipe.sampler, seed: seed, epoch: state.epoch, firstBatch: state.step)
    defer { loader.stop() }
    while true {
      let batch: Batch
      do throws(BatchError) {
        guard let next = try loader.next() else { break }
        batch = next
      } catch { throw .unreadable(error.description) }
      let isStep = try learn(from: batch, step)
      loader.recycle(batch)
      let now = clock.now
      state.seconds += (now - start) / .seconds(1)
      start = now
      let seen = Double(max(1, state.seen))
      report(
        .progress(
          epoch: state.epoch + 1, images: state.seen, of: training.count, loss: state.loss / seen,
          top1: Double(state.correct) / seen))
      // A state has no place for half a step's gradient.
      guard isStep else { continue }
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

  // Learns from one batch; whether a step ended with it.
  private func learn(from batch: Batch, _ step: TrainingStep) throws(TrainingError) -> Bool {
    unsafe step.workspace.input.update(
      from: batch.pictures.pointer, count: batch.labels.count * network.inputShape.count)
    let (share, isLast) = recipe.share(ofBatch: state.step, pictures: training.count)
    guard
      let result = step.differentiate(
        parameters, labels: batch.labels, blends: batch.blends, share: share,
        partMaps: batch.partMaps)
    else { throw diverged(step, batch) }
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
    state.add(result, learningRate: recipe.optimizer.learningRate * factor(nil))
    return isLast
  }

  /// Evaluates, keeps the model if it is the best, and saves; false if it was told to stop meanwhile.
  func endEpoch(
    _ shouldStop: @Sendable () -> Bool, _ report: (TrainingEvent) -> Void
  ) -> Bool {
    let clock = ContinuousClock()
    let start = clock.now
    let trainingSeconds = state.seconds
    let evaluation = evaluation(shouldStop)
    if let evaluation, evaluation.isStopped(before: validation?.count ?? 0) { return false }
    let isBest = evaluation.map { $0.top1 > state.best } ?? true
    if isBest {
      state.best = evaluation?.top1 ?? 0
      best.values.copy(from: kept.values)
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

  // Of the network as it is now, on what chooses the epoch.
  private func evaluation(_ shouldStop: @Sendable () -> Bool) -> Evaluation? {
    guard let validation else { return nil }
    let prepared = PreparedNetwork(network, kept, keepsLevels: false, team: team)
    if let features = frozen?.validation {
      return Evaluation(
        prepared, viewWeights: preprocessing.viewWeights, classes: classes, on: features,
        team: team, shouldStop: shouldStop)
    }
    return Evaluation(
      prepared, preprocessing, classes: classes, on: validation, team: team,
      shouldStop: shouldStop)
  }
}
