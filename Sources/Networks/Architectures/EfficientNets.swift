// EfficientNets without what small processors lack: no squeezing and exciting, ReLU6 for Swish (Liu 2020); names as in timm.

extension Architecture {
  /// EfficientNet-Lite0 with the padding of TensorFlow, where it was trained: `tf_efficientnet_lite0` in timm. (Timm's own `efficientnet_lite0` pads evenly: its
  /// weights have the same names and shapes but want another network.)
  public static let efficientNetLite0 = Architecture(
    name: "efficientnet_lite0", purpose: "inverted residuals of 3x3 and 5x5 for small processors",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in
    let stem = b.sameNormed("conv_stem", "bn1", b.input, channels: 32, kernel: 3, stride: 2)
    var map = b.activation("act1", stem, .relu6)
    b.mark(.edges, map)
    let stages: [(expansion: Int, kernel: Int, channels: Int, count: Int, stride: Int)] = [
      (1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2), (6, 5, 112, 3, 1),
      (6, 5, 192, 4, 2), (6, 3, 320, 1, 1),
    ]
    for (number, stage) in stages.enumerated() {
      for block in 0..<stage.count {
        map = b.liteBlock(
          "blocks.\(number).\(block)", map, expansion: stage.expansion, kernel: stage.kernel,
          channels: stage.channels, stride: block == 0 ? stage.stride : 1)
      }
      if stage.channels == 40 { b.mark(.parts, map) }
    }
    let head = b.sameNormed("conv_head", "bn2", map, channels: 1280, kernel: 1)
    let objects = b.activation("act2", head, .relu6)
    b.mark(.objects, objects)
    _ = b.dense("classifier", b.globalAveragePool("pool", objects), channels: classes)
  }
}

extension NetworkBuilder {
  // Convolution and norm with TensorFlow's padding and epsilon.
  fileprivate mutating func sameNormed(
    _ name: String, _ norm: String, _ input: Int, channels: Int, kernel: Int, stride: Int = 1,
    groups: Int = 1
  ) -> Int {
    let map = convolution(
      name, input, channels: channels, kernel: kernel, stride: stride,
      padding: samePadding(input, kernel: kernel, stride: stride), groups: groups)
    return batchNorm(norm, map, epsilon: 1e-3)
  }

  // 1x1 up (but for an expansion of 1), depthwise, 1x1 down without a nonlinearity, and around it where the shape stays.
  fileprivate mutating func liteBlock(
    _ name: String, _ input: Int, expansion: Int, kernel: Int, channels: Int, stride: Int
  ) -> Int {
    let inputs = shape(of: input).channels
    let wide = inputs * expansion
    var (map, number) = (input, 1)
    if expansion > 1 {
      map = sameNormed("\(name).conv_pw", "\(name).bn1", map, channels: wide, kernel: 1)
      map = activation("\(name).act1", map, .relu6)
      number = 2
    }
    map = sameNormed(
      "\(name).conv_dw", "\(name).bn\(number)", map, channels: wide, kernel: kernel,
      stride: stride, groups: wide)
    map = activation("\(name).act\(number)", map, .relu6)
    // Timm calls the projection of a block without expansion by another name.
    map = sameNormed(
      "\(name).\(expansion > 1 ? "conv_pwl" : "conv_pw")", "\(name).bn\(number + 1)", map,
      channels: channels, kernel: 1)
    return stride == 1 && inputs == channels ? sum("\(name).sum", input, map) : map
  }
}
