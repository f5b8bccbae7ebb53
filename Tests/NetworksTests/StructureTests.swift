import AvocetKernels
import AvocetNetworks
import FoundationEssentials
import TestSupport
import Testing

@Suite struct BuilderTests {
  private static func threeLevels(_ b: inout NetworkBuilder, _ from: Int) -> Int {
    var last = from
    for level in Level.allCases {
      last = b.activation(level.rawValue, last)
      b.mark(level, last)
    }
    return last
  }

  private static func refusal(
    input: Shape = Shape(8, 8, 3), _ build: (inout NetworkBuilder) -> Void
  ) -> String {
    var b = NetworkBuilder("bad", input: input)
    build(&b)
    do throws(NetworkError) {
      _ = try b.network()
      return "accepted"
    } catch { return error.description }
  }

  @Test func shapesFollowTheArithmeticOfTheField() throws {
    var b = NetworkBuilder("shapes", input: Shape(11, 8, 3))
    let a = b.convolution("a", b.input, channels: 4, kernel: 3, stride: 2)
    let c = b.convolution("c", a, channels: 6, kernel: 2, padding: 0, groups: 2)
    let up = b.add(
      "up", .maxPool(Pool(window: 2, stride: 2, padding: 0, roundsUp: true, countsPadding: true)), c
    )
    let down = b.maxPool("down", c)
    b.mark(.edges, a)
    b.mark(.parts, c)
    b.mark(.objects, up)
    _ = b.dense("d", down, channels: 5)
    let network = try b.network()
    #expect(
      network.nodes.map(\.shape) == [
        Shape(11, 8, 3), Shape(6, 4, 4), Shape(5, 3, 6), Shape(3, 2, 6), Shape(2, 1, 6),
        Shape(1, 1, 5),
      ])
    #expect(network.parameterCount == 3 * 3 * 3 * 4 + 2 * 2 * 2 * 6 + 12 * 5 + 5)
    #expect(network.multiplyAdds(of: 1) == 6 * 4 * 4 * 27)
    #expect(network.multiplyAdds(of: 2) == 5 * 3 * 6 * 8)
    #expect(network.multiplyAdds == 2592 + 720 + 60)
    #expect(network.layout["d.weight"]?.fileShape == [5, 12])
    #expect(network.layout["d.weight"]?.shape == [2, 1, 6, 5])
    #expect(network.layout["c.weight"]?.fileShape == [6, 2, 2, 2])
  }

  @Test func theFirstMistakeIsNamed() {
    let large = Self.refusal { b in
      let a = b.maxPool("a", b.input, window: 9)
      _ = b.maxPool("later", a, window: 99)
    }
    #expect(large == "a: a window of 9x9 on a map of 8x8x3")
    let groups = Self.refusal {
      _ = $0.convolution("c", $0.input, channels: 4, kernel: 1, groups: 2)
    }
    #expect(groups == "c: 2 groups do not divide 3 and 4 channels")
    let kernel = Self.refusal {
      _ = $0.convolution("c", $0.input, channels: 4, kernel: 9, padding: 0)
    }
    #expect(kernel == "c: a kernel of 9x9 on a map of 8x8x3")
    let sum = Self.refusal { b in
      let c = b.convolution("c", b.input, channels: 4, kernel: 1)
      _ = b.add("s", .add(Sum()), c, b.input)
    }
    #expect(sum.hasPrefix("s: adds two maps of one shape"))
    #expect(Self.refusal { _ = $0.add("s", .add(Sum()), $0.input) }.hasPrefix("s: adds two maps"))
    let infinite = Self.refusal { _ = $0.add("s", .scale(Scale(factor: .infinity)), $0.input) }
    #expect(infinite == "s: factor is inf")
    for (layer, reason) in [
      (LocalResponseNorm(window: 4), "n: window is 4, an even number"),
      (LocalResponseNorm(exponent: 0.6), "n: exponent is 0.6; 0.25, 0.5 and so on to 2"),
      (LocalResponseNorm(exponent: .nan), "n: exponent is nan; 0.25"),
      (LocalResponseNorm(offset: 0), "n: scale 0.0001, offset 0.0: from 0 on"),
    ] {
      let message = Self.refusal { _ = $0.add("n", .localResponseNorm(layer), $0.input) }
      #expect(message.hasPrefix(reason))
    }
  }

  @Test func samePaddingPutsTheOddZeroBelowAndToTheRight() {
    let b = NetworkBuilder("same", input: Shape(7, 8, 3))
    #expect(
      b.samePadding(b.input, kernel: 3, stride: 2) == Padding(top: 1, left: 0, bottom: 1, right: 1))
    #expect(
      b.samePadding(b.input, kernel: 5, stride: 2) == Padding(top: 2, left: 1, bottom: 2, right: 2))
    #expect(b.samePadding(b.input, kernel: 3, stride: 1) == Padding(1))
    #expect(b.samePadding(b.input, kernel: 1, stride: 2) == Padding(0))
  }

  @Test func whatDoesNotFitADenseLayerIsNamed() {
    #expect(Self.refusal { _ = $0.dense("d", $0.input, channels: 0) }.hasPrefix("d: channels is 0"))
  }

  @Test func aNetworkNeedsItsLevelsOnceAndInOrderAndLogits() {
    #expect(Self.refusal { _ = $0.dense("d", $0.input, channels: 2) }.contains("level edges"))
    let twice = Self.refusal { b in
      let last = Self.threeLevels(&b, b.input)
      b.mark(.parts, last)
      _ = b.dense("d", last, channels: 2)
    }
    #expect(twice == "the level parts is marked twice")
    let rising = Self.refusal { b in
      let small = b.activation("e", b.maxPool("p", b.input))
      let wide = b.convolution("w", small, channels: 4, kernel: 1, padding: 3)
      b.mark(.edges, small)
      b.mark(.parts, wide)
      b.mark(.objects, b.activation("o", wide))
      _ = b.dense("d", wide, channels: 2)
    }
    #expect(rising == "the level parts is out of order")
    #expect(Self.refusal { _ = Self.threeLevels(&$0, $0.input) } == "the last node gives no logits")
    let input = Self.refusal { b in
      b.mark(.edges, b.input)
      _ = b.dense("d", b.input, channels: 2)
    }
    #expect(input.contains("level edges"))
  }

  @Test func namesAreDistinctAndSizesHaveLimits() {
    let twins = Self.refusal { b in
      _ = b.dense("d", b.activation("d", Self.threeLevels(&b, b.input)), channels: 2)
    }
    #expect(twins.contains("\"d\""))
    let empty = Self.refusal { b in
      _ = b.dense("", Self.threeLevels(&b, b.input), channels: 2)
    }
    #expect(empty.contains("called"))
    for shape in [Shape(0, 8, 3), Shape(8, -1, 3), Shape(1 << 14, 1 << 14, 2), Shape(1, 1, .max)] {
      let refusal = Self.refusal(input: shape) { _ = Self.threeLevels(&$0, $0.input) }
      #expect(refusal == "an input of \(shape)")
    }
    let heavy = Self.refusal(input: Shape(512, 512, 3)) { b in
      _ = b.dense("d", Self.threeLevels(&b, b.input), channels: 2000)
    }
    #expect(heavy.contains("too many"))
  }

  @Test func anInputAloneIsNoNetwork() throws {
    let input = Array(try everyOperation().nodes.prefix(1))
    for nodes in [[], input] {
      #expect(throws: NetworkError.self) {
        try Network(architecture: "none", nodes: nodes, levels: [:])
      }
    }
  }
}

