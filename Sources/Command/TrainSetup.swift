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
  /// The recipe by name or file, or the one that suits the data, with the flags laid over it.
  func chosenRecipe(_ dataset: Dataset, _ base: Model?) throws(Failure) -> Recipe {
    var chosen: Recipe
    if let recipe, let named = Recipe.named(recipe.text) {
      chosen = named
    } else if let recipe {
      chosen = try recipeFile(recipe.path)
    } else {
      chosen = try defaultRecipe(dataset, base)
    }
    if let base {
      chosen.architecture = base.network.architecture
      chosen.size = try side(of: base)
      chosen.views = base.preprocessing.views
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
    if base == nil || architecture != nil { _ = try namedArchitecture(chosen.architecture) }
    return chosen
  }

  // Rows and columns of the pictures that a model takes.
  private func side(of base: Model) throws(Failure) -> Int {
    let shape = base.network.inputShape
    guard size == nil, shape.rows != shape.columns else { return shape.rows }
    throw Failure(
      "\(from?.path.escaped ?? ""): takes views of \(shape.columns) x \(shape.rows) pixels; training needs square ones: --size \(shape.rows) trains it on those"
    )
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

  private func defaultRecipe(_ dataset: Dataset, _ base: Model?) throws(Failure) -> Recipe {
    let name =
      switch dataset.kind {
      case _ where base != nil: "fine-tune"
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
      ("folds", folds.map { "\($0)" } ?? ""), ("learningCurve", learningCurve ? "yes" : ""),
    ]
    if learningRate == .automatic { flags.append(("learningRate", "auto")) }
    return RunArguments(flags: flags, recipe: recipe)
  }

  // The preprocessing of the model to begin with, at the size that is trained on.
  private func kept(_ recipe: Recipe, _ base: Model?) -> Preprocessing? {
    guard var kept = base?.preprocessing else { return nil }
    let (height, size) = (kept.height, recipe.size)
    if height == size, kept.width == size { return kept }
    kept.shortSide = kept.shortSide.map { max(1, $0 * size / height) }
    (kept.height, kept.width) = (size, size)
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
      let network = try network(recipe, base, input, classes: dataset.classes.count)
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

  // The network of the model to begin with, unless another or other pictures are asked for.
  private func network(_ recipe: Recipe, _ base: Model?, _ input: Shape, classes: Int)
    throws(NetworkError) -> Network
  {
    if architecture == nil, let base, base.network.inputShape == input {
      return try base.network.telling(classes: classes)
    }
    return try Architecture.network(named: recipe.architecture, input: input, classes: classes)
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
}
