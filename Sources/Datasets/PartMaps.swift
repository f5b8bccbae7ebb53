import AvocetImages
import AvocetKernels
import Synchronization

/// The parts on pictures as their views show them, for a network that is told of them while it learns.
public struct PartMaps: Sendable {
  /// Rows and columns of a view.
  public let height, width: Int
  /// The parts' names by index; the first is no part.
  public let names: [String]
  // One index into the names per pixel of a view; empty where nothing is known of a picture.
  private let maps: [[UInt8]]

  /// Looks at the pictures of `source` at `indices`, on all threads; nil where no maps of their parts are known.
  public init?(
    _ source: PartSource, _ indices: [Int], preprocessing: Preprocessing, team: ThreadTeam
  ) throws(ImageError) {
    guard source.hasMaps else { return nil }
    (height, width, names) = (preprocessing.height, preprocessing.width, source.names)
    let found = Mutex([[UInt8]](repeating: [], count: indices.count))
    let failure = Mutex<ImageError?>(nil)
    let chunk = 16
    team.run((indices.count + chunk - 1) / chunk) { task, _ in
      for place in task * chunk..<min(indices.count, (task + 1) * chunk) {
        do throws(ImageError) {
          guard let truth = try source.picture(indices[place]).truth else { continue }
          let map = preprocessing.view(of: truth)
          found.withLock { $0[place] = map }
        } catch { failure.withLock { $0 = $0 ?? error } }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    maps = found.withLock { $0 }
  }

  private init(_ whole: PartMaps, _ maps: [[UInt8]]) {
    (height, width, names, self.maps) = (whole.height, whole.width, whole.names, maps)
  }

  /// Those of some of the pictures, in that order.
  public func part(_ indices: [Int]) -> PartMaps { PartMaps(self, indices.map { maps[$0] }) }

  /// What those of so many pictures take of memory.
  public static func memoryNeeded(_ pictures: Int, _ preprocessing: Preprocessing) -> Int {
    pictures * preprocessing.height * preprocessing.width
  }

  /// What they take of memory.
  public var bytes: Int { maps.reduce(0) { $0 + $1.count } }

  /// The share of all pixels that each part has, by its index.
  public var shares: [Double] {
    var counts = [Int](repeating: 0, count: names.count)
    for map in maps { for part in map { counts[Int(part)] += 1 } }
    return counts.map { Double($0) / Double(max(1, bytes)) }
  }

  /// Picture i's map as an epoch shows it: moved and mirrored with the picture. Empty where nothing is known.
  func map(_ i: Int, _ choice: Augmentation.Choice) -> [UInt8] {
    if maps[i].isEmpty { return [] }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * maps[i].count)
    for part in maps[i] { for _ in 0..<3 { pixels.append(part) } }
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
