import AvocetImages

/// Where a text's given point lies on it: at its left end, its middle or its right end.
public enum TextAlignment: Sendable {
  case left, center, right
}

/// The stroke font: every glyph's lines and curves, read once from the table.
enum StrokeFont {
  struct Glyph: Sendable {
    /// To the next glyph, in grid units, the gap between letters included.
    let advance: Double
    let path: Path
  }

  static let glyphs: [Character: Glyph] = {
    var result: [Character: Glyph] = [:]
    for table in [Glyphs.letters, Glyphs.figures, Glyphs.signs] {
      for (character, definition) in table { result[character] = glyph(definition) }
    }
    return result
  }()

  /// The box shown for what the font lacks.
  static let missing = glyph("9 M 0 0 L 0 14 8 14 8 0 0 0")

  static let gap = 2.8

  static func glyph(of character: Character) -> Glyph { glyphs[character] ?? missing }

  private static func glyph(_ definition: String) -> Glyph {
    var path = Path()
    var advance = 0.0
    var command: Substring = ""
    var numbers: [Double] = []
    func point(_ index: Int) -> Point { Point(numbers[index], numbers[index + 1]) }
    for (rank, word) in definition.split(separator: " ").enumerated() {
      guard let number = Double(word) else {
        command = word
        continue
      }
      if rank == 0 {
        advance = number
        continue
      }
      numbers.append(number)
      switch (command, numbers.count) {
      case ("M", 2): path.move(to: point(0))
      case ("L", 2): path.line(to: point(0))
      case ("Q", 4): path.quadratic(control: point(0), to: point(2))
      case ("C", 6): path.cubic(control: point(0), point(2), to: point(4))
      default: continue
      }
      numbers = []
    }
    return Glyph(advance: advance + gap, path: path)
  }
}

extension Canvas {
  /// A text's width in pixels: the advances of its glyphs, less the last gap.
  public static func textWidth(_ text: String, size: Double) -> Double {
    guard !text.isEmpty else { return 0 }
    let units = text.reduce(-StrokeFont.gap) { $0 + StrokeFont.glyph(of: $1).advance }
    return units * size / 20 + pen(size, weight: 1)
  }

  /// The pen's width in pixels at a font size.
  private static func pen(_ size: Double, weight: Double) -> Double {
    max(1, size * 0.075) * weight
  }

  /// Writes one line of text in the stroke font; the point lies on the base line.
  ///
  /// Capitals are 0.7 of the size high, small letters 0.5; brackets reach 0.8, tails hang 0.2.
  /// Glyphs stand on whole pixels and their heights are whole pixels, so small sizes stay crisp.
  /// Characters beyond ASCII show as a box.
  public mutating func text(
    _ text: String, at point: Point, size: Double, color: RGB = .black,
    alignment: TextAlignment = .left, weight: Double = 1, opacity: Double = 1
  ) {
    let pen = Canvas.pen(size, weight: weight)
    for path in Canvas.letters(text, at: point, size: size, alignment: alignment, pen: pen) {
      stroke(path, color, penWidth: pen, opacity: opacity)
    }
  }

  /// Writes upwards; the point is the start of the base line, which stands to the letters' right.
  public mutating func verticalText(
    _ text: String, at point: Point, size: Double, color: RGB = .black,
    alignment: TextAlignment = .left
  ) {
    let pen = Canvas.pen(size, weight: 1)
    let turn = Affine(a: 0, b: -1, c: 1, d: 0, tx: point.x.rounded(), ty: point.y.rounded())
    let origin = Point(0, 0)
    for path in Canvas.letters(text, at: origin, size: size, alignment: alignment, pen: pen) {
      stroke(path.transformed(turn), color, penWidth: pen)
    }
  }

  private static func letters(
    _ text: String, at point: Point, size: Double, alignment: TextAlignment, pen: Double
  ) -> [Path] {
    let total = textWidth(text, size: size)
    let unit = size / 20
    var position = point.x + pen / 2
    switch alignment {
    case .left: break
    case .center: position -= total / 2
    case .right: position -= total
    }
    // The middle of a one-pixel pen belongs on the middle of a pixel.
    let offset = pen < 1.75 ? 0.5 : 0
    let base = (point.y - pen / 2 - offset).rounded() + offset
    let small = max(1, (10 * unit).rounded())
    let capital = max(small + 1, (14 * unit).rounded())
    return text.map { character in
      let glyph = StrokeFont.glyph(of: character)
      let left = (position - offset).rounded() + offset
      position += glyph.advance * unit
      return glyph.path.mapped { grid in
        let rise =
          grid.y <= 10 ? grid.y / 10 * small : small + (grid.y - 10) / 4 * (capital - small)
        return Point(left + grid.x * unit, base - rise)
      }
    }
  }
}
