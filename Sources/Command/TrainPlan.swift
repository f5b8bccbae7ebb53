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
    var recipe: Recipe
    let network: Network
    /// The network in two, where the maps of a frozen level are stored.
    let split: SplitNetwork?
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
    /// The parts on the training pictures, where they are known and the recipe asks for them.
    var parts: PartMaps?
    /// Pictures that could not be read and were left out.
    var refused = 0
    /// What is kept in memory of them.
    var cachedBytes = 0

    /// Some of the training pictures, without any to choose by.
    func part(_ indices: [Int]) -> Sources {
      Sources(
        training: SubsetSource(training, indices), trainingSums: indices.map { trainingSums[$0] },
        parts: parts?.part(indices))
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

  /// What a training on some pictures begins with.
  struct Beginning {
    let parameters: Parameters
    let preprocessing: Preprocessing
    let classWeights: [Float]?
    /// What was taken of another model, in words.
    let taken: String?
    /// The maps of the frozen level, where they are stored.
    var stored: FrozenLevel?
  }

  /// Weights drawn from the seed, whitened on these pictures, or taken of another model.
  func beginning(_ plan: Plan, _ sources: Sources, _ session: Session) throws(Failure)
    -> Beginning
  {
    let preprocessing = measured(plan.frame, sources.training, plan.recipe, plan.base)
    let parameters = Parameters(initialising: plan.network, seed: common.seed)
    parameters.whiten(plan.network, on: sources.training, preprocessing)
    var beginning = Beginning(
      parameters: parameters, preprocessing: preprocessing,
      classWeights: classWeights == .balanced
        ? balanced(sources.training, plan.classes.count) : nil,
      taken: plan.base.map { take($0, into: parameters, classes: plan.classes) })
    beginning.stored = try stored(plan, beginning, sources, session)
    return beginning
  }

  /// A training on these pictures.
  func trainer(
    _ plan: Plan, _ beginning: Beginning, _ sources: Sources, _ folder: RunFolder
  ) -> Trainer {
    Trainer(
      plan.network, beginning.parameters, recipe: plan.recipe, seed: common.seed,
      classes: plan.classes, preprocessing: beginning.preprocessing,
      training: sources.training, validation: sources.validation,
      provenance: Provenance(
        data: plan.data, recipe: plan.recipe.json, licence: "the data's", seed: common.seed),
      folder: folder, team: plan.team, frozenThrough: frozenNode(plan.network),
      stored: beginning.stored, classWeights: beginning.classWeights,
      parts: beginning.stored == nil ? sources.parts : nil, pictures: sources.record(plan.classes))
  }

  /// Tries out the learning rate on all training pictures; the search is drawn in the folder.
  func searchRate(
    _ plan: inout Plan, _ beginning: Beginning, _ sources: Sources, _ folder: RunFolder,
    _ session: Session
  ) throws(Failure) {
    let shouldStop = session.shouldStop
    let stored = beginning.stored
    let search = LearningRateSearch(
      plan.split?.tail ?? plan.network,
      plan.split.map { Parameters($0.tail, of: beginning.parameters) } ?? beginning.parameters,
      recipe: plan.recipe, seed: common.seed,
      examples: stored?.training
        ?? AugmentedPictures(
          sources.training, preprocessing: beginning.preprocessing,
          augmentation: plan.recipe.augmentation),
      team: plan.team, classWeights: beginning.classWeights,
      frozenThrough: stored == nil ? frozenNode(plan.network) : nil,
      shouldStop: { shouldStop() != nil })
    try session.checkStop()
    guard let rate = search.suggestion else {
      throw Failure(
        "--learning-rate auto: the loss was not finite after \(search.rates.count) steps; give a number",
        code: 4)
    }
    try writing { () throws(FileError) in
      try folder.write(search.chart.encodedPNG(), "learning-rate.png")
    }
    session.note(
      "learning rate \(rate), found in \(search.rates.count) steps (learning-rate.png)")
    plan.recipe.optimizer = plan.recipe.optimizer.scaled(to: rate)
  }

  /// Reads every picture once and leaves out those that cannot be read; up to `cacheLimit` bytes of each split stay in memory.
  func readable(
    _ dataset: Dataset, _ recipe: Recipe, _ preprocessing: Preprocessing, _ team: ThreadTeam,
    _ session: Session, cacheLimit: Int
  ) throws(Failure) -> Sources {
    let parts = dataset.trainingSplits(
      validationFraction: folds == nil ? recipe.validation : 0, seed: common.seed)
    var (refused, bytes) = (0, 0)
    func look(
      _ source: SubsetSource, _ what: String, _ prepare: @escaping @Sendable (Image) -> Image
    ) -> (source: any DataSource, sums: [UInt32], readable: [Int]) {
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
        found.refused.isEmpty ? whole : SubsetSource(cached, found.readable), found.checksums,
        found.readable
      )
    }
    let (training, trainingSums, indices) = look(parts.training, "reading pictures") {
      // Crops of down to a third of the area need pictures somewhat larger than the network's.
      $0.shrunk(toShortSide: preprocessing.height * 3 / 2)
    }
    try session.checkStop()
    guard training.count > 1 else {
      throw Failure(
        "\(data.path.escaped): \(training.count) training pictures; at least 2 are needed")
    }
    let validation = parts.validation.map {
      // What a later evaluation cuts the views from, so that both agree.
      look($0, "reading validation pictures") { preprocessing.resized($0) }
    }
    try session.checkStop()
    let maps = try partMaps(
      dataset, parts.training, indices, recipe, preprocessing, team, limit: cacheLimit)
    return Sources(
      training: training, trainingSums: trainingSums, validation: validation?.source,
      validationSums: validation?.sums ?? [], parts: maps, refused: refused,
      cachedBytes: bytes + (maps?.bytes ?? 0))
  }

  // The parts on the training pictures that can be read, where the recipe wants the network to be told of them.
  private func partMaps(
    _ dataset: Dataset, _ training: SubsetSource, _ readable: [Int], _ recipe: Recipe,
    _ preprocessing: Preprocessing, _ team: ThreadTeam, limit: Int
  ) throws(Failure) -> PartMaps? {
    guard recipe.partLesson ?? 0 > 0 else { return nil }
    let source: PartSource
    do throws(DatasetError) {
      source = try PartSource(training.source, of: dataset, at: data.path)
    } catch { throw Failure(error.description) }
    let bytes = PartMaps.memoryNeeded(readable.count, of: source, preprocessing)
    guard !source.hasMaps || bytes <= limit else {
      throw Failure(
        "\(data.path.escaped): the maps of the parts of \(grouped(readable.count)) pictures take \(binarySize(bytes)), and \(binarySize(limit)) are left for them: a recipe without \"partLesson\" needs none",
        code: 64)
    }
    do throws(ImageError) {
      return try PartMaps(
        source, readable.map { training.indices[$0] }, preprocessing: preprocessing, team: team)
    } catch { throw Failure(error.message) }
  }
}
