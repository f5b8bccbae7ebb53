import AvocetKernels
import AvocetNetworks
import Testing

struct SummaryTests {
  @Test func sumsUpToTheNetwork() throws {
    let network = try everyOperation()
    let lines = network.summary
    #expect(lines.map(\.node) == network.nodes.map(\.name))
    #expect(lines.reduce(0) { $0 + $1.parameters } == network.parameterCount)
    #expect(lines.reduce(0) { $0 + $1.multiplyAdds } == network.multiplyAdds)
    #expect(lines.compactMap(\.level) == Level.allCases)
    #expect(lines[0].operation == "input")
    #expect(lines.first { $0.node == "strided" }?.operation == "convolution 3x3 / 2")
    #expect(lines.first { $0.node == "side" }?.operation == "convolution 3x3, 6 groups")
    #expect(lines.first { $0.node == "scaled" }?.operation == "scale by 0.7")
  }

  @Test func receptiveFieldGrowsByWindowAndStride() throws {
    var b = NetworkBuilder("fields", input: Shape(32, 32, 3))
    let first = b.convolution("first", b.input, channels: 4, kernel: 5, stride: 2)
    let pooled = b.maxPool("pooled", first)
    let second = b.convolution("second", pooled, channels: 4, kernel: 3)
    b.mark(.edges, first)
    b.mark(.parts, pooled)
    b.mark(.objects, second)
    _ = b.dense("classes", b.globalAveragePool("mean", second), channels: 2)
    let network = try b.network()
    func numbers(_ node: Int) -> [Int] {
      let field = network.receptiveField(of: node)
      return [field.size, field.stride, field.start]
    }
    #expect(numbers(first) == [5, 2, -2])
    #expect(numbers(pooled) == [7, 4, -2])
    #expect(numbers(second) == [15, 4, -6])
  }

  // Strides of 255 on maps of one pixel: after nine of them no integer holds their product.
  @Test func endlessStridesAreRefused() throws {
    var b = NetworkBuilder("strides", input: Shape(1, 1, 1))
    var node = b.input
    for i in 0..<12 {
      node = b.convolution("c\(i)", node, channels: 1, kernel: 1, stride: 255, padding: 0)
      if i < 3 { b.mark(Level.allCases[i], node) }
    }
    #expect {
      try b.network()
    } throws: { error in
      "\(error)".hasPrefix("c4: a unit sees 1 pixels, the next one 1078203909375 further")
    }
  }

  @Test func anObserverHearsEveryStepOnce() throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 1)
    let prepared = PreparedNetwork(network, parameters)
    let workspace = InferenceWorkspace(prepared)
    fill(workspace.input, network.inputShape.count, seed: 2)
    workspace.run()
    let silent = Array(UnsafeBufferPointer(start: workspace.logits, count: network.classCount))
    var heard: [Int] = []
    workspace.observer = { heard.append($0.node) }
    workspace.run()
    #expect(heard == workspace.work.map(\.nodes).map { $0[0] })
    #expect(workspace.work.map(\.nodes).flatMap { $0 }.sorted() == Array(1..<network.nodes.count))
    #expect(
      silent == Array(UnsafeBufferPointer(start: workspace.logits, count: network.classCount)))
  }

  @Test func anObserverOfTrainingHearsBothPasses() throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 1)
    let workspace = TrainingWorkspace(network, batch: 4, team: ThreadTeam(threads: 1))
    fill(workspace.input, 4 * network.inputShape.count, seed: 2)
    var (forward, backward): ([Int], [Int]) = ([], [])
    workspace.observer = { time in
      if time.pass == .forward { forward.append(time.node) } else { backward.append(time.node) }
    }
    _ = loss(workspace, parameters, images: 4, classes: 5)
    workspace.backward(parameters, into: Parameters(network.layout))
    #expect(forward == workspace.work.map(\.nodes).map { $0[0] })
    #expect(backward == forward.reversed())
    #expect(workspace.work.map(\.nodes).joined().sorted() == Array(1..<network.nodes.count))
    #expect(workspace.work.map(\.nodes).count < network.nodes.count - 1, "nothing is fused")
  }
}
