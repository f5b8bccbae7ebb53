import AvocetImages

/// Labelled examples as a network takes them; what an epoch shows of one is a function of (seed, epoch, index) alone.
public protocol Examples: Sendable {
  /// How many there are.
  var count: Int { get }
  /// Rows, columns and channels of each.
  var shape: (rows: Int, columns: Int, channels: Int) { get }
  /// The class of example i.
  func label(_ i: Int) -> Int
  /// A name for messages.
  func identifier(_ i: Int) -> String
  /// Writes example i of an epoch, `[row, column, channel]`; it may be called from any thread.
  @unsafe func write(_ i: Int, into numbers: UnsafeMutablePointer<Float>, seed: UInt64, epoch: Int)
    throws(ImageError)
  /// The parts on example i of an epoch; nil where nothing is known of them.
  func partMap(_ i: Int, seed: UInt64, epoch: Int) -> PartMap?
}

extension Examples {
  /// The classes of all examples.
  var labels: [Int] { (0..<count).map { label($0) } }

  /// Nothing is known of the parts.
  public func partMap(_ i: Int, seed: UInt64, epoch: Int) -> PartMap? { nil }
}

/// Pictures, augmented anew in every epoch, resized and normalised.
public struct AugmentedPictures: Examples {
  private let source: any DataSource
  private let preprocessing: Preprocessing
  private let augmentation: Augmentation
  private let parts: PartMaps?

  /// The pictures of `source`, with the maps of their parts.
  public init(
    _ source: any DataSource, preprocessing: Preprocessing, augmentation: Augmentation,
    parts: PartMaps? = nil
  ) {
    (self.source, self.preprocessing, self.augmentation) = (source, preprocessing, augmentation)
    self.parts = parts
  }

  /// How many pictures there are.
  public var count: Int { source.count }
  /// The shape of a view.
  public var shape: (rows: Int, columns: Int, channels: Int) {
    (preprocessing.height, preprocessing.width, preprocessing.channels)
  }
  /// The class of picture i.
  public func label(_ i: Int) -> Int { source.label(i) }
  /// The picture's name.
  public func identifier(_ i: Int) -> String { source.identifier(i) }

  /// What an epoch shows of picture i.
  public func picture(_ i: Int, seed: UInt64, epoch: Int) throws(ImageError) -> Image {
    let choice = augmentation.choice(seed: seed, epoch: epoch, index: i)
    if let twin = parts?.twin(i, seed: seed, epoch: epoch) {
      return augmentation.apply(choice, to: twin.view, blank: preprocessing.blank)
    }
    let view = preprocessing.view(of: augmentation.cropped(try source.image(i), choice))
    return augmentation.apply(choice, to: view, blank: preprocessing.blank)
  }

  /// Writes the numbers of what an epoch shows of picture i.
  @unsafe public func write(
    _ i: Int, into numbers: UnsafeMutablePointer<Float>, seed: UInt64, epoch: Int
  ) throws(ImageError) {
    unsafe preprocessing.normalise(try picture(i, seed: seed, epoch: epoch), into: numbers)
  }

  /// The parts on what an epoch shows of picture i.
  public func partMap(_ i: Int, seed: UInt64, epoch: Int) -> PartMap? {
    let choice = augmentation.choice(seed: seed, epoch: epoch, index: i)
    return parts?.map(i, choice, seed: seed, epoch: epoch)
  }
}

extension Preprocessing {
  /// The mean colour: what a blanked square shows.
  fileprivate var blank: RGB {
    let bytes = mean.map { UInt8(min(max($0 * 255, 0), 255)) }
    return bytes.count == 3
      ? RGB(bytes[0], bytes[1], bytes[2]) : RGB(bytes[0], bytes[0], bytes[0])
  }
}
