import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

@Suite final class TrainerTests {
  private let folder: TemporaryFolder
  private var number = 0

  init() throws { folder = try TemporaryFolder() }

  private func small() throws -> SmallTraining {
    number += 1
    return try SmallTraining(in: folder.path.appending("\(number)"))
  }

  @Test func aSmallNetworkLearnsItsPicturesByHeart() throws {
    var training = try small()
    (training.recipe.epochs, training.recipe.labelSmoothing) = (80, 0)
    training.recipe.optimizer.learningRate = 0.05
    training.recipe.augmentation = Augmentation()
    training.training = SubsetSource(scenes, Array(0..<32))
    training.validation = nil
    let rows = try training.run()
    #expect(rows.map(\.epoch) == Array(1...80))
    #expect(rows[79].trainLoss < 0.1 * rows[0].trainLoss)
    #expect(rows[79].trainTop1 == 1)
    // What was learned by heart is what the model says without augmentation.
    let model = try Model(try training.model)
    let evaluation = Evaluation(
      PreparedNetwork(model.network, model.parameters), model.preprocessing, classes: model.classes,
      on: training.training, team: ThreadTeam(threads: 2))
    #expect(evaluation.top1 == 1)
  }

  @Test func anyNumberOfThreadsGivesTheSameModel() throws {
    let models = try (1...4).map { threads in
      var training = try small()
      training.threads = threads
      try training.run()
      return try training.model
    }
    let same = models.allSatisfy { $0 == models[0] }
    #expect(same)
    var other = try small()
    other.seed = 2
    try other.run()
    let differs = try other.model != models[0]
    #expect(differs)
  }

