// The networks of the fast recipes for CIFAR-10's pictures of 32 pixels.

extension Architecture {
  /// The network of airbench94 (Jordan 2024): a 2x2 convolution that whitens, three groups of two convolutions, each pooled once, and a linear head.
  static let airbench94 = Architecture(
    name: "airbench94", purpose: "the record network for CIFAR-10 in minutes",
    input: Shape(32, 32, 3), classes: 10
  ) { b, classes in
    // A filter and its negative for each number of a patch: 24 of coloured pictures.
    let channels = 2 * 4 * b.shape(of: b.input).channels
    let whitened = b.convolution(
      "whiten", b.input, channels: channels, kernel: 2, padding: 0, bias: true, start: .whitening)
    let edges = b.activation("whiten_out", whitened, .gelu)
    b.mark(.edges, edges)
    let first = b.airbenchGroup("group1", edges, channels: 64)
    let parts = b.airbenchGroup("group2", first, channels: 256)
    b.mark(.parts, parts)
    let objects = b.airbenchGroup("group3", parts, channels: 256)
    b.mark(.objects, objects)
    let pooled = b.maxPool("pool", objects, window: 3, stride: 3)
    let logits = b.dense("head", pooled, channels: classes, bias: false, start: .unit)
    _ = b.add("scale", .scale(Scale(factor: 1.0 / 256)), logits)
  }

  /// The ResNet of nine layers of the DAWNBench entry (Page 2018).
  static let resnet9 = Architecture(
    name: "resnet9", purpose: "nine layers for pictures of 32 pixels (Page 2018)",
    input: Shape(32, 32, 3), classes: 10
  ) { b, classes in
    let edges = b.block("prep", b.input, channels: 64)
    b.mark(.edges, edges)
    let first = b.maxPool("pool1", b.block("layer1", edges, channels: 128))
    let second = b.block(
      "layer2", b.residual("layer1_residual", first, channels: 128), channels: 256)
    let parts = b.maxPool("pool2", second)
    b.mark(.parts, parts)
    let third = b.maxPool("pool3", b.block("layer3", parts, channels: 512))
    let objects = b.residual("layer3_residual", third, channels: 512)
    b.mark(.objects, objects)
    let pooled = b.maxPool("pool4", objects, window: 4, stride: 4)
    let logits = b.dense("classifier", pooled, channels: classes, bias: false)
    _ = b.add("scale", .scale(Scale(factor: 0.125)), logits)
  }
}

extension NetworkBuilder {
  // Convolution, pooling, norm without a learned scale, GELU; then the same without pooling.
  fileprivate mutating func airbenchGroup(_ name: String, _ input: Int, channels: Int) -> Int {
    func norm() -> Operation {
      .batchNorm(BatchNorm(epsilon: 1e-12, momentum: 0.4, learnsScale: false))
    }
    let wide = convolution(name + "_conv1", input, channels: channels, kernel: 3, start: .identity)
    let pooled = maxPool(name + "_pool", wide)
    let middle = activation(name + "_out1", add(name + "_norm1", norm(), pooled), .gelu)
    let deep = convolution(name + "_conv2", middle, channels: channels, kernel: 3, start: .identity)
    return activation(name + "_out2", add(name + "_norm2", norm(), deep), .gelu)
  }

  // x + f(f(x)), f a block.
  fileprivate mutating func residual(_ name: String, _ input: Int, channels: Int) -> Int {
    let first = block(name + "1", input, channels: channels)
    return sum(name, input, block(name + "2", first, channels: channels))
  }
}
