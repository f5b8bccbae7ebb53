import AvocetDrawing
import AvocetImages
import AvocetKernels

/// The object's surface: pattern, shading and outline, chosen without regard to the class.
struct AviarySurface: Sendable {
  enum Pattern: Sendable { case plain, stripes, spots, speckles }

  let pattern: Pattern
  let strength, frequency, cosine, sine, shadeX, shadeY: Double
  let outline: Tint?
  let outlineWidth: Double

  init(_ random: inout CounterRandom, main: Tint) {
    let choice = random.uniform()
    pattern = choice < 0.45 ? .plain : choice < 0.68 ? .stripes : choice < 0.9 ? .spots : .speckles
    strength = random.uniform(in: 0.12...0.38)
    frequency = random.uniform(in: 2.5...6)
    let turn = random.uniform()
    (cosine, sine) = (Trigonometry.cosine(turns: turn), Trigonometry.sine(turns: turn))
    let light = random.uniform()
    let shade = random.uniform(in: 0...0.45)
    shadeX = shade * Trigonometry.cosine(turns: light)
    shadeY = shade * Trigonometry.sine(turns: light)
    let style = random.uniform()
    outline =
      style < 0.3 ? main.mixed(.dark, 0.85) : style < 0.4 ? main.mixed(.light, 0.85) : nil
    outlineWidth = random.uniform(in: 0.02...0.045)
  }

  /// The factor on the brightness at a place on the object.
  func factor(_ x: Double, _ y: Double) -> Double {
    guard pattern != .plain else { return 1 }
    let u = AviarySurface.wave((x * cosine + y * sine) * frequency)
    if pattern == .stripes { return u > 0 ? 1 : 1 - strength }
    let v = AviarySurface.wave((y * cosine - x * sine) * frequency)
    if pattern == .spots { return u * v > 0.12 && u > 0 ? 1 - strength : 1 }
    return 1 + strength * u * v
  }

  /// A rounded triangle wave of period 1 between -1 and 1.
  static func wave(_ t: Double) -> Double {
    let phase = t - t.rounded(.down)
    let s = phase < 0.5 ? phase * 2 : (1 - phase) * 2
    return s * s * (3 - 2 * s) * 2 - 1
  }
}

/// The picture while it is painted: the canvas and the part map under it.
struct AviaryStage: Sendable {
  var canvas: Canvas
  var parts: [UInt8]
  let size: Int

  init(size: Int) {
    self.size = size
    canvas = Canvas(width: size, height: size)
    parts = [UInt8](repeating: 0, count: size * size)
  }

  /// Paints a whole object, all its parts or all but one.
  mutating func paint(
    _ sketch: AviarySketch, _ surface: AviarySurface, through map: Affine,
    without missing: AviaryPart? = nil, marksParts: Bool = true
  ) {
    let determinant = map.a * map.d - map.b * map.c
    guard determinant.magnitude > 1e-9 else { return }
    let inverse = Affine(
      a: map.d / determinant, b: -map.b / determinant, c: -map.c / determinant,
      d: map.a / determinant, tx: (map.c * map.ty - map.d * map.tx) / determinant,
      ty: (map.b * map.tx - map.a * map.ty) / determinant)
    for piece in sketch.pieces where piece.part != missing {
      let path = piece.path.transformed(map)
      let part = marksParts ? piece.part : nil
      if let pen = piece.penWidth {
        let width = max(0.9, pen * map.magnification)
        let coverage = Coverage(stroking: path, penWidth: width, width: size, height: size)
        paint(coverage, piece.tint, nil, inverse, part: part, threshold: 0.45)
        continue
      }
      let coverage = Coverage(filling: path, width: size, height: size)
      paint(
        coverage, piece.tint, piece.isSurface ? surface : nil, inverse, part: part, threshold: 0.5)
      if let outline = surface.outline, piece.isSurface {
        let width = max(0.7, surface.outlineWidth * map.magnification)
        let edge = Coverage(stroking: path, penWidth: width, width: size, height: size)
        paint(edge, outline, nil, inverse, part: part, threshold: 0.6)
      }
    }
  }

