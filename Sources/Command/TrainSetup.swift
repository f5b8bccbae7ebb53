import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage

// What `train` decides before the first step: recipe, network, pictures, folder.
extension Train {
  /// The pictures to learn from and to choose by.
  struct Sources {
    let training: any DataSource
    let validation: (any DataSource)?
    /// Pictures that could not be read and were left out.
    let refused: Int
  }

  /// The recipe by name or file, or the one that suits the data, with the flags laid over it.
  func chosenRecipe(_ dataset: Dataset, _ base: Model?) throws(Failure) -> Recipe {
    var chosen: Recipe
    if let recipe, let named = Recipe.named(recipe.text) {
      chosen = named
    } else if let recipe {
      chosen = try recipeFile(recipe.path)
    } else {
      chosen = try defaultRecipe(dataset)
    }
    if let base {
      chosen.architecture = base.network.architecture
      chosen.size = base.network.inputShape.rows
    }
    if let architecture { chosen.architecture = architecture }
    if let size {
      chosen.size = size
    } else if let aviary = dataset.aviary, recipe == nil, base == nil {
      chosen.size = aviary.size
    }
    if let epochs { chosen.epochs = epochs }
    if let batch { chosen.batch = batch }
    if case .fixed(let rate) = learningRate { chosen.optimizer.learningRate = rate }
    if let validationSplit { chosen.validation = validationSplit }
    if let problem = chosen.problem { throw Failure("recipe \(chosen.name): \(problem)", code: 64) }
    guard Architecture.names.contains(chosen.architecture) else {
      throw Failure(
        "no architecture is called \"\(escapedText(chosen.architecture.utf8))\"; there are \(Architecture.names.joined(separator: ", "))",
        code: 64)
    }
    return chosen
  }

  private func recipeFile(_ path: FilePath) throws(Failure) -> Recipe {
    let names = Recipe.named.map(\.name).joined(separator: ", ")
    let bytes: [UInt8]
    do throws(FileError) { bytes = try readFile(path, limit: 1 << 20) } catch {
      throw Failure("\(error.description); a recipe is a JSON file or one of \(names)", code: 64)
    }
    guard let recipe = try? Recipe(json: bytes) else {
      throw Failure(
        "\(path.escaped): not a recipe; \"recipe\" in arguments.json of any run is an example",
        code: 64)
    }
    return recipe
  }

  private func defaultRecipe(_ dataset: Dataset) throws(Failure) -> Recipe {
    let name =
      switch dataset.kind {
      case .aviary: "aviary"
      case .fashionMNIST: "fashion-mnist"
      case .idx: "mnist"
      case .cifar10: "cifar10-94"
      case .cifar100: "cifar100"
      case .folder, .splitFolders, .csvManifest, .jsonlManifest: "photos"
      }
    guard let recipe = Recipe.named(name) else { throw Failure("no recipe is called \(name)") }
    return recipe
  }

  /// What `arguments.json` keeps of this run.
  func arguments(_ recipe: Recipe) -> RunArguments {
    var flags = [
      ("data", data.path.escaped), ("seed", "\(common.seed)"),
      ("validationSplit", "\(recipe.validation)"), ("from", from?.path.escaped ?? ""),
      ("freeze", freeze?.rawValue ?? ""), ("classWeights", classWeights.rawValue),
    ]
    if learningRate == .automatic { flags.append(("learningRate", "auto")) }
    return RunArguments(flags: flags, recipe: recipe)
  }

  /// Makes the folder ready: true if a state is there to resume, false for a fresh start, nil if all is done already.
  ///
  /// A learning rate that was found before is taken from there.
  func prepare(_ folder: RunFolder, _ recipe: inout Recipe, _ session: Session) throws(Failure)
    -> Bool?
  {
    let previous = resume ? RunArguments(folder) : nil
    try prepareOutput(folder.path, force: common.force, resume: resume)
    let hasState = RunFolder.exists(folder.statePath)
    if resume, hasState, let previous {
      if learningRate == .automatic, previous.flags["learningRate"] == "auto" {
        recipe.optimizer = previous.recipe.optimizer
      }
      if let difference = arguments(recipe).difference(from: previous) {
        throw Failure("\(folder.path.escaped): cannot resume: \(difference)", code: 64)
      }
      if let done = previous.epochsDone(folder), done >= recipe.epochs {
        session.note("\(folder.path.escaped): already finished (\(done) epochs); nothing to do")
        return nil
      }
    } else if resume {
      session.note("\(folder.path.escaped): no state to resume from; starting anew")
    }
    return resume && hasState && previous != nil
  }

