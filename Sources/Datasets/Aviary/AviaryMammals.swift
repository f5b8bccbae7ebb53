import AvocetDrawing
import AvocetImages

extension AviarySketch {
  /// Cat or rabbit: one body and one head, told apart by ears and tail.
  mutating func mammal(isCat: Bool) {
    remark = "with \(third.name) ears"
    switch random.integer(below: 5) {
    case 0, 1: sitting(isCat)
    case 2, 3: lying(isCat)
    default: mammalHead(isCat, radius: 0.7)
    }
  }

  private mutating func sitting(_ isCat: Bool) {
    let depth = between(0.36, 0.48)
    let height = between(0.42, 0.55)
    let side = random.chance(0.5) ? 1.0 : -1.0
    if isCat {
      let lift = between(-0.5, 0.3)
      stroke(
        .tail,
        .curve([
          side * depth * 0.6, 0.75, side * (depth + 0.25), 0.65, side * (depth + 0.3), 0.2 + lift,
          side * (depth + between(0.1, 0.45)), lift,
        ]), second, pen: between(0.1, 0.15))
    } else {
      fill(.tail, .circle(Point(side * depth * 1.05, 0.65), between(0.12, 0.18)), second)
    }
    fill(.body, .oval(0, 0.4, depth, height), main)
    for foot in [-1.0, 1.0] {
      fill(
        .leg,
        .rectangle(
          Rectangle(x: foot * 0.16 - 0.1, y: 0.4, width: 0.2, height: between(0.48, 0.56)),
          radius: 0.1), second)
    }
    let radius = between(0.34, 0.44)
    placed(
      Affine.rotation(turns: between(-0.06, 0.06))
        .then(.translation(between(-0.1, 0.1), -0.2 - radius * 0.4))
    ) { $0.mammalHead(isCat, radius: radius) }
  }

  private mutating func lying(_ isCat: Bool) {
    let length = between(0.55, 0.75)
    let depth = between(0.28, 0.4)
    let reach = between(0.15, 0.4)
    if isCat {
      let lift = between(-0.8, 0.3)
      stroke(
        .tail,
        .curve([
          -length * 0.8, -0.05, -length - 0.2, -0.05 + lift * 0.2, -length - 0.3, lift * 0.7,
          -length - between(0, 0.35), lift,
        ]), second, pen: between(0.1, 0.15))
    } else {
      fill(.tail, .circle(Point(-length, -0.08), between(0.12, 0.18)), second)
    }
    for hip in [-0.75, -0.45, 0.35, 0.65] {
      let swing = between(-0.08, 0.08)
      placed(.shear(horizontal: swing, vertical: 0)) { sketch in
        sketch.fill(
          .leg,
          .rectangle(
            Rectangle(
              x: hip * length - 0.09, y: depth * 0.3, width: 0.18, height: depth * 0.6 + reach),
            radius: 0.09), hip == -0.45 || hip == 0.35 ? sketch.second : sketch.main)
      }
    }
    fill(.body, .oval(0, 0, length, depth), main)
    let radius = between(0.3, 0.4)
    placed(
      Affine.scale(between(0.8, 1), 1).then(.rotation(turns: between(-0.05, 0.05)))
        .then(.translation(length * between(0.8, 1.05), -depth * between(0.6, 1.1)))
    ) { $0.mammalHead(isCat, radius: radius) }
  }

  /// A head about the origin, seen from the front or turned a little.
  private mutating func mammalHead(_ isCat: Bool, radius: Double) {
    let turned = between(-0.25, 0.25) * radius
    let width = between(1, 1.15)
    placed(.scale(radius, radius)) { sketch in
      for side in [-1.0, 1.0] {
        if isCat { sketch.catEar(side) } else { sketch.rabbitEar(side) }
      }
    }
    fill(.head, .oval(0, 0, radius * width, radius * between(0.85, 1)), main)
    let spread = radius * between(0.38, 0.5)
    let height = -radius * between(0.08, 0.25)
    let size = radius * between(0.18, 0.26)
    for side in [-1.0, 1.0] { eye(side * spread + turned, height, size) }
    let tip = radius * between(0.2, 0.32)
    let nose = radius * 0.13
    fill(
      .nose,
      .shape([turned - nose, tip - nose, turned + nose, tip - nose, turned, tip + nose * 0.6]),
      third, surface: false)
    stroke(
      .mouth,
      .curve([
        turned - radius * 0.28, tip + radius * 0.3, turned - radius * 0.1, tip + radius * 0.32,
        turned, tip + radius * 0.1, turned + radius * 0.1, tip + radius * 0.32,
        turned + radius * 0.28, tip + radius * 0.3,
      ]), ink, pen: radius * 0.06)
    for side in [-1.0, 1.0] {
      for rise in [-0.12, 0.06, 0.24] {
        stroke(
          .whisker,
          .polyline([
            Point(turned + side * radius * 0.3, tip + radius * 0.08 + rise * radius * 0.4),
            Point(turned + side * radius * 1.15, tip + rise * radius * 1.4),
          ]), ink, pen: radius * 0.05)
      }
    }
  }

  private mutating func catEar(_ side: Double) {
    let reach = between(0.75, 1.05)
    let lean = between(0.0, 0.25)
    let width = between(0.38, 0.48)
    let base = Point(side * 0.55, -0.5)
    let tip = Point(side * (0.62 + lean), -0.6 - reach * 0.8)
    let ear = { (share: Double) -> Path in
      .polygon([
        Point(base.x - side * width * share, base.y - 0.2),
        Point(tip.x, base.y + (tip.y - base.y) * share),
        Point(base.x + side * width * share, base.y + 0.25),
      ])
    }
    fill(.ear, ear(1), main)
    fill(.ear, ear(0.6), third, surface: false)
  }

  private mutating func rabbitEar(_ side: Double) {
    let length = between(1.3, 1.9)
    let width = between(0.24, 0.34)
    let isLop = random.chance(0.06)
    let inner = third
    let turn = isLop ? between(0.05, 0.12) : between(-0.24, -0.14)
    placed(
      Affine.rotation(turns: turn).then(.scale(side, 1))
        .then(.translation(side * (isLop ? 0.6 : 0.4), -0.6))
    ) { sketch in
      sketch.fill(.ear, .drop(length: length, width: width, point: 0.2), sketch.main)
      sketch.placed(Affine.scale(0.75, 0.5).then(.translation(length * 0.12, 0))) {
        $0.fill(
          .ear, .drop(length: length, width: width, point: 0.2), inner, surface: false)
      }
    }
  }
}
