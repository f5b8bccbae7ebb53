import AvocetImages

/// Labelled pictures by their index; reading one is safe from any thread and gives the same picture every time.
public protocol DataSource: Sendable {
  /// How many pictures there are.
  var count: Int { get }
  /// The class of picture i.
  func label(_ i: Int) -> Int
  /// A name for messages: a path, or an index.
  func identifier(_ i: Int) -> String
  /// Picture i.
  func image(_ i: Int) throws(ImageError) -> Image
}

extension DataSource {
  /// The classes of all pictures.
  public var labels: [Int] { (0..<count).map { label($0) } }
}

/// Some pictures of another source.
public struct SubsetSource: DataSource {
  /// The whole.
  public let source: any DataSource
  /// The indices in the whole.
  public let indices: [Int]

  /// The pictures of `source` at `indices`, in that order.
  public init(_ source: any DataSource, _ indices: [Int]) {
    (self.source, self.indices) = (source, indices)
  }

  /// How many pictures there are.
  public var count: Int { indices.count }
  /// The class of picture i.
  public func label(_ i: Int) -> Int { source.label(indices[i]) }
  /// The whole's name for it.
  public func identifier(_ i: Int) -> String { source.identifier(indices[i]) }
  /// Picture i.
  public func image(_ i: Int) throws(ImageError) -> Image { try source.image(indices[i]) }
}

/// The drawn scenes as pictures with labels.
public struct AviarySource: DataSource {
  /// The generator.
  public let aviary: Aviary
  /// The scenes of `aviary`.
  public init(_ aviary: Aviary) { self.aviary = aviary }
  /// How many scenes there are.
  public var count: Int { aviary.count }
  /// The class of scene i.
  public func label(_ i: Int) -> Int { aviary.label(i) }
  /// The scene's number.
  public func identifier(_ i: Int) -> String { "aviary:seed=\(aviary.seed) scene \(i)" }
  /// Scene i's picture.
  public func image(_ i: Int) throws(ImageError) -> Image { aviary.scene(i).image }
}
