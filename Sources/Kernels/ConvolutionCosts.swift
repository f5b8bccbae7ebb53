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

  /// The cheapest algorithm for a shape.
  static func best(
    _ g: ConvolutionGeometry, _ costs: [ConvolutionAlgorithm: ConvolutionCost]
  ) -> ConvolutionAlgorithm {
    func total(_ algorithm: ConvolutionAlgorithm, _ cost: ConvolutionCost) -> Double {
      Double(algorithm.tiles(g)) * cost.ofTile(g.inputChannels, g.outputChannels)
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

  /// Tiles of one image: pixels of the output in the direct form.
  public func tiles(_ g: ConvolutionGeometry) -> Int {
    switch self {
    case .direct: g.outputRows * g.outputColumns
    case .winograd(let tile): WinogradGeometry(g, outputTile: tile).tilesPerImage
    }
  }
}

extension KernelTable {
  /// The plan that the measured costs recommend for a shape, whatever the number of images: one picture's result never depends on its neighbours.
  public func plan(_ g: ConvolutionGeometry) -> ConvolutionPlan {
    var (forward, inputGradient, weightGradient) = (
      ConvolutionAlgorithm.direct, ConvolutionAlgorithm.direct, ConvolutionAlgorithm.direct
    )
    if !isDirect, g.hasWinogradForm, let costs = measuredCosts[name]?[g.kernelRows] {
      forward = ConvolutionCosts.best(g, costs.forward)
      inputGradient = ConvolutionCosts.best(g.transposed, costs.forward)
      weightGradient = ConvolutionCosts.best(g, costs.weightGradient)
    }
    return ConvolutionPlan(
      g, self, forward: forward, inputGradient: inputGradient, weightGradient: weightGradient)
  }
}
