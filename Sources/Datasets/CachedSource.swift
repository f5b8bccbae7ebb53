import AvocetImages
import Synchronization

/// A source whose pictures are kept in memory once they were read, as far as a limit allows.
public final class CachedSource: DataSource {
  private let source: any DataSource
  private let limit: Int
  private let prepare: @Sendable (Image) -> Image
  private let kept: Mutex<(pictures: [Image?], bytes: Int)>

  /// Keeps up to `limit` bytes of what `prepare` makes of the pictures.
  public init(
    _ source: any DataSource, limit: Int = 2 << 30,
    prepare: @escaping @Sendable (Image) -> Image = { $0 }
  ) {
    (self.source, self.limit, self.prepare) = (source, limit, prepare)
    kept = Mutex(([Image?](repeating: nil, count: source.count), 0))
  }

  /// Bytes that are kept.
  public var bytes: Int { kept.withLock { $0.bytes } }
  /// How many pictures there are.
  public var count: Int { source.count }
  /// The class of picture i.
  public func label(_ i: Int) -> Int { source.label(i) }
  /// The name for messages.
  public func identifier(_ i: Int) -> String { source.identifier(i) }

  /// Picture i, from memory if it was read before.
  public func image(_ i: Int) throws(ImageError) -> Image {
    if let image = kept.withLock({ $0.pictures[i] }) { return image }
    let image = prepare(try source.image(i))
    kept.withLock { kept in
      guard kept.pictures[i] == nil, kept.bytes + image.pixels.count <= limit else { return }
      kept.pictures[i] = image
      kept.bytes += image.pixels.count
    }
    return image
  }
}

extension Image {
  /// The picture at `side` pixels along its shorter side, if it is larger.
  public func shrunk(toShortSide side: Int) -> Image {
    guard min(width, height) > side else { return self }
    let scale = Double(side) / Double(min(width, height))
    return resized(
      width: max(side, Int((Double(width) * scale).rounded())),
      height: max(side, Int((Double(height) * scale).rounded())))
  }
}
