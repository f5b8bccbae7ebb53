// The network that began it (Krizhevsky, Sutskever and Hinton 2012), in its one-tower form (Krizhevsky 2014); names as in torchvision.

extension Architecture {
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