  private mutating func paint(
    _ coverage: Coverage, _ tint: Tint, _ surface: AviarySurface?, _ inverse: Affine,
    part: AviaryPart?, threshold: Float
  ) {
    let (middleX, middleY) = (Double(coverage.width) / 2, Double(coverage.height) / 2)
    let (stepX, stepY) = (2 / max(1, middleX * 2), 2 / max(1, middleY * 2))
    let (red, green, blue) = (tint.red, tint.green, tint.blue)
    for row in 0..<coverage.height {
      let start = (row + coverage.y) * size + coverage.x
      for column in 0..<coverage.width {
        let share = coverage.values[row * coverage.width + column]
        guard share > 0 else { continue }
        var factor: Float = 1
        if let surface {
          let place = inverse(
            Point(Double(column + coverage.x) + 0.5, Double(row + coverage.y) + 0.5))
          let shade =
            (Double(column) - middleX) * stepX * surface.shadeX
            + (Double(row) - middleY) * stepY * surface.shadeY
          factor = Float((1 + shade) * surface.factor(place.x, place.y))
        }
        let index = 3 * (start + column)
        canvas.values[index] += (Float(red) * factor - canvas.values[index]) * share
        canvas.values[index + 1] += (Float(green) * factor - canvas.values[index + 1]) * share
        canvas.values[index + 2] += (Float(blue) * factor - canvas.values[index + 2]) * share
        if let part, share >= threshold { parts[start + column] = part.rawValue }
      }
    }
  }

  /// Paints something that is no part of the object; where it covers the object, the map forgets it.
  mutating func cover(_ path: Path, _ tint: Tint, opacity: Double = 1, penWidth: Double? = nil) {
    let coverage =
      penWidth.map { Coverage(stroking: path, penWidth: $0, width: size, height: size) }
      ?? Coverage(filling: path, width: size, height: size)
    canvas.fill(coverage, tint.bytes, opacity: opacity)
    guard opacity > 0.5 else { return }
    for row in 0..<coverage.height {
      for column in 0..<coverage.width
      where coverage.values[row * coverage.width + column] >= 0.5 {
        parts[(row + coverage.y) * size + coverage.x + column] = 0
      }
    }
  }

  /// Blurs along rows and columns, by three-tap passes or running means; the radius is a share of the side.
  mutating func blur(radius: Double) {
    let steps = max(1, Int((radius * Double(size)).rounded(.up)))
    guard steps <= 2 else {
      // Two running means of the same variance: the cost no longer grows with the radius.
      let reach = max(1, Int((radius * Double(size)).rounded()))
      for _ in 0..<2 {
        AviaryStage.mean(&canvas.values, stride: 3 * size, step: 3, size, reach)
        AviaryStage.mean(&canvas.values, stride: 3, step: 3 * size, size, reach)
      }
      return
    }
    let share = radius * Double(size) / Double(steps)
    let weight = Float(min(1, share * share) / 3)
    for _ in 0..<(steps * steps) {
      AviaryStage.smooth(&canvas.values, lines: size, stride: 3 * size, step: 3, size, weight)
      AviaryStage.smooth(&canvas.values, lines: size, stride: 3, step: 3 * size, size, weight)
    }
  }

  /// Replaces every value of every line by the mean of its neighbours within reach.
  private static func mean(
    _ values: inout [Float], stride: Int, step: Int, _ count: Int, _ reach: Int
  ) {
    var line = [Float](repeating: 0, count: count + 2 * reach + 1)
    let inverse = 1 / Float(2 * reach + 1)
    for start in 0..<count {
      for channel in 0..<3 {
        let first = start * stride + channel
        for place in 0..<line.count {
          line[place] = values[first + min(count - 1, max(0, place - reach)) * step]
        }
        var sum: Float = 0
        for place in 0..<(2 * reach + 1) { sum += line[place] }
        for place in 0..<count {
          values[first + place * step] = sum * inverse
          sum += line[place + 2 * reach + 1] - line[place]
        }
      }
    }
  }

  private static func smooth(
    _ values: inout [Float], lines: Int, stride: Int, step: Int, _ count: Int, _ weight: Float
  ) {
    for line in 0..<lines {
      for channel in 0..<3 {
        var index = line * stride + channel
        var before = values[index]
        for place in 0..<count {
          let here = values[index]
          let after = place + 1 < count ? values[index + step] : here
          values[index] = here + (before + after - 2 * here) * weight
          before = here
          index += step
        }
      }
    }
  }
}

extension Tint {
  var bytes: RGB {
    func byte(_ value: Double) -> UInt8 { UInt8(max(0, min(255, value)) + 0.5) }
    return RGB(byte(red), byte(green), byte(blue))
  }
}
