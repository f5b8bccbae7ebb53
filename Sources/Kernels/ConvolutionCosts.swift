/// The time that one tile of a convolution takes on one core: `input` and `output` for each input and output channel, `product` for each pair of them. Only ratios
/// count.
struct ConvolutionCost {
  let input, output, product: Double

  init(_ input: Double, _ output: Double, _ product: Double) {
    (self.input, self.output, self.product) = (input, output, product)
  }

  func ofTile(_ inputs: Int, _ outputs: Int) -> Double {
    input * Double(inputs) + output * Double(outputs) + product * Double(inputs * outputs)
  }
}

/// What the costs depend on beside the channels: rows and columns of a square kernel, and its stride.
struct ConvolutionKernel: Hashable {
  let size, stride: Int

  init(_ size: Int, stride: Int = 1) { (self.size, self.stride) = (size, stride) }

  init(_ g: ConvolutionGeometry) { self.init(g.kernelRows, stride: g.rowStride) }
}

/// The costs of every algorithm for convolutions with one kernel and stride, on one table; of the gradients for stride 1 alone.
struct ConvolutionCosts: Sendable {
  let forward, weightGradient: [ConvolutionAlgorithm: ConvolutionCost]

  /// Packed weights of a stride's phases, of which there are many more than weights, are at most so many: 16 MiB. Measured on ResNet-18: more are read
  /// from memory again for the few tiles of each picture, and nothing is won.
  private static let phasesLimit = 4_194_304

  /// The cheapest algorithm for a shape: the least time for `images` maps and for reading the weights once, which goes on beside the work but for a part.
  static func best(
    _ g: ConvolutionGeometry, _ costs: [ConvolutionAlgorithm: ConvolutionCost],
    _ weights: WeightReading, images: Int
  ) -> ConvolutionAlgorithm {
    func total(_ algorithm: ConvolutionAlgorithm, _ cost: ConvolutionCost) -> Double {
      let work = Double(algorithm.tiles(g)) * cost.ofTile(g.inputChannels, g.outputChannels)
      let reading = Double(algorithm.packedCount(g)) * weights.nanoseconds / Double(images)
      return max(reading, work + weights.alone * reading)
    }
    let best = costs.filter { g.rowStride == 1 || $0.key.packedCount(g) <= phasesLimit }
      .min { total($0.key, $0.value) < total($1.key, $1.value) }
    return best?.key ?? .direct
  }
}

/// How packed weights are read that no cache holds. Measured on ResNet-18 at batch 1, where neither the sum of work and reading nor the longer of the two
/// finds the right order.
struct WeightReading {
  /// Nanoseconds that a core needs for one, while two cores read at once.
  let nanoseconds: Double
  /// The part of the time that does not go on beside the work.
  let alone: Double

  static let usual = WeightReading(nanoseconds: 0.23, alone: 0.5)
  /// Intel's Xeons wait longer for each line, but less for what they have asked for in advance.
  static let intel = WeightReading(nanoseconds: 0.36, alone: 0.125)
}

/// What `Benchmarks/measure-costs` has measured, one file for each of `KernelTable.costs`.
enum MeasuredCosts {
  static let tables = [
    "avx512": avx512, "avx512-halves": avx512Halves, "avx512-intel": avx512Intel, "avx2": avx2,
    "portable": portable,
  ]
  static let readings = ["avx512-intel": WeightReading.intel]
}

extension ConvolutionAlgorithm {
  /// The algorithms that a shape knows forward.
  public static func all(for g: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
    let alongRows = g.winogradTaps == 3 && g.rowStride == 1
    return tiled(g) + (alongRows ? [.winogradRows] : [])
  }

  /// Those that it knows for its gradients.
  public static func gradients(for g: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
    g.rowStride == 1 ? tiled(g) : [.direct]
  }

  private static func tiled(_ g: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
    let tiles: [Int] =
      switch g.winogradTaps {
      case 2: g.rowStride > 1 ? [7] : []
      case 3: [2, 4, 5, 6]
      case 4: g.rowStride > 1 ? [5] : []
      case 5: g.rowStride > 1 ? [] : [4]
      default: []
      }
    return [.direct] + tiles.map { .winograd(outputTile: $0) }
  }

  // Packed weights, but for what rounding adds.
  fileprivate func packedCount(_ g: ConvolutionGeometry) -> Int {
    switch self {
    case .direct: g.weightCount
    case .winograd(let tile):
      WinogradGeometry(g, outputTile: tile).filter.productCount * g.winogradDepth * g.outputChannels
    case .winogradRows: 4 * g.kernelRows * g.inputChannels * g.outputChannels
    }
  }

  /// Tiles of one image: pixels of the output in the direct form, pairs of them along the rows.
  public func tiles(_ g: ConvolutionGeometry) -> Int {
    switch self {
    case .direct: g.outputRows * g.outputColumns
    case .winograd(let tile): WinogradGeometry(g, outputTile: tile).tilesPerImage
    case .winogradRows: g.outputRows * ((g.outputColumns + 1) / 2)
    }
  }
}

extension KernelTable {
  /// The plan that the measured costs recommend for a shape when so many images share one reading of the weights.
  public func plan(_ g: ConvolutionGeometry, images: Int = .max) -> ConvolutionPlan {
    var (forward, inputGradient, weightGradient) = (
      ConvolutionAlgorithm.direct, ConvolutionAlgorithm.direct, ConvolutionAlgorithm.direct
    )
    if !isDirect, g.winogradTaps != nil,
      let costs = MeasuredCosts.tables[costs]?[ConvolutionKernel(g)]
    {
      let reading = MeasuredCosts.readings[self.costs] ?? .usual
      forward = ConvolutionCosts.best(g, costs.forward, reading, images: images)
      if g.rowStride == 1 {
        let known = ConvolutionAlgorithm.gradients(for: g)
        let costsBack = costs.forward.filter { known.contains($0.key) }
        inputGradient = ConvolutionCosts.best(g.transposed, costsBack, reading, images: images)
        weightGradient = ConvolutionCosts.best(g, costs.weightGradient, reading, images: images)
      }
    }
    return ConvolutionPlan(
      g, self, forward: forward, inputGradient: inputGradient, weightGradient: weightGradient)
  }
}
