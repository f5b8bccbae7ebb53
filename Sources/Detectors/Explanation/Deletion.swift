import AvocetImages
import AvocetKernels
import AvocetNetworks

/// How the score falls while pixels, or units of the parts level, are set to the blurred picture's, those first that an order names first (Petsiuk, Das and Saenko
/// 2018): the sooner it falls, the better the order knows what counts.
public struct Deletion: Sendable {
  /// What is deleted.
  public enum Kind: String, Sendable { case pixels, units }

  /// What is deleted, and by which order.
  public let kind: Kind
  /// The name of the order.
  public let order: String
  /// The score less the blurred picture's, at 0, 5, 10, ... 100 % deleted, as a share of the difference.
  public let curve: [Double]
  /// The mean of the curve: the lower, the better.
  public var area: Double { curve.reduce(0, +) / Double(max(1, curve.count)) }
}

extension EvidenceTask {
  private static let steps = 20

  /// Our orders, plain gradients, Grad-CAM (Selvaraju et al. 2017) and chance.
  func deletions(pixels: [Float], units: LevelEvidence, gradient: [Float]) -> [Deletion] {
    let last = network.nodes.count - 1
    guard let whole = attribution.section(from: 0, to: last), let node = network.levels[.parts],
      let tail = attribution.section(from: node, to: last)
    else { return [] }
    let plain = whole.gradients(at: [picture.input], of: weights)[0].gradient
    let plainPixels = placeSums(plain.map(abs), channels: network.inputShape.channels)
    let chance = { (count: Int) -> [Float] in
      var random = CounterRandom(seed: 1, purpose: "deletion by chance", index: count)
      return random.permutation(count).map { Float($0) }
    }
    let channels = units.shape.channels
    let plainMap = tail.gradients(at: [picture[.parts]], of: weights)[0].gradient
    var ours = [Float](repeating: 0, count: channels)
    for unit in units.units { ours[unit.unit] = Float(unit.contribution) }
    return [
      delete(.pixels, "these contributions", pixels, whole, picture.input, blurred.input),
      delete(.pixels, "plain gradients", plainPixels, whole, picture.input, blurred.input),
      delete(.pixels, "Grad-CAM", gradCAM(), whole, picture.input, blurred.input),
      delete(.pixels, "chance", chance(pixels.count), whole, picture.input, blurred.input),
      delete(
        .units, "these contributions", ours, tail, picture[.parts], blurred[.parts]),
      delete(
        .units, "plain gradients", unitSums(plainMap, channels: channels).map { Float($0) }, tail,
        picture[.parts], blurred[.parts]),
      delete(.units, "chance", chance(channels), tail, picture[.parts], blurred[.parts]),
    ]
  }

  private func delete(
    _ kind: Deletion.Kind, _ name: String, _ worth: [Float], _ section: NetworkSection,
    _ map: [Float], _ blurred: [Float]
  ) -> Deletion {
    let order = worth.indices.sorted { (worth[$1], $0) < (worth[$0], $1) }
    // A pixel is all channels of one place, a unit all places of one channel.
    let channels = section.input.channels
    func indices(_ item: Int) -> StrideTo<Int> {
      kind == .pixels
        ? stride(from: item * channels, to: (item + 1) * channels, by: 1)
        : stride(from: item, to: map.count, by: channels)
    }
    var maps = [map]
    for step in 1...Self.steps {
      var next = maps[step - 1]
      let range = order.count * (step - 1) / Self.steps..<order.count * step / Self.steps
      for item in order[range] { for i in indices(item) { next[i] = blurred[i] } }
      maps.append(next)
    }
    let scores = section.scores(at: maps, of: weights)
    let (first, last) = (scores[0], scores[Self.steps])
    let scale = abs(first - last) > 1e-9 ? first - last : 1
    return Deletion(kind: kind, order: name, curve: scores.map { ($0 - last) / scale })
  }

  // The objects' maps, each weighted with its mean gradient, cut off at zero and brought to the pixels.
  private func gradCAM() -> [Float] {
    guard let node = network.levels[.objects],
      let tail = attribution.section(from: node, to: network.nodes.count - 1)
    else { return [] }
    let (shape, map) = (network.nodes[node].shape, picture[.objects])
    let gradient = tail.gradients(at: [map], of: weights)[0].gradient
    let means = unitSums(gradient, channels: shape.channels)
    let heat = (0..<shape.rows * shape.columns).map { place in
      max(
        0,
        (0..<shape.channels).reduce(0.0) {
          $0 + means[$1] * Double(map[place * shape.channels + $1])
        })
    }
    let input = network.inputShape
    return (0..<input.rows * input.columns).map { pixel in
      let (y, x) = pixel.quotientAndRemainder(dividingBy: input.columns)
      let (row, column) = (y * shape.rows / input.rows, x * shape.columns / input.columns)
      return Float(heat[row * shape.columns + column])
    }
  }
}
