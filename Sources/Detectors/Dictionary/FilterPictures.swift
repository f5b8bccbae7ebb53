import AvocetClassifier
import AvocetImages
import AvocetNetworks

/// The weights of the units that read the pixels themselves, as pictures: what lies above grey is wanted bright, what lies below dark.
struct FilterPictures {
  private let pictures: [Image]

  /// Nil where the edges are not one convolution of the pixels.
  init?(_ classifier: Classifier) {
    let network = classifier.network
    guard let parameters = classifier.parameters, var node = network.levels[.edges] else {
      return nil
    }
    var norm: Int?
    walk: while true {
      switch network.nodes[node].operation {
      case .activation, .maxPool: break
      case .batchNorm: norm = node
      default: break walk
      }
      node = network.nodes[node].inputs[0]
    }
    guard case .convolution(let layer) = network.nodes[node].operation, layer.groups == 1,
      network.nodes[node].inputs == [0],
      let slice = network.layout["\(network.nodes[node].name).weight"]
    else { return nil }
    let inputs = network.inputShape.channels
    let scales = norm.flatMap { network.layout["\(network.nodes[$0].name).weight"]?.range }
    pictures = (0..<layer.channels).map { unit in
      // Weights are [row, column, in, out].
      let taps = layer.kernelRows * layer.kernelColumns * inputs
      let sign: Float =
        scales.map { parameters.values[$0.lowerBound + unit] < 0 ? -1 : 1 } ?? 1
      let weights = (0..<taps).map {
        sign * parameters.values[slice.range.lowerBound + $0 * layer.channels + unit]
      }
      let peak = max(weights.map(abs).max() ?? 0, 1e-9)
      let bytes = weights.map { UInt8(128 + 127 * $0 / peak) }
      return Image(
        width: layer.kernelColumns, height: layer.kernelRows,
        pixels: inputs == 3 ? bytes : bytes.flatMap { [$0, $0, $0] })
    }
  }

  /// The weights of one unit.
  func picture(_ unit: Int) -> Image? { pictures.indices.contains(unit) ? pictures[unit] : nil }
}
