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

  enum LearningRate: ExpressibleByArgument, Equatable {
    case fixed(Double), automatic

    init?(argument: String) {
      if argument == "auto" {
        self = .automatic
      } else if let rate = Double(argument) {
        self = .fixed(rate)
      } else {
        return nil
      }
    }
  }

  enum ClassWeights: String, ExpressibleByArgument, CaseIterable { case none, balanced }

  @Argument(help: "The labelled pictures.") var data: PathArgument
  @Option(help: "The folder for model, metrics and report.") var out: PathArgument
  @Option(help: "A recipe's name or JSON file (default: what suits the data).") var recipe:
    PathArgument?
  @Option(help: "The network (see avocet model list).") var architecture: String?
  @Option(help: "Times through the data.") var epochs: Int?
  @Option(help: "Pictures in a batch.") var batch: Int?
  @Option(help: "Rows and columns of the pictures that the network sees.") var size: Int?
  @Option(help: "The peak learning rate; auto: tried out first, see learning-rate.png.")
  var learningRate: LearningRate?
  @Option(
    help: "The share held out where the data has no val split; 0: none (default: the recipe's).")
  var validationSplit: Double?
  @Option(help: "Begin with the weights of this model.") var from: PathArgument?
  @Option(help: "Keep everything up to this level as it is.") var freeze: Level?
  @Option(help: "Weigh rare classes more.") var classWeights = ClassWeights.none
  @Flag(help: "Go on from the state in --out.") var resume = false
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    if let validationSplit, !(0..<1).contains(validationSplit) {
      throw Failure("--validation-split is \(validationSplit); 0 up to 1 is possible", code: 64)
    }
    if freeze != nil && from == nil {
      throw Failure(
        "--freeze \(freeze?.rawValue ?? "") needs --from: there are no weights to keep", code: 64)
    }
    let team = ThreadTeam(threads: common.threads ?? availableCores())
    var dataset = try openData(data, session, common)
    let base = try from.map { path throws(Failure) in try readModel(path.path) }
    var recipe = try chosenRecipe(dataset, base)
    let network = try network(dataset, recipe, base)
    try checkMemory(network, batch: recipe.batch)
    let folder = RunFolder(out.path)
    let isResumed = try prepare(folder, &recipe, session)
    if isResumed == nil { return 0 }

    let frame = preprocessing(dataset, recipe, base)
    dataset.decodeFiles(frame.decoding(limits: common.limits))
    let source = try readable(dataset, recipe, frame, team, session)
    let preprocessing = measured(frame, source.training, recipe, base)
    let parameters = Parameters(initialising: network, seed: common.seed)
    parameters.whiten(network, on: source.training, preprocessing)
    if let base { session.note(take(base, into: parameters)) }
    let weights = classWeights == .balanced ? balanced(source.training, dataset.classes.count) : nil
    let frozen = freeze.flatMap { network.levels[$0] }
    if learningRate == .automatic, isResumed == false {
      let search = LearningRateSearch(
        network, parameters, recipe: recipe, seed: common.seed, preprocessing: preprocessing,
        training: source.training, team: team, classWeights: weights, frozenThrough: frozen,
        shouldStop: { session.shouldStop() != nil })
      try session.checkStop()
      recipe.optimizer = try found(search, recipe.optimizer, folder, session)
    }
    let trainer = Trainer(
      network, parameters, recipe: recipe, seed: common.seed, classes: dataset.classes,
      preprocessing: preprocessing, training: source.training, validation: source.validation,
      provenance: Provenance(
        data: provenance(dataset), recipe: recipe.json, licence: "the data's", seed: common.seed),
      folder: folder, team: team, frozenThrough: frozen,
      classWeights: weights)
    if isResumed == true {
      do { try trainer.resume() } catch { throw Failure(error.description) }
      session.note("resumed after epoch \(trainer.epochsDone)")
    }
    try writing { () throws(FileError) in
      try folder.write(arguments(recipe).json + "\n", "arguments.json")
      try folder.write(dataset.classes.joined(separator: "\n") + "\n", "classes.txt")
      try folder.write(splitCSV(source), "split.csv")
    }
    session.note(
      "\(recipe.architecture) (\(grouped(network.parameterCount)) parameters, \(decimal(Double(network.multiplyAdds) / 1e6, 1)) M multiply-adds a picture), \(grouped(source.training.count)) pictures of \(dataset.classes.count) classes, \(grouped(source.validation?.count ?? 0)) held out; recipe \(recipe.name): \(recipe.epochs) epochs, batch \(recipe.batch); \(team.threadCount) threads, \(Kernels.chosen.name)"
    )
    let code = try train(trainer, folder, session)
    return code == 0 && source.refused > 0 ? 1 : code
  }

  private func train(_ trainer: Trainer, _ folder: RunFolder, _ session: Session) throws(Failure)
    -> Int32
  {
    var progress: Progress?
    let clock = ContinuousClock()
    let start = clock.now
    var failedSave = false
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
          failedSave = false
          session.note(line(row, of: trainer.epochs, isBest))
        case .impatient(let best):
          session.note("no epoch was better than epoch \(best): the training ends")
        case .warning(let text):
          failedSave = true
          session.complain(text)
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
      session.complain("stopped; the state is saved in \(folder.path.escaped), go on with --resume")
      return 128 + (session.shouldStop() ?? 2)
    }
    try report(trainer, folder, session)
    session.note("trained in \(duration((clock.now - start) / .seconds(1)))")
    try session.print(folder.modelPath.escaped)
    return failedSave ? 5 : 0
  }

  private func report(_ trainer: Trainer, _ folder: RunFolder, _ session: Session) throws(Failure) {
    let model = try readModel(folder.modelPath)
    let evaluation = trainer.validation.map {
      Evaluation(
        PreparedNetwork(model.network, model.parameters, keepsLevels: false, team: trainer.team),
        model.preprocessing,
        classes: model.classes, on: $0, team: trainer.team)
    }
    let report = Report(
      model, rows: trainer.rows, evaluation: evaluation, source: trainer.validation)
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
