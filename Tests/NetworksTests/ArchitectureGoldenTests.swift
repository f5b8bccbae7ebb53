import AvocetFiles
import AvocetKernels
import AvocetNetworks
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The named architectures against PyTorch; `Golden/make-golden.py` wrote the numbers.
@Suite(.serialized) struct ArchitectureGoldenTests {
  private struct Expected: Decodable {
    let size: Int
    let logits: [Double]
    /// Length and projection of each gradient.
    let gradients: [String: [Double]]?
  }

  private static let all: [String: Expected] = {
    let path = FilePath("\(#filePath)").folder.appending("Golden/architectures.json")
    let bytes = try? readFile(path, limit: 1 << 20)
    return bytes.flatMap { try? JSONDecoder().decode([String: Expected].self, from: Data($0)) }
      ?? [:]
  }()

  private static let (images, classes) = (2, 24)

  /// Numbers from `low` to `high`, a function of the name and the index: the script's `numbers`.
  private static func numbers(
    _ name: String, _ range: Range<Int>, _ low: Double, _ high: Double
  ) -> [Float] {
    var seed: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return range.map { i in
      var z = seed &+ UInt64(i) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return Float(low + (high - low) * (Double(z >> 40) / Double(1 << 24)))
    }
  }

  private static func network(_ name: String) throws -> (Network, Parameters, Expected) {
    let expected = try #require(all[name])
    let network = try Architecture.network(
      named: name, input: Shape(expected.size, expected.size, 3), classes: classes)
    let parameters = Parameters(network.layout)
    for slice in network.layout.slices {
      let (low, high): (Double, Double)
      if slice.fileShape.count > 1 {
        let bound = (6 / Double(slice.range.count / slice.fileShape[0])).squareRoot()
        (low, high) = (-bound, bound)
      } else if slice.name.hasSuffix(".weight") || slice.name.hasSuffix(".running_var") {
        (low, high) = (0.5, 1.5)
      } else {
        (low, high) = (-0.2, 0.2)
      }
      parameters.setFileValues(slice) { numbers(slice.name, $0, low, high)[...] }
    }
    return (network, parameters, expected)
  }

  private static func pictures(_ size: Int) -> [Float] {
    numbers("pictures", 0..<images * size * size * 3, -2, 2)
  }

  @Test func everyPhotographNetworkIsCompared() {
    let photographs = Architecture.all.filter { $0.classes == 1000 }.map(\.name)
    #expect(Set(photographs) == Set(Self.all.keys))
  }

  @Test(arguments: Self.all.keys.sorted())
  func logitsEqualPyTorch(_ name: String) throws {
    let (network, parameters, expected) = try Self.network(name)
    let pictures = Self.pictures(expected.size)
    let largest = try #require(expected.logits.map(abs).max())
    for (kernels, tolerance) in [(Kernels.chosen.direct, 1e-4), (Kernels.chosen, 1e-3)] {
      let workspace = InferenceWorkspace(PreparedNetwork(network, parameters, kernels: kernels))
      for image in 0..<Self.images {
        let count = network.inputShape.count
        for i in 0..<count { workspace.input[i] = pictures[image * count + i] }
        workspace.run()
        let found = (0..<Self.classes).map { Double(workspace.logits[$0]) }
        let wanted = Array(expected.logits[image * Self.classes..<(image + 1) * Self.classes])
        let error = zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
        #expect(error <= tolerance, "\(name), picture \(image)")
        #expect(found.firstIndex(of: found.max() ?? 0) == wanted.firstIndex(of: wanted.max() ?? 0))
      }
    }
  }

  @Test(arguments: Self.all.filter { $0.value.gradients != nil }.keys.sorted())
  func gradientsEqualPyTorch(_ name: String) throws {
    let (network, parameters, expected) = try Self.network(name)
    let gradients = try #require(expected.gradients)
    let workspace = TrainingWorkspace(
      network, batch: Self.images, team: ThreadTeam(threads: 1))
    for (i, value) in Self.pictures(expected.size).enumerated() { workspace.input[i] = value }
    workspace.forward(parameters, images: Self.images)
    let loss = Self.numbers("loss", 0..<Self.images * Self.classes, -1, 1)
    for (i, value) in loss.enumerated() { workspace.logitsGradient[i] = value }
    let gradient = Parameters(network.layout)
    workspace.backward(parameters, into: gradient)
    let longest = gradients.values.reduce(0) { max($0, $1[0]) }
    for slice in network.layout.slices where slice.role != .statistic {
      let wanted = try #require(gradients[slice.name], "\(slice.name)")
      // An offset that a batch norm takes away again has no gradient but rounding.
      if wanted[0] < 1e-9 * longest { continue }
      let found = gradient.fileValues(slice)
      let direction = Self.numbers("direction " + slice.name, found.indices, -1, 1)
      let square = found.reduce(0) { $0 + Double($1) * Double($1) }
      let projection = zip(found, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(
        abs(square.squareRoot() - wanted[0]) <= 1e-3 * wanted[0]
          && abs(projection - wanted[1]) <= 1e-3 * wanted[0],
        "\(slice.name): length \(square.squareRoot()) for \(wanted[0]), projection \(projection) for \(wanted[1])"
      )
    }
  }
}
