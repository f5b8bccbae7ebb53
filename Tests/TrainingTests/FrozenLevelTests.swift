import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import TestSupport
import Testing

/// Trainings of what follows a frozen level, on maps that are computed once.
@Suite final class FrozenLevelTests {
  private let folder: TemporaryFolder
  private var number = 0

  init() throws { folder = try TemporaryFolder() }

  private func small(_ level: Level = .parts, views: Int = 3) throws -> SmallTraining {
    number += 1
    var training = try SmallTraining(in: folder.path.appending("\(number)"))
    (training.frozen, training.recipe.storedViews) = (level, views)
    return training
  }

  private func network() throws -> Network {
    try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
  }

  @Test(arguments: Level.allCases) func aFrozenNodeKeepsItsBitsAndTheOthersLearn(level: Level)
    throws
  {
    let training = try small(level)
    try training.run()
    let model = try Model(try training.model)
    let network = try network()
    #expect(model.network == network)
    let before = Parameters(initialising: network, seed: training.seed)
    let last = try #require(network.levels[level])
    for slice in network.layout.slices {
      let isSame = before.fileValues(slice) == model.parameters.fileValues(slice)
      #expect(isSame == (slice.node <= last), "\(slice.name)")
    }
  }

  @Test func anyNumberOfThreadsGivesTheSameModel() throws {
    let models = try (1...3).map { threads in
      var training = try small()
      training.threads = threads
      try training.run()
      return try training.model
    }
    let same = models.allSatisfy { $0 == models[0] }
    #expect(same)
  }

  // Five steps an epoch: in the middle of one, at its end, after the last step of all.
  @Test func aTrainingThatWasStoppedEndsWithTheSameBits() throws {
    let whole = try small()
    try whole.run()
    for steps in [2, 5, 10] {
      let parts = try small()
      try parts.stop(after: steps)
      try parts.resume()
      let sameModel = try parts.model == whole.model
      #expect(sameModel, "stopped after \(steps) steps")
      let sameState = try parts.state == whole.state
      #expect(sameState, "stopped after \(steps) steps")
    }
  }

  @Test func aTrainingIsNotGoneOnWithBehindAnotherBody() throws {
    let training = try small()
    try training.stop(after: 3)
    let trainer = try training.trainer { $0.values[0] += 1 }
    let error = #expect(throws: TrainingError.self) { try trainer.resume() }
    #expect(
      error?.description.contains(
        "the frozen weights, or how pictures are prepared for them, are not those of then") == true)
    var other = training
    other.views = 2
    #expect(throws: TrainingError.self) { try other.trainer().resume() }
  }

  @Test(arguments: [1, 6]) func theEpochIsJudgedAsItsModelIs(views: Int) throws {
    var training = try small()
    training.views = views
    training.recipe.epochs = 1
    let row = try #require(try training.run().first)
    let model = try Model(try training.model)
    let evaluation = Evaluation(
      model.prepared(), model.preprocessing, classes: model.classes,
      on: try #require(training.validation), team: ThreadTeam(threads: 1))
    #expect(row.validationTop1 == evaluation.top1)
    #expect(abs((row.validationLoss ?? 0) - evaluation.loss) < 1e-4)
  }

  @Test func everyViewIsShownOnceBeforeOneIsShownAgain() throws {
    let training = try small(.objects, views: 4)
    let network = try network()
    let node = try #require(network.levels[.objects])
    let split = try #require(SplitNetwork(network, freezing: node))
    let level = try FrozenLevel(
      split, Parameters(initialising: network, seed: 1), views: 4, training.recipe.augmentation,
      seed: 1, Preprocessing(height: 32, width: 32), training: training.training, validation: nil,
      team: ThreadTeam(threads: 2))
    func map(_ i: Int, _ epoch: Int) throws -> [Float] {
      let buffer = FloatBuffer(count: split.tail.inputShape.count)
      try level.training.write(i, into: buffer.pointer, seed: 1, epoch: epoch)
      return buffer.array
    }
    for i in [0, 7, 35] {
      let shown = try (0..<8).map { try map(i, $0) }
      #expect(Set(shown[..<4]).count == 4 && shown[..<4] == shown[4...])
    }
  }

  @Test func memoryIsCountedForEveryViewOfEveryPicture() throws {
    let network = try network()
    let node = try #require(network.levels[.parts])
    let split = try #require(SplitNetwork(network, freezing: node))
    let bytes = FrozenLevel.memoryNeeded(
      split, training: 10, views: 3, validation: 5, validationViews: 2)
    #expect(bytes == 4 * 8 * 8 * 16 * (10 * 3 + 5 * 2))
  }
}
