import AvocetKernels
import AvocetNetworks
import TestSupport
import Testing

@Suite struct SplitNetworkTests {
  /// What a network makes of numbers.
  private func output(_ network: Network, _ parameters: Parameters, _ input: [Float]) -> [Float] {
    let workspace = InferenceWorkspace(PreparedNetwork(network, parameters, keepsLevels: false))
    for (i, value) in input.enumerated() { workspace.input[i] = value }
    workspace.run()
    let count = network.nodes.last?.shape.count ?? 0
    return Array(UnsafeBufferPointer(start: workspace.logits, count: count))
  }

  @Test func bodyAndTailTogetherComputeWhatTheWholeComputes() throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 4)
    fill(parameters.values.pointer, parameters.values.count, seed: 1)
    for slice in network.layout.slices where slice.name.hasSuffix("running_var") {
      for i in slice.range { parameters.values[i] = 0.5 + abs(parameters.values[i]) }
    }
    let input = FloatBuffer(count: network.inputShape.count)
    fill(input.pointer, input.count, seed: 2)
    let whole = output(network, parameters, input.array)
    var cuts = 0
    for node in network.nodes.indices {
      guard let split = SplitNetwork(network, after: node) else { continue }
      cuts += 1
      let (body, tail) = (
        Parameters(split.body, of: parameters), Parameters(split.tail, of: parameters)
      )
      #expect(body.values.array + tail.values.array == parameters.values.array)
      let logits = output(split.tail, tail, output(split.body, body, input.array))
      for (a, b) in zip(logits, whole) {
        #expect(abs(a - b) < 1e-4 * (1 + abs(b)), "\(network.nodes[node].name)")
      }
    }
    #expect(cuts >= 12)
  }

  @Test func aNetworkIsNotCutWhereSomethingLeadsPastTheCut() throws {
    let network = try everyOperation()
    for name in ["side", "side_norm", "gelu", "joint"] {
      let node = try #require(network.nodes.firstIndex { $0.name == name })
      #expect(SplitNetwork(network, after: node) == nil, "\(name)")
    }
    #expect(SplitNetwork(network, after: 0) == nil)
    #expect(SplitNetwork(network, after: network.nodes.count - 1) == nil)
  }

  @Test func whatHasNothingToLearnBelongsToTheBody() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 4)
    let objects = try #require(network.levels[.objects])
    let split = try #require(SplitNetwork(network, freezing: objects))
    #expect(split.tail.inputShape == Shape(1, 1, 16))
    #expect(split.tail.layout.slices.map(\.name) == ["classes.weight", "classes.bias"])
    let parts = try #require(network.levels[.parts])
    #expect(SplitNetwork(network, freezing: parts)?.tail.inputShape == Shape(8, 8, 16))
  }

  @Test func aMapThatIsLargerThanThePictureIsNotKept() throws {
    let network = try Architecture.network(named: "aviary", input: Shape(64, 64, 3), classes: 4)
    let edges = try #require(network.levels[.edges])
    #expect(SplitNetwork(network, freezing: edges) == nil)
    #expect(SplitNetwork(network, after: edges) != nil)
  }

  @Test func theHeadAloneChangesWithTheNumberOfClasses() throws {
    for architecture in Architecture.all {
      let network = try architecture.network(classes: 10)
      #expect(try network.telling(classes: 10) == network)
      #expect(try network.telling(classes: 7) == architecture.network(classes: 7))
    }
    var b = NetworkBuilder("headless", input: Shape(8, 8, 3))
    let edges = b.convolution("edges", b.input, channels: 4, kernel: 3)
    b.mark(.edges, edges)
    let parts = b.concatenation("parts", edges, edges)
    b.mark(.parts, parts)
    let mean = b.globalAveragePool("mean", parts)
    b.mark(.objects, mean)
    let network = try b.network()
    #expect(throws: NetworkError.self) { try network.telling(classes: 5) }
  }
}
