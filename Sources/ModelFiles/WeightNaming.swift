import AvocetNetworks

/// How a publisher calls the nodes of an architecture, where it is not as the network itself does.
struct WeightNaming: Sendable {
  /// Whose names they are.
  let publisher: String
  private let theirs: [String: String]

  /// The network's own names.
  static let own = WeightNaming(publisher: "the network", theirs: [:])

  private init(publisher: String, theirs: [String: String]) {
    (self.publisher, self.theirs) = (publisher, theirs)
  }

  /// The publisher's name of a tensor.
  func name(of slice: ParameterSlice, in network: Network) -> String {
    let node = network.nodes[slice.node].name
    guard let name = theirs[node] else { return slice.name }
    return name + slice.name.dropFirst(node.count)
  }

  /// All namings of an architecture, its own first.
  static func all(_ architecture: String) -> [WeightNaming] { [own] + (others[architecture] ?? []) }

  private static let others: [String: [WeightNaming]] = [
    "efficientnet_lite0": [
      WeightNaming(
        publisher: "efficientnet-pytorch", stages: [1, 2, 2, 3, 3, 4, 1],
        ("conv_stem", "_conv_stem"), ("bn1", "_bn0"), ("conv_head", "_conv_head"), ("bn2", "_bn1"),
        ("classifier", "_fc"),
        first: [
          ("conv_dw", "_depthwise_conv"), ("bn1", "_bn1"), ("conv_pw", "_project_conv"),
          ("bn2", "_bn2"),
        ],
        block: [
          ("conv_pw", "_expand_conv"), ("bn1", "_bn0"), ("conv_dw", "_depthwise_conv"),
          ("bn2", "_bn1"), ("conv_pwl", "_project_conv"), ("bn3", "_bn2"),
        ],
        place: { place in ("blocks.\(place.stage).\(place.block)", "_blocks.\(place.number)") })
    ],
    "mobilenet_v2": [
      WeightNaming(
        publisher: "timm", stages: [1, 2, 3, 4, 3, 3, 1],
        ("features.0.0", "conv_stem"), ("features.0.1", "bn1"), ("features.18.0", "conv_head"),
        ("features.18.1", "bn2"), ("classifier.1", "classifier"),
        first: [
          ("conv.0.0", "conv_dw"), ("conv.0.1", "bn1"), ("conv.1", "conv_pw"), ("conv.2", "bn2"),
        ],
        block: [
          ("conv.0.0", "conv_pw"), ("conv.0.1", "bn1"), ("conv.1.0", "conv_dw"),
          ("conv.1.1", "bn2"), ("conv.2", "conv_pwl"), ("conv.3", "bn3"),
        ],
        place: { place in
          ("features.\(place.number + 1)", "blocks.\(place.stage).\(place.block)")
        })
    ],
    "vgg11_bn": [
      WeightNaming(
        publisher: "timm",
        theirs: [
          "classifier.0": "pre_logits.fc1", "classifier.3": "pre_logits.fc2",
          "classifier.6": "head.fc",
        ])
    ],
  ]

  /// A block's stage, its place in the stage, and its number in all.
  private typealias Place = (stage: Int, block: Int, number: Int)
  private typealias Pair = (ours: String, theirs: String)

  // A network of stages with so many blocks each, of which the very first has parts of its own; every pair is ours, theirs.
  private init(
    publisher: String, stages: [Int], _ pairs: Pair..., first: [Pair], block: [Pair],
    place: (Place) -> Pair
  ) {
    var theirs = Dictionary(pairs.map { ($0.ours, $0.theirs) }, uniquingKeysWith: { a, _ in a })
    var number = 0
    for (stage, count) in stages.enumerated() {
      for position in 0..<count {
        let base = place((stage, position, number))
        for part in number == 0 ? first : block {
          theirs["\(base.ours).\(part.ours)"] = "\(base.theirs).\(part.theirs)"
        }
        number += 1
      }
    }
    self.init(publisher: publisher, theirs: theirs)
  }
}
