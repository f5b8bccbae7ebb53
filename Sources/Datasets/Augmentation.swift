import AvocetImages
import AvocetKernels

/// What may happen to a training picture. Each ingredient is off at its default.
public struct Augmentation: Codable, Hashable, Sendable {
  /// Pixels of the view by which it may be moved each way; what comes in repeats the edge mirrored.
  public var shift: Int
  /// The least and greatest share of the picture's area that a random crop keeps, its sides 3:4 to 4:3; nil: the whole picture.
  public var cropScale: [Double]?
  /// Whether half of the pictures are mirrored.
  public var flip: Bool
  /// Whether a picture that is mirrored in one epoch is not in the next, and the other way round (Jordan 2024).
  public var alternatesFlip: Bool
  /// The greatest relative change of brightness, contrast and saturation.
  public var brightness, contrast, saturation: Double
  /// The side in pixels of a square that is blanked out (DeVries and Taylor 2017), 0 for none.
  public var cutout: Int
  /// The shares of the pictures that are mixed with another, in one way or the other; see `Mix`.
  public var mixup, cutmix: Double

  /// These ingredients.
  public init(
    shift: Int = 0, cropScale: ClosedRange<Double>? = nil, flip: Bool = false,
    alternatesFlip: Bool = false,
    brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, cutout: Int = 0,
    mixup: Double = 0, cutmix: Double = 0
  ) {
    (self.shift, self.flip, self.cutout) = (shift, flip, cutout)
    (self.alternatesFlip, self.mixup, self.cutmix) = (alternatesFlip, mixup, cutmix)
    self.cropScale = cropScale.map { [$0.lowerBound, $0.upperBound] }
    (self.brightness, self.contrast, self.saturation) = (brightness, contrast, saturation)
  }

