import AvocetFiles
import CCodecs
import SystemPackage

/// The picture in a PNG or JPEG file, upright and over the background colour.
///
/// What the file is, its content decides. Transparency is blended with integers; 16 bits become 8 by rounding; gamma and
/// colour profiles are ignored.
public func readImage(
  _ path: FilePath, options: DecodingOptions = DecodingOptions()
) throws(ImageError) -> DecodedImage {
  try decodeImage(try readImageFile(path, limits: options.limits), options: options)
}

/// The bytes of a picture's file, its troubles as an `ImageError`.
package func readImageFile(
  _ path: FilePath, limits: DecodingLimits
) throws(ImageError) -> [UInt8] {
  do throws(FileError) {
    return try readFile(path, limit: limits.maxFileSize)
  } catch {
    throw ImageError(
      code: error.kind == .tooLarge ? "too-large" : "unreadable", message: error.reason)
  }
}

/// The picture in the bytes of a PNG or JPEG file; see `readImage`.
public func decodeImage(
  _ bytes: [UInt8], options: DecodingOptions = DecodingOptions()
) throws(ImageError) -> DecodedImage {
  if bytes.count > options.limits.maxFileSize {
    throw ImageError(
      code: "too-large",
      message: "\(grouped(bytes.count)) bytes are over the limit of "
        + grouped(options.limits.maxFileSize))
  }
  switch try imageFormat(of: bytes) {
  case .png: return try decodePNG(bytes, options)
  case .jpeg: return try decodeJPEG(bytes, options)
  }
}

private func decodePNG(
  _ bytes: [UInt8], _ options: DecodingOptions
) throws(ImageError) -> DecodedImage {
  var limits = cc_limits(options.limits)
  let header = try pngHeader(bytes, options.limits)
  let (width, height) = (Int(header.width), Int(header.height))
  let rowBytes = header.is_interlaced != 0 ? (header.depth == 16 ? 8 : 4) : 0
  limits.max_memory = try options.limits.memoryLeft(width, height, 3 + rowBytes, kept: 3)

  let background = [options.background.red, options.background.green, options.background.blue]
  var report = cc_report()
  let pixels = unsafe decodedPixels(3 * width * height) { pixels, count in
    unsafe cc_png_rgb(bytes, bytes.count, limits, background, pixels, count, &report)
  }
  try report.check()
  return DecodedImage(
    image: Image(width: width, height: height, pixels: pixels), format: .png,
    warnings: report.warnings, denominator: 1)
}

/// The header of a PNG whose pixels are within the limits and fit into the file.
func pngHeader(
  _ bytes: [UInt8], _ limits: DecodingLimits
) throws(ImageError) -> cc_header {
  var header = cc_header()
  var report = cc_report()
  unsafe _ = cc_png_header(bytes, bytes.count, cc_limits(limits), &header, &report)
  try report.check()
  let (width, height) = (Int(header.width), Int(header.height))
  try limits.check(width, height)
  // Deflate makes at most 1,032 bytes of one.
  let rowBytes = (width * Int(header.components) * Int(header.depth) + 7) / 8
  if rowBytes * height > 1040 * bytes.count + 1024 { throw implausible(width, height, bytes.count) }
  return header
}

private func decodeJPEG(
  _ bytes: [UInt8], _ options: DecodingOptions
) throws(ImageError) -> DecodedImage {
  var header = cc_header()
  var report = cc_report()
  var limits = cc_limits(options.limits)
  unsafe _ = cc_jpeg_header(bytes, bytes.count, limits, &header, &report)
  try report.check()
  let denominator = denominator(of: header, options)
  let width = Int(cc_jpeg_scaled(header.width, CInt(denominator)))
  let height = Int(cc_jpeg_scaled(header.height, CInt(denominator)))
  try options.limits.check(width, height)
  let pixels = Int(header.width) * Int(header.height)
  // A Huffman-coded block takes at least one bit; 2,048 pixels a byte leave room for odd samplings.
  if header.is_arithmetic == 0, pixels > 2048 * bytes.count + 65536 {
    throw implausible(Int(header.width), Int(header.height), bytes.count)
  }
  limits.max_memory = try options.limits.memoryLeft(width, height, 3, kept: 3)
  limits.max_work = UInt64(10 * pixels + (256 << 20))

  let decoded = unsafe decodedPixels(3 * width * height) { pixels, count in
    unsafe cc_jpeg_rgb(
      bytes, bytes.count, limits, CInt(denominator), pixels, count, &report)
  }
  try report.check()
  var image = Image(width: width, height: height, pixels: decoded)
  var warnings = report.warnings
  switch exifOrientation(bytes) {
  case .none: break
  case .some(.success(let orientation)): image = image.oriented(orientation)
  case .some(.failure(let problem)): warnings.append(problem.message)
  }
  return DecodedImage(image: image, format: .jpeg, warnings: warnings, denominator: denominator)
}

/// The largest of 1, 2, 4, 8 that leaves the short side long enough.
private func denominator(of header: cc_header, _ options: DecodingOptions) -> Int {
  guard let enough = options.enoughShortSide else { return 1 }
  let short = min(header.width, header.height)
  return [8, 4, 2].first { Int(cc_jpeg_scaled(short, CInt($0))) >= max(1, enough) } ?? 1
}

/// Bytes that a C function fills; none if it fails.
@unsafe private func decodedPixels(
  _ count: Int, _ body: (UnsafeMutablePointer<UInt8>, Int) -> CInt
) -> [UInt8] {
  unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    guard let base = buffer.baseAddress else { return }
    if unsafe body(base, count) == CInt(CC_OK) { initialized = count }
  }
}

private func implausible(_ width: Int, _ height: Int, _ count: Int) -> ImageError {
  ImageError(
    code: "truncated",
    message: "header claims \(grouped(width)) x \(grouped(height)) pixels but \(grouped(count)) "
      + "bytes cannot hold them")
}

/// A grey or palette PNG's samples as they are stored, without colours: for maps of indices.
public func decodeIndexPNG(
  _ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()
) throws(ImageError) -> GreyMap {
  guard try imageFormat(of: bytes) == .png else {
    throw ImageError(code: "unsupported", message: "an index map must be a PNG")
  }
  let header = try pngHeader(bytes, limits)
  let (width, height) = (Int(header.width), Int(header.height))
  var inner = cc_limits(limits)
  inner.max_memory = try limits.memoryLeft(width, height, 2, kept: 1)
  var report = cc_report()
  let values = unsafe decodedPixels(width * height) { pixels, count in
    unsafe cc_png_indices(bytes, bytes.count, inner, pixels, count, &report)
  }
  try report.check()
  return GreyMap(width: width, height: height, values: values)
}

/// A PNG's pixels before the background: `[row, column, RGBA]` at the file's own depth of 8 or 16 bits.
package func decodePNGSamples(
  _ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()
) throws(ImageError) -> [UInt16] {
  let header = try pngHeader(bytes, limits)
  let count = 4 * Int(header.width) * Int(header.height)
  var report = cc_report()
  let samples = unsafe [UInt16](unsafeUninitializedCapacity: count) { buffer, initialized in
    guard let base = buffer.baseAddress else { return }
    let status = unsafe cc_png_rgba(
      bytes, bytes.count, cc_limits(limits), base, count, &report)
    if status == CInt(CC_OK) { initialized = count }
  }
  try report.check()
  return samples
}
