import AvocetKernels
import AvocetNetworks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct GradientTests {
  @Test func theTestNetworkUsesEveryOperation() throws {
    let kinds = Set(try everyOperation().nodes.map(\.operation.kind))
    #expect(kinds == Set(Operation.Kind.allCases), "an operation is not tested")
  }

  @Test(arguments: [false, true])
  func everyGradientEqualsTheFiniteDifference(storesStatistics: Bool) throws {
    let network = try everyOperation()
    let (images, classes) = (11, 5)
    let parameters = Parameters(initialising: network, seed: 3)
    // Scales, offsets and biases away from their special starting values; no step of this seed meets a kink.
    var random = CounterRandom(seed: 14, purpose: .init("shake"))
    for slice in network.layout.slices where slice.role == .offset {
      for i in slice.range { parameters.values[i] += Float(random.uniform(-0.3, 0.3)) }
    }
    let workspace = TrainingWorkspace(
      network, batch: images, team: ThreadTeam(threads: 2), storesStatistics: storesStatistics,
      inputGradient: true)
    let size = images * network.inputShape.count
    fill(workspace.input, size, seed: 5)
    _ = loss(workspace, parameters, images: images, classes: classes)
    let gradient = Parameters(network.layout)
    workspace.backward(parameters, into: gradient)
    let inputGradient = (0..<size).map { workspace.inputGradient[$0] }

    // Directions rather than single numbers: the sum over a direction stands well above float32's rounding.
    for slice in network.layout.slices where slice.role != .statistic {
      let direction = slice.range.map { _ in Float(random.uniform(-1, 1)) }
      let analytic = zip(slice.range, direction).reduce(0.0) {
        $0 + Double(gradient.values[$1.0]) * Double($1.1)
      }
      let step: Float = 2e-4
      func moved(_ by: Float) -> Double {
        let there = parameters.copy()
        for (i, d) in zip(slice.range, direction) { there.values[i] += by * d }
        return loss(workspace, there, images: images, classes: classes)
      }
      let numeric = (moved(step) - moved(-step)) / Double(2 * step)
      #expect(
        abs(numeric - analytic) < 2e-3 + 0.02 * abs(analytic),
        "\(slice.name): numeric \(numeric), analytic \(analytic)")
    }
    let direction = (0..<size).map { _ in Float(random.uniform(-1, 1)) }
    let analytic = zip(inputGradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    func movedInput(_ by: Float) -> Double {
      for i in 0..<size { workspace.input[i] += by * direction[i] }
      let result = loss(workspace, parameters, images: images, classes: classes)
      for i in 0..<size { workspace.input[i] -= by * direction[i] }
      return result
    }
    let numeric = (movedInput(2e-4) - movedInput(-2e-4)) / 4e-4
    #expect(
      abs(numeric - analytic) < 2e-3 + 0.02 * abs(analytic),
      "input: numeric \(numeric), analytic \(analytic)")
  }

  // What the second gradient has more than the first is that of a value at the parts level, which no later parameter moves.
  private func expectGradient(
    of value: (Parameters) -> Double, from plain: Parameters, to more: Parameters,
    _ network: Network, _ parameters: Parameters
  ) throws {
    var random = CounterRandom(seed: 23, purpose: .init("direction"))
    for name in ["parts.weight", "stem.weight"] {
      let slice = try #require(network.layout[name])
      let direction = slice.range.map { _ in Float(random.uniform(-1, 1)) }
      let analytic = zip(slice.range, direction).reduce(0.0) {
        $0 + Double(more.values[$1.0] - plain.values[$1.0]) * Double($1.1)
      }
      func moved(_ by: Float) -> Double {
        let there = parameters.copy()
        for (i, d) in zip(slice.range, direction) { there.values[i] += by * d }
        return value(there)
      }
      let numeric = (moved(1e-3) - moved(-1e-3)) / 2e-3
      #expect(abs(analytic) > 0.02)
      #expect(abs(numeric - analytic) < 0.02 * abs(analytic), "\(name): \(numeric), \(analytic)")
    }
    let after = try #require(network.layout["strided.weight"])
    #expect(after.range.allSatisfy { plain.values[$0] == more.values[$0] })
  }

  /// What sparsity adds is the gradient of the parts level's mean activity.
  @Test func sparsityAddsTheGradientOfThePartsActivity() throws {
    let network = try everyOperation()
    let parts = try #require(network.levels[.parts])
    let shape = network.nodes[parts].shape
    let (images, sparsity) = (6, Float(0.3))
    let parameters = Parameters(initialising: network, seed: 21)
    let workspace = TrainingWorkspace(network, batch: images, team: ThreadTeam(threads: 2))
    fill(workspace.input, images * network.inputShape.count, seed: 22)
    func activity(_ parameters: Parameters) -> Double {
      workspace.forward(parameters, images: images)
      let map = workspace.map(parts)
      let sum = (0..<images * shape.count).reduce(0.0) { $0 + abs(Double(map[$1])) }
      return Double(sparsity) * sum / Double(shape.rows * shape.columns)
    }
    func gradient(_ sparsity: Float) -> Parameters {
      _ = loss(workspace, parameters, images: images, classes: 5)
      let gradient = Parameters(network.layout)
      workspace.backward(parameters, into: gradient, sparsity: sparsity)
      return gradient
    }
    try expectGradient(of: activity, from: gradient(0), to: gradient(sparsity), network, parameters)
  }

  /// What a lesson adds is the gradient of what it finds wrong.
  @Test func aLessonAddsTheGradientOfWhatItFindsWrong() throws {
    let network = try everyOperation()
    let parts = try #require(network.levels[.parts])
    #expect(PartLesson.node(of: network) == parts)  // It has no nonlinearity.
    let shape = network.nodes[parts].shape
    let (images, places) = (6, shape.rows * shape.columns)
    let emphasis: [Float] = [5, 1, 20]
    var random = CounterRandom(seed: 33, purpose: .init("shares"))
    // The second part is on no picture, the others are on some places; of the third picture nothing is known.
    let shares = (0..<images * places * 3).map {
      $0 % 3 != 1 && random.chance(0.2) ? Float(random.uniform(0.1, 1)) : 0
    }
    // On some places parts have been taken away, the second among them.
    let missing = shares.map { $0 == 0 && random.chance(0.1) ? Float(random.uniform(0.1, 1)) : 0 }
    let lesson = PartLesson(
      weight: 0.4, units: 7, emphasis: emphasis, shares: shares, missing: missing,
      isKnown: (0..<images).map { $0 != 2 })
    let parameters = Parameters(initialising: network, seed: 31)
    let workspace = TrainingWorkspace(network, batch: images, team: ThreadTeam(threads: 2))
    fill(workspace.input, images * network.inputShape.count, seed: 32)
    func wrong(_ parameters: Parameters) -> Double {
      workspace.forward(parameters, images: images)
      let map = workspace.map(parts)
      var total = 0.0
      for image in 0..<images where image != 2 {
        for unit in 0..<7 {
          let z = (0..<places).map { Double(map[(image * places + $0) * shape.channels + unit]) }
          let t = (0..<places).map { Double(shares[(image * places + $0) * 3 + unit % 3]) }
          let lost = (0..<places).map { Double(missing[(image * places + $0) * 3 + unit % 3]) }
          for ((z, t), lost) in zip(zip(z, t), lost) {
            let p = 1 / (1 + exp(2 - z))
            let (yes, no) = (-log(p), -log(1 - p))
            let counts = 1 + (Double(emphasis[unit % 3]) - 1) * max(t, lost)
            total += counts * (t * yes + (1 - t) * no) / Double(places)
          }
          let area = t.reduce(0, +)
          guard area > 0 else { continue }
          let all = log(z.reduce(0) { $0 + exp($1) })
          for (z, t) in zip(z, t) { total += 0.4 * t / area * (all - z) }
        }
      }
      return 0.4 * total
    }
    func gradient(_ lesson: PartLesson?) -> Parameters {
      _ = loss(workspace, parameters, images: images, classes: 5)
      let gradient = Parameters(network.layout)
      workspace.backward(parameters, into: gradient, lesson: lesson)
      return gradient
    }
    try expectGradient(of: wrong, from: gradient(nil), to: gradient(lesson), network, parameters)
  }

  /// The logit of a part lies before the nonlinearity.
  @Test func aLessonIsToldBeforeTheNonlinearity() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 2)
    let level = try #require(network.levels[.parts])
    let node = try #require(PartLesson.node(of: network))
    #expect(network.nodes[level].inputs == [node])
    guard case .batchNorm = network.nodes[node].operation else {
      Issue.record("\(network.nodes[node].name) is no norm")
      return
    }
    // All units are silent there; they can still be told to speak.
    let (parameters, places) = (
      Parameters(initialising: network, seed: 1), network.nodes[node].shape
    )
    let offset = try #require(network.layout["parts_norm.bias"])
    for i in offset.range { parameters.values[i] = -10 }
    let workspace = TrainingWorkspace(
      network, batch: 2, team: ThreadTeam(threads: 1), keeping: [node])
    fill(workspace.input, 2 * network.inputShape.count, seed: 2)
    _ = loss(workspace, parameters, images: 2, classes: 2)
    let gradient = Parameters(network.layout)
    let count = 2 * places.rows * places.columns
    workspace.backward(
      parameters, into: gradient,
      lesson: PartLesson(
        weight: 1, units: 1, emphasis: [1], shares: .init(repeating: 1, count: count),
        missing: .init(repeating: 0, count: count), isKnown: [true, true]))
    let first = offset.range.lowerBound
    #expect(gradient.values[first] < -1.9 && gradient.values[first + 1] == 0)
  }

  @Test(arguments: [1, 3, 4]) func anyNumberOfThreadsGivesTheSameBits(_ threads: Int) throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 6)
    func gradients(_ threads: Int, _ images: Int) -> [Float] {
      let workspace = TrainingWorkspace(network, batch: 19, team: ThreadTeam(threads: threads))
      fill(workspace.input, images * network.inputShape.count, seed: 7)
      _ = loss(workspace, parameters, images: images, classes: 5)
      let gradient = Parameters(network.layout)
      workspace.backward(parameters, into: gradient)
      return gradient.values.array
    }
    for images in [1, 5, 19] {
      let same = zip(gradients(2, images), gradients(threads, images)).allSatisfy {
        $0.bitPattern == $1.bitPattern
      }
      #expect(same, "\(threads) threads, \(images) images")
    }
  }

  @Test func frozenNodesGetNoGradientAndKeepTheirStatistics() throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 8)
    let parts = try #require(network.levels[.parts])
    let workspace = TrainingWorkspace(
      network, batch: 4, team: ThreadTeam(threads: 1), frozenThrough: parts)
    fill(workspace.input, 4 * network.inputShape.count, seed: 9)
    _ = loss(workspace, parameters, images: 4, classes: 5)
    let gradient = Parameters(network.layout)
    workspace.backward(parameters, into: gradient)
    let before = parameters.values.array
    workspace.updateStatistics(parameters)
    for slice in network.layout.slices {
      let isZero = slice.range.allSatisfy { gradient.values[$0] == 0 }
      if slice.node <= parts || slice.role == .statistic { #expect(isZero, "\(slice.name)") }
      if slice.node > parts, slice.role == .weight { #expect(!isZero, "\(slice.name)") }
      let moved = slice.range.contains { parameters.values[$0] != before[$0] }
      #expect(moved == (slice.role == .statistic && slice.node > parts), "\(slice.name)")
    }
  }

  @Test func storedStatisticsStayAndGiveWhatClassifyingGives() throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 12)
    var random = CounterRandom(seed: 3, purpose: .init("statistics"))
    for slice in network.layout.slices where slice.role == .statistic {
      for i in slice.range { parameters.values[i] += Float(random.uniform(0, 0.5)) }
    }
    let workspace = TrainingWorkspace(
      network, batch: 3, team: ThreadTeam(threads: 2), storesStatistics: true)
    fill(workspace.input, 3 * network.inputShape.count, seed: 9)
    _ = loss(workspace, parameters, images: 3, classes: 5)
    let before = parameters.values.array
    workspace.updateStatistics(parameters)
    #expect(parameters.values.array == before)
    let inference = InferenceWorkspace(PreparedNetwork(network, parameters))
    inference.input.update(from: workspace.input, count: network.inputShape.count)
    inference.run()
    for i in 0..<5 {
      #expect(
        abs(inference.logits[i] - workspace.logits[i]) < 1e-4 * (1 + abs(inference.logits[i])))
    }
  }
}
