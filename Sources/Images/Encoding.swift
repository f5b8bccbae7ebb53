import CCodecs

/// One byte a pixel, row by row from the top: a grey picture, a mask, or indices of parts.
public struct GreyMap: Sendable, Hashable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// width * height values.
  public var values: [UInt8]

  /// A map of the given values.
  public init(width: Int, height: Int, values: [UInt8]) {
    precondition(
      width > 0 && height > 0 && values.count == width * height,
      "GreyMap: \(width) x \(height) with \(values.count) values")
    (self.width, self.height, self.values) = (width, height, values)
  }

  /// The value in column x of row y.
  public subscript(x: Int, y: Int) -> UInt8 {
    get { values[y * width + x] }
    set { values[y * width + x] = newValue }
  }
}

extension Image {
  /// The picture as an 8-bit RGB PNG, deflated with effort 0...9.
  public func encodedPNG(compression: Int = 6) -> [UInt8] {
    encodePNG(width, height, 3, pixels, palette: [], compression)
  }

  /// The picture as a baseline JPEG of quality 1...100, colour at half resolution. At most 65,500 pixels a side.
  public func encodedJPEG(quality: Int = 92) -> [UInt8] {
    precondition(width <= 65500 && height <= 65500, "JPEG: \(width) x \(height) is over 65,500")
    var report = cc_report()
    return unsafe encoded(&report) { bytes, count, report in
      unsafe cc_jpeg_encode(
        pixels, UInt32(width), UInt32(height), CInt(quality), bytes, count, report)
    }
  }
}

/// width * height grey values as an 8-bit PNG.
public func encodeGreyPNG(width: Int, height: Int, values: [UInt8]) -> [UInt8] {
  encodePNG(width, height, 1, values, palette: [], 6)
}

/// width * height indices as an 8-bit PNG with a palette of at most 256 colours, one for each index.
public func encodeIndexPNG(width: Int, height: Int, values: [UInt8], palette: [RGB]) -> [UInt8] {
  precondition((1...256).contains(palette.count), "palette of \(palette.count) colours")
  precondition(values.allSatisfy { Int($0) < palette.count }, "index outside the palette")
  return encodePNG(width, height, 1, values, palette: palette, 6)
}

private func encodePNG(
  _ width: Int, _ height: Int, _ components: Int, _ values: [UInt8], palette: [RGB],
  _ compression: Int
) -> [UInt8] {
  precondition(
    width > 0 && height > 0 && values.count == components * width * height,
    "PNG: \(width) x \(height) with \(values.count) values")
  let colors = palette.flatMap { [$0.red, $0.green, $0.blue] }
  var report = cc_report()
  return unsafe encoded(&report) { bytes, count, report in
    unsafe cc_png_encode(
      values, UInt32(width), UInt32(height), CInt(components), colors, CInt(palette.count),
      CInt(compression), bytes, count, report)
  }
}

/// What a C encoder made. The arguments are checked before, so only the lack of memory stops it.
@unsafe private func encoded(
  _ report: inout cc_report,
  _ body: (
    UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
    UnsafeMutablePointer<cc_report>
  ) -> CInt
) -> [UInt8] {
  var bytes: UnsafeMutablePointer<UInt8>? = nil
  var count = 0
  let status = unsafe body(&bytes, &count, &report)
  precondition(status == CInt(CC_OK), "no memory to encode a picture")
  defer { unsafe cc_free(bytes) }
  return unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
}
