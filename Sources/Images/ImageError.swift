/// Why a picture could not be read.
public struct ImageError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A stable name: `unreadable`, `empty`, `not-an-image`, `unsupported`, `truncated`, `damaged`, `too-large`,
  /// `out-of-memory`.
  public let code: String
  /// What is wrong, in one line without the file's name.
  public let message: String

  /// The given complaint.
  public init(code: String, message: String) { (self.code, self.message) = (code, message) }

  /// The message.
  public var description: String { message }
}

/// The two formats that are read.
public enum ImageFormat: String, Sendable, Codable { case png, jpeg }

/// What a decoder may take; beyond it a picture is refused before memory is taken.
public struct DecodingLimits: Sendable, Hashable {
  /// Pixels of the decoded picture.
  public var maxPixels: Int
  /// Bytes of the file.
  public var maxFileSize: Int
  /// Bytes of memory for one picture, the decoder's own included.
  public var maxMemory: Int

  /// The given limits; 64 megapixels, 256 MiB and 512 MiB where none is given.
  public init(maxPixels: Int = 64_000_000, maxFileSize: Int = 256 << 20, maxMemory: Int = 512 << 20)
  {
    (self.maxPixels, self.maxFileSize, self.maxMemory) = (maxPixels, maxFileSize, maxMemory)
  }
}

/// How a picture is to be decoded.
public struct DecodingOptions: Sendable, Hashable {
  /// The colour behind transparent pixels.
  public var background: RGB
  /// What the decoder may take.
  public var limits: DecodingLimits
  /// If given, a JPEG may come out at 1/2, 1/4 or 1/8 as long as its short side keeps this many pixels.
  public var enoughShortSide: Int?

  /// The given options; white and the usual limits where none is given.
  public init(
    background: RGB = .white, limits: DecodingLimits = DecodingLimits(), enoughShortSide: Int? = nil
  ) {
    (self.background, self.limits, self.enoughShortSide) = (background, limits, enoughShortSide)
  }
}

/// A picture and what was remarkable about its file.
public struct DecodedImage: Sendable {
  /// The picture, upright.
  public let image: Image
  /// What the file is.
  public let format: ImageFormat
  /// What the decoder complained of, one line each.
  public let warnings: [String]
  /// The picture was decoded at 1/denominator of its size; 1 unless `enoughShortSide` allowed more.
  public let denominator: Int
}
