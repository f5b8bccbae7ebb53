import AvocetImages
import AvocetKernels
import Synchronization

/// One look at every picture of a data set.
public struct Survey: Sendable {
  /// One picture of the data set.
  public struct Place: Sendable, Hashable {
    /// The split that it is in.
    public let split: Split
    /// Its index there.
    public let index: Int

    /// Picture `index` of `split`.
    public init(split: Split, index: Int) { (self.split, self.index) = (split, index) }
  }

  /// A picture that could be read.
  public struct Entry: Sendable {
    /// Where it is.
    public let place: Place
    /// Its class.
    public let label: Int
    /// What it looks like.
    public let fingerprint: Fingerprint
  }

  /// The pictures that could be read, in the order of the splits and indices.
  public let entries: [Entry]
  /// Those that could not: who, and why.
  public let refused: [(identifier: String, message: String)]

  /// Reads every picture once, on all threads. Stopped, it knows nothing of the rest.
  public init(
    _ dataset: Dataset, team: ThreadTeam, shouldStop: @Sendable () -> Bool = { false },
    progress: @Sendable (Int) -> Void = { _ in }
  ) {
    var (entries, refused): ([Entry], [(identifier: String, message: String)]) = ([], [])
    var before = 0
    for split in Split.allCases {
      guard let source = dataset.splits[split] else { continue }
      let found = Mutex<(entries: [Entry], failures: [(Int, String)])>(([], []))
      let done = Atomic<Int>(0)
      team.run(source.count) { index, _ in
        if shouldStop() { return }
        do throws(ImageError) {
          let entry = Entry(
            place: Place(split: split, index: index), label: source.label(index),
            fingerprint: Fingerprint(try source.image(index)))
          found.withLock { $0.entries.append(entry) }
        } catch {
          found.withLock { $0.failures.append((index, error.message)) }
        }
        progress(before + done.add(1, ordering: .relaxed).newValue)
      }
      before += source.count
      let (looks, failures) = found.withLock { $0 }
      entries += looks.sorted { $0.place.index < $1.place.index }
      refused += failures.sorted { $0.0 < $1.0 }.map { (source.identifier($0.0), $0.1) }
    }
    (self.entries, self.refused) = (entries, refused)
  }
}
