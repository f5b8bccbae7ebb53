import AvocetImages
import AvocetNetworks

extension Preprocessing {
  /// How pictures are prepared for an architecture's published ImageNet weights.
  ///
  /// As torchvision does: the short side 8/7 of the view, bilinear, ImageNet's mean and deviation. EfficientNet-Lite as its publisher does, bicubic and to -1...1,
  /// but all of it 8/7 as large: objects in training were cut out larger than the middle of a picture shows them (Touvron et al. 2019).
  public static func published(_ architecture: Architecture) -> Preprocessing {
    let input = architecture.input
    let side = min(input.rows, input.columns)
    if architecture.name == Architecture.efficientNetLite0.name {
      return Preprocessing(
        height: input.rows * 8 / 7, width: input.columns * 8 / 7, shortSide: (side + 32) * 8 / 7,
        interpolation: .bicubic)
    }
    let grey = input.channels == 1
    return Preprocessing(
      height: input.rows, width: input.columns, shortSide: (side * 8 + 3) / 7,
      mean: grey ? [0.449] : [0.485, 0.456, 0.406],
      deviation: grey ? [0.226] : [0.229, 0.224, 0.225], grey: grey)
  }
}
