import AvocetImages
import AvocetKernels
import Synchronization

/// What a look at every picture of a data set finds.
public struct DatasetCheck: Sendable {
  /// One picture of the data set.
  public struct Place: Sendable, Hashable {
    /// The split that it is in.
    public let split: Split
    /// Its index there.
    public let index: Int
  }

  /// A picture's width and height in pixels.
  public struct Size: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
  }

  /// The splits that there are, in the order of `Split`.
  public let splits: [Split]
  /// Pictures of each class, by split; unreadable ones count.
  public let counts: [Split: [Int]]
  /// Pictures that could not be read: who, and why.
  public let refused: [(identifier: String, message: String)]
  /// The sizes of the pictures that could be read, in the order of the splits and indices.
  public let sizes: [(place: Place, size: Size)]
  /// Pictures of equal pixels, in groups of two and more.
  public let duplicates: [[Place]]

  /// Reads every picture once, on all threads, and those that may be equal once more. Stopped, it knows nothing of the rest.
  public init(
    _ dataset: Dataset, team: ThreadTeam, shouldStop: @Sendable () -> Bool = { false },
    progress: @Sendable (Int) -> Void = { _ in }
  ) {
    splits = Split.allCases.filter { dataset.splits[$0] != nil }
    var counts: [Split: [Int]] = [:]
    var (looks, refused): ([Look], [(identifier: String, message: String)]) = ([], [])
    var done = 0
    for split in splits {
      guard let source = dataset.splits[split] else { continue }
      var labels = [Int](repeating: 0, count: dataset.classes.count)
      for i in 0..<source.count { labels[source.label(i)] += 1 }
      counts[split] = labels
      let (start, found) = (
        done,
        Self.look(at: source, split, team, shouldStop) { [done] count in
          progress(done + count)
        }
      )
      done = start + source.count
      looks += found.looks
      refused += found.refused
    }
    (self.counts, self.refused) = (counts, refused)
    sizes = looks.map { ($0.place, $0.size) }
    duplicates = Self.duplicates(looks, dataset)
  }

  /// Pictures of each class over all splits.
  public var total: [Int] {
    let none = [Int](repeating: 0, count: counts.values.first?.count ?? 0)
    return counts.values.reduce(none) { zip($0, $1).map(+) }
  }

  /// The smallest, the middle and the largest of the pictures' widths or heights; nil without pictures.
  public func spread(of side: KeyPath<Size, Int> & Sendable) -> (
    least: Int, median: Int, most: Int
  )? {
    let sorted = sizes.map { $0.size[keyPath: side] }.sorted()
    guard let least = sorted.first, let most = sorted.last else { return nil }
    return (least, sorted[sorted.count / 2], most)
  }

  /// Pictures with a side of under 16 pixels, or one more than four times as long as the other.
  public var oddlyShaped: [(place: Place, size: Size)] {
    sizes.filter {
      let (short, long) = (min($0.size.width, $0.size.height), max($0.size.width, $0.size.height))
      return short < 16 || long > 4 * short
    }
  }

  /// Of each split, how many of its pictures are copies of an earlier one in the same split.
  public func copies(in split: Split) -> Int {
    duplicates.reduce(0) { $0 + max(0, $1.count { $0.split == split } - 1) }
  }

  /// The groups of equal pictures that lie in more than one split: what was learned from is measured with.
  public var sharedBetweenSplits: [[Place]] {
    duplicates.filter { Set($0.map(\.split)).count > 1 }
  }

  // What is kept of a picture after it was read.
  private struct Look: Sendable {
    let place: Place
    let size: Size
    let hash: Int
  }

  private static func look(
    at source: any DataSource, _ split: Split, _ team: ThreadTeam,
    _ shouldStop: @Sendable () -> Bool, _ progress: @Sendable (Int) -> Void
  ) -> (looks: [Look], refused: [(identifier: String, message: String)]) {
    let found = Mutex<(looks: [Look], failures: [(Int, String)])>(([], []))
    let done = Atomic<Int>(0)
    team.run(source.count) { index, worker in
      if shouldStop() { return }
      do throws(ImageError) {
        let image = try source.image(index)
        let look = Look(
          place: Place(split: split, index: index),
          size: Size(width: image.width, height: image.height), hash: pixelHash(image))
        found.withLock { $0.looks.append(look) }
      } catch {
        found.withLock { $0.failures.append((index, error.message)) }
      }
      progress(done.add(1, ordering: .relaxed).newValue)
    }
    let (looks, failures) = found.withLock { $0 }
    return (
      looks.sorted { $0.place.index < $1.place.index },
      failures.sorted { $0.0 < $1.0 }.map { (source.identifier($0.0), $0.1) }
    )
  }

  private static func pixelHash(_ image: Image) -> Int {
    var hasher = Hasher()
    hasher.combine(image.width)
    unsafe image.pixels.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return hasher.finalize()
  }

  // Equal hashes only suggest equal pixels; they are compared, two pictures in memory at a time.
  private static func duplicates(_ looks: [Look], _ dataset: Dataset) -> [[Place]] {
    func image(_ place: Place) -> Image? { try? dataset.splits[place.split]?.image(place.index) }
    var groups: [[Place]] = []
    for (_, bucket) in Dictionary(grouping: looks, by: \.hash) where bucket.count > 1 {
      var rest = bucket.map(\.place)
      while rest.count > 1 {
        let first = rest.removeFirst()
        guard let own = image(first) else { continue }
        let same = rest.filter { image($0) == own }
        if !same.isEmpty { groups.append([first] + same) }
        rest.removeAll { same.contains($0) }
      }
    }
    func order(_ place: Place) -> (Int, Int) {
      (Split.allCases.firstIndex(of: place.split) ?? 0, place.index)
    }
    return groups.sorted { order($0[0]) < order($1[0]) }
  }
}
