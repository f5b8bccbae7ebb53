import AvocetDrawing

extension AviarySketch {
  mutating func fish() {
    remark = "with \(second.name) fins"
    let length = between(0.6, 0.75)
    let depth = between(0.24, 0.48)
    let reach = between(0.25, 0.42)
    let spread = between(0.22, 0.4)
    let notch = between(0.45, 0.9)
    fill(
      .tail,
      .shape([
        -length * 0.8, -0.04, -length - reach, -spread, -length - reach * notch,
        between(-0.05, 0.05), -length - reach, spread * between(0.7, 1), -length * 0.8, 0.04,
      ]), second)
    let crest = between(0.15, 0.35)
    let start = between(0.05, 0.35)
    fill(
      .fin,
      .shape(
        [
          length * start, -depth * 0.8, -length * 0.15, -depth - crest, -length * 0.45,
          -depth * 0.9, -length * 0.5, -depth * 0.55,
        ], smooth: random.chance(0.4)), second)
    fill(
      .fin,
      .shape([
        length * 0.15, depth * 0.8, -length * 0.2, depth + crest * 0.8, -length * 0.3, depth * 0.7,
      ]), second)
    fill(
      .body,
      .shape(
        [
          length, 0.02, length * 0.6, -depth * 0.72, 0, -depth, -length * 0.6, -depth * 0.5,
          -length,
          -0.03, -length * 0.6, depth * 0.5, 0, depth, length * 0.6, depth * 0.75,
        ], smooth: true), main)
    stroke(
      .head,
      .curve([
        length * 0.3, -depth * 0.6, length * 0.18, 0, length * 0.3, depth * 0.6,
      ]), ink, pen: 0.045)
    stroke(
      .mouth, .polyline([Point(length * 0.97, 0.08), Point(length * 0.72, depth * 0.28)]), ink,
      pen: 0.045)
    placed(
      Affine.rotation(turns: between(0.4, 0.6)).then(.translation(length * 0.12, depth * 0.15))
    ) { sketch in
      sketch.fill(.fin, .drop(length: 0.32, width: 0.13), sketch.third)
    }
    let eyeX = length * between(0.52, 0.64)
    eye(eyeX, -depth * between(0.15, 0.3), between(0.08, 0.12))
  }

  mutating func snail() {
    remark = "with a \(second.name) shell"
    let radius = between(0.4, 0.55)
    let headX = between(0.75, 0.9)
    let lift = between(0.15, 0.4)
    let ground = 0.4
    for (index, lean) in [between(-0.1, 0.05), between(0.1, 0.28)].enumerated() {
      let tip = Point(headX + lean, ground - lift - between(0.3, 0.45))
      stroke(
        .horn, .polyline([Point(headX - 0.06 + 0.08 * Double(index), ground - lift), tip]), main,
        pen: 0.06)
      fill(.horn, .circle(tip, 0.065), ink, surface: false)
    }
    fill(
      .body,
      .shape(
        [
          -1, ground, -0.6, ground - 0.16, 0.2, ground - 0.2, headX - 0.25, ground - lift * 0.6,
          headX - 0.1, ground - lift - 0.12, headX + 0.12, ground - lift - 0.02, headX + 0.08,
          ground - 0.1, headX - 0.1, ground + 0.02, 0, ground + 0.06,
        ], smooth: true), main)
    let center = Point(between(-0.3, -0.1), ground - radius * 0.85)
    let squash = between(0.85, 1.1)
    placed(
      Affine.scale(squash, 1).then(.rotation(turns: between(0, 0.15)))
        .then(.translation(center.x, center.y))
    ) { $0.spiral(radius) }
    stroke(
      .mouth,
      .curve([
        headX - 0.02, ground - lift * 0.6, headX + 0.06, ground - lift * 0.55, headX + 0.1,
        ground - lift * 0.7,
      ]), ink, pen: 0.035)
  }

  private mutating func spiral(_ radius: Double) {
    fill(.shell, .circle(Point(0, 0), radius), second)
    let turns = between(1.6, 2.4)
    let start = between(0, 1)
    let points = (0...28).map { step -> Point in
      let share = Double(step) / 28
      let reach = radius * (0.08 + 0.86 * share)
      let angle = start + share * turns
      return Point(
        reach * Trigonometry.cosine(turns: angle), reach * Trigonometry.sine(turns: angle))
    }
    let tint = second.brightness > 120 ? second.mixed(.dark, 0.7) : second.mixed(.light, 0.7)
    stroke(.shell, .polyline(points), tint, pen: between(0.05, 0.08))
  }

  mutating func flower() {
    hasDirection = false
    remark = "with \(main.name) petals"
    let bend = between(-0.25, 0.25)
    let foot = between(0.9, 1.4)
    stroke(
      .stem, .curve([0, 0, bend * 0.6, foot * 0.5, bend, foot]), third, pen: between(0.07, 0.12))
    for side in [-1.0, 1.0] where random.chance(0.75) {
      let rise = foot * between(0.55, 0.85)
      let length = between(0.35, 0.6)
      let turn = between(-0.16, 0.02)
      placed(
        Affine.rotation(turns: turn).then(.scale(side, 1)).then(.translation(bend * 0.7, rise))
      ) {
        $0.fill(.leaf, .blade(length: length, width: 0.13), $0.third)
      }
    }
    let count = 5 + random.integer(below: 4)
    let reach = between(0.5, 0.68)
    let shape = random.integer(below: 3)
    let start = between(0, 1)
    let width = 3.0 / Double(count) * reach * between(0.75, 1)
    let heart = reach * between(0.28, 0.42)
    let tilted = Affine.scale(1, between(0.55, 1)).then(.rotation(turns: between(-0.08, 0.08)))
    placed(tilted) { sketch in
      for index in 0..<count {
        let turn = start + Double(index) / Double(count)
        let tint = index % 2 == 0 ? sketch.main : sketch.main.mixed(.dark, 0.13)
        sketch.placed(.rotation(turns: turn)) {
          let petal: Path =
            switch shape {
            case 0: .drop(length: reach, width: width * 0.8, point: 0.3)
            case 1: .blade(length: reach * 1.1, width: width * 0.55)
            default: .oval(reach * 0.62, 0, reach * 0.4, width * 0.5)
            }
          $0.fill(.petal, petal, tint)
        }
      }
      sketch.fill(.heart, .circle(Point(0, 0), heart), sketch.second)
      if sketch.random.chance(0.4) {
        sketch.fill(.heart, .circle(Point(0, 0), heart * 0.55), sketch.ink, surface: false)
      }
    }
  }
}
