import AvocetKernels
import AvocetNetworks
import Testing

/// A batch is cut into shards; nothing may be lost, doubled or left over from the batch before.
@Suite struct ShardTests {
  private static let classes = 3

  // Without batch norm the pictures of a batch do not meet.
  private static func network() throws -> Network {
    var b = NetworkBuilder("apart", input: Shape(7, 6, 3))
    let edges = b.activation("e", b.convolution("c", b.input, channels: 5, kernel: 3, bias: true))
    b.mark(.edges, edges)
    let parts = b.maxPool("p", edges)
    b.mark(.parts, parts)
    let objects = b.activation(
      "o", b.convolution("d", parts, channels: 6, kernel: 3, groups: 1, bias: true), .silu)
    b.mark(.objects, objects)
    _ = b.dense("classes", objects, channels: classes)
    return try b.network()
  }

  private static func pictures(_ network: Network, _ images: Int) -> [Float] {
    let buffer = FloatBuffer(count: images * network.inputShape.count)
    fill(buffer.pointer, buffer.count, seed: 31)
    return buffer.array
  }

  /// The gradient of Σ w z over the pictures' logits z, and the logits.
  private static func run(
    _ network: Network, _ workspace: TrainingWorkspace, _ pictures: ArraySlice<Float>,
    first: Int = 0
  ) -> (gradient: [Float], logits: [Float]) {
    let parameters = Parameters(initialising: network, seed: 3)
    let images = pictures.count / network.inputShape.count
    for (i, value) in pictures.enumerated() { workspace.input[i] = value }
    workspace.forward(parameters, images: images)
    for i in 0..<images * classes {
      workspace.logitsGradient[i] = Float((i + first * classes) % 7 - 3)
    }
    let logits = (0..<images * classes).map { workspace.logits[$0] }
    let gradient = Parameters(network.layout)
    workspace.backward(parameters, into: gradient)
    return (gradient.values.array, logits)
  }