  /// Reads the ingredients; those that are not there are off.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ off: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? off
    }
    self.init(
      shift: try value(.shift, 0), flip: try value(.flip, false),
      alternatesFlip: try value(.alternatesFlip, false), brightness: try value(.brightness, 0),
      contrast: try value(.contrast, 0), saturation: try value(.saturation, 0),
      cutout: try value(.cutout, 0), mixup: try value(.mixup, 0), cutmix: try value(.cutmix, 0))
    cropScale = try values.decodeIfPresent([Double].self, forKey: .cropScale)
  }

  /// What cannot be done to views of `side` pixels, or nil; a recipe's file may hold anything.
  public func problem(side: Int) -> String? {
    for (name, value) in [("shift", shift), ("cutout", cutout)] where !(0...side).contains(value) {
      return "\(name) is \(value); 0 to \(side) is allowed"
    }
    let changes = [
      ("brightness", brightness), ("contrast", contrast), ("saturation", saturation),
    ]
    for (name, value) in changes where !(0...1).contains(value) {
      return "\(name) is \(value); 0 to 1 is allowed"
    }
    if !(mixup >= 0 && cutmix >= 0 && mixup + cutmix <= 1) {
      return "mixup is \(mixup) and cutmix \(cutmix); from 0, together up to 1 is allowed"
    }
    if let cropScale {
      guard cropScale.count == 2, cropScale[0] > 0, cropScale[0] <= cropScale[1], cropScale[1] <= 1
      else { return "cropScale is \(cropScale); two rising numbers above 0, up to 1, are allowed" }
    }
    return nil
  }

  /// What happens to one picture in one epoch.
  public struct Choice: Hashable, Sendable {
    /// The part of the picture that is kept, in shares of its sides.
    public var crop: Rectangle?
    /// Pixels of the view.
    public var shiftX, shiftY: Int
    /// Whether it is mirrored.
    public var mirrored: Bool
    /// Factors.
    public var brightness, contrast, saturation: Double
    /// Where the blank square's middle lies, in shares of the view's sides.
    public var cutoutX, cutoutY: Double
  }

  /// The choice for a picture: a function of (seed, epoch, index) alone.
  public func choice(seed: UInt64, epoch: Int, index: Int) -> Choice {
    var random = CounterRandom(seed: seed, purpose: "augmentation", epoch: epoch, index: index)
    var crop: Rectangle?
    let (area, shape) = (random.uniform(), random.uniform(-1, 1))
    let (left, top) = (random.uniform(), random.uniform())
    if let cropScale, cropScale.count == 2 {
      // The side of the crop grows with the area's root; its shape runs from 3:4 to 4:3.
      let side = (cropScale[0] + (cropScale[1] - cropScale[0]) * area).squareRoot()
      let (narrow, wide) = (0.75.squareRoot(), (4.0 / 3).squareRoot())
      let stretch = (narrow + wide) / 2 + shape * (wide - narrow) / 2
      let (width, height) = (min(1, side * stretch), min(1, side / stretch))
      crop = Rectangle(x: left * (1 - width), y: top * (1 - height), width: width, height: height)
    }
    func factor(_ change: Double) -> Double { max(0, 1 + change * random.uniform(-1, 1)) }
    func mirrored() -> Bool {
      guard flip else { return false }
      let tossed = random.chance(0.5)
      guard alternatesFlip else { return tossed }
      var first = CounterRandom(seed: seed, purpose: "first flip", index: index)
      return first.chance(0.5) != (epoch % 2 == 1)
    }
    return Choice(
      crop: crop, shiftX: random.integer(below: 2 * shift + 1) - shift,
      shiftY: random.integer(below: 2 * shift + 1) - shift, mirrored: mirrored(),
      brightness: factor(brightness), contrast: factor(contrast), saturation: factor(saturation),
      cutoutX: random.uniform(), cutoutY: random.uniform())
  }

  /// The part of the picture that the choice keeps, before it is made a view.
  public func cropped(_ image: Image, _ choice: Choice) -> Image {
    guard let crop = choice.crop else { return image }
    let width = max(1, Int(crop.width * Double(image.width)))
    let height = max(1, Int(crop.height * Double(image.height)))
    let x = min(image.width - width, Int(crop.x * Double(image.width)))
    let y = min(image.height - height, Int(crop.y * Double(image.height)))
    return image.cropped(x: x, y: y, width: width, height: height, background: .black)
  }

  /// The view after moving, mirroring, colouring and blanking.
  public func apply(_ choice: Choice, to view: Image, blank: RGB) -> Image {
    var result = view.shifted(x: choice.shiftX, y: choice.shiftY, mirrored: choice.mirrored)
    recolour(&result, choice)
    if cutout > 0 {
      let x = Int(choice.cutoutX * Double(view.width)) - cutout / 2
      let y = Int(choice.cutoutY * Double(view.height)) - cutout / 2
      for row in max(0, y)..<min(view.height, max(0, y + cutout)) {
        for column in max(0, x)..<min(view.width, max(0, x + cutout)) {
          result[column, row] = blank
        }
      }
    }
    return result
  }

  // Brightness, then contrast around the mean luma, then saturation around each pixel's own (the order of the factors is fixed).
  private func recolour(_ image: inout Image, _ choice: Choice) {
    if choice.brightness == 1 && choice.contrast == 1 && choice.saturation == 1 { return }
    var sum = 0
    for i in stride(from: 0, to: image.pixels.count, by: 3) {
      sum += luma(image.pixels[i], image.pixels[i + 1], image.pixels[i + 2])
    }
    let mean = Float(sum) / Float(max(1, image.pixels.count / 3)) * Float(choice.brightness)
    let (b, c, s) = (Float(choice.brightness), Float(choice.contrast), Float(choice.saturation))
    for i in stride(from: 0, to: image.pixels.count, by: 3) {
      let grey = Float(luma(image.pixels[i], image.pixels[i + 1], image.pixels[i + 2])) * b
      for k in 0..<3 {
        let coloured = grey + s * (Float(image.pixels[i + k]) * b - grey)
        let value = mean + c * (coloured - mean)
        image.pixels[i + k] = UInt8(min(max(value + 0.5, 0), 255))
      }
    }
  }

  private func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
    (299 * Int(red) + 587 * Int(green) + 114 * Int(blue) + 500) / 1000
  }
}
