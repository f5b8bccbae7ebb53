import AvocetDrawing
import AvocetImages
import AvocetKernels

/// Where the object stands: its mirror image, perspective, rotation, scale and place.
struct AviaryPlacement: Sendable {
  let map: Affine
  let isMirrored: Bool
  private let center: Point
  private let reach: Double

  /// Chooses a pose so that the object's longer side is a random share of the frame.
  init(
    _ random: CounterRandom, _ sketch: AviarySketch, size: Int,
    scales: ClosedRange<Double> = 0.4...0.9
  ) {
    var random = random
    isMirrored = random.chance(0.5)
    let stretch = random.uniform(in: 0.82...1.2)
    let shear = random.uniform(in: -0.18...0.18)
    let isTurnedFar = random.chance(0.3)
    let turn = random.uniform(in: -1...1) * (isTurnedFar ? 0.35 : 0.12)
    let pose = Affine.scale(isMirrored ? -stretch : stretch, 1)
      .then(.shear(horizontal: shear, vertical: 0)).then(.rotation(turns: turn))
    var (low, high) = (Point(.infinity, .infinity), Point(-.infinity, -.infinity))
    for piece in sketch.pieces {
      for point in piece.path.transformed(pose.then(.scale(20, 20))).flattened().joined() {
        low = Point(min(low.x, point.x), min(low.y, point.y))
        high = Point(max(high.x, point.x), max(high.y, point.y))
      }
    }
    let longer = max(high.x - low.x, high.y - low.y, 1) / 20
    let side = Double(size)
    let share = random.uniform(in: scales)
    let scale = share * side / longer
    // The box may leave the frame by a twelfth of its size.
    let (width, height) = ((high.x - low.x) / 20 * scale, (high.y - low.y) / 20 * scale)
    let overlap = share * side * 0.08
    let left = random.uniform(in: -overlap...(side - width + overlap))
    let top = random.uniform(in: -overlap...(side - height + overlap))
    map = pose.then(.scale(scale, scale))
      .then(.translation(left - low.x / 20 * scale, top - low.y / 20 * scale))
    center = Point(left + width / 2, top + height / 2)
    reach = share * side
  }

  /// Something in front, at times: a post, blades of grass or a leaf over an edge.
  func occlude(_ random: CounterRandom, on stage: inout AviaryStage) {
    var random = random
    guard random.chance(0.3) else { return }
    let size = Double(stage.size)
    let tint = AviarySketch.color(&random)
    switch random.integer(below: 3) {
    case 0:
      let turn = random.uniform(in: -0.1...0.1) + (random.chance(0.5) ? 0.25 : 0)
      let width = random.uniform(in: 0.05...0.11) * reach
      let shift = random.uniform(in: -0.3...0.3) * reach
      let bar = Path.rectangle(
        Rectangle(x: shift, y: -2 * size, width: width, height: 4 * size))
      stage.cover(
        bar.transformed(Affine.rotation(turns: turn).then(.translation(center.x, center.y))), tint)
    case 1:
      for _ in 0..<(3 + random.integer(below: 7)) {
        let length = random.uniform(in: 0.15...0.4) * reach
        let foot = center.x + random.uniform(in: -0.6...0.6) * reach
        let map = Affine.rotation(turns: random.uniform(in: 0.7...0.8))
          .then(.translation(foot, center.y + 0.5 * reach))
        stage.cover(
          Path.blade(length: length, width: length * 0.1).transformed(map),
          tint.mixed(.dark, random.uniform(in: 0...0.4)))
      }
    default:
      let turn = random.uniform()
      let far = 0.55 * reach
      let map = Affine.rotation(turns: turn + 0.5)
        .then(
          .translation(
            center.x + far * Trigonometry.cosine(turns: turn),
            center.y + far * Trigonometry.sine(turns: turn)))
      let length = random.uniform(in: 0.2...0.4) * reach
      stage.cover(Path.drop(length: length, width: length * 0.4).transformed(map), tint)
    }
  }
}

extension AviaryStage {
  /// Lights the whole picture from one side, with its own gain and cast, and blurs it a little at times.
  mutating func light(_ random: CounterRandom) {
    var random = random
    if random.chance(0.3) { blur(radius: random.uniform(in: 0.002...0.009)) }
    let gain = random.uniform(in: 0.75...1.15)
    let turn = random.uniform()
    let slope = random.uniform(in: 0...0.5) * gain / Double(size)
    let (x, y) = (
      slope * Trigonometry.cosine(turns: turn), slope * Trigonometry.sine(turns: turn)
    )
    let cast = (0..<3).map { _ in random.uniform(in: 0.9...1.1) }
    let haze = random.uniform(in: 0...0.12)
    let middle = Double(size) / 2
    for row in 0..<size {
      for column in 0..<size {
        let light = gain + (Double(column) - middle) * x + (Double(row) - middle) * y
        for channel in 0..<3 {
          let index = 3 * (row * size + column) + channel
          let factor = Float(light * cast[channel] * (1 - haze))
          canvas.values[index] = canvas.values[index] * factor + Float(haze) * 160
        }
      }
    }
  }

  /// Adds noise of the sensor: the sum of four uniform numbers per value.
  mutating func addNoise(_ random: CounterRandom) {
    var random = random
    let strength = Float(random.uniform(in: 0...7)) * (1.7320508 / 65536)
    for index in 0..<canvas.values.count {
      let bits = random.next()
      let sum =
        Int32(bits & 0xFFFF) + Int32((bits >> 16) & 0xFFFF) + Int32((bits >> 32) & 0xFFFF)
        + Int32(bits >> 48)
      canvas.values[index] += Float(sum - 131070) * strength
    }
  }
}
