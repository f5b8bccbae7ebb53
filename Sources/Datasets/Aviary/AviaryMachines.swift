import AvocetDrawing
import AvocetImages

extension AviarySketch {
  mutating func house() {
    hasDirection = false
    remark = "with a \(second.name) roof"
    let half = between(0.4, 0.6)
    let height = between(0.5, 0.9)
    let roof = between(0.35, 0.65)
    let side = random.chance(0.5) ? between(0.25, 0.6) : 0
    let sink = between(0.02, 0.14)
    let overhang = between(0.04, 0.14)
    if random.chance(0.6) {
      let x = between(-0.6, 0.35) * half
      fill(.chimney, .rectangle(Rectangle(x: x, y: -roof * 1.05, width: 0.16, height: roof)), third)
    }
    if side > 0 {
      fill(
        .wall,
        .shape([half, 0, half + side, -sink, half + side, height - sink, half, height]),
        main.mixed(.dark, 0.3))
      fill(
        .roof,
        .shape([
          0, -roof, side, -roof - sink, half + side + overhang, -sink, half + overhang, 0,
        ]), second.mixed(.dark, 0.25))
    }
    fill(.wall, .rectangle(Rectangle(x: -half, y: 0, width: 2 * half, height: height)), main)
    let ridge = random.chance(0.3) && side == 0 ? half * between(0.2, 0.6) : 0
    fill(
      .roof,
      .shape([-half - overhang, 0.02, -ridge, -roof, ridge, -roof, half + overhang, 0.02]), second)
    let doorX = between(-0.6, 0.25) * half
    let doorHeight = height * between(0.45, 0.62)
    fill(
      .door,
      .rectangle(
        Rectangle(x: doorX, y: height - doorHeight, width: half * 0.42, height: doorHeight),
        radius: random.chance(0.3) ? 0.09 : 0), third)
    houseWindows(half, height, roof, avoiding: doorX)
    if side > 0 {
      placed(.shear(horizontal: 0, vertical: -sink / side)) { sketch in
        sketch.window(
          half + side * 0.3, height * 0.3 + sink, side * 0.4, height * 0.3, round: false)
      }
    }
  }

  private mutating func houseWindows(
    _ half: Double, _ height: Double, _ roof: Double, avoiding doorX: Double
  ) {
    let isRound = random.chance(0.25)
    let size = half * between(0.32, 0.42)
    let top = height * 0.12
    for share in [-0.62, 0.0, 0.55] {
      let x = share * half - size / 2 + half * 0.05
      let keeps = random.chance(0.8)
      let low = x + size < doorX - 0.02 || x > doorX + half * 0.42 + 0.02
      if keeps && (low || height > 0.65) {
        window(x, low ? height * 0.3 : top, size, min(size * 1.1, height * 0.3), round: isRound)
      }
    }
    if random.chance(0.35) {
      window(-size * 0.35, -roof * 0.5, size * 0.7, size * 0.7, round: true)
    }
  }

  private mutating func window(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, round: Bool
  ) {
    let path: Path =
      round
      ? .oval(x + width / 2, y + height / 2, width / 2, height / 2)
      : .rectangle(Rectangle(x: x, y: y, width: width, height: height))
    fill(.window, path, glass, surface: false)
    if random.chance(0.6) {
      let cross = glass.brightness > 120 ? glass.mixed(.dark, 0.6) : glass.mixed(.light, 0.6)
      stroke(
        .window,
        .polyline([Point(x + width / 2, y), Point(x + width / 2, y + height)]), cross, pen: 0.035)
      stroke(
        .window,
        .polyline([Point(x, y + height / 2), Point(x + width, y + height / 2)]), cross, pen: 0.035)
    }
  }

