import AvocetKernels
import AvocetNetworks

/// A network that uses every operation, two readers of one node among them.
func everyOperation(classes: Int = 5) throws -> Network {
  var b = NetworkBuilder("every", input: Shape(9, 8, 3))
  let stem = b.convolution("stem", b.input, channels: 6, kernel: 3, bias: true)
  let norm = b.batchNorm("stem_norm", stem)
  let edges = b.activation("edges", norm, .silu)
  b.mark(.edges, edges)
  let side = b.convolution("side", edges, channels: 6, kernel: 3, groups: 6)
  let gelu = b.activation("gelu", b.batchNorm("side_norm", side), .gelu)
  let sum = b.add("sum", .add(Sum()), edges, gelu)
  let even = b.add("even", .localResponseNorm(LocalResponseNorm(window: 3, scale: 0.1)), sum)
  let pooled = b.maxPool("pool", even)
  let parts = b.convolution("parts", pooled, channels: 8, kernel: 3, stride: 1, groups: 2)
  b.mark(.parts, parts)
  let average = b.add(
    "average",
    .averagePool(Pool(window: 2, stride: 1, padding: 1, roundsUp: true, countsPadding: false)),
    parts)
  let strided = b.convolution("strided", average, channels: 7, kernel: 3, stride: 2, bias: true)
  let objects = b.activation("objects", strided, .relu6)
  b.mark(.objects, objects)
  let joined = b.concatenation(
    "joined", objects, b.convolution("joint", objects, channels: 4, kernel: 1))
  let relu = b.activation("relu", b.batchNorm("last_norm", joined), .relu)
  let mean = b.globalAveragePool("mean", relu)
  let logits = b.dense("classes", mean, channels: classes)
  _ = b.add("scaled", .scale(Scale(factor: 0.7)), logits)
  return try b.network()
}

/// Pictures and targets from a counter.
func fill(_ pointer: Floats, _ count: Int, seed: UInt64) {
  var random = CounterRandom(seed: seed, purpose: .init("test pictures"))
  for i in 0..<count { pointer[i] = Float(random.uniform(-1, 1)) }
}

/// The mean cross-entropy and, in the workspace, its gradient.
func loss(_ workspace: TrainingWorkspace, _ parameters: Parameters, images: Int, classes: Int)
  -> Double
{
  workspace.forward(parameters, images: images)
  let targets = FloatBuffer(count: images * classes)
  for i in 0..<images { targets[i * classes + (i * 3) % classes] = 1 }
  let losses = FloatBuffer(count: images)
  Kernels.chosen.crossEntropy(
    workspace.logits, targets: targets.pointer, losses: losses.pointer,
    into: workspace.logitsGradient, gradientScale: 1 / Float(images), rows: images, classes: classes
  )
  return losses.array.reduce(0) { $0 + Double($1) } / Double(images)
}
