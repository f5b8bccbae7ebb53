import AvocetKernels
import AvocetNetworks
import AvocetTraining
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ScheduleTests {
  @Test func constantStaysAtItsPeak() {
    for step in [0, 5, 99] {
      #expect(Schedule.constant.factor(step: step, of: 100, warmUp: 0.3) == 1)
    }
  }

  @Test func oneCycleRisesAndFallsInStraightLines() {
    let factors = (0..<100).map { Schedule.oneCycle.factor(step: $0, of: 100, warmUp: 0.2) }
    #expect(abs(factors[0] - 0.5 / 20) < 1e-12)
    #expect(abs(factors[9] - 9.5 / 20) < 1e-12)
    #expect(factors.firstIndex(of: factors.max() ?? 0) == 20 || factors[19] == factors.max())
    #expect(abs(factors[19] - 19.5 / 20) < 1e-12 && abs(factors[20] - 79.5 / 80) < 1e-12)
    #expect(abs(factors[99] - 0.5 / 80) < 1e-12)
    #expect(abs(factors.reduce(0, +) - 50) < 1e-9)
  }

  @Test func cosineFollowsTheCosine() {
    for (steps, warmUp) in [(1, 0.0), (7, 0.0), (1000, 0.1), (1000, 0.999)] {
      for step in 0..<steps {
        let done = (Double(step) + 0.5) / Double(steps)
        let expected =
          done < warmUp
          ? done / warmUp : 0.5 * (1 + cos(Double.pi * (done - warmUp) / (1 - warmUp)))
        let found = Schedule.cosine.factor(step: step, of: steps, warmUp: warmUp)
        #expect(abs(found - expected) < 1e-14, "step \(step) of \(steps), \(warmUp)")
      }
    }
  }

  @Test(arguments: Schedule.allCases) func aFactorIsNeverOutsideItsRange(schedule: Schedule) {
    for steps in [0, 1, 2, 13] {
      for step in [0, 1, 12, 13, 14, 1_000_000] {
        for warmUp in [0, 0.5, 0.999_999] {
          let factor = schedule.factor(step: step, of: steps, warmUp: warmUp)
          #expect((0...1).contains(factor), "\(step) of \(steps), \(warmUp): \(factor)")
        }
      }
    }
  }
}

@Suite struct OptimizerTests {
  /// A network whose parameters have every role.
  private static func network() throws -> Network {
    try Architecture.network(named: "tiny", input: Shape(16, 16, 3), classes: 3)
  }

  private static func gradient(_ network: Network, _ step: Int) -> Parameters {
    let gradient = Parameters(network.layout)
    var random = CounterRandom(seed: 8, purpose: "gradient", index: step)
    for i in 0..<gradient.values.count { gradient.values[i] = Float(random.uniform(-1, 1)) }
    return gradient
  }

  /// The parameters after four steps by an optimiser, and by a plain rule in double precision for one number.
  private static func compare(
    _ settings: OptimizerSettings, frozen: Int = -1,
    _ rule: (_ weight: Double, _ slopes: [Double], _ decay: Double, _ rates: [Double]) -> Double
  ) throws {
    let network = try network()
    let start = Parameters(initialising: network, seed: 4)
    let parameters = start.copy()
    let optimizer = Optimizer(settings, network.layout, frozenThrough: frozen)
    let rates = [0.1, 0.3, 0.2, 0.05]
    let gradients = rates.indices.map { gradient(network, $0) }
    for (gradient, rate) in zip(gradients, rates) {
      optimizer.step(parameters, gradient: gradient) { _ in rate }
    }
    #expect(optimizer.steps == 4)
    for slice in network.layout.slices {
      for i in slice.range {
        let before = Double(start.values[i])
        let found = Double(parameters.values[i])
        if slice.role == .statistic || slice.node <= frozen {
          #expect(found == before, "\(slice.name)")
          continue
        }
        let slopes = gradients.map { Double($0.values[i]) }
        let decay = slice.role == .weight ? settings.weightDecay : 0
        let expected = rule(before, slopes, decay, rates)
        #expect(abs(found - expected) < 2e-6 * (1 + abs(expected)), "\(slice.name) \(i)")
      }
    }
  }

