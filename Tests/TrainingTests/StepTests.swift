import AvocetDatasets
import AvocetKernels
import AvocetNetworks
import AvocetTraining
import Testing

@Suite struct StepTests {
  private let network: Network
  private let start: Parameters
  private let labels = [0, 1, 2, 2, 1, 0]

  /// A network without batch norm, so that the gradient of a batch is the sum over its pictures.
  init() throws {
    var b = NetworkBuilder("plain", input: Shape(6, 6, 2))
    var last = b.input
    for level in Level.allCases {
      last = b.convolution(level.rawValue, last, channels: 4, kernel: 3, bias: true)
      last = b.activation("\(level.rawValue)_out", last)
      b.mark(level, last)
    }
    _ = b.dense("classes", b.globalAveragePool("mean", last), channels: 3)
    network = try b.network()
    start = Parameters(initialising: network, seed: 4)
  }

  private func fill(_ step: TrainingStep, _ pictures: Range<Int>) {
    let size = network.inputShape.count
    for (slot, picture) in pictures.enumerated() {
      var random = CounterRandom(seed: 5, purpose: "pictures", index: picture)
      for i in 0..<size { step.workspace.input[slot * size + i] = Float(random.uniform(-1, 1)) }
    }
  }

  /// The parameters after a plain step of rate 1 whose batches are these runs of the six pictures.
  private func after(
    _ batches: [Range<Int>], _ reduction: Recipe.Reduction = .mean, clipNorm: Double? = nil
  ) throws -> [Float] {
    let step = TrainingStep(
      network, batch: 6, team: ThreadTeam(threads: 2), labelSmoothing: 0.1, reduction: reduction,
      accumulates: batches.count > 1)
    let parameters = start.copy()
    for (number, batch) in batches.enumerated() {
      fill(step, batch)
      let share = TrainingStep.Share(pictures: 6, isFirst: number == 0)
      _ = try #require(
        step.differentiate(parameters, labels: Array(labels[batch]), share: share))
    }
    let plain = OptimizerSettings(rule: .sgd, learningRate: 1, momentum: 0, weightDecay: 0)
    step.update(parameters, Optimizer(plain, network.layout), clipNorm: clipNorm) { _ in 1 }
    return parameters.values.array
  }

  private func length(_ values: [Float]) -> Double {
    zip(values, start.values.array).reduce(0) {
      $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1)
    }.squareRoot()
  }

  @Test(arguments: Recipe.Reduction.allCases)
  func severalBatchesMakeTheStepOfOne(reduction: Recipe.Reduction) throws {
    let whole = try after([0..<6], reduction)
    for batches in [[0..<3, 3..<6], [0..<4, 4..<6], [0..<1, 1..<3, 3..<6]] {
      for (a, b) in zip(whole, try after(batches, reduction)) { #expect(abs(a - b) < 1e-5) }
    }
    #expect(length(whole) > 0.01)
  }

  @Test func aGradientIsShortenedToTheLimitAndKeepsItsDirection() throws {
    let free = try after([0..<6])
    let norm = length(free)
    #expect(try after([0..<6], clipNorm: 1.01 * norm) == free)
    let clipped = try after([0..<6], clipNorm: norm / 4)
    #expect(abs(length(clipped) - norm / 4) < 1e-4 * norm)
    for ((a, b), before) in zip(zip(free, clipped), start.values.array) {
      #expect(abs((a - before) / 4 - (b - before)) < 1e-6)
    }
  }

  @Test func aBlendedPictureHasTheLossesOfBothClassesInTheirShares() throws {
    let weights: [Float] = [0.5, 2, 1]
    let step = TrainingStep(
      network, batch: 1, team: ThreadTeam(threads: 1), labelSmoothing: 0, classWeights: weights)
    fill(step, 3..<4)
    func loss(_ label: Int, _ blend: Blend? = nil) throws -> Double {
      let result = step.differentiate(start, labels: [label], blends: blend.map { [$0] })
      return try #require(result).loss
    }
    let plain = try (0..<3).map { try loss($0) / Double(weights[$0]) }
    let found = try loss(0, Blend(label: 1, share: 0.25))
    // The weight is mixed as the classes are: 0.75 * 0.5 + 0.25 * 2.
    #expect(abs(found - 0.875 * (0.75 * plain[0] + 0.25 * plain[1])) < 1e-5)
    #expect(try abs(loss(2, Blend(label: 0, share: 0)) - plain[2]) < 1e-6)
    #expect(try abs(loss(2, Blend(label: 2, share: 0.4)) - plain[2]) < 1e-6)
  }
}

@Suite struct LearningRateSearchTests {
  private static func search(rate: Double = 0.1, threads: Int = 2) throws -> LearningRateSearch {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
    let parameters = Parameters(initialising: network, seed: 1)
    let before = parameters.values.array
    var recipe = try #require(Recipe.named("aviary"))
    (recipe.size, recipe.batch, recipe.optimizer.learningRate) = (32, 12, rate)
    let search = LearningRateSearch(
      network, parameters, recipe: recipe, seed: 1,
      examples: AugmentedPictures(
        scenes, preprocessing: .init(height: 32, width: 32), augmentation: recipe.augmentation),
      team: ThreadTeam(threads: threads))
    #expect(parameters.values.array == before)
    return search
  }

  @Test func theRateGrowsUntilTheLossRisesAndATenthOfTheBestIsChosen() throws {
    let found = try Self.search()
    #expect(found.rates.count == found.losses.count && found.rates.count > 40)
    #expect(abs(found.rates[0] - 1e-5) < 1e-12)
    for (a, b) in zip(found.rates, found.rates.dropFirst()) { #expect(abs(b / a - 1.15) < 1e-9) }
    let least = try #require(found.losses.min())
    let place = try #require(found.losses.firstIndex(of: least))
    #expect(least < 0.95 * found.losses[0] && place > 20)
    let chosen = try #require(found.suggestion)
    #expect(abs(chosen / (found.rates[place] / 10) - 1) < 0.051)
    #expect((0.001...1).contains(chosen), "\(chosen)")
    let picture = found.chart
    #expect(picture.width == 720 && Set(picture.pixels).count > 20)
  }

  @Test func theSearchIsTheSameOnAnyNumberOfThreads() throws {
    let (one, two) = (try Self.search(threads: 1), try Self.search(threads: 3))
    #expect(one.rates == two.rates && one.losses == two.losses)
  }

  @Test func ratesThatAreAllTooLargeGiveNone() throws {
    #expect(try Self.search(rate: 1e30).suggestion == nil)
  }
}