  mutating func car() {
    remark = "with \(third.name) wheels"
    let half = between(0.75, 0.95)
    let height = between(0.26, 0.4)
    let roof = between(0.26, 0.45)
    let front = between(-0.05, 0.5) * half
    let back = between(-0.98, -0.5) * half
    let slopeFront = between(0.04, 0.28)
    let slopeBack = between(0.02, 0.2)
    let cabin = [
      back, 0.03, back + slopeBack, -roof, front, -roof, front + slopeFront, 0.03,
    ]
    fill(.cabin, .shape(cabin), random.chance(0.5) ? main : second)
    let (left, right) = (back + slopeBack, front)
    let panes = 1 + random.integer(below: 3)
    for pane in 0..<panes {
      let step = (right - left) / Double(panes)
      let x = left + step * Double(pane)
      fill(
        .window,
        .shape([
          x + 0.03 - (pane == 0 ? slopeBack * 0.5 : 0), -0.02, x + 0.04, -roof * 0.85,
          x + step - 0.04, -roof * 0.85,
          x + step - 0.03 + (pane == panes - 1 ? slopeFront * 0.6 : 0), -0.02,
        ]), glass, surface: false)
    }
    fill(
      .body,
      .rectangle(
        Rectangle(x: -half, y: 0, width: 2 * half, height: height), radius: between(0.04, 0.16)),
      main)
    if random.chance(0.6) {
      stroke(
        .door,
        .polyline([Point(front - 0.02, 0.03), Point(front - 0.04, height * 0.8)]), ink, pen: 0.03)
    }
    fill(.light, .circle(Point(half - 0.07, height * 0.35), 0.075), .light, surface: false)
    let radius = between(0.17, 0.25)
    let hub = radius * between(0.4, 0.6)
    let rubber = third.mixed(.dark, random.chance(0.6) ? 0.8 : 0.3)
    let hubTint = rubber.brightness > 110 ? Tint.dark : Tint.light
    for x in [-half * between(0.52, 0.66), half * between(0.52, 0.66)] {
      fill(.wheel, .circle(Point(x, height), radius), rubber, surface: false)
      fill(.wheel, .circle(Point(x, height), hub), third.mixed(hubTint, 0.6), surface: false)
    }
  }

  mutating func aeroplane() {
    remark = "with \(second.name) wings"
    let isAbove = random.chance(0.4)
    let half = between(0.8, 0.98)
    let depth = between(0.11, 0.19)
    let sweep = between(0.1, 0.5)
    let span = between(0.5, 0.85)
    let chord = between(0.2, 0.34)
    let root = between(-0.05, 0.15)
    func wing(_ reach: Double, _ offset: Double) -> Path {
      .shape([
        root + chord / 2, offset, root - sweep + chord * 0.1, offset + reach,
        root - sweep - chord * 0.35, offset + reach, root - chord / 2, offset,
      ])
    }
    let view = isAbove ? 1 : between(0.3, 0.7)
    fill(.wing, wing(-span * view, 0), isAbove ? second : second.mixed(.dark, 0.25))
    let tail = between(0.25, 0.4)
    let tailplane = { (reach: Double) -> Path in
      .shape([-half + 0.3, 0, -half + 0.02, reach, -half - 0.1, reach, -half + 0.08, 0])
    }
    if isAbove {
      fill(.tailplane, tailplane(-tail), second)
      fill(.tailplane, tailplane(tail), second)
    } else {
      fill(
        .tail,
        .shape([
          -half + 0.36, -depth * 0.5, -half + 0.05, -depth - tail, -half - 0.1, -depth - tail,
          -half + 0.04, 0,
        ]), third)
    }
    fill(
      .fuselage,
      .shape(
        [
          half, 0.02, half * 0.8, -depth * 0.8, half * 0.4, -depth, -half * 0.4, -depth, -half,
          -depth * 0.5, -half * 1.02, 0, -half * 0.4, depth, half * 0.4, depth, half * 0.8,
          depth * 0.85,
        ], smooth: true), main)
    if isAbove {
      fill(.window, .oval(half * 0.78, 0, 0.07, depth * 0.55), glass, surface: false)
      fill(.wing, wing(span, depth * 0.6), second)
      stroke(
        .tail, .polyline([Point(-half, 0), Point(-half + 0.32, 0)]), third, pen: 0.06)
    } else {
      let count = 4 + random.integer(below: 4)
      for index in 0..<count {
        let x = half * (0.55 - 1.1 * Double(index) / Double(count))
        fill(.window, .circle(Point(x, -depth * 0.3), 0.045), glass, surface: false)
      }
      fill(
        .window,
        .shape([half * 0.92, -depth * 0.3, half * 0.72, -depth * 0.75, half * 0.72, -depth * 0.2]),
        glass, surface: false)
      fill(.tailplane, tailplane(tail * 0.55), second)
      fill(.wing, wing(span * view, depth * 0.35), second)
    }
    let hasEngines = random.chance(0.6)
    for side in hasEngines ? (isAbove ? [-1.0, 1] : [1.0]) : [] {
      let reach = side * span * view * 0.45
      fill(
        .engine,
        .rectangle(
          Rectangle(
            x: root - sweep * 0.45 + 0.02, y: reach - 0.05 + depth * 0.4, width: 0.26, height: 0.1),
          radius: 0.05), third)
    }
  }
}
