import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

// What the trainings of one command share, and what each begins with.
extension Train {
  /// The same for every training of the command.
  struct Plan {
    let recipe: Recipe
    let network: Network
    let base: Model?
    /// The preprocessing without mean and deviation.
    let frame: Preprocessing
    let classes: [String]
    /// The data in words.
    let data: String
    let team: ThreadTeam
  }

  /// The pictures to learn from and to choose by, with the checksums of their pixels.
  struct Sources {
    var training: any DataSource
    var trainingSums: [UInt32]
    var validation: (any DataSource)?
    var validationSums: [UInt32] = []
    /// Pictures that could not be read and were left out.
    var refused = 0
    /// What is kept in memory of them.
    var cachedBytes = 0

    /// Some of the training pictures, without any to choose by.
    func part(_ indices: [Int]) -> Sources {
      Sources(
        training: SubsetSource(training, indices), trainingSums: indices.map { trainingSums[$0] })
    }

    func record(_ classes: [String]) -> PictureRecord {
      var record = PictureRecord()
      record.add(training, split: "train", classes: classes, checksums: trainingSums)
      if let validation {
        record.add(validation, split: "validation", classes: classes, checksums: validationSums)
      }
      return record
    }
  }

  /// A training on these pictures, at its beginning.
  func trainer(_ plan: Plan, _ sources: Sources, _ folder: RunFolder) -> Trainer {
    let parameters = Parameters(initialising: plan.network, seed: common.seed)
    if let base = plan.base { _ = take(base, into: parameters, classes: plan.classes) }
    let weights =
      classWeights == .balanced ? balanced(sources.training, plan.classes.count) : nil
    return Trainer(
      plan.network, parameters, recipe: plan.recipe, seed: common.seed, classes: plan.classes,
      preprocessing: measured(plan.frame, sources.training, plan.recipe, plan.base),
      training: sources.training, validation: sources.validation,
      provenance: Provenance(
        data: plan.data, recipe: plan.recipe.json, licence: "the data's", seed: common.seed),
      folder: folder, team: plan.team, frozenThrough: freeze.flatMap { plan.network.levels[$0] },
      classWeights: weights, pictures: sources.record(plan.classes))
  }

  /// Goes on from a saved state.
  func takeUp(_ trainer: Trainer, _ session: Session) throws(Failure) {
    do throws(TrainingError) {
      if let warning = try trainer.resume() { session.complain(warning) }
    } catch {
      if case .unwritable(let file) = error { throw Failure(file) }
      throw Failure(error.description)
    }
    let steps = trainer.stepsDone > 0 ? ", step \(grouped(trainer.stepsDone))" : ""
    session.note("resumed after epoch \(trainer.epochsDone)\(steps)")
  }

  /// Makes the folder ready: true if a state is there to resume, false for a fresh start, nil if all is done already.
  func prepare(_ folder: RunFolder, _ recipe: Recipe, _ session: Session) throws(Failure) -> Bool? {
    try prepareOutput(folder.path, force: common.force, resume: resume)
    // Of a run that was killed.
    try writing { () throws(FileError) in try removeTemporaries(in: folder.path) }
    guard resume else { return false }
    let name = folder.path.escaped
    let studies = [Self.fold(1, in: folder)] + Self.shares.map { Self.share($0, in: folder) }
    guard folder.hasState || studies.contains(where: \.hasState) else {
      session.note("\(name): no state to resume from; starting anew")
      return false
    }
    guard let previous = RunArguments(folder) else {
      throw Failure(
        "\(name): cannot resume: there is a state, but no arguments.json that can be read; nothing was changed (--force starts anew)"
      )
    }
    if let difference = arguments(recipe).difference(from: previous) {
      throw Failure("\(name): cannot resume: \(difference)", code: 64)
    }
    if let done = previous.epochsDone(folder), done >= recipe.epochs, folder.hasReport {
      session.note("\(name): already finished (\(done) epochs); nothing to do")
      return nil
    }
    return folder.hasState
  }

  /// Reads every picture once and leaves out those that cannot be read; up to `cacheLimit` bytes of each split stay in memory.
  func readable(
    _ dataset: Dataset, _ preprocessing: Preprocessing, _ team: ThreadTeam, _ session: Session,
    cacheLimit: Int
  ) throws(Failure) -> Sources {
    let parts = dataset.trainingSplits(
      validationFraction: folds == nil ? validationSplit : 0, seed: common.seed)
    var (refused, bytes) = (0, 0)
    func look(
      _ source: SubsetSource, _ what: String, _ prepare: @escaping @Sendable (Image) -> Image
    ) -> (any DataSource, [UInt32]) {
      let cached = CachedSource(source, limit: min(2 << 30, cacheLimit), prepare: prepare)
      let progress = Progress(session, what)
      let relay = ProgressRelay(progress, total: source.count)
      let shouldStop = session.shouldStop
      let found = Preparation(cached, team: team, shouldStop: { shouldStop() != nil }) {
        relay.update($0)
      }
      progress.end()
      for (name, message) in found.refused {
        session.complain("\(name): \(message); left out")
      }
      refused += found.refused.count
      bytes += cached.bytes
      let whole: any DataSource = cached
      return (
        found.refused.isEmpty ? whole : SubsetSource(cached, found.readable), found.checksums
      )
    }
    let (training, trainingSums) = look(parts.training, "reading pictures") {
      // Crops of down to a third of the area need pictures somewhat larger than the network's.
      $0.shrunk(toShortSide: preprocessing.height * 3 / 2)
    }
    try session.checkStop()
    guard training.count > 1 else {
      throw Failure(
        "\(data.path.escaped): \(training.count) training pictures; at least 2 are needed")
    }
    let validation = parts.validation.map {
      // The very view that a later evaluation takes, so that both agree.
      look($0, "reading validation pictures") { preprocessing.view(of: $0) }
    }
    try session.checkStop()
    return Sources(
      training: training, trainingSums: trainingSums, validation: validation?.0,
      validationSums: validation?.1 ?? [], refused: refused, cachedBytes: bytes)
  }
}
