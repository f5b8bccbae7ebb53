/// A network that has a name: what it is for, and how it is built.
public struct Architecture: Sendable {
  /// The name.
  public let name: String
  /// What the network is for.
  public let purpose: String
  /// The shape of the pictures that it is usually given.
  public let input: Shape
  /// The number of classes that it usually tells apart.
  public let classes: Int
  /// Builds the body for the given pictures and number of classes, the levels marked.
  let build: @Sendable (inout NetworkBuilder, _ classes: Int) -> Void

  /// All of them, in the order of their names.
  public static let all: [Architecture] = [
    .airbench94, .alexnet, .alexnet2012, .aviary, .efficientNetLite0, .fashion, .mobileNetV1,
    .mobileNetV2,
    .resnet9, .resnet10, .resnet18, .resnet34, .resnet50, .small, .squeezeNet10, .squeezeNet11,
    .tiny, .vgg11BN,
  ]

  /// The names.
  public static var names: [String] { all.map(\.name) }

  /// The architecture of that name.
  public static func named(_ name: String) -> Architecture? { all.first { $0.name == name } }

  /// The network for the given pictures and number of classes; the usual ones where none are given.
  public func network(input: Shape? = nil, classes: Int? = nil) throws(NetworkError) -> Network {
    var builder = NetworkBuilder(name, input: input ?? self.input)
    build(&builder, classes ?? self.classes)
    return try builder.network()
  }

  /// The network of that name for the given pictures and number of classes.
  public static func network(named name: String, input: Shape, classes: Int) throws(NetworkError)
    -> Network
  {
    guard let architecture = named(name) else {
      throw NetworkError(
        "no architecture is called \"\(name)\"; there are \(names.joined(separator: ", "))")
    }
    return try architecture.network(input: input, classes: classes)
  }
}
