import AvocetImages

/// A raster to paint on: red, green and blue as floats 0...255, rounded to bytes at the end.
public struct Canvas: Sendable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `[row, column, channel]`, 0...255.
  public var values: [Float]

  /// How to scale a picture.
  public enum Sampling: Sendable {
    case nearest, bilinear
  }

  /// An empty canvas of one colour.
  public init(width: Int, height: Int, background: RGB = .white) {
    precondition(width > 0 && height > 0, "Canvas: \(width) x \(height)")
    (self.width, self.height) = (width, height)
    values = [Float](repeating: 0, count: 3 * width * height)
    for pixel in 0..<(width * height) {
      values[3 * pixel] = Float(background.red)
      values[3 * pixel + 1] = Float(background.green)
      values[3 * pixel + 2] = Float(background.blue)
    }
  }

  /// A canvas that begins as a picture.
  public init(_ image: Image) {
    (width, height) = (image.width, image.height)
    values = image.pixels.map { Float($0) }
  }

  /// The picture: values rounded and kept within 0...255.
  public var image: Image {
    Image(
      width: width, height: height,
      pixels: values.map { UInt8(min(255, max(0, $0)) + 0.5) })
  }

  /// Paints a coverage with one colour.
  public mutating func fill(_ coverage: Coverage, _ color: RGB, opacity: Double = 1) {
    let (red, green, blue) = (Float(color.red), Float(color.green), Float(color.blue))
    for row in 0..<coverage.height {
      let start = (row + coverage.y) * width + coverage.x
      for column in 0..<coverage.width {
        let share = coverage.values[row * coverage.width + column] * Float(opacity)
        guard share > 0 else { continue }
        let index = 3 * (start + column)
        values[index] += (red - values[index]) * share
        values[index + 1] += (green - values[index + 1]) * share
        values[index + 2] += (blue - values[index + 2]) * share
      }
    }
  }

  /// Fills a path, nonzero rule, anti-aliased by the exact area each pixel is covered.
  public mutating func fill(_ path: Path, _ color: RGB, opacity: Double = 1) {
    fill(Coverage(filling: path, width: width, height: height), color, opacity: opacity)
  }

  /// Draws a path's outline with a round pen of the given width in pixels.
  public mutating func stroke(
    _ path: Path, _ color: RGB, penWidth: Double = 1, opacity: Double = 1
  ) {
    fill(
      Coverage(stroking: path, penWidth: penWidth, width: width, height: height), color,
      opacity: opacity)
  }

  /// Draws a straight line with a round pen.
  public mutating func line(
    from start: Point, to end: Point, _ color: RGB, penWidth: Double = 1, opacity: Double = 1
  ) {
    stroke(.polyline([start, end]), color, penWidth: penWidth, opacity: opacity)
  }

  /// Fills an upright rectangle.
  public mutating func rectangle(_ frame: Rectangle, _ color: RGB, opacity: Double = 1) {
    fill(.rectangle(frame), color, opacity: opacity)
  }

  /// Draws a picture into a rectangle, scaled to fill it; the rectangle's edges go to whole pixels.
  public mutating func draw(
    _ picture: Image, in frame: Rectangle, sampling: Sampling = .bilinear
  ) {
    let left = Int(frame.x.rounded())
    let top = Int(frame.y.rounded())
    let columns = Int((frame.x + frame.width).rounded()) - left
    let rows = Int((frame.y + frame.height).rounded()) - top
    guard columns > 0 && rows > 0 else { return }
    for row in max(0, -top)..<max(max(0, -top), min(rows, height - top)) {
      for column in max(0, -left)..<max(max(0, -left), min(columns, width - left)) {
        let sourceX = (Double(column) + 0.5) * Double(picture.width) / Double(columns)
        let sourceY = (Double(row) + 0.5) * Double(picture.height) / Double(rows)
        let index = 3 * ((top + row) * width + left + column)
        for channel in 0..<3 {
          values[index + channel] =
            sampling == .nearest
            ? Canvas.nearest(picture, sourceX, sourceY, channel)
            : Canvas.bilinear(picture, sourceX - 0.5, sourceY - 0.5, channel)
        }
      }
    }
  }

  private static func nearest(_ image: Image, _ x: Double, _ y: Double, _ channel: Int) -> Float {
    let column = min(image.width - 1, Int(x))
    let row = min(image.height - 1, Int(y))
    return Float(image.pixels[3 * (row * image.width + column) + channel])
  }

  private static func bilinear(_ image: Image, _ x: Double, _ y: Double, _ channel: Int) -> Float {
    let (x, y) = (max(0, x), max(0, y))
    let (column, row) = (min(image.width - 1, Int(x)), min(image.height - 1, Int(y)))
    let (right, below) = (min(image.width - 1, column + 1), min(image.height - 1, row + 1))
    let (shareX, shareY) = (Float(x - Double(column)), Float(y - Double(row)))
    func at(_ column: Int, _ row: Int) -> Float {
      Float(image.pixels[3 * (row * image.width + column) + channel])
    }
    let upper = at(column, row) + (at(right, row) - at(column, row)) * shareX
    let lower = at(column, below) + (at(right, below) - at(column, below)) * shareX
    return upper + (lower - upper) * shareY
  }
}
