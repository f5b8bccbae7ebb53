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
  @Option(help: "Also measure by cross-validation: train without each of K parts in turn.")
  var folds: Int?
  @Flag(help: "Also train on a quarter and half of the pictures: would more of them help?")
  var learningCurve = false
  @Flag(help: "Go on from the state in --out.") var resume = false
  @Flag(help: "Write the epochs' figures for TensorBoard too, into --out.") var tensorboard = false
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    try checkFlags()
    let team = ThreadTeam(threads: common.threadCount)
    var dataset = try openData(data, session, common)
    let base = try from.map { path throws(Failure) in try readModel(path.path, team) }
    var recipe = try chosenRecipe(dataset, base)
    try checkStudies(dataset, recipe)
    let network = try network(dataset, recipe, base)
    let split = try split(network, recipe)
    let memory = try roomFor(network, split, recipe, dataset, team, base)
    let folder = RunFolder(out.path)
    guard let start = try prepare(folder, &recipe, session) else { return 0 }

    let frame = preprocessing(dataset, recipe, base)
    dataset.decodeFiles(frame.decoding(limits: common.limits))
    let source = try readable(
      dataset, recipe, frame, team, session, cacheLimit: memory.left / 4)
    if let warning = fewPictures(source, dataset.classes) { session.note("avocet: \(warning)") }
    var plan = Plan(
      recipe: recipe, network: network, split: split, base: base, frame: frame,
      classes: dataset.classes, data: provenance(dataset), team: team)
    let beginning = try beginning(plan, source, session)
    if let taken = beginning.taken { session.note(taken) }
    if learningRate == .automatic, start == .anew {
      try searchRate(&plan, beginning, source, folder, session)
    }
    let trainer = trainer(plan, beginning, source, folder)
    if start == .saved { try takeUp(trainer, session) }
    discardOld(folder, start)
    try describe(plan, folder)
    session.note(summary(plan, source, trainer, bytes: memory.needed + source.cachedBytes))
    let code = try train(plan, trainer, source, folder, session)
    return code == 0 && source.refused > 0 ? 1 : code
  }

  private func checkFlags() throws(Failure) {
    if let validationSplit, !(0..<1).contains(validationSplit) {
      throw Failure("--validation-split is \(validationSplit); 0 up to 1 is possible", code: 64)
    }
    if freeze != nil && from == nil {
      throw Failure(
        "--freeze \(freeze?.rawValue ?? "") needs --from: there are no weights to keep", code: 64)
    }
  }

  /// Writes into a folder what its training was asked for.
  func describe(_ plan: Plan, _ folder: RunFolder) throws(Failure) {
    try writing { () throws(FileError) in
      try folder.write(arguments(plan.recipe).json + "\n", "arguments.json")
      try folder.write(plan.classes.joined(separator: "\n") + "\n", "classes.txt")
    }
  }

  private func summary(_ plan: Plan, _ source: Sources, _ trainer: Trainer, bytes: Int) -> String {
    let (network, recipe) = (plan.network, plan.recipe)
    let told = trainer.toldParts > 0 ? ", told where \(trainer.toldParts) parts lie" : ""
    return
      "\(recipe.architecture) (\(grouped(network.parameterCount)) parameters, \(decimal(Double(network.multiplyAdds) / 1e6, 1)) M multiply-adds a picture), \(grouped(source.training.count)) pictures of \(plan.classes.count) classes, \(grouped(source.validation?.count ?? 0)) held out; recipe \(recipe.name): \(recipe.epochs) epochs, batch \(recipe.batch)\(told); \(plan.team.threadCount) threads, \(Kernels.chosen.name), about \(binarySize(bytes))"
  }
}

/// Runs something that writes; a file that could not be written is exit 5.
func writing(_ body: () throws(FileError) -> Void) throws(Failure) {
  do throws(FileError) { try body() } catch { throw Failure(error) }
}

/// The architecture of that name, or exit 64.
func namedArchitecture(_ name: String) throws(Failure) -> Architecture {
  guard let architecture = Architecture.named(name) else {
    throw Failure(
      "no architecture is called \"\(escapedText(name.utf8))\"; there are \(Architecture.names.joined(separator: ", "))",
      code: 64)
  }
  return architecture
}

/// A model, read on the team's threads where there is one, or exit 2.
func readModel(_ path: FilePath, _ team: ThreadTeam? = nil) throws(Failure) -> Model {
  do throws(ModelFileError) { return try Model.read(path, team: team) } catch {
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