  // Five steps an epoch: in the middle, at the end of an epoch, after the last step of all.
  @Test func aTrainingThatWasStoppedEndsWithTheSameBits() throws {
    for rule in OptimizerSettings.Rule.allCases {
      var whole = try small()
      whole.recipe.optimizer.rule = rule
      whole.recipe.optimizer.learningRate = rule == .sgd ? 0.1 : 0.003
      try whole.run()
      for steps in [1, 4, 5, 6, 10] {
        var parts = try small()
        parts.recipe = whole.recipe
        try parts.stop(after: steps)
        try parts.resume()
        let sameModel = try parts.model == whole.model
        #expect(sameModel, "\(rule), stopped after \(steps) steps")
        let sameState = try parts.state == whole.state
        #expect(sameState, "\(rule), stopped after \(steps) steps")
        #expect(
          try withoutTimes(parts.text("metrics.csv")) == withoutTimes(whole.text("metrics.csv")))
      }
    }
  }

  /// The rows of metrics.csv without their last two columns.
  private func withoutTimes(_ csv: String) -> [[Substring]] {
    csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2)
    }
  }

  @Test func aTrainingMayBeStoppedAtEveryStep() throws {
    let whole = try small()
    try whole.run()
    let parts = try small()
    try parts.stop(after: 1)
    for _ in 0..<9 {
      let trainer = try parts.trainer()
      try trainer.resume()
      _ = try trainer.run(shouldStop: { true }, { _ in })
    }
    try parts.resume()
    let same = try parts.model == whole.model
    #expect(same)
  }

  // Two epochs of five steps.
  @Test func aGroupStaysAsItIsAfterItsEpochs() throws {
    func filters(_ epochs: Int?, stoppedAfter steps: Int?) throws -> [Float] {
      var training = try small()
      training.recipe.optimizer.groups = [ParameterGroup(ending: "edges.weight", epochs: epochs)]
      if let steps { try training.stop(after: steps) } else { try training.run() }
      let network = try Architecture.network(
        named: "tiny", input: Shape(32, 32, 3), classes: 10)
      let slice = try #require(network.layout["edges.weight"])
      return try Array(#require(training.state["parameters"]).values[slice.range])
    }
    let (start, end) = (try filters(0, stoppedAfter: 1), try filters(1, stoppedAfter: 5))
    #expect(try filters(0, stoppedAfter: nil) == start && start != end)
    #expect(try filters(1, stoppedAfter: nil) == end)
    #expect(try filters(1, stoppedAfter: 4) != end)
    #expect(try filters(2, stoppedAfter: nil) == filters(nil, stoppedAfter: nil))
  }

  @Test func aSumOfLossesLearnsAsTheirMeanAtARateThatIsSmallerByTheBatch() throws {
    func trained(_ reduction: Recipe.Reduction, rate: Double, decay: Double) throws -> [Float] {
      var training = try small()
      (training.recipe.reduction, training.recipe.dropsLast) = (reduction, true)
      training.recipe.optimizer.learningRate = rate
      training.recipe.optimizer.weightDecay = decay
      let rows = try training.run()
      #expect(rows.count == 2)
      return try #require(training.state["parameters"]).values
    }
    // Powers of two, so that nothing is rounded otherwise; 36 pictures are four batches of 8.
    let mean = try trained(.mean, rate: 0.125, decay: 0.015625)
    #expect(try trained(.sum, rate: 0.015625, decay: 0.125) == mean)
    #expect(try trained(.mean, rate: 0.015625, decay: 0.125) != mean)
  }

  @Test func aFinishedTrainingHasNothingLeftToDo() throws {
    let training = try small()
    try training.run()
    let before = try training.model
    let trainer = try training.trainer()
    try trainer.resume()
    #expect(trainer.epochsDone == 2)
    #expect(try trainer.run { _ in Issue.record("a step was made") } == .finished)
    let same = try training.model == before
    #expect(same)
  }

  @Test func moreEpochsMayFollow() throws {
    var training = try small()
    try training.run()
    training.recipe.epochs = 3
    try training.resume()
    #expect(try training.text("metrics.csv").split(separator: "\n").count == 4)
  }

  @Test func noEpochsWriteTheModelAsItBegins() throws {
    var training = try small()
    training.recipe.epochs = 0
    let trainer = try training.trainer()
    #expect(try trainer.run { _ in } == .finished)
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
    let begins = Parameters(initialising: network, seed: 1).values.array
    let same = try Model(try training.model).parameters.values.array == begins
    #expect(same)
  }

  @Test func frozenLevelsStayAsTheyAre() throws {
    var training = try small()
    training.frozen = .parts
    try training.run()
    let model = try Model(try training.model)
    let before = Parameters(initialising: model.network, seed: 1)
    let parts = try #require(model.network.levels[.parts])
    for slice in model.network.layout.slices {
      let moved = slice.range.contains { model.parameters.values[$0] != before.values[$0] }
      #expect(moved == (slice.node > parts), "\(slice.name)")
    }
  }

  @Test func theBestEpochByValidationIsTheModel() throws {
    var training = try small()
    training.recipe.epochs = 8
    var best: (top1: Double, epoch: Int) = (-1, 0)
    let trainer = try training.trainer()
    var models: [[UInt8]] = []
    _ = try trainer.run { event in
      guard case .epoch(let row, let isBest) = event else { return }
      let top1 = row.validationTop1 ?? -1
      #expect(isBest == (top1 > best.top1))
      if top1 > best.top1 { best = (top1, row.epoch) }
      models.append((try? training.model) ?? [])
    }
    #expect(models.count == 8 && best.epoch > 0)
    #expect(models.firstIndex(of: try training.model) == best.epoch - 1)
  }

  @Test func aPictureThatCannotBeReadStopsTheTrainingByName() throws {
    struct Broken: DataSource {
      var count: Int { scenes.count }
      func label(_ i: Int) -> Int { scenes.label(i) }
      func identifier(_ i: Int) -> String { "scene \(i)" }
      func image(_ i: Int) throws(ImageError) -> Image {
        if i == 17 { throw ImageError(code: "damaged", message: "is broken") }
        return try scenes.image(i)
      }
    }
    var training = try small()
    training.training = Broken()
    let error = #expect(throws: TrainingError.self) { try training.run() }
    #expect(error?.description == "scene 17: is broken")
  }

  @Test(arguments: [Float.nan, .infinity]) func aNumberThatIsNoneStopsBeforeTheUpdate(value: Float)
    throws
  {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
    let parameters = Parameters(initialising: network, seed: 1)
    let step = TrainingStep(
      network, batch: 4, team: ThreadTeam(threads: 2), labelSmoothing: 0.1)
    for place in [0, 5000, 4 * 3072 - 1] {
      for i in 0..<4 * 3072 { step.workspace.input[i] = i == place ? value : Float(i % 7) / 7 }
      #expect(step.differentiate(parameters, labels: [0, 1, 2, 3]) == nil)
    }
    for i in 0..<4 * 3072 { step.workspace.input[i] = Float(i % 7) / 7 }
    #expect(step.differentiate(parameters, labels: [0, 1, 2, 3]) != nil)
  }

  @Test func aGradientThatIsNotFiniteStopsThoughTheLossIs() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
    let parameters = Parameters(initialising: network, seed: 1)
    // Every unit below the head is silent, so that its weights reach the gradient alone.
    for slice in network.layout.slices where slice.name == "objects_norm.bias" {
      for i in slice.range { parameters.values[i] = -1e6 }
    }
    for slice in network.layout.slices where slice.name == "classes.weight" {
      for (place, i) in slice.range.enumerated() {
        parameters.values[i] = place % 10 == 0 ? -3.4e38 : 3.4e38
      }
    }
    let step = TrainingStep(network, batch: 1, team: ThreadTeam(threads: 1), labelSmoothing: 0)
    for i in 0..<3072 { step.workspace.input[i] = Float(i % 7) / 7 }
    #expect(step.differentiate(parameters, labels: [0]) == nil)
    #expect((0..<10).allSatisfy { step.workspace.logits[$0].isFinite })
  }
}
