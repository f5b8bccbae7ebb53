import AvocetKernels
import AvocetNetworks
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct FusionTests {
  private static func fill(_ workspace: InferenceWorkspace, _ pictures: Int) {
    let count = workspace.prepared.network.inputShape.count
    for picture in 0..<pictures {
      var random = CounterRandom(seed: 9, purpose: "pictures", index: picture)
      for i in 0..<count { workspace.input[picture * count + i] = Float(random.uniform(-1, 1)) }
    }
  }

  private static func logits(_ workspace: InferenceWorkspace, of picture: Int) -> [Float] {
    let count = workspace.prepared.network.classCount
    return (0..<count).map { workspace.logits[picture * count + $0] }
  }

  @Test(arguments: Architecture.names)
  func aPictureGivesTheSameBitsAloneInABatchAndOnAnyThreads(_ name: String) throws {
    let network = try smallNetwork(name)
    let parameters = Parameters(initialising: network, seed: 4)
    let prepared = PreparedNetwork(network, parameters, keepsLevels: false)
    let pictures = 3
    let alone = InferenceWorkspace(prepared, pictures: pictures)
    var expected: [[Float]] = []
    for picture in 0..<pictures {
      Self.fill(alone, pictures)
      let count = network.inputShape.count
      (alone.input).update(from: alone.input + picture * count, count: count)
      alone.run()
      expected.append(Self.logits(alone, of: 0))
    }
    #expect(Set(expected).count == pictures && expected.joined().allSatisfy(\.isFinite))
    for threads in [1, 2, 3] {
      let team = ThreadTeam(threads: threads)
      let together = InferenceWorkspace(prepared, pictures: pictures, team: team)
      Self.fill(together, pictures)
      together.run(pictures: pictures)
      let split = InferenceWorkspace(prepared, team: team)
      Self.fill(split, 1)
      split.run()
      for picture in 0..<pictures {
        #expect(Self.logits(together, of: picture) == expected[picture], "\(threads), \(picture)")
      }
      #expect(Self.logits(split, of: 0) == expected[0], "\(threads) threads, split")
    }
    let levels = InferenceWorkspace(PreparedNetwork(network, parameters))
    Self.fill(levels, 1)
    levels.run()
    #expect(Self.logits(levels, of: 0) == expected[0], "with the levels kept")
  }

  @Test(arguments: [("mobilenet_v2", 96), ("squeezenet1_1", 160)])
  func picturesTakenTogetherGiveTheSameBitsAsEachAlone(_ name: String, _ side: Int) throws {
    let network = try Architecture.network(named: name, input: Shape(side, side, 3), classes: 4)
    let parameters = Parameters(initialising: network, seed: 8)
    let prepared = PreparedNetwork(network, parameters, keepsLevels: false)
    let pictures = 7
    let count = network.inputShape.count
    let alone = InferenceWorkspace(prepared)
    let together = InferenceWorkspace(prepared, pictures: pictures)
    var (runsAlone, runs) = (0, 0)
    alone.observer = { _ in runsAlone += 1 }
    together.observer = { _ in runs += 1 }
    Self.fill(together, pictures)
    var expected: [[Float]] = []
    for picture in 0..<pictures {
      alone.input.update(from: together.input + picture * count, count: count)
      alone.run()
      expected.append(Self.logits(alone, of: 0))
    }
    // Fewer runs than one by one, more than all at each step.
    together.run(pictures: pictures)
    #expect(runs > runsAlone / pictures + 1 && runs < runsAlone, "\(runs) of \(runsAlone)")
    for picture in 0..<pictures { #expect(Self.logits(together, of: picture) == expected[picture]) }
    // Fewer pictures than there is room for, in uneven groups.
    for (threads, given) in [(1, 5), (2, 7), (3, 4)] {
      let team = InferenceWorkspace(
        prepared, pictures: pictures, team: ThreadTeam(threads: threads))
      Self.fill(team, pictures)
      team.run(pictures: given)
      for picture in 0..<given {
        #expect(Self.logits(team, of: picture) == expected[picture], "\(threads), \(picture)")
      }
    }
  }

  @Test(arguments: [("mobilenet_v2", 97), ("squeezenet1_1", 160), ("resnet18", 128)])
  func stripsGiveTheSameNumbersAsWholeMaps(_ name: String, _ side: Int) throws {
    let network = try Architecture.network(named: name, input: Shape(side, side, 3), classes: 4)
    let parameters = Parameters(initialising: network, seed: 6)
    let prepared = PreparedNetwork(network, parameters, keepsLevels: false)
    let strips = InferenceWorkspace(prepared)
    var runs = 0
    strips.observer = { _ in runs += 1 }
    Self.fill(strips, 1)
    strips.run()
    #expect(runs > strips.work.count, "\(name) runs in no strips")
    let expected = Self.logits(strips, of: 0)
    for (pictures, threads) in [(1, 2), (1, 3), (2, 1), (2, 2)] {
      let workspace = InferenceWorkspace(
        prepared, pictures: pictures, team: ThreadTeam(threads: threads))
      Self.fill(workspace, pictures)
      workspace.run(pictures: pictures)
      workspace.run(pictures: pictures)
      #expect(Self.logits(workspace, of: 0) == expected, "\(pictures), \(threads) threads")
    }
    let whole = InferenceWorkspace(
      PreparedNetwork(network, parameters, keeping: Set(network.nodes.indices)))
    Self.fill(whole, 1)
    whole.run()
    let scale = expected.map(abs).max() ?? 0
    for (a, b) in zip(expected, Self.logits(whole, of: 0)) { #expect(abs(a - b) <= 1e-4 * scale) }
  }

  @Test(arguments: [("mobilenet_v2", 97), ("squeezenet1_1", 120), ("resnet18", 96)])
  func whatAnotherThreadTakesFromASlowOneGivesTheSameBits(_ name: String, _ side: Int) throws {
    let network = try Architecture.network(named: name, input: Shape(side, side, 3), classes: 4)
    let parameters = Parameters(initialising: network, seed: 5)
    let prepared = PreparedNetwork(network, parameters, keepsLevels: false)
    let alone = InferenceWorkspace(prepared, pictures: 7)
    Self.fill(alone, 7)
    alone.run(pictures: 7)
    for (pictures, threads) in [(1, 2), (1, 3), (7, 2), (7, 3)] {
      let workspace = InferenceWorkspace(
        prepared, pictures: pictures, team: ThreadTeam(threads: threads))
      Self.fill(workspace, pictures)
      // Only the first thread is heard, so only it is held up.
      workspace.observer = { _ in usleep(500) }
      for _ in 0..<2 { workspace.run(pictures: pictures) }
      for picture in 0..<pictures {
        #expect(
          Self.logits(workspace, of: picture) == Self.logits(alone, of: picture),
          "picture \(picture) of \(pictures), \(threads) threads")
      }
    }
  }

  @Test func aSumOfAStridedConvolutionAndWhatLiesBesideItRunsInStrips() throws {
    var b = NetworkBuilder("sum", input: Shape(97, 90, 3))
    let stem = b.convolution("stem", b.input, channels: 32, kernel: 3)
    b.mark(.edges, stem)
    let short = b.convolution("short", stem, channels: 24, kernel: 1, stride: 2)
    let first = b.convolution("first", stem, channels: 24, kernel: 3, stride: 2)
    let second = b.convolution("second", first, channels: 24, kernel: 3)
    let sum = b.activation("sum", b.add("add", .add(Sum()), short, second), .relu)
    b.mark(.parts, sum)
    let last = b.convolution("last", sum, channels: 8, kernel: 3, stride: 2)
    b.mark(.objects, last)
    _ = b.dense("classes", b.globalAveragePool("mean", last), channels: 3)
    let network = try b.network()
    let parameters = Parameters(initialising: network, seed: 2)
    let whole = InferenceWorkspace(
      PreparedNetwork(network, parameters, keeping: Set(network.nodes.indices)))
    Self.fill(whole, 1)
    whole.run()
    let expected = Self.logits(whole, of: 0)
    let scale = expected.map(abs).max() ?? 0
    let prepared = PreparedNetwork(network, parameters, keepsLevels: false)
    for threads in [1, 2, 3] {
      let workspace = InferenceWorkspace(prepared, team: ThreadTeam(threads: threads))
      Self.fill(workspace, 1)
      workspace.run()
      workspace.run()
      for (a, b) in zip(expected, Self.logits(workspace, of: 0)) {
        #expect(abs(a - b) <= 1e-4 * scale, "\(threads) threads")
      }
    }
  }

  @Test func aWiderPartOfAConcatenationGetsItsGradient() throws {
    var b = NetworkBuilder("parts", input: Shape(24, 24, 3))
    let narrow = b.convolution("narrow", b.input, channels: 2, kernel: 3)
    b.mark(.edges, narrow)
    let wide = b.convolution("wide", narrow, channels: 48, kernel: 3)
    b.mark(.parts, wide)
    let other = b.convolution("other", wide, channels: 4, kernel: 1)
    let joined = b.concatenation("joined", narrow, wide)
    let small = b.convolution("small", joined, channels: 4, kernel: 3)
    let both = b.add("both", .add(Sum()), small, other)
    b.mark(.objects, both)
    _ = b.dense("classes", b.globalAveragePool("mean", both), channels: 3)
    let network = try b.network()
    let parameters = Parameters(initialising: network, seed: 2)
    func gradient(threads: Int) -> [Float] {
      let workspace = TrainingWorkspace(network, batch: 9, team: ThreadTeam(threads: threads))
      var random = CounterRandom(seed: 3, purpose: "pictures")
      for i in 0..<9 * network.inputShape.count {
        workspace.input[i] = Float(random.uniform(-1, 1))
      }
      workspace.forward(parameters, images: 9)
      for i in 0..<27 { workspace.logitsGradient[i] = Float(random.uniform(-1, 1)) }
      let gradient = Parameters(network.layout)
      workspace.backward(parameters, into: gradient)
      return gradient.values.array
    }
    let alone = gradient(threads: 1)
    #expect(alone.allSatisfy(\.isFinite) && alone.contains { $0 != 0 })
    #expect(alone == gradient(threads: 3))
  }

  @Test(arguments: Architecture.names)
  func fusedAndUnfusedTrainingAgree(_ name: String) throws {
    let network = try smallNetwork(name)
    let images = 3
    func step(_ keeping: Set<Int>) -> (logits: [Float], gradient: [Float], moved: [Float]) {
      let parameters = Parameters(initialising: network, seed: 5)
      let workspace = TrainingWorkspace(
        network, batch: images, team: ThreadTeam(threads: 2), inputGradient: true, keeping: keeping)
      var random = CounterRandom(seed: 3, purpose: "pictures")
      for i in 0..<images * network.inputShape.count {
        workspace.input[i] = Float(random.uniform(-1, 1))
      }
      workspace.forward(parameters, images: images)
      let count = images * network.classCount
      let logits = (0..<count).map { workspace.logits[$0] }
      for i in 0..<count { workspace.logitsGradient[i] = Float(random.uniform(-1, 1)) }
      let gradient = Parameters(network.layout)
      workspace.backward(parameters, into: gradient)
      workspace.updateStatistics(parameters)
      let input = (0..<images * network.inputShape.count).map { workspace.inputGradient[$0] }
      return (logits, gradient.values.array + input, parameters.values.array)
    }
    func difference(_ a: [Float], _ b: [Float]) -> Float {
      let scale = a.map(abs).max() ?? 1
      return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / max(scale, 1e-20)
    }
    let (fused, plain) = (step([]), step(Set(network.nodes.indices)))
    #expect(fused.logits.allSatisfy(\.isFinite) && fused.gradient.contains { $0 != 0 })
    #expect(difference(plain.logits, fused.logits) < 1e-5)
    #expect(difference(plain.gradient, fused.gradient) < 1e-4)
    #expect(difference(plain.moved, fused.moved) < 1e-5)
  }
}
