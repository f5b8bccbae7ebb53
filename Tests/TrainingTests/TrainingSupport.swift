import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Scenes of 32 pixels, drawn once.
let scenes = CachedSource(AviarySource(Aviary(count: 60, size: 32, seed: 3)))

/// A small training: recipe, pictures, folder.
struct SmallTraining {
  var recipe: Recipe
  var threads = 2
  var training: any DataSource = SubsetSource(scenes, Array(0..<36))
  var validation: (any DataSource)? = SubsetSource(scenes, Array(40..<60))
  var seed: UInt64 = 1
  var frozen: Level?
  var views = 1
  var parts: PartMaps?
  let path: FilePath

  /// Two epochs of batches of 8 with some augmentation.
  init(in folder: FilePath) throws {
    var recipe = try #require(Recipe.named("aviary"))
    recipe.architecture = "tiny"
    (recipe.size, recipe.epochs, recipe.batch) = (32, 2, 8)
    recipe.augmentation = Augmentation(shift: 2, flip: true, brightness: 0.1)
    self.recipe = recipe
    path = folder
    try makeFolders(folder)
  }

  func trainer(
    _ fileSystem: any FileSystem = RealFileSystem(), _ change: (Parameters) -> Void = { _ in }
  ) throws -> Trainer {
    let network = try Architecture.network(
      named: recipe.architecture, input: Shape(32, 32, 3), classes: 10)
    let parameters = Parameters(initialising: network, seed: seed)
    change(parameters)
    let (preprocessing, team) = (
      Preprocessing(height: 32, width: 32, views: views), ThreadTeam(threads: threads)
    )
    let node = frozen.flatMap { network.levels[$0] }
    var stored: FrozenLevel?
    if let storedViews = recipe.storedViews, let node {
      stored = try FrozenLevel(
        try #require(SplitNetwork(network, freezing: node)), parameters, views: storedViews,
        recipe.augmentation, seed: seed, preprocessing, training: training,
        validation: validation, team: team)
    }
    return Trainer(
      network, parameters, recipe: recipe, seed: seed,
      classes: Aviary.classes, preprocessing: preprocessing,
      training: training, validation: validation,
      provenance: Provenance(data: "drawn", recipe: recipe.json, licence: "CC0"),
      folder: RunFolder(path, fileSystem: fileSystem), team: team, frozenThrough: node,
      stored: stored, parts: parts)
  }

  /// Trains to the end; the rows.
  @discardableResult
  func run() throws -> [EpochMetrics] {
    let trainer = try trainer()
    _ = try trainer.run { _ in }
    return trainer.rows
  }

  /// Stops after so many steps.
  func stop(after steps: Int) throws {
    let count = Atomic<Int>(0)
    let outcome = try trainer().run(shouldStop: { count.load(ordering: .relaxed) >= steps }) {
      if case .progress = $0 { count.add(1, ordering: .relaxed) }
    }
    #expect(outcome == .stopped)
  }

  /// Takes the saved state up and trains to the end.
  func resume() throws {
    let trainer = try trainer()
    try trainer.resume()
    #expect(try trainer.run { _ in } == .finished)
  }

  var model: [UInt8] {
    get throws { try readFile(path.appending("model.safetensors"), limit: 1 << 24) }
  }

  /// The numbers of the saved state: parameters and what the optimiser keeps.
  var state: [String: SafeTensors.Tensor] {
    get throws {
      try SafeTensors(try readFile(path.appending("state.safetensors"), limit: 1 << 24)).tensors
    }
  }

  func text(_ name: String) throws -> String {
    String(decoding: try readFile(path.appending(name), limit: 1 << 24), as: UTF8.self)
  }
}

func isOneLine(_ text: String) -> Bool {
  !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
}
