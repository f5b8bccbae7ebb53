import AvocetKernels
import AvocetNetworks
import Testing

@Suite struct SectionTests {
  private let team = ThreadTeam(threads: 2)

  // Statistics, scales and offsets as a training might leave them.
  private func trained(_ network: Network) -> Parameters {
    let parameters = Parameters(initialising: network, seed: 3)
    var random = CounterRandom(seed: 15, purpose: .init("shake"))
    for slice in network.layout.slices where slice.role != .weight {
      for i in slice.range { parameters.values[i] += Float(random.uniform(-0.3, 0.3)) }
    }
    return parameters
  }

  private func picture(_ count: Int, seed: UInt64) -> [Float] {
    let buffer = FloatBuffer(count: count)
    fill(buffer.pointer, count, seed: seed)
    return buffer.array
  }

  @Test func theTailContinuesWhereTheNetworkStands() throws {
    let network = try everyOperation()
    let parameters = trained(network)
    let workspace = InferenceWorkspace(PreparedNetwork(network, parameters))
    for (i, value) in picture(network.inputShape.count, seed: 5).enumerated() {
      workspace.input[i] = value
    }
    workspace.run()
    let last = network.nodes.count - 1
    for level in Level.allCases {
      let node = try #require(network.levels[level])
      let (shape, map) = workspace.level(level)
      let section = try #require(
        NetworkSection(network, parameters, from: node, to: last, batch: 2, team: team))
      let values = Array(UnsafeBufferPointer(start: map, count: shape.count))
      for logits in section.values(at: [values, values, values]) {
        for (i, value) in logits.enumerated() { #expect(abs(value - workspace.logits[i]) < 1e-4) }
      }
    }
  }

  @Test func theGradientEqualsTheFiniteDifference() throws {
    let network = try everyOperation()
    let parameters = trained(network)
    let nodes = [0] + Level.allCases.compactMap { network.levels[$0] }
    var random = CounterRandom(seed: 8, purpose: .init("directions"))
    for (first, last) in zip(nodes, nodes.dropFirst() + [network.nodes.count - 1]) {
      let section = try #require(
        NetworkSection(network, parameters, from: first, to: last, batch: 3, team: team))
      let map = picture(section.input.count, seed: 6)
      let score = (0..<section.output.count).map { _ in Float(random.uniform(-1, 1)) }
      let direction = map.map { _ in Float(random.uniform(-1, 1)) }
      let step: Float = 1e-3
      let ends = [-step, step].map { by in zip(map, direction).map { $0 + by * $1 } }
      let found = section.gradients(at: ends + [map], of: score)
      let numeric = (found[1].value - found[0].value) / Double(2 * step)
      let analytic = zip(found[2].gradient, direction).reduce(0) { $0 + Double($1.0 * $1.1) }
      #expect(
        abs(numeric - analytic) < 5e-3 + 0.02 * abs(analytic),
        "\(network.nodes[first].name) to \(network.nodes[last].name): \(numeric), \(analytic)")
      let values = section.values(at: [map])[0]
      let value = zip(values, score).reduce(0) { $0 + Double($1.0 * $1.1) }
      #expect(abs(value - found[2].value) < 1e-4)
    }
  }

  @Test func aMapThatOthersPassByIsNoBeginning() throws {
    let network = try everyOperation()
    let side = try #require(network.nodes.firstIndex { $0.name == "gelu" })
    let edges = try #require(network.levels[.edges])
    let last = network.nodes.count - 1
    #expect(network.section(from: side, to: last) == nil)
    #expect(network.section(from: last, to: edges) == nil)
    #expect(network.section(from: edges, to: edges) == nil)
    let whole = try #require(network.section(from: 0, to: last))
    #expect(whole.nodes == network.nodes && whole.layout == network.layout)
  }

  @Test func everyArchitectureCanBeEnteredAtItsLevels() throws {
    for architecture in Architecture.all {
      let network = try architecture.network()
      for node in network.levels.values {
        #expect(
          network.section(from: node, to: network.nodes.count - 1) != nil, "\(architecture.name)")
      }
    }
  }
}
