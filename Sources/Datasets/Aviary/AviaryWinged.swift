import AvocetDrawing

extension AviarySketch {
  mutating func bird() {
    let isFlying = random.chance(0.4)
    let length = between(0.45, 0.62)
    let depth = between(0.24, 0.4)
    let headRadius = between(0.18, 0.27)
    let neck = random.chance(0.25) ? between(0.15, 0.4) : 0
    let headX = length * between(0.7, 1) + neck * 0.4
    let headY = -depth * between(0.5, 1) - neck
    remark = "with a \(third.name) beak"
    placed(.rotation(turns: isFlying ? between(-0.06, 0.06) : between(-0.1, 0.02))) { sketch in
      if isFlying { sketch.raisedWing(length, depth, isFar: true) }
      sketch.birdTail(length, depth)
      sketch.birdLegs(length, depth, tucked: isFlying)
      sketch.fill(.body, .oval(0, 0, length, depth), sketch.main)
      let throat = headRadius * 0.8
      sketch.fill(
        .body,
        .shape([
          length * 0.35, -depth * 0.8, headX - throat, headY, headX + throat, headY + 0.03,
          length * 0.97, depth * 0.1,
        ]), sketch.main)
    }
    let placing = Affine.rotation(turns: between(-0.03, 0.03)).then(.translation(headX, headY))
    placed(placing) { sketch in
      sketch.birdHead(headRadius)
    }
    if isFlying {
      raisedWing(length, depth, isFar: false)
    } else {
      let reach = length * between(0.9, 1.4)
      let droop = between(0.44, 0.52)
      let width = depth * between(0.7, 1.1)
      placed(.rotation(turns: droop).then(.translation(length * 0.4, -depth * 0.2))) { sketch in
        sketch.fill(.wing, .drop(length: reach, width: width, point: 0.1), sketch.second)
        if sketch.random.chance(0.5) {
          sketch.stroke(
            .wing, .curve([reach * 0.2, 0, reach * 0.6, width * 0.2, reach * 0.95, 0]), sketch.ink,
            pen: 0.035)
        }
      }
    }
  }

  private mutating func birdHead(_ radius: Double) {
    let beak = between(0.2, 0.42)
    let thick = between(0.08, 0.15)
    let hook = between(-0.04, 0.12)
    let gape = random.chance(0.3) ? between(0.03, 0.08) : 0
    let base = radius * 0.75
    fill(
      .beak,
      .shape([
        base, -thick, base + beak * 0.6, -thick * 0.6 - gape, base + beak, hook - gape, base, 0.02,
      ]), third)
    fill(
      .beak, .shape([base, -0.01, base + beak * 0.85, hook + gape, base, thick]),
      third.mixed(.dark, 0.2))
    let hasCrest = random.chance(0.2)
    if hasCrest {
      fill(
        .head,
        .shape([radius * 0.3, -radius * 0.8, -radius * 1.1, -radius * 1.9, -radius * 0.8, 0]),
        second)
    }
    fill(.head, .oval(0, 0, radius, radius * 0.95), random.chance(0.5) ? second : main)
    eye(radius * between(0.15, 0.4), -radius * between(0.1, 0.3), radius * between(0.3, 0.44))
  }

  private mutating func birdTail(_ length: Double, _ depth: Double) {
    let reach = between(0.25, 0.6)
    let spread = between(0.08, 0.26)
    let lift = between(-0.2, 0.2)
    let notch = between(0.7, 1.1)
    fill(
      .tail,
      .shape([
        -length * 0.6, -depth * 0.45, -length - reach, lift - spread, -length - reach * notch, lift,
        -length - reach, lift + spread, -length * 0.6, depth * 0.45,
      ]), second)
  }

  private mutating func birdLegs(_ length: Double, _ depth: Double, tucked: Bool) {
    let reach = between(0.22, 0.55)
    for side in [-1.0, 1.0] {
      let hip = between(-0.1, 0.05) + side * 0.11
      let start = depth * 0.85
      let swing = between(-0.12, 0.12)
      if tucked {
        let path = Path.polyline([
          Point(hip, start), Point(hip - 0.18, start + 0.1), Point(hip - 0.34, start + 0.05),
        ])
        stroke(.leg, path, third, pen: 0.055)
        continue
      }
      let foot = Point(hip + swing, start + reach)
      stroke(
        .leg, .polyline([Point(hip, start), Point(hip - 0.05, start + reach * 0.5), foot]), third,
        pen: 0.055)
      stroke(
        .leg,
        .polyline([Point(foot.x - 0.08, foot.y), foot, Point(foot.x + 0.15, foot.y + 0.02)]),
        third, pen: 0.05)
    }
  }

