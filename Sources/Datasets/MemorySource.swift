import AvocetImages

/// Pictures of one size in one block of bytes, grey or colour.
public struct MemorySource: DataSource {
  let width, height, channels: Int
  let bytes: [UInt8]
  let planar: Bool
  private let classes: [UInt8]
  private let name: String

  static let empty = MemorySource(
    name: "", width: 1, height: 1, channels: 1, bytes: [], labels: [], planar: false)

  /// `bytes` holds `labels.count` pictures; planar ones have their channels one after the other.
  init(
    name: String, width: Int, height: Int, channels: Int, bytes: [UInt8], labels: [UInt8],
    planar: Bool
  ) {
    (self.name, self.width, self.height, self.channels) = (name, width, height, channels)
    (self.bytes, classes, self.planar) = (bytes, labels, planar)
  }

  /// How many pictures there are.
  public var count: Int { classes.count }
  /// The class of picture i.
  public func label(_ i: Int) -> Int { Int(classes[i]) }
  /// The split's name and the number.
  public func identifier(_ i: Int) -> String { "\(name) \(i)" }

  /// Picture i; grey ones have three equal channels.
  public func image(_ i: Int) throws(ImageError) -> Image {
    let area = width * height
    let start = i * area * channels
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * area)
    for p in 0..<area {
      for c in 0..<3 {
        let channel = channels == 1 ? 0 : c
        pixels.append(bytes[start + (planar ? channel * area + p : p * channels + channel)])
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }
}
