import AvocetFiles
import CCodecs

/// The bytes of a PNG: all of them, or the first, and the rest is still in its file.
struct PNGBytes {
  /// Those that are in memory.
  let held: [UInt8]
  /// How many there are in all.
  let count: Int
  private let file: InputFile?

  init(_ bytes: [UInt8]) { (held, count, file) = (bytes, bytes.count, nil) }

  init(_ start: [UInt8], of file: InputFile) { (held, count, self.file) = (start, file.size, file) }

  var extent: cc_extent {
    cc_extent(held: held.count, count: count, file: file?.descriptor.rawValue ?? -1)
  }

  /// The header of a PNG whose pixels are within the limits and fit into the file.
  func header(_ limits: DecodingLimits) throws(ImageError) -> cc_header {
    var header = cc_header()
    var report = cc_report()
    unsafe _ = cc_png_header(held, extent, cc_limits(limits), &header, &report)
    try report.check()
    let (width, height) = (Int(header.width), Int(header.height))
    try limits.check(width, height)
    // Deflate makes at most 1,032 bytes of one.
    let rowBytes = (width * Int(header.components) * Int(header.depth) + 7) / 8
    if rowBytes * height > 1040 * count + 1024 { throw implausible(width, height, count) }
    return header
  }
}

/// A PNG whose header was read.
struct PNGFile {
  private let bytes: PNGBytes
  private let options: DecodingOptions
  private let width, height: Int

  init(_ bytes: PNGBytes, _ options: DecodingOptions) throws(ImageError) {
    (self.bytes, self.options) = (bytes, options)
    let header = try bytes.header(options.limits)
    (width, height) = (Int(header.width), Int(header.height))
  }

  /// Bytes that decoding holds.
  var memory: Int { bytes.held.count + 3 * width * height }

  func decoded() throws(ImageError) -> DecodedImage {
    var limits = cc_limits(options.limits)
    limits.max_memory = try options.limits.memoryLeft(width, height, 3, kept: 3)
    let background = [options.background.red, options.background.green, options.background.blue]
    var report = cc_report()
    let pixels = unsafe decodedPixels(3 * width * height) { pixels, count in
      unsafe cc_png_rgb(bytes.held, bytes.extent, limits, background, pixels, count, &report)
    }
    try report.check()
    return DecodedImage(
      image: Image(width: width, height: height, pixels: pixels), format: .png,
      warnings: report.warnings, denominator: 1)
  }
}

/// A grey or palette PNG's samples as they are stored, without colours: for maps of indices.
public func decodeIndexPNG(
  _ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()
) throws(ImageError) -> GreyMap {
  guard try imageFormat(of: bytes) == .png else {
    throw ImageError(code: "unsupported", message: "an index map must be a PNG")
  }
  let png = PNGBytes(bytes)
  let header = try png.header(limits)
  let (width, height) = (Int(header.width), Int(header.height))
  var inner = cc_limits(limits)
  inner.max_memory = try limits.memoryLeft(width, height, 2, kept: 1)
  var report = cc_report()
  let values = unsafe decodedPixels(width * height) { pixels, count in
    unsafe cc_png_indices(bytes, png.extent, inner, pixels, count, &report)
  }
  try report.check()
  return GreyMap(width: width, height: height, values: values)
}

/// A PNG's pixels before the background: `[row, column, RGBA]` at the file's own depth of 8 or 16 bits.
package func decodePNGSamples(
  _ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()
) throws(ImageError) -> [UInt16] {
  let png = PNGBytes(bytes)
  let header = try png.header(limits)
  let count = 4 * Int(header.width) * Int(header.height)
  var report = cc_report()
  let samples = unsafe [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
    guard let base = buffer.baseAddress else { return }
    let status = unsafe cc_png_rgba(bytes, png.extent, cc_limits(limits), base, count, &report)
    if status == CInt(CC_OK) { initialized = count }
  }
  try report.check()
  return samples
}
