import AvocetImages
import Synchronization

/// A source whose pictures are kept in memory once they were read, as far as a limit allows, large ones made smaller.
public final class CachedSource: DataSource {
  private let source: any DataSource
  private let limit: Int
  private let shortSide: Int?
  private let kept: Mutex<(pictures: [Image?], bytes: Int)>

  /// Keeps up to `limit` bytes; pictures whose shorter side exceeds `shortSide` are scaled down to it first.
  public init(_ source: any DataSource, shortSide: Int? = nil, limit: Int = 2 << 30) {
    (self.source, self.limit, self.shortSide) = (source, limit, shortSide)
    kept = Mutex(([Image?](repeating: nil, count: source.count), 0))
  }

  /// How many pictures there are.
  public var count: Int { source.count }
  /// The class of picture i.
  public func label(_ i: Int) -> Int { source.label(i) }
  /// The name for messages.
  public func identifier(_ i: Int) -> String { source.identifier(i) }

  /// Picture i, from memory if it was read before.
  public func image(_ i: Int) throws(ImageError) -> Image {
    if let image = kept.withLock({ $0.pictures[i] }) { return image }
    var image = try source.image(i)
    if let shortSide, min(image.width, image.height) > shortSide {
      let scale = Double(shortSide) / Double(min(image.width, image.height))
      image = image.resized(
        width: max(shortSide, Int((Double(image.width) * scale).rounded())),
        height: max(shortSide, Int((Double(image.height) * scale).rounded())),
        interpolation: .bilinear)
    }
    kept.withLock { kept in
      guard kept.pictures[i] == nil, kept.bytes + image.pixels.count <= limit else { return }
      kept.pictures[i] = image
      kept.bytes += image.pixels.count
    }
    return image
  }
}
