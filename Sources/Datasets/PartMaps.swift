import AvocetImages
import AvocetKernels
import Synchronization

/// The parts on one picture, an index for each pixel of a view; 0 is none.
public struct PartMap: Sendable, Hashable {
  /// What is to be seen.
  public let seen: [UInt8]
  /// What would be seen, had it not been taken away; empty where nothing was.
  public let missing: [UInt8]

  /// The parts of a picture, or of one that has lost some.
  public init(seen: [UInt8], missing: [UInt8] = []) { (self.seen, self.missing) = (seen, missing) }
}

/// The parts on pictures as their views show them, for a network that is told of them while it learns.
///
/// What a part is like can also be learned from where it is missing: an aviary draws a twin of each scene without one of its parts, and an epoch shows `twinShare` of the
/// pictures as their twins.
public struct PartMaps: Sendable {
  /// Rows and columns of a view.
  public let height, width: Int
  /// The parts' names by index; the first is no part.
  public let names: [String]
  // One index into the names per pixel of a view; empty where nothing is known of a picture.
  private let maps: [[UInt8]]
  private let twins: [Twin?]

  /// A picture without one of its parts.
  struct Twin: Sendable {
    let view: Image
    fileprivate let part: UInt8
    fileprivate let map: [UInt8]
  }

  /// The share of the pictures that an epoch shows as their twins.
  public static let twinShare = 0.4

  /// Looks at the pictures of `source` at `indices`, on all threads; nil where no maps of their parts are known.
  public init?(
    _ source: PartSource, _ indices: [Int], preprocessing: Preprocessing, team: ThreadTeam
  ) throws(ImageError) {
    guard source.hasMaps else { return nil }
    (height, width, names) = (preprocessing.height, preprocessing.width, source.names)
    let found = Mutex([(map: [UInt8], twin: Twin?)](repeating: ([], nil), count: indices.count))
    let failure = Mutex<ImageError?>(nil)
    let chunk = 16
    team.run((indices.count + chunk - 1) / chunk) { task, _ in
      for place in task * chunk..<min(indices.count, (task + 1) * chunk) {
        do throws(ImageError) {
          guard let truth = try source.picture(indices[place]).truth else { continue }
          let map = preprocessing.view(of: truth)
          let twin = source.twin(indices[place]).map { part, image, truth in
            Twin(
              view: preprocessing.view(of: image), part: part, map: preprocessing.view(of: truth))
          }
          found.withLock { $0[place] = (map, twin) }
        } catch { failure.withLock { $0 = $0 ?? error } }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    let all = found.withLock { $0 }
    (maps, twins) = (all.map(\.map), all.map(\.twin))
  }

  private init(_ whole: PartMaps, _ indices: [Int]) {
    (height, width, names) = (whole.height, whole.width, whole.names)
    (maps, twins) = (indices.map { whole.maps[$0] }, indices.map { whole.twins[$0] })
  }

  /// Those of some of the pictures, in that order.
  public func part(_ indices: [Int]) -> PartMaps { PartMaps(self, indices) }

  /// What those of so many pictures of `source` take of memory.
  public static func memoryNeeded(
    _ pictures: Int, of source: PartSource, _ preprocessing: Preprocessing
  ) -> Int {
    // A twin is three bytes of colour and a map of its own.
    (source.hasTwins ? 5 : 1) * pictures * preprocessing.height * preprocessing.width
  }

  /// What they take of memory.
  public var bytes: Int {
    maps.reduce(0) { $0 + $1.count }
      + twins.reduce(0) { $0 + ($1.map { $0.view.pixels.count + $0.map.count } ?? 0) }
  }

  /// The share of all pixels that each part has, by its index.
  public var shares: [Double] {
    var counts = [Int](repeating: 0, count: names.count)
    for map in maps { for part in map { counts[Int(part)] += 1 } }
    let pixels = maps.reduce(0) { $0 + $1.count }
    return counts.map { Double($0) / Double(max(1, pixels)) }
  }

  /// What an epoch shows instead of picture i, if it does.
  func twin(_ i: Int, seed: UInt64, epoch: Int) -> Twin? {
    guard let twin = twins[i] else { return nil }
    var random = CounterRandom(seed: seed, purpose: "twin shown", epoch: epoch, index: i)
    return random.chance(Self.twinShare) ? twin : nil
  }

  /// The parts on picture i as an epoch shows it: moved and mirrored with the picture. Nil where nothing is known.
  func map(_ i: Int, _ choice: Augmentation.Choice, seed: UInt64, epoch: Int) -> PartMap? {
    if maps[i].isEmpty { return nil }
    guard let twin = twin(i, seed: seed, epoch: epoch) else {
      return PartMap(seen: moved(maps[i], choice))
    }
    let missing = maps[i].map { $0 == twin.part ? $0 : 0 }
    return PartMap(seen: moved(twin.map, choice), missing: moved(missing, choice))
  }

  // A map goes the way of a picture.
  private func moved(_ map: [UInt8], _ choice: Augmentation.Choice) -> [UInt8] {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * map.count)
    for part in map { for _ in 0..<3 { pixels.append(part) } }
    let picture = Image(width: width, height: height, pixels: pixels)
    let view = picture.shifted(x: choice.shiftX, y: choice.shiftY, mirrored: choice.mirrored)
    return stride(from: 0, to: view.pixels.count, by: 3).map { view.pixels[$0] }
  }
}

extension Preprocessing {
  // The index at the middle of each pixel of the view.
  fileprivate func view(of truth: PartTruth) -> [UInt8] {
    (0..<height * width).map { pixel in
      let (row, column) = pixel.quotientAndRemainder(dividingBy: width)
      let place = origin(
        x: Double(column) + 0.5, y: Double(row) + 0.5, width: truth.width, height: truth.height)
      let (x, y) = (Int(place.x.rounded(.down)), Int(place.y.rounded(.down)))
      guard (0..<truth.width).contains(x), (0..<truth.height).contains(y), !truth.map.isEmpty else {
        return 0
      }
      return truth.map[y * truth.width + x]
    }
  }
}
