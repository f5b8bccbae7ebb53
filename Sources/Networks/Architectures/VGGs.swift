// Towers of 3x3 convolutions (Simonyan and Zisserman 2014); names as in torchvision.

extension Architecture {
  static let vgg11BN = Architecture(
    name: "vgg11_bn", purpose: "eight 3x3 convolutions with batch norm and three dense layers",
    input: Shape(224, 224, 3), classes: 1000
  ) { b, classes in
    var (map, number) = (b.input, 0)
    for (stage, widths) in [[64], [128], [256, 256], [512, 512], [512, 512]].enumerated() {
      for channels in widths {
        map = b.convolution("features.\(number)", map, channels: channels, kernel: 3, bias: true)
        map = b.activation(
          "features.\(number + 2)", b.batchNorm("features.\(number + 1)", map))
        number += 3
      }
      switch stage {
      case 0: b.mark(.edges, map)
      case 2: b.mark(.parts, map)
      case 4: b.mark(.objects, map)
      default: break
      }
      map = b.maxPool("features.\(number)", map)
      number += 1
    }
    for number in [0, 3] {
      map = b.activation(
        "classifier.\(number + 1)", b.dense("classifier.\(number)", map, channels: 4096))
    }
    _ = b.dense("classifier.6", map, channels: classes)
  }
}
