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
    if let learningRate { chosen.optimizer.learningRate = learningRate }
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
      case .cifar10, .cifar100: "cifar"
      case .folder, .splitFolders, .csvManifest, .jsonlManifest: "photos"
      }
    guard let recipe = Recipe.named(name) else { throw Failure("no recipe is called \(name)") }
    return recipe
  }

  /// What `arguments.json` keeps of this run.
  func arguments(_ recipe: Recipe) -> RunArguments {
    RunArguments(
      flags: [
        ("data", data.path.escaped), ("seed", "\(common.seed)"),
        ("validationSplit", "\(validationSplit)"), ("from", from?.path.escaped ?? ""),
        ("freeze", freeze?.rawValue ?? ""), ("classWeights", classWeights.rawValue),
        ("folds", folds.map { "\($0)" } ?? ""), ("learningCurve", learningCurve ? "yes" : ""),
      ], recipe: recipe)
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
      grey: dataset.isGrey, scaledDecoding: true)
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
      return try Architecture.network(
        named: recipe.architecture, input: input, classes: dataset.classes.count)
    } catch {
      throw Failure(
        "architecture \(recipe.architecture) with pictures of \(input.description): \(error.description)",
        code: 64)
    }
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
