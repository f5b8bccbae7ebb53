/// The networks that have a name.
public enum Architecture {
  /// A name, what the network is for, and the shape of the pictures that it is usually given.
  public static let descriptions: [(name: String, purpose: String, input: Shape)] = [
    (
      "aviary", "six convolutions for pictures of 64 pixels: the demo's network", Shape(64, 64, 3)
    ),
    (
      "fashion", "six 3x3 convolutions for small grey pictures (MNIST family)", Shape(28, 28, 1)
    ),
    ("small", "the aviary's network with half the channels", Shape(64, 64, 3)),
    ("tiny", "three convolutions: a network for tests and first tries", Shape(64, 64, 3)),
  ]

  /// The names.
  public static var names: [String] { descriptions.map(\.name) }

  /// The network of that name for the given pictures and number of classes.
  public static func network(named name: String, input: Shape, classes: Int) throws(NetworkError)
    -> Network
  {
    switch name {
    case "aviary": return try aviary(name, [32, 64, 96, 96, 128, 160], input, classes)
    case "small": return try aviary(name, [16, 32, 48, 64, 64, 80], input, classes)
    case "fashion": return try fashion(input, classes)
    case "tiny": return try tiny(input, classes)
    default:
      throw NetworkError(
        "no architecture is called \"\(name)\"; there are \(names.joined(separator: ", "))")
    }
  }

  // Edges at half the picture's resolution, parts at an eighth of it (fields of about 40 pixels), objects at a sixteenth (over 90 pixels: the whole picture of 64).
  private static func aviary(
    _ name: String, _ channels: [Int], _ input: Shape, _ classes: Int
  ) throws(NetworkError) -> Network {
    var b = NetworkBuilder(name, input: input)
    let edges = b.block("edges", b.input, channels: channels[0], kernel: 5, stride: 2)
    b.mark(.edges, edges)
    let corners = b.block("corners", edges, channels: channels[1])
    let shapes = b.block("shapes", b.maxPool("pool1", corners), channels: channels[2])
    let parts = b.block("parts", shapes, channels: channels[3])
    b.mark(.parts, parts)
    let groups = b.block("groups", b.maxPool("pool2", parts), channels: channels[4])
    let objects = b.block("objects", groups, channels: channels[5])
    b.mark(.objects, objects)
    _ = b.dense("classes", b.globalAveragePool("mean", objects), channels: classes)
    return try b.network()
  }

  private static func fashion(_ input: Shape, _ classes: Int) throws(NetworkError) -> Network {
    var b = NetworkBuilder("fashion", input: input)
    let edges = b.block("edges", b.input, channels: 32)
    b.mark(.edges, edges)
    let corners = b.block("corners", edges, channels: 32)
    let shapes = b.block("shapes", b.maxPool("pool1", corners), channels: 64)
    let parts = b.block("parts", shapes, channels: 64)
    b.mark(.parts, parts)
    let groups = b.block("groups", b.maxPool("pool2", parts), channels: 128)
    let objects = b.block("objects", groups, channels: 128)
    b.mark(.objects, objects)
    _ = b.dense("classes", b.globalAveragePool("mean", objects), channels: classes)
    return try b.network()
  }

  private static func tiny(_ input: Shape, _ classes: Int) throws(NetworkError) -> Network {
    var b = NetworkBuilder("tiny", input: input)
    let edges = b.block("edges", b.input, channels: 8, stride: 2)
    b.mark(.edges, edges)
    let parts = b.block("parts", edges, channels: 16, stride: 2)
    b.mark(.parts, parts)
    let objects = b.block("objects", parts, channels: 16, stride: 2)
    b.mark(.objects, objects)
    _ = b.dense("classes", b.globalAveragePool("mean", objects), channels: classes)
    return try b.network()
  }
}
