import AvocetImages

/// An outline of lines and curves, possibly in several pieces.
public struct Path: Sendable, Hashable {
  enum Element: Sendable, Hashable {
    case move(Point)
    case line(Point)
    case quadratic(Point, Point)
    case cubic(Point, Point, Point)
    case close
  }

  var elements: [Element] = []

  /// An empty path.
  public init() {}

  /// Starts a new piece.
  public mutating func move(to point: Point) { elements.append(.move(point)) }

  /// A straight line from the last point.
  public mutating func line(to point: Point) { elements.append(.line(point)) }

  /// A quadratic Bézier curve from the last point.
  public mutating func quadratic(control: Point, to point: Point) {
    elements.append(.quadratic(control, point))
  }

  /// A cubic Bézier curve from the last point.
  public mutating func cubic(control first: Point, _ second: Point, to point: Point) {
    elements.append(.cubic(first, second, point))
  }

  /// Closes the piece with a line to its start; filling closes every piece by itself.
  public mutating func close() { elements.append(.close) }

  /// Adds another path's pieces.
  public mutating func append(_ other: Path) { elements += other.elements }

  /// Straight lines through the points.
  public static func polyline(_ points: [Point]) -> Path {
    var path = Path()
    for (index, point) in points.enumerated() {
      if index == 0 { path.move(to: point) } else { path.line(to: point) }
    }
    return path
  }

  /// A closed polygon.
  public static func polygon(_ points: [Point]) -> Path {
    var path = polyline(points)
    path.close()
    return path
  }

  /// An ellipse by its centre and half axes, of four cubic curves.
  public static func ellipse(center: Point, radiusX: Double, radiusY: Double) -> Path {
    let handle = 0.5522847498
    func at(_ x: Double, _ y: Double) -> Point {
      Point(center.x + x * radiusX, center.y + y * radiusY)
    }
    var path = Path()
    path.move(to: at(1, 0))
    path.cubic(control: at(1, handle), at(handle, 1), to: at(0, 1))
    path.cubic(control: at(-handle, 1), at(-1, handle), to: at(-1, 0))
    path.cubic(control: at(-1, -handle), at(-handle, -1), to: at(0, -1))
    path.cubic(control: at(handle, -1), at(1, -handle), to: at(1, 0))
    path.close()
    return path
  }

  /// An upright rectangle, its corners rounded by the radius.
  public static func rectangle(_ frame: Rectangle, radius: Double = 0) -> Path {
    let (left, top) = (frame.x, frame.y)
    let (right, bottom) = (left + frame.width, top + frame.height)
    guard radius > 0 else {
      return polygon([
        Point(left, top), Point(right, top), Point(right, bottom), Point(left, bottom),
      ])
    }
    let corner = min(radius, min(frame.width, frame.height) / 2)
    let inset = corner * (1 - 0.5522847498)
    var path = Path()
    path.move(to: Point(left + corner, top))
    path.line(to: Point(right - corner, top))
    path.cubic(
      control: Point(right - inset, top), Point(right, top + inset),
      to: Point(right, top + corner))
    path.line(to: Point(right, bottom - corner))
    path.cubic(
      control: Point(right, bottom - inset), Point(right - inset, bottom),
      to: Point(right - corner, bottom))
    path.line(to: Point(left + corner, bottom))
    path.cubic(
      control: Point(left + inset, bottom), Point(left, bottom - inset),
      to: Point(left, bottom - corner))
    path.line(to: Point(left, top + corner))
    path.cubic(
      control: Point(left, top + inset), Point(left + inset, top), to: Point(left + corner, top))
    path.close()
    return path
  }

  /// A closed smooth curve through the points (Catmull-Rom).
  public static func smooth(_ points: [Point], closed: Bool = true) -> Path {
    guard let first = points.first, points.count > 2 else { return polyline(points) }
    let count = points.count
    func at(_ index: Int) -> Point {
      closed ? points[(index + count) % count] : points[min(max(index, 0), count - 1)]
    }
    var path = Path()
    path.move(to: first)
    for index in 0..<(closed ? count : count - 1) {
      let (here, next) = (at(index), at(index + 1))
      path.cubic(
        control: here + (next - at(index - 1)) * (1.0 / 6),
        next - (at(index + 2) - here) * (1.0 / 6), to: next)
    }
    if closed { path.close() }
    return path
  }

  /// The path under an affine map.
  public func transformed(_ map: Affine) -> Path { mapped { map($0) } }

  /// The path with every point moved, curves by their control points.
  func mapped(_ map: (Point) -> Point) -> Path {
    var result = Path()
    result.elements = elements.map { element in
      switch element {
      case .move(let point): .move(map(point))
      case .line(let point): .line(map(point))
      case .quadratic(let control, let point): .quadratic(map(control), map(point))
      case .cubic(let first, let second, let point): .cubic(map(first), map(second), map(point))
      case .close: .close
      }
    }
    return result
  }

  /// Every piece as a chain of straight lines, fine enough for pixels of size 1.
  public func flattened() -> [[Point]] {
    var pieces: [[Point]] = []
    var current: [Point] = []
    for element in elements {
      switch element {
      case .move(let point):
        if current.count > 1 { pieces.append(current) }
        current = [point]
      case .line(let point):
        current.append(point)
      case .quadratic(let control, let point):
        let start = current.last ?? control
        Path.curve(
          from: start, start + (control - start) * (2.0 / 3), point + (control - point) * (2.0 / 3),
          point, into: &current)
      case .cubic(let first, let second, let point):
        Path.curve(from: current.last ?? first, first, second, point, into: &current)
      case .close:
        if let first = current.first, current.last != first { current.append(first) }
        if current.count > 1 { pieces.append(current) }
        current = Array(current.prefix(1))
      }
    }
    if current.count > 1 { pieces.append(current) }
    return pieces
  }

  private static func curve(
    from start: Point, _ first: Point, _ second: Point, _ end: Point, into points: inout [Point]
  ) {
    // The flattening error falls with the square of the number of lines: this keeps it under 0.05.
    let bend = max(
      (start - first * 2 + second).length, (first - second * 2 + end).length)
    let count = min(64, max(1, Int((bend * 15).squareRoot()) + 1))
    for step in 1...count {
      let t = Double(step) / Double(count)
      let u = 1 - t
      points.append(
        start * (u * u * u) + first * (3 * u * u * t) + second * (3 * u * t * t) + end * (t * t * t)
      )
    }
  }
}
