// SqueezeNet (Iandola et al. 2016); names as in torchvision.

extension Architecture {
  static let squeezeNet10 = Architecture(
    name: "squeezenet1_0", purpose: "fire modules: few weights (first version)",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in b.squeezeNet(channels: 96, kernel: 7, poolsAfter: [0, 3, 7], classes) }

  static let squeezeNet11 = Architecture(
    name: "squeezenet1_1", purpose: "fire modules: few weights", input: Shape(224, 224, 3),
    classes: 1000
  ) { b, classes in b.squeezeNet(channels: 64, kernel: 3, poolsAfter: [0, 2, 4], classes) }
}

extension NetworkBuilder {
  // A convolution and eight fire modules, pooled after so many of them.
  fileprivate mutating func squeezeNet(
    channels: Int, kernel: Int, poolsAfter: Set<Int>, _ classes: Int
  ) {
    let stem = convolution(
      "features.0", input, channels: channels, kernel: kernel, stride: 2, padding: 0, bias: true)
    var map = activation("features.1", stem)
    mark(.edges, map)
    // Torchvision numbers the pools too.
    var number = 2
    for (done, size) in [16, 16, 32, 32, 48, 48, 64, 64].enumerated() {
      if poolsAfter.contains(done) {
        map = maxPool("features.\(number)", map, window: 3, stride: 2, roundsUp: true)
        number += 1
      }
      map = fire("features.\(number)", map, squeeze: size, expand: 4 * size)
      number += 1
      if done == 3 { mark(.parts, map) }
    }
    mark(.objects, map)
    let scores = convolution("classifier.1", map, channels: classes, kernel: 1, bias: true)
    _ = globalAveragePool("pool", activation("classifier.2", scores))
  }

  // 1x1 down, then 1x1 and 3x3 up side by side.
  private mutating func fire(_ name: String, _ input: Int, squeeze: Int, expand: Int) -> Int {
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
