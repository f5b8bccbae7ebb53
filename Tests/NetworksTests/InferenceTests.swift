import AvocetKernels
import AvocetNetworks
import FoundationEssentials
import TestSupport
import Testing

@Suite struct InferenceTests {
  private func trained() throws -> (Network, Parameters) {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 1)
    var random = CounterRandom(seed: 2, purpose: .init("statistics"))
    for slice in network.layout.slices where slice.role != .weight {
      for i in slice.range { parameters.values[i] += Float(random.uniform(0, 0.5)) }
    }
    return (network, parameters)
  }

  @Test func foldedAndUnfoldedAgree() throws {
    let (network, parameters) = try trained()
    let last = network.nodes.count - 1
    let plain = TrainingWorkspace(
      network, batch: 1, team: ThreadTeam(threads: 1), frozenThrough: last - 1,
      keeping: Set(network.nodes.indices))
    fill(plain.input, network.inputShape.count, seed: 3)
    plain.forward(parameters, images: 1)
    for keeping in [Set<Int>(), Set(network.nodes.indices)] {
      let workspace = InferenceWorkspace(
        PreparedNetwork(network, parameters, keeping: keeping))
      fill(workspace.input, network.inputShape.count, seed: 3)
      workspace.run()
      for node in workspace.prepared.kept {
        for i in 0..<network.nodes[node].shape.count {
          let (found, expected) = (workspace.map(node)[i], plain.map(node)[i])
          #expect(
            abs(found - expected) <= 1e-5 * (1 + abs(expected)),
            "\(network.nodes[node].name)[\(i)]: \(found), unfolded \(expected)")
        }
      }
    }
  }

  @Test(arguments: Architecture.names)
  func theLevelsOfEveryArchitectureAreTheSameFolded(_ name: String) throws {
    let network = try smallNetwork(name)
    let parameters = Parameters(initialising: network, seed: 1)
    let plain = TrainingWorkspace(
      network, batch: 1, team: ThreadTeam(threads: 1), kernels: Kernels.chosen.direct,
      frozenThrough: network.nodes.count - 1)
    fill(plain.input, network.inputShape.count, seed: 3)
    plain.forward(parameters, images: 1)
    for (kernels, tolerance) in [(Kernels.chosen.direct, Float(1e-5)), (Kernels.chosen, 1e-3)] {
      let workspace = InferenceWorkspace(
        PreparedNetwork(network, parameters, kernels: kernels))
      fill(workspace.input, network.inputShape.count, seed: 3)
      workspace.run()
      for level in Level.allCases {
        let node = try #require(network.levels[level])
        let (shape, values) = workspace.level(level)
        #expect(shape == network.nodes[node].shape)
        let expected = (0..<shape.count).map { plain.map(node)[$0] }
        let largest = expected.map(abs).max() ?? 0
        let error = (0..<shape.count).map { abs(values[$0] - expected[$0]) }.max() ?? 0
        #expect(error <= tolerance * largest, "\(level): \(error / largest)")
        #expect(largest > 0.1, "\(level) is silent")
      }
    }
  }

  @Test func aSecondRunGivesTheSameBits() throws {
    let (network, parameters) = try trained()
    let workspace = InferenceWorkspace(PreparedNetwork(network, parameters))
    func run(_ seed: UInt64) -> [Float] {
      fill(workspace.input, network.inputShape.count, seed: seed)
      workspace.run()
      return workspace.probabilities()
    }
    let first = run(4)
    _ = run(5)
    #expect(run(4) == first)
    #expect(abs(first.reduce(0, +) - 1) < 1e-6)
  }

  @Test func aNetworkSurvivesItsFileForm() throws {
    let network = try everyOperation()
    let data = try JSONEncoder().encode(network)
    #expect(try JSONDecoder().decode(Network.self, from: data) == network)
  }

  @Test func aTableThatContradictsItselfIsRefused() throws {
    let network = try everyOperation()
    let text = String(decoding: try JSONEncoder().encode(network), as: UTF8.self)
    let changes = [
      ("\"channels\":6,", "\"channels\":9000000000000000000,"), ("\"groups\":2", "\"groups\":0"),
      ("\"stride\":2", "\"stride\":-2"), ("\"edges\":3", "\"edges\":14"),
      ("\"window\":2", "\"window\":0"),
      ("\"edges\":3", "\"rims\":3"), ("\"kind\":\"dense\"", "\"kind\":\"input\""),
    ]
    for (from, to) in changes {
      #expect(text.contains(from), "\(from) is not in \(text)")
      let broken = text.replacing(from, with: to)
      #expect(throws: (any Error).self, "\(to)") {
        try JSONDecoder().decode(Network.self, from: Data(broken.utf8))
      }
    }
  }

  @Test(arguments: Architecture.names) func everyArchitectureHasThreeLevels(_ name: String) throws {
    let network = try Architecture.network(named: name, input: Shape(64, 64, 3), classes: 10)
    #expect(network.classCount == 10)
    var fields: [Int] = []
    for level in Level.allCases {
      fields.append(network.receptiveField(of: try #require(network.levels[level])).size)
    }
    #expect(fields == fields.sorted() && fields[0] < fields[2])
  }

  @Test func levelsOutOfOrderAreRefused() throws {
    var b = NetworkBuilder("bad", input: Shape(8, 8, 3))
    let a = b.block("a", b.input, channels: 4)
    let c = b.block("c", a, channels: 4)
    b.mark(.edges, c)
    b.mark(.parts, a)
    b.mark(.objects, c)
    _ = b.dense("classes", c, channels: 2)
    #expect(throws: NetworkError.self) { try b.network() }
  }
}