  /// The settings at the rate that a search found; the search is drawn in the folder.
  func found(
    _ search: LearningRateSearch, _ settings: OptimizerSettings, _ folder: RunFolder,
    _ session: Session
  ) throws(Failure) -> OptimizerSettings {
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
    return settings.scaled(to: rate)
  }

  /// Reads every picture once and leaves out those that cannot be read.
  func readable(
    _ dataset: Dataset, _ recipe: Recipe, _ preprocessing: Preprocessing, _ team: ThreadTeam,
    _ session: Session
  ) throws(Failure) -> Sources {
    let parts = dataset.trainingSplits(validationFraction: recipe.validation, seed: common.seed)
    var refused = 0
    func look(
      _ source: SubsetSource, _ what: String, _ prepare: @escaping @Sendable (Image) -> Image
    ) -> any DataSource {
      let cached = CachedSource(source, prepare: prepare)
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
      return found.refused.isEmpty ? cached : SubsetSource(cached, found.readable)
    }
    let training = look(parts.training, "reading pictures") {
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
    return Sources(training: training, validation: validation, refused: refused)
  }

  // The preprocessing of the model to begin with, where the network sees pictures of the same size.
  private func kept(_ recipe: Recipe, _ base: Model?) -> Preprocessing? {
    guard let kept = base?.preprocessing, kept.height == recipe.size, kept.width == recipe.size
    else { return nil }
    return kept
  }

  /// What the network will see of a picture; mean and deviation are still to be measured unless a model gave them.
  func preprocessing(_ dataset: Dataset, _ recipe: Recipe, _ base: Model?) -> Preprocessing {
    if let kept = kept(recipe, base) { return kept }
    let half = [Float](repeating: 0.5, count: dataset.isGrey ? 1 : 3)
    return Preprocessing(
      height: recipe.size, width: recipe.size, shortSide: recipe.size, mean: half, deviation: half,
      grey: dataset.isGrey, views: recipe.views, scaledDecoding: true)
  }

  /// The same with the mean and deviation of the training pictures.
  func measured(
    _ preprocessing: Preprocessing, _ training: any DataSource, _ recipe: Recipe, _ base: Model?
  ) -> Preprocessing {
    if kept(recipe, base) != nil { return preprocessing }
    var result = preprocessing
    (result.mean, result.deviation) = preprocessing.statistics(of: training)
    return result
  }

  func network(_ dataset: Dataset, _ recipe: Recipe, _ base: Model?) throws(Failure) -> Network {
    let channels = kept(recipe, base)?.channels ?? (dataset.isGrey ? 1 : 3)
    let input = Shape(recipe.size, recipe.size, channels)
    do throws(NetworkError) {
      let network = try Architecture.network(
        named: recipe.architecture, input: input, classes: dataset.classes.count)
      if let ending = recipe.optimizer.idleGroup(network.layout) {
        throw NetworkError("no parameter's name ends in \(escapedText(ending.utf8))")
      }
      return network
    } catch {
      throw Failure(
        "architecture \(recipe.architecture) with pictures of \(input.description): \(error.description)",
        code: 64)
    }
  }

  /// Copies every slice of the same name and shape; says what was taken.
  func take(_ model: Model, into parameters: Parameters) -> String {
    var taken = 0
    for slice in parameters.layout.slices {
      guard let other = model.parameters.layout[slice.name], other.shape == slice.shape else {
        continue
      }
      parameters.setFileValues(slice, model.parameters.fileValues(other))
      taken += 1
    }
    return
      "took \(taken) of \(parameters.layout.slices.count) tensors from \(from?.path.escaped ?? "")"
  }

  /// The inverse of each class's share, of mean 1 over the pictures.
  func balanced(_ source: any DataSource, _ classes: Int) -> [Float] {
    var counts = [Int](repeating: 0, count: classes)
    for i in 0..<source.count { counts[source.label(i)] += 1 }
    let present = counts.count { $0 > 0 }
    return counts.map { $0 == 0 ? 0 : Float(source.count) / Float(present * $0) }
  }

  /// The data in words, without a path.
  func provenance(_ dataset: Dataset) -> String {
    let counts = dataset.splits.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue) \($0.value.count)" }.joined(separator: ", ")
    if let aviary = dataset.aviary {
      return "aviary:count=\(aviary.count),size=\(aviary.size),seed=\(aviary.seed)"
    }
    return "\(dataset.kind.rawValue): \(counts)"
  }

  func splitCSV(_ sources: Sources) -> String {
    var lines = ["path,split"]
    for (source, name) in [
      (sources.training as (any DataSource)?, "train"), (sources.validation, "validation"),
    ] {
      guard let source else { continue }
      for i in 0..<source.count { lines.append("\(csvCell(source.identifier(i))),\(name)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
