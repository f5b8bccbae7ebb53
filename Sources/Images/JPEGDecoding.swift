import AvocetFiles
import CCodecs

/// A JPEG whose header was read.
struct JPEGFile {
  private let bytes: [UInt8]
  private let options: DecodingOptions
  private let header: cc_header
  private let denominator: Int
  private let width, height: Int
  private let orientation: Result<Int, ImageError>?

  init(_ bytes: [UInt8], _ options: DecodingOptions) throws(ImageError) {
    (self.bytes, self.options) = (bytes, options)
    var header = cc_header()
    var report = cc_report()
    unsafe _ = cc_jpeg_header(bytes, bytes.count, cc_limits(options.limits), &header, &report)
    try report.check()
    self.header = header
    denominator = Self.denominator(of: header, options)
    width = Int(cc_jpeg_scaled(header.width, CInt(denominator)))
    height = Int(cc_jpeg_scaled(header.height, CInt(denominator)))
    orientation = exifOrientation(bytes)
    try options.limits.check(width, height)
    // A Huffman-coded block takes at least one bit; 2,048 pixels a byte leave room for odd samplings.
    if header.is_arithmetic == 0, pixels > 2048 * bytes.count + 65536 {
      throw implausible(Int(header.width), Int(header.height), bytes.count)
    }
  }

  /// Pixels before scaling.
  private var pixels: Int { Int(header.width) * Int(header.height) }

  /// Bytes that decoding holds at most: a picture that is turned is there twice, or its coefficients before that.
  var memory: Int {
    let image = 3 * width * height
    return bytes.count + image + max(header.coefficients, orientation == nil ? 0 : image)
  }

  func decoded() throws(ImageError) -> DecodedImage {
    var limits = cc_limits(options.limits)
    limits.max_memory = try options.limits.memoryLeft(width, height, 3, kept: 3)
    limits.max_work = UInt64(10 * pixels + (256 << 20))
    var report = cc_report()
    let decoded = unsafe decodedPixels(3 * width * height) { pixels, count in
      unsafe cc_jpeg_rgb(
        bytes, bytes.count, limits, CInt(denominator), pixels, count, &report)
    }
    try report.check()
    var image = Image(width: width, height: height, pixels: decoded)
    var warnings = report.warnings
    switch orientation {
    case .none: break
    case .some(.success(let orientation)): image = image.oriented(orientation)
    case .some(.failure(let problem)): warnings.append(problem.message)
    }
    return DecodedImage(image: image, format: .jpeg, warnings: warnings, denominator: denominator)
  }

  /// The largest of 1, 2, 4, 8 that leaves the short side long enough.
  private static func denominator(of header: cc_header, _ options: DecodingOptions) -> Int {
    guard let enough = options.enoughShortSide else { return 1 }
    let short = min(header.width, header.height)
    return [8, 4, 2].first { Int(cc_jpeg_scaled(short, CInt($0))) >= max(1, enough) } ?? 1
  }
}
