/// A picture of red, green and blue bytes: row by row from the top, `[row, column, channel]`.
public struct Image: Sendable, Hashable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 3 * width * height bytes.
  public var pixels: [UInt8]

  /// A picture of the given bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == 3 * width * height,
      "Image: \(width) x \(height) with \(pixels.count) bytes")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, fill: RGB) {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * width * height)
    for _ in 0..<(width * height) { pixels += [fill.red, fill.green, fill.blue] }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// The pixel in column x of row y.
  public subscript(x: Int, y: Int) -> RGB {
    get {
      let i = 3 * (y * width + x)
      return RGB(pixels[i], pixels[i + 1], pixels[i + 2])
    }
    set {
      let i = 3 * (y * width + x)
      (pixels[i], pixels[i + 1], pixels[i + 2]) = (newValue.red, newValue.green, newValue.blue)
    }
  }
}

/// A colour of three bytes (sRGB).
public struct RGB: Sendable, Hashable, Codable {
  public var red, green, blue: UInt8

  /// The given bytes.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  /// All light.
  public static let white = RGB(255, 255, 255)
  /// No light.
  public static let black = RGB(0, 0, 0)
}
