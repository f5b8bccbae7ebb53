import AvocetKernels
import AvocetNetworks

/// How a class falls while pixels, or units of a level, are set to their baseline's values, those first that an order names first (Petsiuk, Das and Saenko 2018):
/// the sooner it falls, the better the order knows what counts.
public struct Deletion: Sendable {
  /// What is deleted: pixels, or whole units of a level.
  public enum Kind: String, CaseIterable, Sendable { case pixels, edges, parts, objects }

  /// What comes first.
  public enum Order: String, CaseIterable, Sendable {
    /// What adds most to the score, by integrated gradients.
    case contributions = "these contributions"
    /// The steepest gradient: of pixels its size, of units its sum over the places.
    case gradients = "plain gradients"
    /// Selvaraju et al. 2017: of pixels the objects' maps, each weighted with its mean gradient; of units that weight times the sum of the map.
    case gradCAM = "Grad-CAM"
    /// A random order.
    case chance
  }

  /// What is deleted, and by which order.
  public let kind: Kind
  /// What comes first.
  public let order: Order
  /// The score, and the class's probability, at 0, 5, 10, ... 100 % deleted.
  public let scores, probabilities: [Double]

  /// The mean of the scores, less the baseline's.
  public var scoreArea: Double { Self.mean(scores) - (scores.last ?? 0) }
  /// The mean of the probabilities: the lower, the better.
  public var probabilityArea: Double { Self.mean(probabilities) }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }
}

extension Deletion.Kind {
  /// The level whose units are deleted.
  var level: Level? { Level(rawValue: rawValue) }
}

extension EvidenceTask {
  private static let steps = 20

  /// Deletes pixels or units by all orders; `ours` is what each of them adds, `number` chooses the random order.
  func deletions(of kind: Deletion.Kind, ours: [Float], number: Int = 0) -> [Deletion] {
    let node = kind.level.map { network.levels[$0] } ?? 0
    guard let node, let section = attribution.section(from: node, to: network.nodes.count - 1)
    else { return [] }
    let map = kind.level.map { picture[$0] } ?? picture.input
    let baseline =
      kind.level.map { attribution.baselineMap(of: $0, blurred) } ?? blurred.input
    let gradient = section.gradients(at: [map], of: weights)[0].gradient
    let channels = section.input.channels
    return Deletion.Order.allCases.map { order in
      let worth: [Float]
      switch order {
      case .contributions: worth = ours
      case .gradients:
        worth =
          kind == .pixels
          ? placeSums(gradient.map(abs), channels: channels)
          : unitSums(gradient, channels: channels).map { Float($0) }
      case .gradCAM:
        worth =
          kind == .pixels
          ? gradCAM()
          : zip(unitSums(gradient, channels: channels), unitSums(map, channels: channels))
            .map { Float($0 * $1) }
      case .chance:
        var random = CounterRandom(seed: 1, purpose: "deletion by chance", index: number)
        worth = random.permutation(ours.count).map { Float($0) }
      }
      return delete(kind, order, worth, section, map, baseline)
    }
  }

  private func delete(
    _ kind: Deletion.Kind, _ name: Deletion.Order, _ worth: [Float], _ section: NetworkSection,
    _ map: [Float], _ baseline: [Float]
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
      for item in order[range] { for i in indices(item) { next[i] = baseline[i] } }
      maps.append(next)
    }
    let logits = section.values(at: maps)
    return Deletion(
      kind: kind, order: name,
      scores: logits.map { zip($0, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) } },
      probabilities: logits.map { Double(classifier.prepared.distribution($0)[target]) })
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
