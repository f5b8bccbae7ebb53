import AvocetDownloads
import AvocetImages

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is kept of a picture to compare it with others: its size, a digest of its pixels, and what it looks like from far away.
public struct Fingerprint: Sendable {
  /// A picture's width and height in pixels.
  public struct Size: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
  }

  /// The picture's size.
  public let size: Size
  /// Whether all its pixels are grey.
  public let isGrey: Bool
  /// SHA-256 of size and pixels: equal only for equal pictures.
  let digest: [UInt8]
  /// 64 bits of which few differ between pictures that look alike.
  let hash: UInt64
  /// The picture at 16 x 16 pixels, `[row, column, channel]`, less its mean, in units of its length; empty for a picture of one colour.
  let view: [Float]

  static let side = 16

  /// Looks at a picture.
  init(_ image: Image) {
    size = Size(width: image.width, height: image.height)
    isGrey = image.isGrey
    let size = [UInt64(image.width), UInt64(image.height)].flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    digest = sha256(size + image.pixels)
    let small = image.resized(width: Self.side, height: Self.side).pixels
    hash = Self.perceptualHash(small)
    view = Self.normalised(small)
  }

  /// Whether all pixels are equal.
  public func isEqual(to other: Fingerprint) -> Bool { digest == other.digest }

  /// How alike two pictures are, whatever their brightness and contrast: the correlation of their small views, up to 1.
  public func similarity(to other: Fingerprint) -> Float {
    guard view.count == other.view.count else { return 0 }
    // Four sums, so that the products need not wait for each other.
    var sums = SIMD4<Float>.zero
    unsafe view.withUnsafeBufferPointer { a in
      unsafe other.view.withUnsafeBufferPointer { b in
        for i in stride(from: 0, to: a.count, by: 4) {
          unsafe sums +=
            SIMD4(a[i], a[i + 1], a[i + 2], a[i + 3]) * SIMD4(b[i], b[i + 1], b[i + 2], b[i + 3])
        }
      }
    }
    return sums.sum()
  }

  private static func normalised(_ pixels: [UInt8]) -> [Float] {
    let values = pixels.map(Float.init)
    let mean = values.reduce(0, +) / Float(values.count)
    let rest = values.map { $0 - mean }
    let length = rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // A deviation of under 2 of 255 is one colour and the traces of its encoding.
    return length < 2 * Float(values.count).squareRoot() ? [] : rest.map { $0 / length }
  }

  /// pHash (Zauner 2010): the signs of the 64 lowest frequencies of a cosine transform of the brightness, against their median; the mean brightness does not count.
  private static func perceptualHash(_ pixels: [UInt8]) -> UInt64 {
    var luma = [Float](repeating: 0, count: side * side)
    for i in luma.indices {
      let (red, green, blue) = (Int(pixels[3 * i]), Int(pixels[3 * i + 1]), Int(pixels[3 * i + 2]))
      luma[i] = Float(299 * red + 587 * green + 114 * blue)
    }
    var rows = [Float](repeating: 0, count: side * 8)
    for y in 0..<side {
      for u in 0..<8 {
        for x in 0..<side { rows[y * 8 + u] += luma[y * side + x] * cosines[u * side + x] }
      }
    }
    var frequencies = [Float](repeating: 0, count: 64)
    for v in 0..<8 {
      for u in 0..<8 {
        for y in 0..<side { frequencies[v * 8 + u] += rows[y * 8 + u] * cosines[v * side + y] }
      }
    }
    frequencies[0] = 0
    let median = frequencies.sorted()[32]
    return frequencies.enumerated().reduce(0) { $0 | ($1.element > median ? 1 << $1.offset : 0) }
  }

  // [frequency, place]: cos(pi (2 place + 1) frequency / 32).
  private static let cosines: [Float] = (0..<8).flatMap { u in
    (0..<side).map { x in Float(cos(.pi * Double((2 * x + 1) * u) / Double(2 * side))) }
  }
}

extension Image {
  // JPEG's colours may differ by a few units where the picture was grey.
  fileprivate var isGrey: Bool {
    unsafe pixels.withUnsafeBufferPointer { pixels in
      for i in stride(from: 0, to: pixels.count, by: 3) {
        let (red, green, blue) = unsafe (Int(pixels[i]), Int(pixels[i + 1]), Int(pixels[i + 2]))
        if abs(red - green) > 6 || abs(green - blue) > 6 || abs(red - blue) > 6 { return false }
      }
      return true
    }
  }
}
