// The network that began it (Krizhevsky, Sutskever and Hinton 2012), and its one-tower form (Krizhevsky 2014); names as in Caffe and torchvision.

extension Architecture {
  /// The network of 2012: its two towers are two groups of channels, which meet in the third convolution and in the dense layers.
  static let alexnet2012 = Architecture(
    name: "alexnet_2012", purpose: "the two towers of 2012, with local response normalisation",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in
    func convolution(
      _ number: Int, _ input: Int, _ channels: Int, _ kernel: Int, stride: Int = 1, padding: Int,
      groups: Int
    ) -> Int {
      let map = b.convolution(
        "conv\(number)", input, channels: channels, kernel: kernel, stride: stride,
        padding: padding, groups: groups, bias: true)
      return b.activation("relu\(number)", map)
    }
    func pool(_ number: Int, _ input: Int) -> Int {
      b.maxPool("pool\(number)", input, window: 3, stride: 2)
    }
    func norm(_ number: Int, _ input: Int) -> Int {
      b.add("norm\(number)", .localResponseNorm(LocalResponseNorm()), input)
    }
    let edges = convolution(1, b.input, 96, 11, stride: 4, padding: 2, groups: 1)
    b.mark(.edges, edges)
    let second = convolution(2, pool(1, norm(1, edges)), 256, 5, padding: 2, groups: 2)
    let third = convolution(3, pool(2, norm(2, second)), 384, 3, padding: 1, groups: 1)
    b.mark(.parts, third)
    let fourth = convolution(4, third, 384, 3, padding: 1, groups: 2)
    let objects = convolution(5, fourth, 256, 3, padding: 1, groups: 2)
    b.mark(.objects, objects)
    var map = pool(5, objects)
    for number in [6, 7] {
      map = b.activation("relu\(number)", b.dense("fc\(number)", map, channels: 4096))
    }
    _ = b.dense("fc8", map, channels: classes)
  }

  static let alexnet = Architecture(
    name: "alexnet", purpose: "five convolutions and three dense layers, one tower",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in
    func convolution(
      _ number: Int, _ input: Int, _ channels: Int, _ kernel: Int, stride: Int = 1, padding: Int
    ) -> Int {
      let map = b.convolution(
        "features.\(number)", input, channels: channels, kernel: kernel, stride: stride,
        padding: padding, bias: true)
      return b.activation("features.\(number + 1)", map)
    }
    func pool(_ number: Int, _ input: Int) -> Int {
      b.maxPool("features.\(number)", input, window: 3, stride: 2)
    }
    let edges = convolution(0, b.input, 64, 11, stride: 4, padding: 2)
    b.mark(.edges, edges)
    let second = convolution(3, pool(2, edges), 192, 5, padding: 2)
    let third = convolution(6, pool(5, second), 384, 3, padding: 1)
    b.mark(.parts, third)
    let fourth = convolution(8, third, 256, 3, padding: 1)
    let objects = convolution(10, fourth, 256, 3, padding: 1)
    b.mark(.objects, objects)
    var map = pool(12, objects)
    for number in [1, 4] {
      map = b.activation(
        "classifier.\(number + 1)", b.dense("classifier.\(number)", map, channels: 4096))
    }
    _ = b.dense("classifier.6", map, channels: classes)
  }
}