/// What a unit sees is found by brute force: a row of the picture that is not a number makes every unit that sees it not a number.
@Suite struct ReceptiveFieldTests {
  /// For each row (or column) of the picture, which rows (or columns) of the node's map see it.
  private static func seen(
    _ network: Network, alongRows: Bool
  ) throws -> [[Set<Int>]] {
    let last = network.nodes.count - 1
    let parameters = Parameters(initialising: network, seed: 1)
    // A shut gate hides what is behind it; with stored statistics the pictures are apart; Winograd's tiles would spread a NaN.
    let workspace = TrainingWorkspace(
      network, batch: 1, team: ThreadTeam(threads: 1), kernels: Kernels.chosen.direct,
      frozenThrough: last, keeping: Set(network.nodes.indices))
    let picture = network.inputShape
    return (0..<(alongRows ? picture.rows : picture.columns)).map { line in
      for i in 0..<picture.count {
        let pixel = i / picture.channels
        let place = alongRows ? pixel / picture.columns : pixel % picture.columns
        workspace.input[i] = place == line ? .nan : 0.5
      }
      workspace.forward(parameters, images: 1)
      return network.nodes.indices.map { node in
        let shape = network.nodes[node].shape
        let map = workspace.map(node)
        let hit = (0..<shape.count).filter { map[$0].isNaN }.map { $0 / shape.channels }
        return Set(hit.map { alongRows ? $0 / shape.columns : $0 % shape.columns })
      }
    }
  }

  private static func compare(_ network: Network) throws {
    for alongRows in [true, false] {
      let seen = try seen(network, alongRows: alongRows)
      for (node, description) in network.nodes.enumerated() {
        let field = network.receptiveField(of: node)
        let units = alongRows ? description.shape.rows : description.shape.columns
        for unit in 0..<units {
          let start = field.start + unit * field.stride
          let found = seen.indices.filter { seen[$0][node].contains(unit) }
          let expected = seen.indices.filter { (start..<start + field.size).contains($0) }
          #expect(
            found == expected,
            "\(network.architecture): unit \(unit) of \(description.name), rows \(alongRows)")
        }
      }
    }
  }

  @Test func aUnitSeesItsFieldAndNothingElse() throws { try Self.compare(try everyOperation()) }

  @Test(arguments: Architecture.names) func theFieldsOfEveryArchitectureAreTrue(name: String) throws
  {
    try Self.compare(try smallNetwork(name, classes: 2))
  }
  @Test func aSumSeesWhatEitherOfItsTermsSees() throws {
    func shifted(_ before: Int, _ after: Int) throws -> Convolution {
      let text = """
        {"channels":2,"kernelRows":2,"kernelColumns":2,"stride":1,"groups":1,"bias":false,
        "padding":{"top":\(before),"left":\(before),"bottom":\(after),"right":\(after)}}
        """
      return try JSONDecoder().decode(Convolution.self, from: Data(text.utf8))
    }
    var b = NetworkBuilder("shifted", input: Shape(7, 6, 3))
    let up = b.add("up", .convolution(try shifted(1, 0)), b.input)
    let down = b.add("down", .convolution(try shifted(0, 1)), b.input)
    b.mark(.edges, up)
    b.mark(.parts, down)
    let sum = b.add("sum", .add(Sum()), up, down)
    b.mark(.objects, sum)
    _ = b.dense("classes", sum, channels: 2)
    try Self.compare(try b.network())
  }
}
