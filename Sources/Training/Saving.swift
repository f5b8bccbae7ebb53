import AvocetDatasets
import AvocetFiles
import AvocetModelFiles
import AvocetNetworks

// What a training writes, and how it takes it up again.
extension Trainer {
  /// All numbers that a resume needs, each under its name.
  var numbers: [(name: String, values: Parameters)] {
    var numbers = [
      (name: "model", values: best), ("parameters", parameters),
      ("optimizer.first", optimizer.first),
    ]
    if let second = optimizer.second { numbers.append(("optimizer.second", second)) }
    if let average { numbers.append(("average", average.values)) }
    return numbers
  }

  /// Takes up the newest state that is whole, cuts `metrics.csv` back to it and puts its model into place. Gives what a user should know, in one line.
  @discardableResult
  public func resume() throws(TrainingError) -> String? {
    let saved = try folder.readState()
    guard saved.state.hasPictures(of: state) else {
      throw folder.foreign(
        saved.path, "the pictures are not those of then: \(otherPictures(saved))")
    }
    guard saved.state.frozen == state.frozen else {
      throw folder.foreign(
        saved.path,
        "the frozen weights, or how pictures are prepared for them, are not those of then")
    }
    if let problem = saved.state.problem(after: saved.steps, recipe) {
      throw folder.foreign(saved.path, problem)
    }
    // Everything is looked at before the first number is taken.
    for (name, target) in numbers where saved.file.tensors[name]?.count != target.values.count {
      throw folder.foreign(saved.path, "\(name) belongs to another network or optimiser")
    }
    for (name, target) in numbers {
      let values = saved.file.tensors[name]?.values ?? []
      for (i, value) in values.enumerated() { target.values[i] = value }
    }
    (optimizer.steps, state) = (saved.steps, saved.state)
    try write { () throws(FileError) in
      if saved.warning != nil { try folder.takeBackPreviousState() }
      try removeTemporaries(in: folder.path, fileSystem: folder.fileSystem)
      try folder.writeMetrics(state.rows)
      if !state.rows.isEmpty, !folder.holdsModel(model) { try saveModel() }
    }
    return saved.warning
  }

  private func otherPictures(_ saved: RunFolder.SavedState) -> String {
    let then = folder.text("split.csv").flatMap { PictureRecord(csv: $0) }
    return then.flatMap { pictures.difference(from: $0) }
      ?? "\(grouped(saved.state.pictures)) then, \(grouped(state.pictures)) now, or in another order"
  }

  func saveState() throws(FileError) {
    isSaved = false
    lastCheckpoint = .now
    try folder.writeState(state, steps: optimizer.steps, numbers)
    try folder.writeMetrics(state.rows)
    isSaved = true
  }

  func saveModel() throws(FileError) {
    try folder.writeModel(model)
    isModelSaved = true
  }

  /// Saves the state, and the model if it is new; what cannot be is a warning, and tried again the next time.
  func save(_ report: (TrainingEvent) -> Void) {
    do throws(FileError) {
      if !isModelSaved { try saveModel() }
      try saveState()
    } catch {
      isSaved = false
      report(.warning("\(error.description); this checkpoint is skipped, training goes on"))
    }
  }

  func write(_ body: () throws(FileError) -> Void) throws(TrainingError) {
    do throws(FileError) { try body() } catch { throw .unwritable(error) }
  }

  /// Throws if the last update left numbers that are not finite: they must not be saved.
  func checkNumbers() throws(TrainingError) {
    if optimizer.isFinite(with: parameters) { return }
    let what = parameters.firstSliceNotFinite ?? "the optimiser's memory of a weight"
    throw .diverged(
      Divergence(epoch: state.epoch + 1, step: state.step, what: what, pictures: []))
  }

  /// The error for a batch whose loss or gradient is not finite; its pictures go into `diverged.csv`.
  func diverged(_ step: TrainingStep, _ batch: Batch) -> TrainingError {
    let divergence = Divergence(
      epoch: state.epoch + 1, step: state.step + 1,
      what: step.whatIsNotFinite(images: batch.labels.count),
      pictures: batch.indices.map { training.identifier($0) })
    if batch.indices.count > 8 { try? folder.write(divergence.csv, "diverged.csv") }
    return .diverged(divergence)
  }
}

extension RunFolder {
  /// Whether the model file is there, whole, and has these classes and parameters.
  func holdsModel(_ model: Model) -> Bool {
    guard let found = try? Model.read(modelPath, fileSystem: fileSystem) else { return false }
    return found.classes == model.classes
      && found.parameters.values.array == model.parameters.values.array
  }
}

extension Evaluation {
  /// Whether pictures are missing because it was told to stop.
  func isStopped(before count: Int) -> Bool { judgements.count + refused.count < count }
}

extension PictureRecord {
  /// The pictures of a training without their checksums.
  init(_ training: any DataSource, _ validation: (any DataSource)?, classes: [String]) {
    self.init()
    add(training, split: "train", classes: classes)
    if let validation { add(validation, split: "validation", classes: classes) }
  }
}