  @Test func aBatchOfAnySizeIsTheSumOfItsPictures() throws {
    let network = try Self.network()
    let team = ThreadTeam(threads: 2)
    let size = network.inputShape.count
    let all = Self.pictures(network, 17)
    let single = TrainingWorkspace(network, batch: 1, team: team)
    let alone = (0..<17).map {
      Self.run(network, single, all[$0 * size..<($0 + 1) * size], first: $0)
    }
    let workspace = TrainingWorkspace(network, batch: 17, team: team)
    for images in 1...17 {
      let together = Self.run(network, workspace, all[..<(images * size)])
      for (i, value) in together.gradient.enumerated() {
        let terms = alone[..<images].map { Double($0.gradient[i]) }
        let bound = terms.reduce(0) { $0 + abs($1) } * 1e-5 + 1e-6
        #expect(abs(Double(value) - terms.reduce(0, +)) <= bound, "number \(i) of \(images)")
      }
      let expected = alone[..<images].flatMap(\.logits)
      let error = zip(together.logits, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(error < 1e-5, "\(images) images")
    }
  }

  // Two dense layers on one map, whose weights outgrow a core's cache.
  private static func largeNetwork() throws -> Network {
    var b = NetworkBuilder("large", input: Shape(8, 8, 12))
    let edges = b.convolution("c", b.input, channels: 12, kernel: 3)
    b.mark(.edges, edges)
    let parts = b.convolution("d", edges, channels: 12, kernel: 1)
    b.mark(.parts, parts)
    let objects = b.activation("o", parts, .silu)
    b.mark(.objects, objects)
    let (one, other) = (
      b.dense("one", objects, channels: 391), b.dense("other", objects, channels: 391)
    )
    let sum = b.add("sum", .add(Sum()), one, other)
    _ = b.dense("classes", sum, channels: classes)
    return try b.network()
  }

  @Test func aLargeDenseLayerGivesTheSumOfItsPictures() throws {
    let network = try Self.largeNetwork()
    let size = network.inputShape.count
    let all = Self.pictures(network, 9)
    let single = TrainingWorkspace(network, batch: 1, team: ThreadTeam(threads: 1))
    let alone = (0..<9).map {
      Self.run(network, single, all[$0 * size..<($0 + 1) * size], first: $0)
    }
    let results = [1, 2, 3].map { threads in
      let team = ThreadTeam(threads: threads)
      return Self.run(network, TrainingWorkspace(network, batch: 9, team: team), all[...])
    }
    #expect(results[0] == results[1] && results[0] == results[2])
    var misses = 0
    for (i, value) in results[0].gradient.enumerated() {
      let terms = alone.map { Double($0.gradient[i]) }
      let bound = terms.reduce(0) { $0 + abs($1) } * 1e-5 + 1e-5
      if abs(Double(value) - terms.reduce(0, +)) > bound { misses += 1 }
    }
    #expect(misses == 0 && results[0].gradient.contains { $0 != 0 })
    let error = zip(results[0].logits, alone.flatMap(\.logits)).map { abs($0 - $1) }.max() ?? 1
    #expect(error < 1e-4)
  }

  @Test func theGradientOfALargeDenseLayerIsThatOfItsLoss() throws {
    let network = try Self.largeNetwork()
    let workspace = TrainingWorkspace(network, batch: 3, team: ThreadTeam(threads: 2))
    let parameters = Parameters(initialising: network, seed: 3)
    fill(workspace.input, 3 * network.inputShape.count, seed: 5)
    _ = loss(workspace, parameters, images: 3, classes: Self.classes)
    let gradient = Parameters(network.layout)
    workspace.backward(parameters, into: gradient)
    // Along the gradient itself a step of h changes the loss by h |g|².
    let square = gradient.values.array.reduce(0) { $0 + Double($1) * Double($1) }
    let h: Float = 1e-3
    func shifted(_ step: Float) -> Double {
      let moved = Parameters(initialising: network, seed: 3)
      for i in 0..<moved.values.count {
        moved.values.pointer[i] += step * gradient.values.pointer[i]
      }
      return loss(workspace, moved, images: 3, classes: Self.classes)
    }
    let slope = (shifted(h) - shifted(-h)) / Double(2 * h)
    #expect(abs(slope - square) < 0.01 * square, "\(slope), \(square)")
  }

  @Test func whatAnEarlierBatchLeftBehindIsNeverSeen() throws {
    for network in [try Self.network(), try everyOperation(classes: Self.classes)] {
      let size = network.inputShape.count
      let all = Self.pictures(network, 19)
      let used = TrainingWorkspace(network, batch: 19, team: ThreadTeam(threads: 2))
      _ = Self.run(network, used, all.map { _ in Float.nan }[...])
      for images in [1, 3, 8, 13] {
        let fresh = TrainingWorkspace(network, batch: 19, team: ThreadTeam(threads: 2))
        let (a, b) = (
          Self.run(network, used, all[..<(images * size)]),
          Self.run(network, fresh, all[..<(images * size)])
        )
        #expect(a.gradient.map(\.bitPattern) == b.gradient.map(\.bitPattern), "\(images) images")
        #expect(a.logits.map(\.bitPattern) == b.logits.map(\.bitPattern), "\(images) images")
      }
    }
  }

  @Test func theCapacityOfAWorkspaceChangesNoBit() throws {
    let network = try everyOperation(classes: Self.classes)
    let pictures = Self.pictures(network, 5)
    let results = [5, 6, 64].map { batch in
      Self.run(
        network, TrainingWorkspace(network, batch: batch, team: ThreadTeam(threads: 2)),
        pictures[...])
    }
    for other in results.dropFirst() {
      #expect(other.gradient.map(\.bitPattern) == results[0].gradient.map(\.bitPattern))
    }
  }
}
