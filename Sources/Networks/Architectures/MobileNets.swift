// Networks of depthwise convolutions for little power; names as in timm (MobileNet) and torchvision (MobileNetV2).

extension Architecture {
  /// MobileNet (Howard et al. 2017), called `mobilenetv1_100` in timm.
  static let mobileNetV1 = Architecture(
    name: "mobilenet_v1", purpose: "depthwise and 1x1 convolutions in turn, for little power",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in
    let stem = b.convolution("conv_stem", b.input, channels: 32, kernel: 3, stride: 2)
    var map = b.activation("act1", b.batchNorm("bn1", stem), .relu6)
    b.mark(.edges, map)
    let stages: [(channels: Int, count: Int, stride: Int)] = [
      (64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 6, 2), (1024, 2, 2),
    ]
    for (number, stage) in stages.enumerated() {
      for block in 0..<stage.count {
        let name = "blocks.\(number).\(block)"
        let inputs = b.shape(of: map).channels
        map = b.convolution(
          "\(name).conv_dw", map, channels: inputs, kernel: 3,
          stride: block == 0 ? stage.stride : 1, groups: inputs)
        map = b.activation("\(name).act1", b.batchNorm("\(name).bn1", map), .relu6)
        map = b.convolution("\(name).conv_pw", map, channels: stage.channels, kernel: 1)
        map = b.activation("\(name).act2", b.batchNorm("\(name).bn2", map), .relu6)
      }
      if stage.channels == 256 { b.mark(.parts, map) }
    }
    b.mark(.objects, map)
    _ = b.dense("classifier", b.globalAveragePool("pool", map), channels: classes)
  }

  /// MobileNetV2 (Sandler et al. 2018).
  static let mobileNetV2 = Architecture(
    name: "mobilenet_v2", purpose: "inverted residuals for little power", input: Shape(224, 224, 3),
    classes: 1000
  ) { b, classes in
    let stem = b.normed("features.0", b.input, channels: 32, kernel: 3, stride: 2)
    b.mark(.edges, stem)
    var map = stem
    var number = 1
    let stages: [(expansion: Int, channels: Int, count: Int, stride: Int)] = [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
      (6, 320, 1, 1),
    ]
    for stage in stages {
      for block in 0..<stage.count {
        map = b.invertedResidual(
          "features.\(number)", map, expansion: stage.expansion, channels: stage.channels,
          stride: block == 0 ? stage.stride : 1)
        number += 1
      }
      if stage.channels == 32 { b.mark(.parts, map) }
    }
    let objects = b.normed("features.\(number)", map, channels: 1280, kernel: 1)
    b.mark(.objects, objects)
    _ = b.dense("classifier.1", b.globalAveragePool("pool", objects), channels: classes)
  }
}

extension NetworkBuilder {
  // Convolution, norm and ReLU6, called 0, 1 and 2.
  fileprivate mutating func normed(
    _ name: String, _ input: Int, channels: Int, kernel: Int, stride: Int = 1, groups: Int = 1
  ) -> Int {
    let map = convolution(
      name + ".0", input, channels: channels, kernel: kernel, stride: stride, groups: groups)
    return activation(name + ".2", batchNorm(name + ".1", map), .relu6)
  }

  // 1x1 up, depthwise 3x3, 1x1 down without a nonlinearity, and around it where the shape stays.
  fileprivate mutating func invertedResidual(
    _ name: String, _ input: Int, expansion: Int, channels: Int, stride: Int
  ) -> Int {
    let inputs = shape(of: input).channels
    var map = input
    var part = 0
    if expansion > 1 {
      map = normed("\(name).conv.0", map, channels: inputs * expansion, kernel: 1)
      part = 1
    }
    map = normed(
      "\(name).conv.\(part)", map, channels: inputs * expansion, kernel: 3, stride: stride,
      groups: inputs * expansion)
    map = convolution("\(name).conv.\(part + 1)", map, channels: channels, kernel: 1)
    map = batchNorm("\(name).conv.\(part + 2)", map)
    return stride == 1 && inputs == channels ? sum("\(name).sum", input, map) : map
  }
}
