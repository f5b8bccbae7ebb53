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
  try PictureFile(path, options).decoded()
}

/// Hands the picture in a file to `body`; before it is decoded, the budget must have room for it until `body` returns.
public func withImage<Result>(
  _ path: FilePath, options: DecodingOptions, within budget: DecodingBudget,
  _ body: (DecodedImage) throws(ImageError) -> Result
) throws(ImageError) -> Result {
  let file = try PictureFile(path, options)
  budget.take(file.memory)
  defer { budget.giveBack(file.memory) }
  return try body(try file.decoded())
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
  return try PictureFile(bytes, options).decoded()
}

/// A picture of which only the header was looked at.
private enum PictureFile {
  case png(PNGFile)
  case jpeg(JPEGFile)

  /// Larger PNGs are read while they are decoded.
  private static let heldWhole = 1 << 20

  init(_ path: FilePath, _ options: DecodingOptions) throws(ImageError) {
    let limit = options.limits.maxFileSize
    let file = try reading { () throws(FileError) in try InputFile(path, limit: limit) }
    if file.size > Self.heldWhole {
      let start = try reading { () throws(FileError) in try file.bytes(at: 0, count: 4096) }
      if try imageFormat(of: start) == .png {
        self = .png(try PNGFile(PNGBytes(start, of: file), options))
        return
      }
    }
    try self.init(
      try reading { () throws(FileError) in try file.allBytes(limit: limit) }, options)
  }

  init(_ bytes: [UInt8], _ options: DecodingOptions) throws(ImageError) {
    switch try imageFormat(of: bytes) {
    case .png: self = .png(try PNGFile(PNGBytes(bytes), options))
    case .jpeg: self = .jpeg(try JPEGFile(bytes, options))
    }
  }

  /// Bytes that decoding holds at most, and the file's where it is held whole.
  var memory: Int {
    switch self {
    case .png(let file): file.memory
    case .jpeg(let file): file.memory
    }
  }

  func decoded() throws(ImageError) -> DecodedImage {
    switch self {
    case .png(let file): try file.decoded()
    case .jpeg(let file): try file.decoded()
    }
  }
}

/// A file's troubles as an `ImageError`.
private func reading<Result>(
  _ body: () throws(FileError) -> Result
) throws(ImageError) -> Result {
  do throws(FileError) { return try body() } catch {
    throw ImageError(
      code: error.kind == .tooLarge ? "too-large" : "unreadable", message: error.reason)
  }
}

/// Bytes that a C function fills; none if it fails.
@unsafe func decodedPixels(
  _ count: Int, _ body: (UnsafeMutablePointer<UInt8>, Int) -> CInt
) -> [UInt8] {
  unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    guard let base = buffer.baseAddress else { return }
    if unsafe body(base, count) == CInt(CC_OK) { initialized = count }
  }
}

func implausible(_ width: Int, _ height: Int, _ count: Int) -> ImageError {
  ImageError(
    code: "truncated",
    message: "header claims \(grouped(width)) x \(grouped(height)) pixels but \(grouped(count)) "
      + "bytes cannot hold them")
}
