import AvocetDrawing
import AvocetImages
import AvocetKernels

/// What lies behind the object: one texture, or two that meet at a horizon, with clutter on it.
struct AviaryBackdrop: Sendable {
  enum Texture: Int, CaseIterable, Sendable {
    case sky, stripes, tiles, clouds, bricks, grass, dots

    var noun: String {
      switch self {
      case .sky: "sky"
      case .stripes: "stripes"
      case .tiles: "tiles"
      case .clouds: "clouds"
      case .bricks: "bricks"
      case .grass: "grass"
      case .dots: "dots"
      }
    }
  }

  private struct Area: Sendable {
    let texture: Texture
    let first, second: Tint
    let scale, cosine, sine, shift: Double
  }

  private var random: CounterRandom
  private let upper: Area
  private let lower: Area?
  private let horizon, slope: Double
  private let lattice: [Double]
  /// Words for the caption.
  let description: String

  init(random: CounterRandom, awayFrom main: Tint) {
    var random = random
    upper = AviaryBackdrop.area(&random, awayFrom: main)
    let hasGround = random.chance(0.45)
    let ground = AviaryBackdrop.area(&random, awayFrom: main)
    lower = hasGround ? ground : nil
    horizon = random.uniform(in: 0.45...0.85)
    slope = random.uniform(in: -0.25...0.25)
    lattice = (0..<256).map { _ in random.uniform() }
    description =
      hasGround
      ? "above \(ground.first.name) \(ground.texture.noun)"
      : "before \(upper.first.name) \(upper.texture.noun)"
    self.random = random
  }

  private static func area(_ random: inout CounterRandom, awayFrom main: Tint) -> Area {
    let texture = random.pick(Texture.allCases)
    var first = AviarySketch.distinct(from: main, &random)
    // Nearly the object's own colour would hide it.
    if first.distance(main) < 70 {
      first = first.mixed(main.brightness > 127 ? .dark : .light, 0.6)
    }
    let second = first.mixed(AviarySketch.color(&random), random.uniform(in: 0.12...0.45))
    let turn = random.uniform()
    return Area(
      texture: texture, first: first, second: second, scale: random.uniform(in: 3...11),
      cosine: Trigonometry.cosine(turns: turn), sine: Trigonometry.sine(turns: turn),
      shift: random.uniform())
  }

  /// Paints the textures and the clutter.
  mutating func paint(on stage: inout AviaryStage) {
    let size = stage.size
    let unit = 1 / Double(size)
    for row in 0..<size {
      for column in 0..<size {
        let (x, y) = ((Double(column) + 0.5) * unit, (Double(row) + 0.5) * unit)
        let depth = y - horizon - slope * (x - 0.5)
        var area = upper
        if let lower, depth > 0 { area = lower }
        let share = min(1, max(0, self.share(area, x, y)))
        let index = 3 * (row * size + column)
        stage.canvas.values[index] = Float(
          area.first.red + (area.second.red - area.first.red) * share)
        stage.canvas.values[index + 1] = Float(
          area.first.green + (area.second.green - area.first.green) * share)
        stage.canvas.values[index + 2] = Float(
          area.first.blue + (area.second.blue - area.first.blue) * share)
      }
    }
    clutter(on: &stage)
  }

  private func share(_ area: Area, _ x: Double, _ y: Double) -> Double {
    let u = (x * area.cosine + y * area.sine) * area.scale + area.shift * 8
    let v = (y * area.cosine - x * area.sine) * area.scale + area.shift * 5
    switch area.texture {
    case .sky: return (x - 0.5) * area.cosine + (y - 0.5) * area.sine + 0.5
    case .stripes: return AviarySurface.wave(u) * 1.5 + 0.5
    case .tiles: return AviarySurface.wave(u * 0.7) * AviarySurface.wave(v * 0.7) * 4 + 0.5
    case .clouds: return (noise(u, v) + 0.5 * noise(2 * u, 2 * v)) * 1.6 - 0.7
    case .bricks:
      let line = (v * 1.2).rounded(.down)
      let across = u * 0.6 + line * 0.5
      let (left, top) = (across - across.rounded(.down), v * 1.2 - line)
      return left < 0.09 || top < 0.16 ? 1 : 0.25 * noise(across.rounded(.down), line)
    case .grass: return noise(x * area.scale * 6, y * area.scale * 1.2) * 1.6 - 0.3
    case .dots: return AviarySurface.wave(u) * AviarySurface.wave(v) * 3 - 0.6
    }
  }

