// Residual networks (He et al. 2016); the nodes are called as in torchvision, so that its weights fit by name.

extension Architecture {
  static let resnet18 = Architecture(
    name: "resnet18", purpose: "residual network of 18 layers for photographs",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in b.resnet(channels: 64, blocks: [2, 2, 2, 2], classes) }

  static let resnet10 = Architecture(
    name: "resnet10",
    purpose: "residual network of 10 layers, half as wide, for photographs of 128 pixels",
    input: Shape(128, 128, 3), classes: 10
  ) { b, classes in b.resnet(channels: 32, blocks: [1, 1, 1, 1], classes) }
}

extension NetworkBuilder {
  // The first layer has so many channels, each further one twice as many as the one before.
  fileprivate mutating func resnet(channels: Int, blocks: [Int], _ classes: Int) {
    let stem = convolution("conv1", input, channels: channels, kernel: 7, stride: 2, padding: 3)
    let edges = activation("relu", batchNorm("bn1", stem))
    mark(.edges, edges)
    var map = maxPool("maxpool", edges, window: 3, stride: 2, padding: 1)
    for (layer, count) in blocks.enumerated() {
      for block in 0..<count {
        map = basicBlock(
          "layer\(layer + 1).\(block)", map, channels: channels << layer,
          stride: layer > 0 && block == 0 ? 2 : 1)
      }
      if layer == 1 { mark(.parts, map) }
    }
    mark(.objects, map)
    _ = dense("fc", globalAveragePool("avgpool", map), channels: classes)
  }

  // Two 3x3 convolutions and a way around them.
  private mutating func basicBlock(_ name: String, _ input: Int, channels: Int, stride: Int) -> Int
  {
    let first = convolution(
      "\(name).conv1", input, channels: channels, kernel: 3, stride: stride)
    let middle = activation("\(name).relu1", batchNorm("\(name).bn1", first))
    let second = convolution("\(name).conv2", middle, channels: channels, kernel: 3)
    var around = input
    if stride > 1 {
      let narrow = convolution(
        "\(name).downsample.0", input, channels: channels, kernel: 1, stride: stride)
      around = batchNorm("\(name).downsample.1", narrow)
    }
    return activation(
      "\(name).relu2", sum("\(name).sum", batchNorm("\(name).bn2", second), around))
  }
}
