/// The named parts objects are made of; the raw value is the index in a part map.
enum AviaryPart: UInt8, CaseIterable, Sendable {
  case background, beak, eye, head, body, wing, tail, leg, ear, whisker, nose, mouth, fin, shell
  case horn, antenna, petal, heart, stem, leaf, wall, roof, door, window, chimney, wheel, cabin
  case light, fuselage, tailplane, engine
}

/// The ten classes, in the order of their labels.
enum AviaryClass: Int, CaseIterable, Sendable {
  case bird, fish, butterfly, cat, rabbit, snail, flower, house, car, aeroplane
}

/// A colour in the making: red, green and blue, 0...255.
struct Tint: Sendable {
  var red, green, blue: Double

  /// Hue in turns, saturation and value 0...1.
  init(hue: Double, saturation: Double, value: Double) {
    func channel(_ shift: Double) -> Double {
      let phase = hue * 6 + shift
      let k = phase - 6 * (phase / 6).rounded(.down)
      return 255 * value * (1 - saturation * max(0, min(k, 4 - k, 1)))
    }
    (red, green, blue) = (channel(5), channel(3), channel(1))
  }

  init(_ red: Double, _ green: Double, _ blue: Double) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  /// A step towards another colour.
  func mixed(_ other: Tint, _ share: Double) -> Tint {
    Tint(
      red + (other.red - red) * share, green + (other.green - green) * share,
      blue + (other.blue - blue) * share)
  }

  /// How different two colours look, roughly: 0...255.
  func distance(_ other: Tint) -> Double {
    let (r, g, b) = (red - other.red, green - other.green, blue - other.blue)
    return (r * r * 0.3 + g * g * 0.55 + b * b * 0.15).squareRoot()
  }

  var brightness: Double { red * 0.3 + green * 0.55 + blue * 0.15 }

  /// An everyday name.
  var name: String {
    let (high, low) = (max(red, green, blue), min(red, green, blue))
    if high < 55 { return "black" }
    if high - low < high * 0.2 { return high > 200 ? "white" : "grey" }
    let span = high - low
    var hue: Double
    if high == red {
      hue = (green - blue) / span
    } else if high == green {
      hue = 2 + (blue - red) / span
    } else {
      hue = 4 + (red - green) / span
    }
    if hue < 0 { hue += 6 }
    switch hue {
    case ..<0.35, 5.65...: return high > 190 && low > 120 ? "pink" : "red"
    case ..<0.8: return high < 150 ? "brown" : "orange"
    case ..<1.2: return "yellow"
    case ..<2.6: return "green"
    case ..<3.3: return "turquoise"
    case ..<4.3: return "blue"
    case ..<5: return "purple"
    default: return "pink"
    }
  }

  static let light = Tint(245, 245, 240)
  static let dark = Tint(18, 18, 24)
}
