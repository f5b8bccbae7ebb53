import AvocetKernels
import AvocetNetworks
import AvocetTraining
import Testing

@Suite struct MuonTests {
  /// A network of one filter of `rows` numbers for each of `columns` outputs; more outputs than numbers where `rows` is less.
  private static func network(_ inputs: Int, kernel: Int, outputs: Int) throws -> Network {
    var b = NetworkBuilder("filters", input: Shape(4, 4, inputs))
    let edges = b.convolution("filters", b.input, channels: outputs, kernel: kernel, padding: 0)
    b.mark(.edges, edges)
    let parts = b.activation("parts", edges)
    b.mark(.parts, parts)
    let objects = b.globalAveragePool("objects", parts)
    b.mark(.objects, objects)
    _ = b.dense("classes", objects, channels: 3)
    return try b.network()
  }

  private static func random(_ layout: ParameterLayout, _ index: Int) -> Parameters {
    let parameters = Parameters(layout)
    var random = CounterRandom(seed: 8, purpose: "muon", index: index)
    for i in 0..<layout.count { parameters.values[i] = Float(random.uniform(-1, 1)) }
    return parameters
  }

  /// A B, or A Bᵀ.
  private static func product(_ a: [[Double]], _ b: [[Double]], transposed: Bool = false)
    -> [[Double]]
  {
    let columns = transposed ? b.count : b[0].count
    return a.map { row in
      (0..<columns).map { j in
        row.indices.reduce(0) { $0 + row[$1] * (transposed ? b[j][$1] : b[$1][j]) }
      }
    }
  }

