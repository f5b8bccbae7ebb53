import AvocetKernels
import AvocetNetworks
import Testing

@Suite struct StepWorkTests {
  // A map of 9 x 8 pixels with six channels.
  private let map = 9 * 8 * 6
  private let kernels = Kernels.available[0].direct

  private func step(_ name: String, _ work: [StepWork], _ network: Network) throws -> StepWork {
    try #require(work.first { network.nodes[$0.nodes[0]].name == name }, "no step \(name)")
  }

  @Test func theMultiplyAddsOfAllStepsAreTheNetworks() throws {
    let network = try everyOperation()
    let prepared = PreparedNetwork(network, Parameters(initialising: network, seed: 1))
    let classifying = InferenceWorkspace(prepared).work
    #expect(classifying.reduce(0) { $0 + $1.forward.multiplyAdds } == network.multiplyAdds)
    #expect(classifying.allSatisfy { $0.backward == nil })
    let training = TrainingWorkspace(network, batch: 4, team: ThreadTeam(threads: 1)).work
    #expect(training.reduce(0) { $0 + $1.forward.multiplyAdds } == network.multiplyAdds)
    // Twice that on the way back, but for the gradient of the picture, which nobody wants.
    let stem = try step("stem", training, network).forward.multiplyAdds
    let back = training.reduce(0) { $0 + ($1.backward?.multiplyAdds ?? 0) }
    #expect(back == 2 * network.multiplyAdds - stem)
  }

  @Test func classifyingCountsEveryMapOnceAndNoneThatIsWrittenInPlace() throws {
    let network = try everyOperation()
    let parameters = Parameters(initialising: network, seed: 1)
    let prepared = PreparedNetwork(network, parameters, kernels: kernels)
    let work = InferenceWorkspace(prepared).work
    #expect(try step("stem", work, network).forward.maps == 9 * 8 * 3 + map)
    #expect(try step("side", work, network).forward.maps == 2 * map)
    #expect(try step("sum", work, network).forward.maps == 3 * map)
    // `objects` is kept apart and copied, `joint` lies in the whole already.
    let objects = try #require(network.levels[.objects])
    let joined = try step("joined", work, network).forward
    #expect(joined.maps == 2 * network.nodes[objects].shape.count)
    #expect(joined.parameters == 0)
    #expect(try step("sum", work, network).forward.algorithm == nil)
    #expect(try step("stem", work, network).forward.algorithm == "direct")
  }

  @Test func trainingCountsWhatBatchNormReadsTwice() throws {
    let network = try everyOperation()
    let work = TrainingWorkspace(
      network, batch: 4, team: ThreadTeam(threads: 1), kernels: kernels
    ).work
    // Its convolution's map is written, then read again; the picture's gradient is not wanted.
    let stem = try step("stem", work, network)
    #expect(stem.forward.maps == 9 * 8 * 3 + 3 * map)
    #expect(stem.backward?.maps == 9 * 8 * 3 + 4 * map)
    #expect(stem.backward?.algorithm == "direct")
    // Back: gradient and map twice, the input once, and its gradient.
    let side = try step("side", work, network)
    #expect(side.forward.maps == 4 * map)
    #expect(side.backward?.maps == 6 * map)
  }

  @Test func weightsCountAsTheyArePacked() throws {
    var b = NetworkBuilder("wide", input: Shape(24, 24, 64))
    let edges = b.convolution("edges", b.input, channels: 64, kernel: 3)
    b.mark(.edges, edges)
    let parts = b.convolution("parts", edges, channels: 64, kernel: 3)
    b.mark(.parts, parts)
    b.mark(.objects, b.activation("objects", parts, .relu))
    _ = b.dense("classes", b.globalAveragePool("mean", parts), channels: 4)
    let network = try b.network()
    let work = TrainingWorkspace(
      network, batch: 1, team: ThreadTeam(threads: 1), kernels: Kernels.available[0]
    ).work
    let step = try step("parts", work, network)
    let plan = Kernels.available[0].plan(
      ConvolutionGeometry(
        inputRows: 24, inputColumns: 24, inputChannels: 64, outputChannels: 64, kernelRows: 3,
        kernelColumns: 3, padding: Padding(1)))
    let weights = 9 * 64 * 64
    #expect(step.forward.algorithm == plan.forward.description)
    #expect(plan.forward != .direct)
    #expect(step.forward.parameters == plan.packedCount)
    #expect(step.forward.parameters > weights)
    #expect(step.backward?.parameters == plan.packedInputGradientCount + weights)
  }
}
