// SqueezeNet (Iandola et al. 2016); names as in torchvision.

extension Architecture {
  static let squeezeNet11 = Architecture(
    name: "squeezenet1_1", purpose: "fire modules: few weights", input: Shape(224, 224, 3),
    classes: 1000
  ) { b, classes in
    let stem = b.convolution(
      "features.0", b.input, channels: 64, kernel: 3, stride: 2, padding: 0, bias: true)
    let edges = b.activation("features.1", stem)
    b.mark(.edges, edges)
    func pool(_ number: Int, _ map: Int) -> Int {
      b.maxPool("features.\(number)", map, window: 3, stride: 2, roundsUp: true)
    }
    var map = pool(2, edges)
    map = b.fire(
      "features.4", b.fire("features.3", map, squeeze: 16, expand: 64), squeeze: 16, expand: 64)
    map = pool(5, map)
    map = b.fire(
      "features.7", b.fire("features.6", map, squeeze: 32, expand: 128), squeeze: 32, expand: 128)
    b.mark(.parts, map)
    map = pool(8, map)
    for (number, size) in [(9, 48), (10, 48), (11, 64), (12, 64)] {
      map = b.fire("features.\(number)", map, squeeze: size, expand: 4 * size)
    }
    b.mark(.objects, map)
    let scores = b.convolution("classifier.1", map, channels: classes, kernel: 1, bias: true)
    _ = b.globalAveragePool("pool", b.activation("classifier.2", scores))
  }
}

extension NetworkBuilder {
  // 1x1 down, then 1x1 and 3x3 up side by side.
  fileprivate mutating func fire(_ name: String, _ input: Int, squeeze: Int, expand: Int) -> Int {
    func part(_ b: inout NetworkBuilder, _ part: String, _ map: Int, _ channels: Int, _ kernel: Int)
      -> Int
    {
      let map = b.convolution(
        "\(name).\(part)", map, channels: channels, kernel: kernel, bias: true)
      return b.activation("\(name).\(part)_activation", map)
    }
    let narrow = part(&self, "squeeze", input, squeeze, 1)
    let near = part(&self, "expand1x1", narrow, expand, 1)
    let wide = part(&self, "expand3x3", narrow, expand, 3)
    return concatenation("\(name).join", near, wide)
  }
}