  private mutating func raisedWing(_ length: Double, _ depth: Double, isFar: Bool) {
    let reach = between(0.6, 1.0) * (isFar ? 0.85 : 1)
    let width = between(0.18, 0.32)
    let turn = random.chance(0.75) ? between(0.62, 0.8) : between(0.25, 0.4)
    let tint = isFar ? second.mixed(.dark, 0.25) : second
    placed(
      Affine.scale(1, between(0.6, 1)).then(.rotation(turns: turn))
        .then(.translation(length * between(-0.05, 0.25), -depth * 0.2))
    ) { sketch in
      sketch.fill(.wing, .drop(length: reach, width: width, point: 0.15), tint)
      for feather in [0.45, 0.7] where !isFar {
        sketch.stroke(
          .wing,
          .polyline([
            Point(reach * feather, 0), Point(reach * (feather + 0.12), -width * 0.5),
          ]),
          sketch.ink, pen: 0.03)
      }
    }
  }

  mutating func butterfly() {
    hasDirection = false
    remark = "with \(second.name) wings"
    let isClosed = random.chance(0.2)
    let upperReach = between(0.65, 0.95)
    let upperWidth = between(0.3, 0.48)
    let lowerReach = between(0.5, 0.8)
    let lowerWidth = between(0.28, 0.45)
    let upperTurn = between(-0.17, -0.06)
    let lowerTurn = between(0.06, 0.16)
    let spots = random.integer(below: 3)
    let views = [between(0.45, 1), between(0.45, 1)]
    let tint = random.chance(0.5) ? second : second.mixed(third, 0.6)
    let isPointed = random.chance(0.4)
    for side in [0, 1] {
      let mirror = side == 0 || isClosed ? 1.0 : -1.0
      let view = isClosed ? views[0] * (side == 0 ? 0.85 : 1) : views[side]
      placed(.scale(mirror * view, 1)) { sketch in
        let shade = sketch.second.mixed(.dark, isClosed && side == 0 ? 0.3 : 0)
        sketch.placed(.rotation(turns: lowerTurn).then(.translation(0.02, 0.08))) {
          $0.butterflyWing(lowerReach, lowerWidth, tint, spots, pointed: false)
        }
        sketch.placed(.rotation(turns: upperTurn).then(.translation(0.02, -0.08))) {
          $0.butterflyWing(upperReach, upperWidth, shade, spots, pointed: isPointed)
        }
      }
    }
    let thickness = between(0.06, 0.12)
    let half = between(0.38, 0.5)
    fill(.body, .oval(0, 0.08, thickness, half), main)
    let radius = thickness * between(1.1, 1.5)
    fill(.head, .circle(Point(0, 0.08 - half), radius), main)
    let curl = between(0.1, 0.3)
    for side in [-1.0, 1.0] {
      let top = -half - between(0.25, 0.4)
      stroke(
        .antenna,
        .curve([side * 0.03, 0.02 - half, side * curl * 0.5, top * 0.8 - 0.1, side * curl, top]),
        ink, pen: 0.04)
      fill(.antenna, .circle(Point(side * curl, top), 0.05), ink, surface: false)
    }
  }

  private mutating func butterflyWing(
    _ reach: Double, _ width: Double, _ tint: Tint, _ spots: Int, pointed: Bool
  ) {
    let path: Path =
      pointed
      ? .shape(
        [0, 0, reach * 0.5, -width * 0.9, reach * 1.1, -width, reach * 0.9, 0, reach * 0.5, width],
        smooth: true)
      : .drop(length: reach, width: width * 1.3, point: 0.35)
    fill(.wing, path, tint)
    if spots > 0 {
      fill(.wing, .circle(Point(reach * 0.66, 0), width * 0.36), third, surface: false)
    }
    if spots > 1 { fill(.wing, .circle(Point(reach * 0.66, 0), width * 0.17), ink, surface: false) }
  }
}
