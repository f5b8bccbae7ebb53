import AvocetImages
import Testing

/// Whole views against Pillow and torchvision's rules; `Golden/make-golden.py` printed the cases.
@Suite struct GoldenResizingTests {
  enum Picture { case noise, gradient }

  struct Case: Sendable {
    let image: Image
    let preprocessing: Preprocessing
    let middle: [UInt8]
    let hash: UInt64

    init(
      _ picture: Picture, _ width: Int, _ height: Int, _ shortSide: Int, _ side: Int,
      _ filter: Interpolation, _ middle: [UInt8], _ hash: UInt64
    ) {
      image = picture == .noise ? noise(width, height) : gradient(width, height)
      preprocessing = Preprocessing(
        height: side, width: side, shortSide: shortSide, interpolation: filter,
        background: [0, 0, 0])
      (self.middle, self.hash) = (middle, hash)
    }
  }

  // Picture, width, height, short side, side of the view, filter; the pixel in the middle and the hash of all bytes.
  static let pillow = [
    Case(.noise, 300, 200, 256, 224, .bilinear, [46, 186, 124], 0x18d66679c1da5596),
    Case(.noise, 300, 200, 256, 224, .bicubic, [29, 195, 123], 0x711c0addcd75c5ad),
    Case(.noise, 200, 300, 256, 224, .bilinear, [106, 47, 187], 0x1cb602301218b155),
    Case(.noise, 200, 300, 256, 224, .bicubic, [102, 30, 207], 0xb57330a4ada78ad6),
    Case(.gradient, 500, 375, 256, 224, .bilinear, [127, 127, 135], 0x49b5adabd08fd05b),
    Case(.gradient, 500, 375, 256, 224, .bicubic, [126, 127, 135], 0x34647da620acefdf),
    Case(.noise, 641, 427, 256, 224, .bilinear, [78, 214, 159], 0x9718ce567ad02d5b),
    Case(.noise, 641, 427, 256, 224, .bicubic, [72, 230, 165], 0x99cd40f66b596fe1),
    Case(.noise, 97, 333, 64, 56, .bilinear, [116, 142, 81], 0x5b256c9546104ee5),
    Case(.noise, 97, 333, 64, 56, .bicubic, [115, 145, 71], 0xe058e3fbf474a00d),
    Case(.gradient, 1000, 231, 72, 64, .bilinear, [128, 128, 159], 0x39326c29cb633982),
    Case(.gradient, 1000, 231, 72, 64, .bicubic, [128, 128, 159], 0x96f54450eb340dcc),
    Case(.noise, 224, 224, 256, 224, .bilinear, [120, 58, 235], 0x92ee7f3685ea1d94),
    Case(.noise, 224, 224, 256, 224, .bicubic, [122, 46, 243], 0x35c5619dab2a6a4d),
    Case(.noise, 50, 41, 13, 16, .bilinear, [137, 148, 117], 0xe25f9e3ce353989f),
    Case(.noise, 50, 41, 13, 16, .bicubic, [143, 147, 111], 0xe4216e8a262adf19),
    Case(.noise, 41, 90, 15, 20, .bilinear, [151, 125, 135], 0x5c79b7569a30373f),
    Case(.noise, 41, 90, 15, 20, .bicubic, [149, 122, 137], 0xc500e6c8c3bf1678),
  ]

  @Test(arguments: pillow) func aViewHasTheBytesOfPillowAndTorchvision(expected: Case) {
    let side = expected.preprocessing.width
    let view = expected.preprocessing.view(of: expected.image)
    let middle = view[side / 2, side / 2]
    #expect([middle.red, middle.green, middle.blue] == expected.middle)
    #expect(hash(view.pixels) == expected.hash)
  }
}
