// Measures what a tile of each convolution algorithm costs on one core with the kernel table that AVOCET_KERNELS names, and prints the file of
// Sources/Kernels/MeasuredCosts for it. `Benchmarks/measure-costs` runs it for every table.

import Avocet
import Foundation

struct Shape: Hashable {
  let kernel, stride: Int
  /// Rows and columns of the output.
  let size: Int
  let inputs, outputs: Int
  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(
      inputRows: size * stride, inputColumns: size * stride, inputChannels: inputs,
      outputChannels: outputs, kernelRows: kernel, kernelColumns: kernel, rowStride: stride,
      columnStride: stride, padding: Padding(kernel / 2))
  }
}

struct Measurement {
  let shape: Shape
  let algorithm: ConvolutionAlgorithm
  let nanosecondsPerTile: Double
}

let table: KernelTable
do {
  table = try Kernels.choose(environment: ProcessInfo.processInfo.environment[Kernels.variable])
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
let clock = ContinuousClock()

func filled(_ count: Int, _ seed: UInt64) -> FloatBuffer {
  let buffer = FloatBuffer(count: count)
  var random = CounterRandom(seed: seed, purpose: .init("costs"))
  for i in 0..<count { buffer[i] = Float(random.uniform(-1, 1)) }
  return buffer
}

/// The least time of one run, in nanoseconds: the noise of a shared machine only adds.
func least(_ body: () -> Void) -> Double {
  body()
  var best = Double.infinity
  let start = clock.now
  repeat {
    best = min(best, clock.measure(body) / .nanoseconds(1))
  } while clock.now - start
    < .milliseconds(60)
  return best
}

/// The two directions of one shape and algorithm, per tile; the gradient of stride 1 alone, and nil where the algorithm has none.
func measure(_ shape: Shape, _ algorithm: ConvolutionAlgorithm) -> (
  forward: Double, weightGradient: Double?
) {
  let g = shape.geometry
  // About as many pixels as a group of training has.
  let images = max(1, 56 * 56 / (shape.size * shape.size))
  let plan = ConvolutionPlan(
    g, table, forward: algorithm, inputGradient: algorithm, weightGradient: algorithm)
  let (x, w, dy) = (
    filled(images * g.inputCount, 1), filled(g.weightCount, 2), filled(images * g.outputCount, 3)
  )
  let (y, dw) = (FloatBuffer(count: images * g.outputCount), FloatBuffer(count: g.weightCount))
  let scratch = FloatBuffer(count: plan.scratchCount)
  let (packed, sums) = (
    FloatBuffer(count: plan.packedCount), FloatBuffer(count: plan.weightSumCount)
  )
  plan.pack(w.pointer, into: packed.pointer, scratch: scratch.pointer)
  let tiles = Double(images * algorithm.tiles(g))
  return withExtendedLifetime((x, w, dy, y, dw, scratch, packed, sums)) {
    (
      least {
        plan.forward(
          x.pointer, packed: packed.pointer, into: y.pointer, images: images,
          scratch: scratch.pointer)
      } / tiles,
      g.rowStride > 1 || plan.weightGradient != algorithm
        ? nil
        : least {
          plan.weightGradient(
            x.pointer, dy.pointer, into: dw.pointer, images: images, sums: sums.pointer,
            scratch: scratch.pointer)
        } / tiles
    )
  }
}

/// The coefficients of input, output and input * output that fit best, by least squares of the relative error; none below zero.
func fit(_ points: [Measurement]) -> [Double] {
  func terms(_ shape: Shape) -> [Double] {
    [Double(shape.inputs), Double(shape.outputs), Double(shape.inputs * shape.outputs)]
  }
  var coefficients = [0.0, 0.0, 0.0]
  // Coordinate descent: three unknowns, a convex problem.
  for _ in 0..<10_000 {
    for k in 0..<3 {
      var (numerator, denominator) = (0.0, 0.0)
      for point in points {
        let t = terms(point.shape).map { $0 / point.nanosecondsPerTile }
        let rest = 1 - (0..<3).filter { $0 != k }.reduce(0) { $0 + coefficients[$1] * t[$1] }
        numerator += t[k] * rest
        denominator += t[k] * t[k]
      }
      coefficients[k] = max(0, numerator / denominator)
    }
  }
  return coefficients
}

/// Says how far the choice by the fitted costs lies from the best measured one.
func report(_ name: String, _ points: [Measurement], _ costs: [(ConvolutionAlgorithm, [Double])]) {
  var regrets: [Double] = []
  for shape in Set(points.map(\.shape)) {
    let here = points.filter { $0.shape == shape }
    func measured(_ p: Measurement) -> Double {
      p.nanosecondsPerTile * Double(p.algorithm.tiles(p.shape.geometry))
    }
    func estimated(_ p: Measurement) -> Double {
      let c = costs.first { $0.0 == p.algorithm }?.1 ?? []
      let (i, o) = (Double(p.shape.inputs), Double(p.shape.outputs))
      return (c[0] * i + c[1] * o + c[2] * i * o) * Double(p.algorithm.tiles(p.shape.geometry))
    }
    guard let best = here.map(measured).min(),
      let chosen = here.min(by: { estimated($0) < estimated($1) })
    else { continue }
    regrets.append(measured(chosen) / best - 1)
  }
  let mean = regrets.reduce(0, +) / Double(regrets.count)
  print(
    "// \(name): over \(regrets.count) shapes the choice takes \(percent(mean)) longer than the best on average, \(percent(regrets.max() ?? 0)) at most."
  )
}

func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

let channels = [(16, 64), (32, 32), (64, 64), (64, 256), (128, 128), (256, 256), (512, 512)]
let sizes = [4, 7, 8, 10, 13, 15, 28, 56]
// Between stages, and first layers of three channels.
let stridedChannels = [(3, 32), (3, 64), (3, 96), (32, 64), (64, 128), (128, 256)]
let stridedSizes = [7, 8, 14, 16, 28, 56]

/// Measures and prints the costs for one kernel and stride.
func measureAll(kernel: Int, stride: Int = 1) {
  let shapes = (stride == 1 ? sizes : stridedSizes).flatMap { size in
    (stride == 1 ? channels : stridedChannels)
      .filter { size <= 28 || $0.0 * $0.1 <= 16_384 / stride }
      .map { Shape(kernel: kernel, stride: stride, size: size, inputs: $0.0, outputs: $0.1) }
  }
  let algorithms = ConvolutionAlgorithm.all(for: shapes[0].geometry)
  var forward: [Measurement] = []
  var weightGradient: [Measurement] = []
  for shape in shapes {
    for algorithm in algorithms {
      let times = measure(shape, algorithm)
      forward.append(
        Measurement(shape: shape, algorithm: algorithm, nanosecondsPerTile: times.forward))
      if let time = times.weightGradient {
        weightGradient.append(
          Measurement(shape: shape, algorithm: algorithm, nanosecondsPerTile: time))
      }
    }
  }
  print("    ConvolutionKernel(\(kernel), stride: \(stride)): ConvolutionCosts(")
  for (name, points) in [("forward", forward), ("weightGradient", weightGradient)] {
    if stride > 1 && name != "forward" {
      print("      \(name): [:]")
      continue
    }
    let costs = algorithms.compactMap { algorithm in
      let here = points.filter { $0.algorithm == algorithm }
      return here.isEmpty ? nil : (algorithm, fit(here))
    }
    report("\(kernel)x\(kernel) stride \(stride) \(name)", points, costs)
    print("      \(name): [")
    for (algorithm, c) in costs {
      let key =
        switch algorithm {
        case .direct: ".direct"
        case .winograd(let tile): ".winograd(outputTile: \(tile))"
        case .winogradRows: ".winogradRows"
        }
      let numbers = c.map { String(format: "%.4f", $0) }.joined(separator: ", ")
      print("        \(key): ConvolutionCost(\(numbers)),")
    }
    print(name == "forward" ? "      ]," : "      ]")
  }
  print("    ),")
}

print("costs of \(table.costs)")
let words = table.costs.split(separator: "-")
let name = words[0] + words.dropFirst().map(\.capitalized).joined()
print("extension MeasuredCosts {")
print("  static let \(name): [ConvolutionKernel: ConvolutionCosts] = [")
for (kernel, stride) in [(3, 1), (5, 1), (3, 2), (5, 2), (7, 2), (11, 4)] {
  measureAll(kernel: kernel, stride: stride)
}
print("  ]")
print("}")
