import AvocetDatasets
import AvocetImages
import AvocetKernels
import Synchronization

/// What a first look over the pictures finds.
public struct Preparation: Sendable {
  /// The pictures that can be read.
  public let readable: [Int]
  /// The checksum of the pixels of each of them.
  public let checksums: [UInt32]
  /// The others: who, and why.
  public let refused: [(identifier: String, message: String)]

  /// Reads every picture once, on all threads; a caching source has them in memory afterwards. Stopped, it knows nothing of the rest.
  public init(
    _ source: any DataSource, team: ThreadTeam, shouldStop: @Sendable () -> Bool = { false },
    progress: @Sendable (Int) -> Void = { _ in }
  ) {
    let failures = Mutex<[(Int, String)]>([])
    let sums = Mutex([UInt32](repeating: 0, count: source.count))
    let done = Atomic<Int>(0)
    let chunk = 8
    team.run((source.count + chunk - 1) / chunk) { task, worker in
      if shouldStop() { return }
      for i in task * chunk..<min(source.count, (task + 1) * chunk) {
        do throws(ImageError) {
          let sum = try source.image(i).checksum
          sums.withLock { $0[i] = sum }
        } catch {
          failures.withLock { $0.append((i, error.message)) }
        }
      }
      let count = done.add(chunk, ordering: .relaxed).newValue
      if worker == 0 { progress(min(count, source.count)) }
    }
    let failed = failures.withLock { $0 }.sorted { $0.0 < $1.0 }
    let bad = Set(failed.map(\.0))
    readable = (0..<source.count).filter { !bad.contains($0) }
    let all = sums.withLock { $0 }
    checksums = readable.map { all[$0] }
    refused = failed.map { (source.identifier($0.0), $0.1) }
  }
}

extension Preprocessing {
  /// The mean and deviation of each channel over up to `limit` pictures, evenly taken from `source`.
  public func statistics(of source: any DataSource, limit: Int = 1000) -> (
    mean: [Float], deviation: [Float]
  ) {
    var plain = self
    plain.mean = [Float](repeating: 0, count: channels)
    plain.deviation = [Float](repeating: 1, count: channels)
    let numbers = FloatBuffer(count: count)
    var (sums, squares) = (
      [Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)
    )
    var pixels = 0.0
    let step = max(1, source.count / limit)
    for i in stride(from: 0, to: source.count, by: step) {
      guard let image = try? source.image(i) else { continue }
      unsafe plain.normalise(plain.view(of: image), into: numbers.pointer)
      for p in 0..<(height * width) {
        for c in 0..<channels {
          let value = Double(unsafe numbers.pointer[p * channels + c])
          sums[c] += value
          squares[c] += value * value
        }
      }
      pixels += Double(height * width)
    }
    guard pixels > 0 else { return (mean, deviation) }
    let means = sums.map { $0 / pixels }
    let deviations = zip(squares, means).map { max(1e-3, ($0 / pixels - $1 * $1).squareRoot()) }
    return (means.map(Float.init), deviations.map(Float.init))
  }
}
