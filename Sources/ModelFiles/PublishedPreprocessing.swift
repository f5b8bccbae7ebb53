import AvocetImages
import AvocetNetworks

extension Preprocessing {
  /// How pictures are prepared for an architecture's published ImageNet weights.
  ///
  /// As torchvision does: the short side 8/7 of the view, bilinear, ImageNet's mean and deviation. EfficientNet-Lite as its publisher does, bicubic and to -1...1,
  /// but of the whole short side and larger: in training objects were cut out larger than the middle of a picture of 224 pixels shows them (Touvron et al. 2019).
  public static func published(_ architecture: Architecture) -> Preprocessing {
    let input = architecture.input
    let side = min(input.rows, input.columns)
    if architecture.name == Architecture.efficientNetLite0.name {
      return Preprocessing(
        height: input.rows + 48, width: input.columns + 48, shortSide: side + 48,
        interpolation: .bicubic)
    }
    let grey = input.channels == 1
    return Preprocessing(
      height: input.rows, width: input.columns, shortSide: (side * 8 + 3) / 7,
      mean: grey ? [0.449] : [0.485, 0.456, 0.406],
      deviation: grey ? [0.226] : [0.229, 0.224, 0.225], grey: grey)
  }
}