  /// Smooth noise 0...1 on the lattice of random numbers, repeating every 16.
  private func noise(_ x: Double, _ y: Double) -> Double {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (column, row) = (Int(left) & 15, Int(top) & 15)
    let (nextColumn, nextRow) = ((column + 1) & 15, (row + 1) & 15)
    var (s, t) = (x - left, y - top)
    (s, t) = (s * s * (3 - 2 * s), t * t * (3 - 2 * t))
    let upper =
      lattice[16 * row + column] * (1 - s) + lattice[16 * row + nextColumn] * s
    let lower = lattice[16 * nextRow + column] * (1 - s) + lattice[16 * nextRow + nextColumn] * s
    return upper * (1 - t) + lower * t
  }

  private mutating func clutter(on stage: inout AviaryStage) {
    let count = random.integer(below: 12)
    let size = Double(stage.size)
    for _ in 0..<count {
      let near = random.chance(0.5) ? upper.first : upper.second
      let tint = near.mixed(AviarySketch.color(&random), random.uniform(in: 0.15...0.6))
      let shape = AviaryBackdrop.loneShape(&random)
      let reach = random.uniform(in: 0.04...0.17) * size
      let map = Affine.scale(reach, reach * random.uniform(in: 0.4...1))
        .then(.rotation(turns: random.uniform()))
        .then(.translation(random.uniform() * size, random.uniform() * size))
      if random.chance(0.25) {
        stage.cover(shape.transformed(map), tint, penWidth: max(1, reach * 0.2))
      } else {
        stage.cover(shape.transformed(map), tint)
      }
    }
  }

  private static func loneShape(_ random: inout CounterRandom) -> Path {
    switch random.integer(below: 6) {
    case 0: .circle(Point(0, 0), 1)
    case 1: .shape([-1, 0.6, 0, -1, 1, 0.6])
    case 2: .rectangle(Rectangle(x: -1, y: -0.8, width: 2, height: 1.6), radius: 0.2)
    case 3: .drop(length: 1.8, width: 0.7)
    case 4: .blade(length: 2, width: 0.4)
    default: .shape([-1, -0.3, 0.6, -0.6, 1, 0.3, -0.7, 0.5])
    }
  }

  /// A part with no object: a triangle without a head, a wheel without a car, an eye, a petal.
  static func distractor(_ random: inout CounterRandom, on stage: inout AviaryStage) {
    let size = Double(stage.size)
    let (main, other) = (AviarySketch.color(&random), AviarySketch.color(&random))
    let reach = random.uniform(in: 0.03...0.08) * size
    let map = Affine.scale(reach, reach).then(.rotation(turns: random.uniform()))
      .then(.translation(random.uniform() * size, random.uniform() * size))
    let (outer, inner): (Path, Path?)
    switch random.integer(below: 6) {
    case 0: (outer, inner) = (.shape([-0.6, -0.6, 1.2, 0.1, -0.6, 0.6]), nil)
    case 1: (outer, inner) = (.circle(Point(0, 0), 1), .circle(Point(0, 0), 0.5))
    case 2: (outer, inner) = (.circle(Point(0, 0), 0.7), .circle(Point(0.1, 0), 0.4))
    case 3: (outer, inner) = (.drop(length: 2.4, width: 1), nil)
    case 4:
      (outer, inner) = (
        .shape([-0.8, -0.8, 0.8, -0.8, 0.8, 0.8, -0.8, 0.8]), .shape([-0.08, -0.8, 0.08, 0.8])
      )
    default: (outer, inner) = (.shape([-1, 0.7, 0, -1, 1, 0.7]), nil)
    }
    stage.cover(outer.transformed(map), main)
    if let inner { stage.cover(inner.transformed(map), other.mixed(.dark, 0.5)) }
  }
}
