import AvocetKernels
import AvocetNetworks
import Testing

/// Every operation alone, its gradient against the finite difference of a weighted sum of what comes out.
@Suite struct OperationGradientTests {
  /// Examples of an operation; the switch is exhaustive, so that a new kind must be given some.
  private static func examples(_ kind: Operation.Kind) -> [(NetworkBuilder, Int)] {
    func built(_ add: (inout NetworkBuilder) -> Int) -> (NetworkBuilder, Int) {
      var b = NetworkBuilder("\(kind)", input: Shape(6, 5, 4))
      let node = add(&b)
      return (b, node)
    }
    func pool(_ window: Int, _ stride: Int, _ padding: Int, up: Bool, counts: Bool) -> Pool {
      Pool(window: window, stride: stride, padding: padding, roundsUp: up, countsPadding: counts)
    }
    switch kind {
    case .input: return [built { $0.input }]
    case .convolution:
      return [(3, 1, 1, 1), (3, 2, 1, 2), (1, 1, 0, 1), (5, 1, 2, 4), (2, 3, 0, 1)].map {
        kernel, stride, padding, groups in
        built {
          $0.convolution(
            "op", $0.input, channels: 8, kernel: kernel, stride: stride, padding: padding,
            groups: groups, bias: true)
        }
      } + [built { $0.convolution("op", $0.input, channels: 4, kernel: 3, groups: 4) }]
    case .dense: return [built { $0.dense("op", $0.input, channels: 7) }]
    case .batchNorm: return [built { $0.batchNorm("op", $0.input) }]
    case .activation:
      return Activation.allCases.map { function in built { $0.activation("op", $0.input, function) }
      }
    case .maxPool:
      return [
        pool(2, 2, 0, up: false, counts: true), pool(3, 2, 1, up: true, counts: true),
        pool(3, 1, 1, up: false, counts: true),
      ].map { layer in built { $0.add("op", .maxPool(layer), $0.input) } }
    case .averagePool:
      return [
        pool(2, 2, 0, up: true, counts: true), pool(3, 2, 1, up: false, counts: false),
        pool(3, 2, 1, up: true, counts: true),
      ].map { layer in built { $0.add("op", .averagePool(layer), $0.input) } }
    case .globalAveragePool: return [built { $0.globalAveragePool("op", $0.input) }]
    case .add:
      return [
        built { $0.add("op", .add(Sum()), $0.input, $0.input) },
        built {
          $0.add("op", .add(Sum()), $0.add("half", .scale(Scale(factor: 0.5)), $0.input), $0.input)
        },
      ]
    case .concatenation:
      return [
        built { $0.concatenation("op", $0.input, $0.input) },
        built {
          let half = $0.add("half", .scale(Scale(factor: 0.5)), $0.input)
          return $0.concatenation(
            "op", half, $0.convolution("side", $0.input, channels: 3, kernel: 3))
        },
      ]
    case .localResponseNorm:
      // Constants that let the neighbours weigh.
      return [(1, Float(0.75)), (3, 0.5), (5, 1.25)].map { window, exponent in
        let layer = LocalResponseNorm(window: window, scale: 0.1, exponent: exponent, offset: 1.5)
        return built { $0.add("op", .localResponseNorm(layer), $0.input) }
      }
    case .scale: return [built { $0.add("op", .scale(Scale(factor: -1.7)), $0.input) }]
    }
  }

  private static let images = 5

  /// What comes out, weighed by numbers of mixed signs, in double precision.
  private static func weighedSum(_ workspace: TrainingWorkspace, _ parameters: Parameters) -> Double
  {
    workspace.forward(parameters, images: images)
    var sum = 0.0
    for i in 0..<images * 3 { sum += weight(i) * Double(workspace.logits[i]) }
    return sum
  }

  private static func weight(_ i: Int) -> Double { Double((i * 7) % 11 - 5) / 4 }

  // Far from the kinks at 0 and 6 and from each other, so that no step of 0.01 changes a winner.
  private static func fill(_ input: Floats, _ count: Int) {
    var random = CounterRandom(seed: 12, purpose: .init("separate numbers"))
    for (i, place) in random.permutation(count).enumerated() {
      input[i] = (Float(place) - Float(count / 2) + 0.5) * 0.05
    }
  }

  @Test(arguments: Operation.Kind.allCases)
  func theGradientEqualsTheFiniteDifference(kind: Operation.Kind) throws {
    for (number, (partial, node)) in Self.examples(kind).enumerated() {
      var b = partial
      var last = node
      for level in Level.allCases {
        last = b.add(level.rawValue, .scale(Scale(factor: 1)), last)
        b.mark(level, last)
      }
      _ = b.dense("out", last, channels: 3)
      let network = try b.network()
      let parameters = Parameters(initialising: network, seed: 2)
      var random = CounterRandom(seed: 9, purpose: .init("directions"))
      for slice in network.layout.slices where slice.role == .offset {
        for i in slice.range { parameters.values[i] += Float(random.uniform(-0.4, 0.4)) }
      }
      let workspace = TrainingWorkspace(
        network, batch: Self.images, team: ThreadTeam(threads: 1), inputGradient: true)
      let size = Self.images * network.inputShape.count
      Self.fill(workspace.input, size)
      _ = Self.weighedSum(workspace, parameters)
      for i in 0..<Self.images * 3 { workspace.logitsGradient[i] = Float(Self.weight(i)) }
      let gradient = Parameters(network.layout)
      workspace.backward(parameters, into: gradient)
      let inputGradient = (0..<size).map { workspace.inputGradient[$0] }

      func compare(_ what: String, _ values: Floats, _ gradient: [Float]) {
        let step: Float = 0.01
        for round in 0..<3 {
          let direction = gradient.map { _ in Float(random.uniform(-1, 1)) }
          let start = gradient.indices.map { values[$0] }
          func moved(_ by: Float) -> Double {
            for i in start.indices { values[i] = start[i] + by * direction[i] }
            return Self.weighedSum(workspace, parameters)
          }
          let numeric = (moved(step) - moved(-step)) / Double(2 * step)
          for i in start.indices { values[i] = start[i] }
          let terms = zip(gradient, direction).map { Double($0) * Double($1) }
          let analytic = terms.reduce(0, +)
          // Of a direction's many terms the size counts, not their accidental sum.
          let scale = terms.reduce(0) { $0 + $1 * $1 }.squareRoot()
          #expect(
            abs(numeric - analytic) < 2e-3 * scale + 1e-4,
            "\(kind) \(number), \(what), \(round): numeric \(numeric), analytic \(analytic)")
        }
      }
      for slice in network.layout.slices where slice.role != .statistic {
        compare(
          slice.name, parameters.values.pointer + slice.range.lowerBound,
          slice.range.map { gradient.values[$0] })
      }
      compare("input", workspace.input, inputGradient)
    }
  }
}