  @Test(arguments: [-1, 4]) func sgdIsNesterovsMomentum(frozen: Int) throws {
    let settings = OptimizerSettings(
      rule: .sgd, learningRate: 1, momentum: 0.85, weightDecay: 0.01)
    try Self.compare(settings, frozen: frozen) { weight, slopes, decay, rates in
      var (w, velocity) = (weight, 0.0)
      for (slope, rate) in zip(slopes, rates) {
        let d = slope + decay * w
        velocity = 0.85 * velocity + d
        w -= rate * (d + 0.85 * velocity)
      }
      return w
    }
  }

  @Test func adamWDecaysApartFromTheGradient() throws {
    let settings = OptimizerSettings(
      rule: .adamW, learningRate: 1, momentum: 0.9, weightDecay: 0.05)
    try Self.compare(settings) { weight, slopes, decay, rates in
      var (w, mean, square) = (weight, 0.0, 0.0)
      for (step, (slope, rate)) in zip(slopes, rates).enumerated() {
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope * slope
        let corrected = mean / (1 - pow(0.9, Double(step + 1)))
        let deviation = (square / (1 - pow(0.999, Double(step + 1)))).squareRoot()
        w = w * (1 - rate * decay) - rate * corrected / (deviation + 1e-8)
      }
      return w
    }
  }
}

@Suite struct LossTests {
  /// The loss of one row of logits as the papers write it.
  private static func loss(_ logits: [Double], _ label: Int, smoothing: Double) -> Double {
    let sum = logits.reduce(0) { $0 + exp($1) }
    return logits.enumerated().reduce(0) { total, entry in
      let share = smoothing / Double(logits.count)
      let target = share + (entry.offset == label ? 1 - smoothing : 0)
      return total - target * (entry.element - log(sum))
    }
  }

  @Test(arguments: [(0.0, false), (0.1, false), (0.1, true), (0.5, true)])
  func smoothingAndClassWeightsFollowTheirFormulas(smoothing: Double, isWeighted: Bool) throws {
    let network = try Architecture.network(named: "tiny", input: Shape(16, 16, 3), classes: 3)
    let parameters = Parameters(initialising: network, seed: 4)
    let weights: [Float]? = isWeighted ? [0.5, 2, 0] : nil
    let step = TrainingStep(
      network, batch: 7, team: ThreadTeam(threads: 2), labelSmoothing: smoothing,
      classWeights: weights)
    var random = CounterRandom(seed: 5, purpose: "pictures")
    for i in 0..<7 * 768 { step.workspace.input[i] = Float(random.uniform(-1, 1)) }
    let labels = [0, 1, 2, 0, 1, 2, 1]
    let result = try #require(step.differentiate(parameters, labels: labels))
    var (expected, correct, slopes) = (0.0, 0, [0.0, 0.0, 0.0])
    for (row, label) in labels.enumerated() {
      let logits = (0..<3).map { Double(step.workspace.logits[row * 3 + $0]) }
      let weight = weights.map { Double($0[label]) } ?? 1
      expected += weight * Self.loss(logits, label, smoothing: smoothing)
      if logits.firstIndex(of: logits.max() ?? 0) == label { correct += 1 }
      // dL / dz = w (softmax(z) - t) / n
      let sum = logits.reduce(0) { $0 + exp($1) }
      for c in 0..<3 {
        let target = smoothing / 3 + (c == label ? 1 - smoothing : 0)
        slopes[c] += weight * (exp(logits[c]) / sum - target) / 7
      }
    }
    #expect(abs(result.loss - expected) < 1e-5)
    #expect(result.correct == correct && result.count == 7)
    // One plain step moves the bias of the logits by the sum over the pictures.
    let bias = try #require(network.layout["classes.bias"]).range
    let before = bias.map { parameters.values[$0] }
    let plain = OptimizerSettings(rule: .sgd, learningRate: 1, momentum: 0, weightDecay: 0)
    step.update(parameters, Optimizer(plain, network.layout)) { _ in 1 }
    for (c, i) in bias.enumerated() {
      #expect(abs(Double(before[c] - parameters.values[i]) - slopes[c]) < 1e-6)
    }
  }
}
