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

/// The costs of every algorithm for convolutions of stride 1 with one size of kernel, on one table.
struct ConvolutionCosts {
  let forward, weightGradient: [ConvolutionAlgorithm: ConvolutionCost]

  /// Nanoseconds that a core needs to read a packed weight which no cache holds, measured with two cores reading at once.
  private static let weightRead = 0.23

  /// The cheapest algorithm for a shape: the least time for `images` maps, or for reading the weights once if that takes longer.
  static func best(
    _ g: ConvolutionGeometry, _ costs: [ConvolutionAlgorithm: ConvolutionCost], images: Int
  ) -> ConvolutionAlgorithm {
    func total(_ algorithm: ConvolutionAlgorithm, _ cost: ConvolutionCost) -> Double {
      let work = Double(algorithm.tiles(g)) * cost.ofTile(g.inputChannels, g.outputChannels)
      return max(work, Double(algorithm.packedCount(g)) * weightRead / Double(images))
    }
    let best = costs.min { total($0.key, $0.value) < total($1.key, $1.value) }
    return best?.key ?? .direct
  }
}

extension ConvolutionAlgorithm {
  /// The algorithms that a shape knows.
  public static func all(for g: ConvolutionGeometry) -> [ConvolutionAlgorithm] {
    let tiles = g.hasWinogradForm ? (g.kernelRows == 3 ? [2, 4, 5, 6] : [4]) : []
    return [.direct] + tiles.map { .winograd(outputTile: $0) }
  }

  // Packed weights, but for what rounding adds.
  fileprivate func packedCount(_ g: ConvolutionGeometry) -> Int {
    switch self {
    case .direct: g.weightCount
    case .winograd(let tile):
      WinogradGeometry(g, outputTile: tile).filter.productCount * g.inputChannels * g.outputChannels
    }
  }

  /// Tiles of one image: pixels of the output in the direct form.
  public func tiles(_ g: ConvolutionGeometry) -> Int {
    switch self {
    case .direct: g.outputRows * g.outputColumns
    case .winograd(let tile): WinogradGeometry(g, outputTile: tile).tilesPerImage
    }
  }
}

extension KernelTable {
  /// The plan that the measured costs recommend for a shape when so many images share one reading of the weights.
  public func plan(_ g: ConvolutionGeometry, images: Int = .max) -> ConvolutionPlan {
    var (forward, inputGradient, weightGradient) = (
      ConvolutionAlgorithm.direct, ConvolutionAlgorithm.direct, ConvolutionAlgorithm.direct
    )
    if !isDirect, g.hasWinogradForm, let costs = measuredCosts[name]?[g.kernelRows] {
      forward = ConvolutionCosts.best(g, costs.forward, images: images)
      inputGradient = ConvolutionCosts.best(g.transposed, costs.forward, images: images)
      weightGradient = ConvolutionCosts.best(g, costs.weightGradient, images: images)
    }
    return ConvolutionPlan(
      g, self, forward: forward, inputGradient: inputGradient, weightGradient: weightGradient)
  }
}
