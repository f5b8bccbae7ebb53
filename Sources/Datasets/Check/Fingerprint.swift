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
  /// The picture at 16 x 16 pixels, `[row, column, channel]`.
  let colours: SmallView
  /// Its edges: the Laplacian of the brightness of those 16 x 16 pixels.
  let edges: SmallView

  static let side = 16

  /// Looks at a picture; about 2 KB are kept of it.
  init(_ image: Image) {
    size = Size(width: image.width, height: image.height)
    isGrey = image.isGrey
    let size = [UInt64(image.width), UInt64(image.height)].flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    digest = sha256(size + image.pixels)
    let small = image.resized(width: Self.side, height: Self.side).pixels
    let brightness = Self.brightness(small)
    hash = Self.perceptualHash(brightness)
    colours = SmallView(small.map(Int16.init))
    edges = SmallView(Self.laplacian(brightness))
  }

  /// Whether all pixels are equal.
  public func isEqual(to other: Fingerprint) -> Bool { digest == other.digest }

  /// Whether it is of one colour, but for the traces of its encoding: a deviation of under 2 of 255.
  var isFlat: Bool { colours.variance < 4 }

  /// How alike two pictures are, whatever their brightness and contrast: the correlations of their colours and of their edges, up to 1.
  public func likeness(to other: Fingerprint) -> (colours: Float, edges: Float) {
    (colours.correlation(with: other.colours), edges.correlation(with: other.edges))
  }

  private static func brightness(_ pixels: [UInt8]) -> [Int] {
    (0..<side * side).map { i in
      let (red, green, blue) = (Int(pixels[3 * i]), Int(pixels[3 * i + 1]), Int(pixels[3 * i + 2]))
      return 299 * red + 587 * green + 114 * blue
    }
  }

  // In units of 1/8 of the 255 steps; the picture goes on as it ends.
  private static func laplacian(_ brightness: [Int]) -> [Int16] {
    func value(_ x: Int, _ y: Int) -> Int {
      brightness[min(max(y, 0), side - 1) * side + min(max(x, 0), side - 1)]
    }
    return (0..<side * side).map { i in
      let (x, y) = (i % side, i / side)
      let around = value(x - 1, y) + value(x + 1, y) + value(x, y - 1) + value(x, y + 1)
      return Int16((4 * value(x, y) - around) / 125)
    }
  }

  /// pHash (Zauner 2010): the signs of the 64 lowest frequencies of a cosine transform of the brightness, against their median; the mean brightness does not count.
  private static func perceptualHash(_ brightness: [Int]) -> UInt64 {
    let luma = brightness.map(Float.init)
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

/// A few numbers of a picture that are compared with another's.
struct SmallView: Sendable {
  private let values: [Int16]
  private let sum: Int
  /// The count times the sum of the squares, less the square of the sum.
  private let spread: Int

  init(_ values: [Int16]) {
    self.values = values
    sum = values.reduce(0) { $0 + Int($1) }
    spread = values.count * values.reduce(0) { $0 + Int($1) * Int($1) } - sum * sum
  }

  /// The mean square of the deviation from the mean.
  var variance: Double { Double(spread) / Double(values.count * values.count) }

  /// Pearson's correlation, -1...1; 0 if one does not vary.
  func correlation(with other: SmallView) -> Float {
    guard spread > 0, other.spread > 0, values.count == other.values.count else { return 0 }
    var products = 0
    unsafe values.withUnsafeBufferPointer { a in
      unsafe other.values.withUnsafeBufferPointer { b in
        for i in a.indices { unsafe products &+= Int(Int32(a[i]) &* Int32(b[i])) }
      }
    }
    let common = Double(values.count * products - sum * other.sum)
    return Float(common / (Double(spread).squareRoot() * Double(other.spread).squareRoot()))
  }
}
