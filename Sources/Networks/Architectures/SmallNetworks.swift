// Networks of our own for generated birds and small pictures: plain towers of 3x3 convolutions.

extension Architecture {
  static let aviary = Architecture(
    name: "aviary", purpose: "seven convolutions for pictures of 64 pixels: the demo's network",
    input: Shape(64, 64, 3), classes: 10
  ) { b, classes in b.aviary([32, 64, 96, 128, 128, 128, 160], classes) }

  static let small = Architecture(
    name: "small", purpose: "the aviary's network with half the channels", input: Shape(64, 64, 3),
    classes: 10
  ) { b, classes in b.aviary([16, 32, 48, 64, 64, 64, 80], classes) }

  static let fashion = Architecture(
    name: "fashion", purpose: "six 3x3 convolutions for small grey pictures (MNIST family)",
    input: Shape(28, 28, 1), classes: 10
  ) { b, classes in
    let edges = b.block("edges", b.input, channels: 32)
    b.mark(.edges, edges)
    let corners = b.block("corners", edges, channels: 32)
    let shapes = b.block("shapes", b.maxPool("pool1", corners), channels: 64)
    let parts = b.block("parts", shapes, channels: 64)
    b.mark(.parts, parts)
    let groups = b.block("groups", b.maxPool("pool2", parts), channels: 128)
    b.head(b.block("objects", groups, channels: 128), classes)
  }

  static let tiny = Architecture(
    name: "tiny", purpose: "three convolutions: a network for tests and first tries",
    input: Shape(64, 64, 3), classes: 10
  ) { b, classes in
    let edges = b.block("edges", b.input, channels: 8, stride: 2)
    b.mark(.edges, edges)
    let parts = b.block("parts", edges, channels: 16, stride: 2)
    b.mark(.parts, parts)
    b.head(b.block("objects", parts, channels: 16, stride: 2), classes)
  }
}

extension NetworkBuilder {
  // Edges at half the picture's resolution, parts at a quarter of it (fields of 27 pixels), objects at an eighth (63 pixels: nearly the whole picture of 64). A unit
  // of the parts level chooses among the pieces of one place alone, and is cheap to have.
  fileprivate mutating func aviary(_ channels: [Int], _ classes: Int) {
    let edges = block("edges", input, channels: channels[0], kernel: 5, stride: 2)
    mark(.edges, edges)
    let corners = block("corners", edges, channels: channels[1])
    let shapes = block("shapes", maxPool("pool1", corners), channels: channels[2])
    let pieces = block("pieces", shapes, channels: channels[3])
    let parts = block("parts", pieces, channels: channels[4], kernel: 1)
    mark(.parts, parts)
    let groups = block("groups", maxPool("pool2", parts), channels: channels[5])
    head(block("objects", groups, channels: channels[6]), classes)
  }

  fileprivate mutating func head(_ objects: Int, _ classes: Int) {
    mark(.objects, objects)
    _ = dense("classes", globalAveragePool("mean", objects), channels: classes)
  }
}
