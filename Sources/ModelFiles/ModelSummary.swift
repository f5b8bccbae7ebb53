import AvocetImages
import AvocetNetworks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a model file says, without its weights.
public struct ModelSummary: Codable, Hashable, Sendable {
  /// The network's name.
  public let architecture: String
  /// The shape of the network's input.
  public let input: Shape
  /// The class names, in the order of the logits.
  public let classes: [String]
  /// How a picture is made into the network's input.
  public let preprocessing: Preprocessing
  /// What the logits are divided by before the softmax.
  public let temperature: Double
  /// Where the model comes from.
  public let provenance: Provenance
  /// Learned numbers.
  public let parameters: Int
  /// Multiply-adds for one picture.
  public let multiplyAdds: Int
  /// A line for every node.
  public let nodes: [NodeSummary]

  /// What `model` says.
  public init(_ model: Model) {
    (architecture, input) = (model.network.architecture, model.network.inputShape)
    (classes, preprocessing) = (model.classes, model.preprocessing)
    (provenance, temperature) = (model.provenance, model.temperature)
    parameters = model.network.parameterCount
    (multiplyAdds, nodes) = (model.network.multiplyAdds, model.network.summary)
  }

  /// One line of JSON, its keys sorted and in small letters.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}
