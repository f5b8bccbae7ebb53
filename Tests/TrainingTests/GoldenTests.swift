import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage
import Testing

/// A whole network against PyTorch; `Golden/make-golden.py` wrote the numbers.
@Suite struct GoldenTests {
  let golden: [String: SafeTensors.Tensor]
  let network: Network
  let parameters: Parameters
  let labels: [Int]

  init() throws {
    let path = FilePath("\(#filePath)").folder.appending("Golden/golden.safetensors")
    golden = try SafeTensors(try readFile(path, limit: 1 << 20)).tensors
    network = try Self.network()
    parameters = Parameters(network.layout)
    for slice in network.layout.slices {
      let tensor = try #require(golden["before.\(slice.name)"], "\(slice.name)")
      try #require(tensor.shape == slice.fileShape, "\(slice.name)")
      parameters.setFileValues(slice, tensor.values)
    }
    labels = try #require(golden["labels"]).values.map { Int($0) }
  }

  private static func network() throws -> Network {
    var b = NetworkBuilder("golden", input: Shape(10, 9, 3))
    let stem = b.convolution("stem", b.input, channels: 8, kernel: 3, bias: true)
    let edges = b.activation("edges", b.batchNorm("stem_norm", stem))
    b.mark(.edges, edges)
    let pooled = b.maxPool("pool", edges)
    let side = b.convolution("side", pooled, channels: 8, kernel: 3, groups: 8)
    let curved = b.activation("side_out", b.batchNorm("side_norm", side), .gelu)
    let sum = b.add("sum", .add(Sum()), pooled, curved)
    b.mark(.parts, sum)
    let conv = b.convolution(
      "parts", sum, channels: 12, kernel: 3, stride: 2, groups: 2, bias: true)
    let parts = b.activation("parts_out", conv)
    let pool = Pool(window: 2, stride: 1, padding: 1, roundsUp: false, countsPadding: false)
    let average = b.add("average", .averagePool(pool), parts)
    let wide = b.convolution("objects", average, channels: 16, kernel: 1)
    let objects = b.activation("objects_out", b.batchNorm("objects_norm", wide), .silu)
    b.mark(.objects, objects)
    _ = b.dense("classes", b.globalAveragePool("mean", objects), channels: 5)
    return try b.network()
  }

  /// The largest difference, relative to the tensor's largest number.
  private func difference(_ found: [Float], _ name: String) throws -> Float {
    let expected = try #require(golden[name], "\(name)").values
    try #require(found.count == expected.count, "\(name)")
    let scale = expected.reduce(1e-6) { max($0, abs($1)) }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
  }

  private func numbers(_ pointer: ConstFloats, _ count: Int) -> [Float] {
    Array(UnsafeBufferPointer(start: pointer, count: count))
  }

  private func fill(_ input: Floats) throws {
    for (i, value) in try #require(golden["pictures"]).values.enumerated() { input[i] = value }
  }

  @Test(arguments: Kernels.available.map(\.name))
  func lossGradientsAndStatisticsEqualPyTorch(kernels name: String) throws {
    let kernels = try Kernels.named(name)
    let workspace = TrainingWorkspace(
      network, batch: labels.count, team: ThreadTeam(threads: 2), kernels: kernels,
      inputGradient: true)
    try fill(workspace.input)
    workspace.forward(parameters, images: labels.count)
    #expect(try difference(numbers(workspace.logits, 55), "logits") < 1e-5)
    let targets = FloatBuffer(
      labels.flatMap { label in (0..<5).map { $0 == label ? 0.92 : 0.02 } })
    let losses = FloatBuffer(count: labels.count)
    kernels.crossEntropy(
      workspace.logits, targets: targets.pointer, losses: losses.pointer,
      into: workspace.logitsGradient, gradientScale: 1 / Float(labels.count), rows: labels.count,
      classes: 5)
    #expect(try difference([losses.array.reduce(0, +) / 11], "loss") < 1e-5)
    let gradient = Parameters(network.layout)
    workspace.backward(parameters, into: gradient)
    for slice in network.layout.slices where slice.role != .statistic {
      // A bias before batch norm has no gradient but rounding.
      if slice.name == "stem.bias" { continue }
      let error = try difference(gradient.fileValues(slice), "gradient.\(slice.name)")
      #expect(error < 2e-5, "\(slice.name): \(error)")
    }
    let size = labels.count * network.inputShape.count
    #expect(try difference(numbers(workspace.inputGradient, size), "gradient.pictures") < 2e-5)

    let moved = parameters.copy()
    workspace.updateStatistics(moved)
    for slice in network.layout.slices where slice.role == .statistic {
      #expect(
        try difference(moved.fileValues(slice), "after.\(slice.name)") < 1e-5, "\(slice.name)")
    }
  }

  @Test func tenStepsOfNesterovGiveTheLossesOfPyTorch() throws {
    let step = TrainingStep(
      network, batch: labels.count, team: ThreadTeam(threads: 2), labelSmoothing: 0.1)
    let settings = OptimizerSettings(rule: .sgd, learningRate: 1, weightDecay: 5e-4)
    let optimizer = Optimizer(settings, network.layout)
    try fill(step.workspace.input)
    var losses: [Float] = []
    for _ in 0..<10 {
      let result = try #require(step.differentiate(parameters, labels: labels))
      losses.append(Float(result.loss / Double(result.count)))
      step.update(parameters, optimizer) { _ in 0.05 }
    }
    #expect(try difference(losses, "losses") < 1e-5)
    #expect(losses[9] < 0.8 * losses[0])

    let workspace = InferenceWorkspace(PreparedNetwork(network, parameters))
    let pictures = try #require(golden["pictures"]).values
    let size = network.inputShape.count
    let logits = (0..<labels.count).flatMap { image in
      for i in 0..<size { workspace.input[i] = pictures[image * size + i] }
      workspace.run()
      return numbers(workspace.logits, 5)
    }
    #expect(try difference(logits, "logits.evaluated") < 1e-4)
  }
}