  private static func norm(_ a: [[Double]]) -> Double {
    a.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// X <- a X + (b A + c A²) X with A = X Xᵀ, three times, from a norm of one.
  private static func orthogonalised(_ matrix: [[Double]]) -> [[Double]] {
    let norm = norm(matrix) + 1e-7
    var x = matrix.map { $0.map { $0 / norm } }
    for _ in 0..<3 {
      let gram = product(x, x, transposed: true)
      let square = product(gram, gram)
      let polynomial = zip(gram, square).map { zip($0, $1).map { -4.7750 * $0 + 2.0315 * $1 } }
      x = zip(x, product(polynomial, x)).map { zip($0, $1).map { 3.4445 * $0 + $1 } }
    }
    return x
  }

  /// The filters as a matrix `[output][number]`.
  private static func matrix(_ parameters: Parameters) throws -> [[Double]] {
    let slice = try #require(parameters.layout["filters.weight"])
    let (outputs, count) = (slice.shape[3], slice.range.count / slice.shape[3])
    return (0..<outputs).map { output in
      (0..<count).map { Double(parameters.values[slice.range.lowerBound + $0 * outputs + output]) }
    }
  }

  @Test(arguments: [(3, 3, 8), (2, 1, 16), (9, 1, 9), (1, 2, 1)])
  func filtersFollowTheFormulasOfTheirGradients(inputs: Int, kernel: Int, outputs: Int) throws {
    let network = try Self.network(inputs, kernel: kernel, outputs: outputs)
    let parameters = Self.random(network.layout, 0)
    let settings = OptimizerSettings(
      rule: .muon, learningRate: 0.5, momentum: 0.6, weightDecay: 0.1)
    let optimizer = Optimizer(settings, network.layout)
    var expected = try Self.matrix(parameters)
    var velocity = expected.map { $0.map { _ in 0.0 } }
    for (step, factor) in [1.0, 0.4].enumerated() {
      let gradient = Self.random(network.layout, 1 + step)
      optimizer.step(parameters, gradient: gradient, team: ThreadTeam(threads: 2)) { _ in factor }
      let slopes = try Self.matrix(gradient)
      velocity = zip(velocity, slopes).map { zip($0, $1).map { 0.6 * $0 + $1 } }
      let update = Self.orthogonalised(
        zip(velocity, slopes).map { zip($0, $1).map { $1 + 0.6 * $0 } })
      let scale = Double(outputs).squareRoot() / Self.norm(expected)
      expected = zip(expected, update).map {
        zip($0, $1).map { scale * $0 - 0.5 * factor * $1 }
      }
    }
    for (found, row) in zip(try Self.matrix(parameters), expected) {
      for (a, b) in zip(found, row) { #expect(abs(a - b) < 2e-5, "\(a), not \(b)") }
    }
  }

  @Test func anUpdateStretchesNearlyNothing() throws {
    let network = try Self.network(3, kernel: 3, outputs: 12)
    let start = Self.random(network.layout, 0)
    let parameters = start.copy()
    let settings = OptimizerSettings(rule: .muon, learningRate: 1, momentum: 0, weightDecay: 0)
    Optimizer(settings, network.layout).step(
      parameters, gradient: Self.random(network.layout, 1)
    ) { _ in 1 }
    let before = try Self.matrix(start)
    let scale = 12.squareRoot() / Self.norm(before)
    let update = zip(before, try Self.matrix(parameters)).map {
      zip($0, $1).map { scale * $0 - $1 }
    }
    // The lengths of random directions mapped by the update's transpose.
    var random = CounterRandom(seed: 2, purpose: "directions")
    for _ in 0..<50 {
      let direction = [(0..<12).map { _ in random.normal() }]
      let stretch = Self.norm(Self.product(direction, update)) / Self.norm(direction)
      #expect((0.6...1.25).contains(stretch), "\(stretch)")
    }
  }

  @Test func whatIsNoFilterFollowsNesterovsMomentum() throws {
    let network = try Self.network(3, kernel: 3, outputs: 8)
    func after(_ rule: OptimizerSettings.Rule) throws -> [Float] {
      let parameters = Self.random(network.layout, 0)
      let settings = OptimizerSettings(
        rule: rule, learningRate: 0.1, momentum: 0.8, weightDecay: 0.01)
      let optimizer = Optimizer(settings, network.layout)
      for step in 1...3 {
        optimizer.step(parameters, gradient: Self.random(network.layout, step)) { _ in 1 }
      }
      return try ["classes.weight", "classes.bias"].flatMap {
        parameters.fileValues(try #require(network.layout[$0]))
      }
    }
    #expect(try after(.muon) == after(.sgd))
  }
}

@Suite struct ParameterGroupTests {
  private static func network() throws -> Network {
    try Architecture.network(named: "tiny", input: Shape(16, 16, 3), classes: 3)
  }

  @Test func theFirstGroupWhoseEndingFitsHolds() throws {
    let network = try Self.network()
    let settings = OptimizerSettings(
      rule: .sgd, learningRate: 1, momentum: 0, weightDecay: 0.5,
      groups: [
        ParameterGroup(ending: "classes.bias", learningRate: 4, weightDecay: 0.25),
        ParameterGroup(ending: "bias", learningRate: 2),
        ParameterGroup(ending: "edges.weight", epochs: 0),
      ])
    let parameters = Parameters(network.layout)
    let gradient = Parameters(network.layout)
    for i in 0..<network.layout.count { (parameters.values[i], gradient.values[i]) = (2, 1) }
    Optimizer(settings, network.layout).step(parameters, gradient: gradient) { epochs in
      epochs == nil ? 0.5 : 0
    }
    // w - rate (slope + decay w), half the rate.
    let expected: [String: Float] = [
      "classes.bias": 2 - 2 * 1.5, "edges_norm.bias": 2 - 1, "edges_norm.weight": 2 - 0.5,
      "edges.weight": 2, "parts.weight": 2 - 0.5 * 2, "edges_norm.running_mean": 2,
    ]
    for (name, value) in expected {
      let slice = try #require(network.layout[name])
      #expect(parameters.fileValues(slice).allSatisfy { $0 == value }, "\(name)")
    }
  }

  @Test func aGroupThatTakesNothingInIsNamed() throws {
    let layout = try Self.network().layout
    func idle(_ endings: String...) -> String? {
      OptimizerSettings(
        rule: .sgd, learningRate: 1, weightDecay: 0,
        groups: endings.map { ParameterGroup(ending: $0) }
      ).idleGroup(layout)
    }
    #expect(idle() == nil && idle("bias", "edges.weight") == nil)
    #expect(idle("bias", "whiten.weight") == "whiten.weight")
    #expect(idle("running_mean") == "running_mean")
  }
}
