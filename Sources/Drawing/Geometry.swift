import AvocetImages

/// A place in the plane: x to the right, y downwards, in pixels where a canvas is concerned.
public struct Point: Sendable, Hashable {
  public var x, y: Double

  /// The point (x, y).
  public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }

  static func + (left: Point, right: Point) -> Point { Point(left.x + right.x, left.y + right.y) }
  static func - (left: Point, right: Point) -> Point { Point(left.x - right.x, left.y - right.y) }
  static func * (point: Point, factor: Double) -> Point {
    Point(point.x * factor, point.y * factor)
  }

  /// The distance from the origin.
  var length: Double { (x * x + y * y).squareRoot() }
}

/// Own sine and cosine: basic arithmetic only, so that every processor gives the same bits.
public enum Trigonometry {
  /// The sine of an angle in turns (1 is the full circle); the error is below 1e-9.
  public static func sine(turns: Double) -> Double {
    var phase = turns - turns.rounded(.down)
    var sign = 1.0
    if phase >= 0.5 {
      phase -= 0.5
      sign = -1
    }
    if phase > 0.25 { phase = 0.5 - phase }
    let angle = phase * 6.283185307179586
    let square = angle * angle
    // The Taylor series of the sine on the first quarter, Horner's way.
    var sum = 1.0
    for term in stride(from: 13.0, through: 1, by: -2) {
      sum = 1 - sum * square / ((term + 1) * (term + 2))
    }
    return sign * angle * sum
  }

  /// The cosine of an angle in turns.
  public static func cosine(turns: Double) -> Double { sine(turns: turns + 0.25) }
}

/// A linear map with a shift: x' = a x + c y + tx, y' = b x + d y + ty.
public struct Affine: Sendable, Hashable {
  public var a, b, c, d, tx, ty: Double

  /// The map of the six numbers.
  public init(a: Double, b: Double, c: Double, d: Double, tx: Double, ty: Double) {
    (self.a, self.b, self.c, self.d, self.tx, self.ty) = (a, b, c, d, tx, ty)
  }

  /// The map that moves nothing.
  public static let identity = Affine(a: 1, b: 0, c: 0, d: 1, tx: 0, ty: 0)

  /// A shift.
  public static func translation(_ x: Double, _ y: Double) -> Affine {
    Affine(a: 1, b: 0, c: 0, d: 1, tx: x, ty: y)
  }

  /// A scaling about the origin; a negative factor mirrors.
  public static func scale(_ x: Double, _ y: Double) -> Affine {
    Affine(a: x, b: 0, c: 0, d: y, tx: 0, ty: 0)
  }

  /// A rotation about the origin, clockwise on the screen, in turns.
  public static func rotation(turns: Double) -> Affine {
    let (sine, cosine) = (Trigonometry.sine(turns: turns), Trigonometry.cosine(turns: turns))
    return Affine(a: cosine, b: sine, c: -sine, d: cosine, tx: 0, ty: 0)
  }

  /// A shear: x' = x + horizontal * y, y' = y + vertical * x.
  public static func shear(horizontal: Double, vertical: Double) -> Affine {
    Affine(a: 1, b: vertical, c: horizontal, d: 1, tx: 0, ty: 0)
  }

  /// This map first, then the other.
  public func then(_ next: Affine) -> Affine {
    Affine(
      a: next.a * a + next.c * b, b: next.b * a + next.d * b,
      c: next.a * c + next.c * d, d: next.b * c + next.d * d,
      tx: next.a * tx + next.c * ty + next.tx, ty: next.b * tx + next.d * ty + next.ty)
  }

  /// Where a point goes.
  public func callAsFunction(_ point: Point) -> Point {
    Point(a * point.x + c * point.y + tx, b * point.x + d * point.y + ty)
  }

  /// By how much lengths grow, on average: the square root of the area's growth.
  public var magnification: Double { (a * d - b * c).magnitude.squareRoot() }
}
