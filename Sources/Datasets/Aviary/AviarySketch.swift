import AvocetDrawing
import AvocetKernels

/// One painted shape of an object, in the object's own coordinates (about -1...1, y downwards).
struct AviaryPiece: Sendable {
  let part: AviaryPart
  let path: Path
  let tint: Tint
  /// Nil fills the path; a number draws it with a pen of that width.
  let penWidth: Double?
  /// Whether the object's pattern and outline go over it.
  let isSurface: Bool
}

/// An object being drawn: its pieces from back to front, and the random choices they come from.
struct AviarySketch: Sendable {
  var random: CounterRandom
  var pieces: [AviaryPiece] = []
  var map = Affine.identity
  /// Main, second, third colour, and the colours of details.
  var main, second, third, glass, ink: Tint
  /// Words for the caption, such as "with a yellow beak".
  var remark = ""
  /// Whether left and right can be told apart.
  var hasDirection = true

  init(_ kind: AviaryClass, random: CounterRandom) {
    var random = random
    main = AviarySketch.color(&random)
    second = AviarySketch.distinct(from: main, &random)
    third = AviarySketch.distinct(from: main, &random)
    glass = AviarySketch.distinct(from: main, &random)
    ink = main.brightness > 120 ? main.mixed(.dark, 0.8) : main.mixed(.light, 0.8)
    if random.chance(0.35) { second = main.mixed(second, 0.25) }
    self.random = random
    switch kind {
    case .bird: bird()
    case .fish: fish()
    case .butterfly: butterfly()
    case .cat: mammal(isCat: true)
    case .rabbit: mammal(isCat: false)
    case .snail: snail()
    case .flower: flower()
    case .house: house()
    case .car: car()
    case .aeroplane: aeroplane()
    }
  }

  static func color(_ random: inout CounterRandom) -> Tint {
    Tint(
      hue: random.uniform(), saturation: random.uniform(in: 0.1...0.95),
      value: random.uniform(in: 0.25...1))
  }

  /// The one of three random colours that is furthest from the given.
  static func distinct(from other: Tint, _ random: inout CounterRandom) -> Tint {
    var best = color(&random)
    for _ in 0..<2 {
      let next = color(&random)
      if next.distance(other) > best.distance(other) { best = next }
    }
    return best
  }

  mutating func between(_ low: Double, _ high: Double) -> Double {
    random.uniform(in: low...high)
  }

  mutating func fill(_ part: AviaryPart, _ path: Path, _ tint: Tint, surface: Bool = true) {
    pieces.append(
      AviaryPiece(
        part: part, path: path.transformed(map), tint: tint, penWidth: nil, isSurface: surface))
  }

  mutating func stroke(_ part: AviaryPart, _ path: Path, _ tint: Tint, pen: Double) {
    pieces.append(
      AviaryPiece(
        part: part, path: path.transformed(map), tint: tint, penWidth: pen * map.magnification,
        isSurface: false))
  }

  /// Draws with a further map applied before the present one.
  mutating func placed(_ inner: Affine, _ draw: (inout AviarySketch) -> Void) {
    let outer = map
    map = inner.then(outer)
    draw(&self)
    map = outer
  }

  /// A ring of edges: white, pupil and glint, or a plain dark spot.
  mutating func eye(_ x: Double, _ y: Double, _ radius: Double) {
    let center = Point(x, y)
    let rim = random.pick([
      Tint.light, Tint(250, 210, 60), Tint(160, 220, 250), Tint(190, 240, 150),
    ])
    let style = random.uniform()
    let glint = between(0.3, 0.5)
    if style < 0.85 {
      fill(.eye, .circle(center, radius), rim, surface: false)
      fill(.eye, .circle(center, radius * 0.58), .dark, surface: false)
    } else {
      fill(.eye, .circle(center, radius * 0.9), .dark, surface: false)
      fill(
        .eye, .circle(Point(x - radius * glint, y - radius * glint), radius * 0.35), .light,
        surface: false)
    }
  }

}

extension Path {
  static func circle(_ center: Point, _ radius: Double) -> Path {
    ellipse(center: center, radiusX: radius, radiusY: radius)
  }

  static func oval(_ x: Double, _ y: Double, _ radiusX: Double, _ radiusY: Double) -> Path {
    ellipse(center: Point(x, y), radiusX: radiusX, radiusY: radiusY)
  }

  /// A polygon, or a smooth closed curve, through pairs of coordinates.
  static func shape(_ coordinates: [Double], smooth isSmooth: Bool = false) -> Path {
    let points = stride(from: 0, to: coordinates.count - 1, by: 2).map {
      Point(coordinates[$0], coordinates[$0 + 1])
    }
    return isSmooth ? smooth(points) : polygon(points)
  }

  /// An open smooth curve through pairs of coordinates.
  static func curve(_ coordinates: [Double]) -> Path {
    let points = stride(from: 0, to: coordinates.count - 1, by: 2).map {
      Point(coordinates[$0], coordinates[$0 + 1])
    }
    return smooth(points, closed: false)
  }

  /// A drop from the origin along x: a wing, a petal, a leaf or an ear by its proportions.
  static func drop(length: Double, width: Double, point: Double = 0.3) -> Path {
    var path = Path()
    path.move(to: Point(0, 0))
    path.cubic(
      control: Point(length * point, -width), Point(length * 0.9, -width), to: Point(length, 0))
    path.cubic(control: Point(length * 0.9, width), Point(length * point, width), to: Point(0, 0))
    path.close()
    return path
  }

  /// A blade from the origin along x that ends in a point.
  static func blade(length: Double, width: Double) -> Path {
    var path = Path()
    path.move(to: Point(0, 0))
    path.quadratic(control: Point(length * 0.35, -width * 1.6), to: Point(length, 0))
    path.quadratic(control: Point(length * 0.35, width * 1.6), to: Point(0, 0))
    path.close()
    return path
  }
}
