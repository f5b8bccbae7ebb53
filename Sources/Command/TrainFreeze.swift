import AvocetDatasets
import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import Synchronization

// What `train --freeze` keeps as it is.
extension Train {
  /// The last node that `--freeze` keeps as it is.
  func frozenNode(_ network: Network) -> Int? { freeze.flatMap { network.levels[$0] } }

  /// The network in two, where the recipe says that the maps of the frozen level are stored and where that pays.
  func split(_ network: Network, _ recipe: Recipe) throws(Failure) -> SplitNetwork? {
    guard let freeze, let node = frozenNode(network) else { return nil }
    guard network.layout.slices.contains(where: { $0.node > node && $0.role != .statistic }) else {
      throw Failure(
        "--freeze \(freeze.rawValue): nothing of \(network.architecture) is left to learn", code: 64
      )
    }
    return recipe.storedViews == nil ? nil : SplitNetwork(network, freezing: node)
  }

  /// Refuses a training that the memory cannot hold, stored maps included; gives the bytes needed and what is left beside them.
  func roomFor(
    _ network: Network, _ split: SplitNetwork?, _ recipe: Recipe, _ dataset: Dataset,
    _ team: ThreadTeam, _ base: Model?
  ) throws(Failure) -> (needed: Int, left: Int) {
    let memory = TrainingMemory(
      split?.tail ?? network, recipe, threads: team.threadCount,
      frozenThrough: split == nil ? frozenNode(network) : nil,
      anotherWaits: folds != nil || learningCurve)
    var room = try checkMemory(memory, batch: recipe.batch)
    guard let split, let freeze, let views = recipe.storedViews else { return room }
    let parts = dataset.trainingSplits(
      validationFraction: folds == nil ? recipe.validation : 0, seed: common.seed)
    // A study keeps maps of its own beside those of the training that waits.
    let trainings = folds != nil || learningCurve ? 2 : 1
    func needed(_ views: Int) -> Int {
      trainings
        * FrozenLevel.memoryNeeded(
          split, training: parts.training.count, views: views,
          validation: parts.validation?.count ?? 0, validationViews: base?.preprocessing.views ?? 1)
    }
    let stored = needed(views)
    guard stored <= room.left else {
      let fitting = (1..<views).last { needed($0) <= room.left }
      let advice =
        fitting.map { "a recipe with \"storedViews\": \($0) fits" }
        ?? "a recipe without \"storedViews\" computes them anew in every step"
      throw Failure(
        "--freeze \(freeze.rawValue): the maps of \(views) views of \(grouped(parts.training.count)) pictures take \(binarySize(stored)); \(binarySize(room.left)) are left: \(advice)",
        code: 64)
    }
    room.needed += stored
    room.left -= stored
    return room
  }

  /// Computes the maps of the frozen level, where they are stored.
  func stored(
    _ plan: Plan, _ beginning: Beginning, _ sources: Sources, _ session: Session
  ) throws(Failure) -> FrozenLevel? {
    guard let split = plan.split, let freeze, let views = plan.recipe.storedViews else {
      return nil
    }
    let total = sources.training.count + (sources.validation?.count ?? 0)
    let progress = Progress(session, "computing \(freeze.rawValue)")
    let relay = ProgressRelay(progress, total: total)
    let done = Atomic<Int>(0)
    let shouldStop = session.shouldStop
    let level: FrozenLevel
    do throws(TrainingError) {
      level = try FrozenLevel(
        split, beginning.parameters, views: views, plan.recipe.augmentation, seed: common.seed,
        beginning.preprocessing, training: sources.training, validation: sources.validation,
        team: plan.team, shouldStop: { shouldStop() != nil },
        progress: { relay.update(done.add(1, ordering: .relaxed).newValue) })
    } catch {
      progress.end()
      throw Failure(error.description)
    }
    progress.end()
    try session.checkStop()
    return level
  }
}
