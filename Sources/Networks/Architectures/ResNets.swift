// Residual networks (He et al. 2016); the nodes are called as in torchvision, so that its weights fit by name.

extension Architecture {
  static let resnet18 = Architecture(
    name: "resnet18", purpose: "residual network of 18 layers for photographs",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in b.resnet(channels: 64, blocks: [2, 2, 2, 2], classes) }

  static let resnet34 = Architecture(
    name: "resnet34", purpose: "residual network of 34 layers for photographs",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in b.resnet(channels: 64, blocks: [3, 4, 6, 3], classes) }

  static let resnet50 = Architecture(
    name: "resnet50", purpose: "residual network of 50 layers, its blocks narrow in the middle",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in b.resnet(channels: 64, blocks: [3, 4, 6, 3], expansion: 4, classes) }

  static let resnet10 = Architecture(
    name: "resnet10",
    purpose: "residual network of 10 layers, half as wide, for photographs of 128 pixels",
    input: Shape(128, 128, 3), classes: 10
  ) { b, classes in b.resnet(channels: 32, blocks: [1, 1, 1, 1], classes) }
}

extension NetworkBuilder {
  // The first layer has so many channels, each further one twice as many as the one before; with an expansion, its blocks give so many times more.
  fileprivate mutating func resnet(
    channels: Int, blocks: [Int], expansion: Int = 1, _ classes: Int
  ) {
    let stem = convolution("conv1", input, channels: channels, kernel: 7, stride: 2, padding: 3)
    let edges = activation("relu", batchNorm("bn1", stem))
    mark(.edges, edges)
    var map = maxPool("maxpool", edges, window: 3, stride: 2, padding: 1)
    for (layer, count) in blocks.enumerated() {
      for block in 0..<count {
        let (name, stride) = ("layer\(layer + 1).\(block)", layer > 0 && block == 0 ? 2 : 1)
        map =
          expansion == 1
          ? basicBlock(name, map, channels: channels << layer, stride: stride)
          : bottleneck(
            name, map, channels: channels << layer, expansion: expansion, stride: stride)
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
    let around = shortcut(name, input, channels: channels, stride: stride)
    return activation(
      "\(name).relu2", sum("\(name).sum", batchNorm("\(name).bn2", second), around))
  }

  // 1x1 down, 3x3, 1x1 up, and a way around them; the 3x3 takes the stride, as in torchvision ("v1.5").
  private mutating func bottleneck(
    _ name: String, _ input: Int, channels: Int, expansion: Int, stride: Int
  ) -> Int {
    var map = convolution("\(name).conv1", input, channels: channels, kernel: 1)
    map = activation("\(name).relu1", batchNorm("\(name).bn1", map))
    map = convolution("\(name).conv2", map, channels: channels, kernel: 3, stride: stride)
    map = activation("\(name).relu2", batchNorm("\(name).bn2", map))
    map = convolution("\(name).conv3", map, channels: channels * expansion, kernel: 1)
    let around = shortcut(name, input, channels: channels * expansion, stride: stride)
    return activation(
      "\(name).relu3", sum("\(name).sum", batchNorm("\(name).bn3", map), around))
  }

  // The input itself, or a 1x1 convolution of it where the block changes the shape.
  private mutating func shortcut(_ name: String, _ input: Int, channels: Int, stride: Int) -> Int {
    if stride == 1, shape(of: input).channels == channels { return input }
    let map = convolution(
      "\(name).downsample.0", input, channels: channels, kernel: 1, stride: stride)
    return batchNorm("\(name).downsample.1", map)
  }
}
