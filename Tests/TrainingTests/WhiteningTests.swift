import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetNetworks
import AvocetTraining
import Testing

@Suite struct WhiteningTests {
  private static let preprocessing = Preprocessing(
    height: 32, width: 32, mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.25, 0.3])

  private static func whitened() throws -> (Network, Parameters) {
    let network = try Architecture.network(
      named: "airbench94", input: Shape(32, 32, 3), classes: 10)
    let parameters = Parameters(initialising: network, seed: 1)
    parameters.whiten(network, on: scenes, preprocessing)
    return (network, parameters)
  }

  @Test func theOutputsAreIndependentAndOfOneSize() throws {
    let (network, parameters) = try Self.whitened()
    let bias = try #require(network.layout["whiten.bias"])
    for i in bias.range { parameters.values[i] = 0 }
    let node = try #require(network.nodes.firstIndex { $0.name == "whiten" })
    let workspace = TrainingWorkspace(
      network, batch: scenes.count, team: ThreadTeam(threads: 2), keeping: [node])
    for i in 0..<scenes.count {
      let view = Self.preprocessing.view(of: try scenes.image(i))
      Self.preprocessing.normalise(view, into: workspace.input + i * network.inputShape.count)
    }
    workspace.forward(parameters, images: scenes.count)
    let map = workspace.map(node)
    let pixels = scenes.count * 31 * 31
    var moments = [[Double]](repeating: [Double](repeating: 0, count: 24), count: 24)
    for p in 0..<pixels {
      for a in 0..<24 {
        for b in 0...a { moments[a][b] += Double(map[24 * p + a]) * Double(map[24 * p + b]) }
      }
    }
    for a in 0..<24 {
      for b in 0...a {
        let moment = moments[a][b] / Double(pixels)
        // λ / (λ + 5e-4): 1 but for the faintest patterns. The second half are the negatives of the first.
        if a == b {
          #expect((0.5...1.001).contains(moment), "\(a): \(moment)")
        } else if a == b + 12 {
          #expect((-1.001 ... -0.5).contains(moment), "\(a): \(moment)")
        } else {
          #expect(abs(moment) < 1e-3, "\(a) \(b): \(moment)")
        }
      }
    }
    #expect(moments[0][0] > moments[11][11] * 0.999)
  }

  @Test func theFiltersAreOrthogonalAndTheRestBeginsAsItDid() throws {
    let (network, parameters) = try Self.whitened()
    let slice = try #require(network.layout["whiten.weight"])
    let filters = parameters.fileValues(slice)
    func product(_ a: Int, _ b: Int) -> Double {
      var sum = 0.0
      for i in 0..<12 { sum += Double(filters[12 * a + i]) * Double(filters[12 * b + i]) }
      return sum
    }
    for a in 0..<12 {
      #expect((0..<12).allSatisfy { filters[12 * (a + 12) + $0] == -filters[12 * a + $0] })
      for b in 0..<a {
        #expect(abs(product(a, b)) < 1e-5 * (product(a, a) * product(b, b)).squareRoot())
      }
      // The faintest pattern is strengthened most.
      if a > 0 { #expect(product(a, a) > 0.999 * product(a - 1, a - 1)) }
    }
    let before = Parameters(initialising: network, seed: 1)
    for other in network.layout.slices where other.name != slice.name {
      #expect(parameters.fileValues(other) == before.fileValues(other))
    }
  }

  @Test func theNetworkOfTheRecipeBeginsAsItsPaperSays() throws {
    let network = try Architecture.network(
      named: "airbench94", input: Shape(32, 32, 3), classes: 10)
    let parameters = Parameters(initialising: network, seed: 3)
    func numbers(_ name: String) throws -> [Float] {
      parameters.fileValues(try #require(network.layout[name]))
    }
    let head = try numbers("head.weight")
    let square = head.reduce(0) { $0 + $1 * $1 } / Float(head.count)
    #expect(abs(square - 1) < 0.05 && head.allSatisfy { abs($0) < 1.7321 })
    let bias = try numbers("whiten.bias")
    let limit = Float(1 / 12.0.squareRoot())
    #expect(bias.allSatisfy { abs($0) <= limit } && Set(bias).count == 24)
    // [out, in, row, column]: the first outputs are their inputs, the others uniform.
    let filters = try numbers("group1_conv1.weight")
    let bound = Float(1 / 216.0.squareRoot())
    for i in filters.indices {
      let (output, input, tap) = (i / 216, i / 9 % 24, i % 9)
      if output < 24 {
        #expect(filters[i] == (output == input && tap == 4 ? 1 : 0))
      } else {
        #expect(abs(filters[i]) <= bound)
      }
    }
    #expect(network.nodes.last?.operation == .scale(Scale(factor: 1 / 256)))
  }
}
