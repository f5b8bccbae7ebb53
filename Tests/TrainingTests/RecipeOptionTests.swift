import AvocetDatasets
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import TestSupport
import Testing

/// What a recipe may ask for beside the plain loop.
@Suite final class RecipeOptionTests {
  private let folder: TemporaryFolder
  private var number = 0

  init() throws { folder = try TemporaryFolder() }

  private func small(_ change: (inout Recipe) -> Void) throws -> SmallTraining {
    number += 1
    var training = try SmallTraining(in: folder.path.appending("\(number)"))
    change(&training.recipe)
    return training
  }

  private static func everything(_ recipe: inout Recipe) {
    (recipe.accumulation, recipe.averageDecay, recipe.clipNorm) = (2, 0.8, 0.5)
    recipe.sampler = .balanced
    (recipe.augmentation.mixup, recipe.augmentation.cutmix) = (0.4, 0.4)
    recipe.optimizer.groups = [ParameterGroup(ending: "edges.weight", epochs: 1)]
  }

  // Five batches and so three steps an epoch.
  @Test func allTogetherResumeToTheSameBitsOnAnyNumberOfThreads() throws {
    let whole = try small(Self.everything)
    try whole.run()
    var single = try small(Self.everything)
    single.threads = 1
    try single.run()
    let same = try single.model == whole.model && single.state == whole.state
    #expect(same)
    for steps in 1...6 {
      let parts = try small(Self.everything)
      try parts.stop(after: steps)
      try parts.resume()
      let same = try parts.model == whole.model && parts.state == whole.state
      #expect(same, "stopped after \(steps) steps")
    }
  }

  @Test func theAverageWeighsLaterStepsMoreAndTheFirstWeightsNotAtAll() throws {
    func state(after steps: Int) throws -> [String: SafeTensors.Tensor] {
      let training = try small { $0.averageDecay = 0.75 }
      try training.stop(after: steps)
      return try training.state
    }
    let weights = try (1...3).map { try #require(state(after: $0)["parameters"]).values }
    let average = try #require(state(after: 3)["average"]).values
    let total: Float = 0.5625 + 0.75 + 1
    for i in average.indices {
      let expected = (0.5625 * weights[0][i] + 0.75 * weights[1][i] + weights[2][i]) / total
      #expect(abs(average[i] - expected) < 1e-5 * (1 + abs(expected)))
    }
  }

  @Test func theAverageIsWhatIsKept() throws {
    let training = try small { ($0.averageDecay, $0.validation) = (0.75, 0) }
    var plain = training
    plain.validation = nil
    try plain.run()
    let model = try Model(try plain.model)
    #expect(try model.parameters.values.array == #require(plain.state["average"]).values)
    #expect(try model.parameters.values.array != #require(plain.state["parameters"]).values)
  }

  @Test func aTrainingWithoutPatienceLeftEndsEarlyAndStaysEnded() throws {
    // At such a rate nothing becomes better.
    let training = try small {
      ($0.epochs, $0.patience, $0.optimizer.learningRate) = (9, 2, 1e-12)
      $0.optimizer.momentum = 0
    }
    let trainer = try training.trainer()
    var best: [Int] = []
    func listen(_ event: TrainingEvent) {
      if case .impatient(let epoch) = event { best.append(epoch) }
    }
    #expect(try trainer.run(listen) == .finished)
    let rows = trainer.rows
    let highest = rows.compactMap(\.validationTop1).max()
    let first = try #require(rows.first { $0.validationTop1 == highest }).epoch
    #expect(best == [first] && rows.count == first + 2 && rows.count < 9)
    let again = try training.trainer()
    try again.resume()
    #expect(try again.run(listen) == .finished)
    #expect(again.rows == rows && best == [first, first])
  }

  @Test func patienceNeedsSomethingToBeJudgedBy() throws {
    var training = try small { ($0.epochs, $0.patience) = (3, 1) }
    training.validation = nil
    #expect(try training.run().count == 3)
  }

  @Test func theHeadLearnsAsManyTimesAsFast() throws {
    func change(_ factor: Double?) throws -> [String: [Float]] {
      let training = try small {
        ($0.optimizer.headFactor, $0.optimizer.momentum) = (factor, 0)
        $0.optimizer.weightDecay = 0
      }
      try training.stop(after: 1)
      let after = try #require(training.state["parameters"]).values
      let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
      let before = Parameters(initialising: network, seed: training.seed).values.array
      return Dictionary(
        uniqueKeysWithValues: network.layout.slices.filter { $0.role != .statistic }.map { slice in
          (slice.name, slice.range.map { after[$0] - before[$0] })
        })
    }
    let (plain, fast) = (try change(nil), try change(16))
    for (name, steps) in plain {
      let factor: Float = name.hasPrefix("classes.") ? 16 : 1
      for (a, b) in zip(steps, try #require(fast[name])) {
        #expect(abs(b - factor * a) < 1e-6 + 0.01 * abs(b), "\(name)")
      }
    }
  }
}
