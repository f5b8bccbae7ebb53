import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage

/// `avocet train`
struct Train: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on labelled pictures.",
    discussion: """
      DATA is a folder of class folders (with train/, val/, test/ inside if there are splits), a folder with the CIFAR or MNIST \
      files, a CSV or JSONL list, or aviary:count=6000,size=64,seed=1 for generated pictures.
      """)

  enum ClassWeights: String, ExpressibleByArgument, CaseIterable { case none, balanced }

  @Argument(help: "The labelled pictures.") var data: PathArgument
  @Option(help: "The folder for model, metrics and report.") var out: PathArgument
  @Option(help: "A recipe's name or JSON file (default: what suits the data).") var recipe:
    PathArgument?
  @Option(help: "The network (see avocet model list).") var architecture: String?
  @Option(help: "Times through the data.") var epochs: Int?
  @Option(help: "Pictures in a batch.") var batch: Int?
  @Option(help: "Rows and columns of the pictures that the network sees.") var size: Int?
  @Option(help: "The peak learning rate.") var learningRate: Double?
  @Option(help: "The share held out where the data has no val split; 0: none.")
  var validationSplit = 0.1
  @Option(help: "Begin with the weights of this model.") var from: PathArgument?
  @Option(help: "Keep everything up to this level as it is.") var freeze: Level?
  @Option(help: "Weigh rare classes more.") var classWeights = ClassWeights.none
  @Option(help: "Also measure by cross-validation: train without each of K parts in turn.")
  var folds: Int?
  @Flag(help: "Also train on a quarter and half of the pictures: would more of them help?")
  var learningCurve = false
  @Flag(help: "Go on from the state in --out.") var resume = false
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    guard (0..<1).contains(validationSplit) else {
      throw Failure("--validation-split is \(validationSplit); 0 up to 1 is possible", code: 64)
    }
    if freeze != nil && from == nil {
      throw Failure(
        "--freeze \(freeze?.rawValue ?? "") needs --from: there are no weights to keep", code: 64)
    }
    let team = ThreadTeam(threads: common.threads ?? availableCores())
    var dataset = try openData(data, session, common)
    try checkStudies(dataset)
    let base = try from.map { path throws(Failure) in try readModel(path.path) }
    let recipe = try chosenRecipe(dataset, base)
    let network = try network(dataset, recipe, base)
    let memory = try checkMemory(
      network, batch: recipe.batch, recipe.optimizer.rule, threads: team.threadCount,
      frozenThrough: freeze.flatMap { network.levels[$0] })
    let folder = RunFolder(out.path)
    let isResumed = try prepare(folder, recipe, session)
    if isResumed == nil { return 0 }

    let frame = preprocessing(dataset, recipe, base)
    dataset.decodeFiles(frame.decoding(limits: common.limits))
    let source = try readable(dataset, frame, team, session, cacheLimit: memory.left / 4)
    if let warning = fewPictures(source, dataset.classes) { session.note("avocet: \(warning)") }
    let plan = Plan(
      recipe: recipe, network: network, base: base, frame: frame, classes: dataset.classes,
      data: provenance(dataset), team: team)
    let trainer = trainer(plan, source, folder)
    if let base {
      session.note(take(base, into: Parameters(network.layout), classes: dataset.classes))
    }
    if isResumed == true { try takeUp(trainer, session) }
    try writing { () throws(FileError) in
      try folder.write(arguments(recipe).json + "\n", "arguments.json")
      try folder.write(dataset.classes.joined(separator: "\n") + "\n", "classes.txt")
    }
    session.note(
      "\(recipe.architecture) (\(grouped(network.parameterCount)) parameters, \(decimal(Double(network.multiplyAdds) / 1e6, 1)) M multiply-adds a picture), \(grouped(source.training.count)) pictures of \(dataset.classes.count) classes, \(grouped(source.validation?.count ?? 0)) held out; recipe \(recipe.name): \(recipe.epochs) epochs, batch \(recipe.batch); \(team.threadCount) threads, \(Kernels.chosen.name), about \(binarySize(memory.needed + source.cachedBytes))"
    )
    let code = try train(plan, trainer, source, folder, session)
    return code == 0 && source.refused > 0 ? 1 : code
  }

  // The studies, the training itself, the report on both.
  private func train(
    _ plan: Plan, _ trainer: Trainer, _ source: Sources, _ folder: RunFolder, _ session: Session
  ) throws(Failure) -> Int32 {
    let clock = ContinuousClock()
    let start = clock.now
    let judged = folds == nil ? nil : try crossValidate(plan, source, folder, session)
    let points = learningCurve ? try trainOnShares(plan, source, folder, session) : []
    try run(trainer, folder, session)
    try report(trainer, judged, source, folder, session)
    try writeCurve(points, source, folder, plan.team, session)
    session.note("trained in \(duration((clock.now - start) / .seconds(1)))")
    try session.print(folder.modelPath.escaped)
    return trainer.isSaved ? 0 : 5
  }

  /// Trains to the end.
  func run(_ trainer: Trainer, _ folder: RunFolder, _ session: Session) throws(Failure) {
    var progress: Progress?
    let outcome: TrainingOutcome
    do {
      let shouldStop = session.shouldStop
      outcome = try trainer.run(shouldStop: { shouldStop() != nil }) { event in
        switch event {
        case .progress(let epoch, let images, let total):
          if progress == nil { progress = Progress(session, "epoch \(epoch)") }
          progress?.update(images, of: total)
        case .epoch(let row, let isBest):
          progress?.end()
          progress = nil
          session.note(line(row, of: trainer.epochs, isBest))
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

  private func report(
    _ trainer: Trainer, _ judged: CrossValidation?, _ source: Sources, _ folder: RunFolder,
    _ session: Session
  ) throws(Failure) {
    let model = try readModel(folder.modelPath)
    let evaluation =
      judged?.pooled
      ?? trainer.validation.map {
        Evaluation(
          PreparedNetwork(model.network, model.parameters, keepsLevels: false, team: trainer.team),
          model.preprocessing,
          classes: model.classes, on: $0, team: trainer.team)
      }
    let report = Report(
      model, rows: trainer.rows, evaluation: evaluation,
      source: judged == nil ? trainer.validation : source.training)
    try writing { () throws(FileError) in try report.write(to: folder) }
  }

  private func line(_ row: EpochMetrics, of epochs: Int, _ isBest: Bool) -> String {
    var line =
      "epoch \(row.epoch)/\(epochs)  loss \(decimal(row.trainLoss, 4))  training \(decimal(100 * row.trainTop1, 2)) %"
    if let top1 = row.validationTop1 {
      line += "  validation \(decimal(100 * top1, 2)) %\(isBest ? " (best)" : "")"
    }
    return line + "  \(decimal(row.imagesPerSecond, 0)) images/s"
  }
}

/// Runs something that writes; a file that could not be written is exit 5.
func writing(_ body: () throws(FileError) -> Void) throws(Failure) {
  do throws(FileError) { try body() } catch { throw Failure(error) }
}

/// A model, or exit 2.
func readModel(_ path: FilePath) throws(Failure) -> Model {
  do throws(ModelFileError) { return try Model.read(path) } catch {
    throw Failure(error.description)
  }
}

/// A data set with its warnings said, or exit 2.
func openData(
  _ argument: PathArgument, _ session: Session, _ common: CommonOptions, aviarySize: Int = 64
) throws(Failure) -> Dataset {
  let options = Dataset.Options(
    decoding: DecodingOptions(limits: common.limits), aviarySize: aviarySize)
  do throws(DatasetError) {
    let dataset = try Dataset.open(argument.path, options)
    for warning in dataset.warnings { session.note("avocet: \(warning)") }
    return dataset
  } catch { throw Failure(error.description) }
}

extension Level: ExpressibleByArgument {}
