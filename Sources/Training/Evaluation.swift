import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import Synchronization

/// What a network makes of a whole split: a distribution for every picture, and what follows from them.
public struct Evaluation: Sendable {
  /// The class names.
  public let classes: [String]
  /// The pictures that could be read: their index in the source, their class, and the probabilities.
  public let judgements: [Judgement]
  /// Pictures that could not be read.
  public let refused: [(identifier: String, message: String)]

  /// One picture's result.
  public struct Judgement: Sendable {
    /// The index in the source.
    public let index: Int
    /// The true class.
    public let truth: Int
    /// A probability for each class.
    public let probabilities: [Float]

    /// The class of the highest probability; the first of equals.
    public var predicted: Int {
      var best = 0
      for (i, p) in probabilities.enumerated() where p > probabilities[best] { best = i }
      return best
    }

    /// Whether fewer than `k` classes are more probable than the truth.
    public func isAmongTop(_ k: Int) -> Bool {
      let own = probabilities[truth]
      return probabilities.count { $0 > own } < k
    }
  }

  /// Shows every picture of `source` to the network, one on each core; `labels` maps the source's classes to the network's. Stopped, it lacks the rest.
  public init(
    _ prepared: PreparedNetwork, _ preprocessing: Preprocessing, classes: [String],
    on source: any DataSource, labels: [Int]? = nil, team: ThreadTeam,
    shouldStop: @Sendable () -> Bool = { false }, progress: @Sendable (Int) -> Void = { _ in }
  ) {
    self.classes = classes
    let results = Mutex<([Judgement], [(Int, String, String)])>(([], []))
    let workspaces = (0..<team.threadCount).map { _ in InferenceWorkspace(prepared) }
    let chunk = 16
    let done = Atomic<Int>(0)
    team.run((source.count + chunk - 1) / chunk) { task, worker in
      if shouldStop() { return }
      var (judged, failed): ([Judgement], [(Int, String, String)]) = ([], [])
      for index in task * chunk..<min(source.count, (task + 1) * chunk) {
        let label = source.label(index)
        do throws(ImageError) {
          let image = try source.image(index)
          let mean = workspaces[worker].distribution(image, preprocessing)
          judged.append(
            Judgement(index: index, truth: labels?[label] ?? label, probabilities: mean))
        } catch {
          failed.append((index, source.identifier(index), error.message))
        }
      }
      results.withLock {
        $0.0 += judged
        $0.1 += failed
      }
      progress(done.add(chunk, ordering: .relaxed).newValue)
    }
    let (judged, failed) = results.withLock { $0 }
    judgements = judged.sorted { $0.index < $1.index }
    refused = failed.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
  }

  /// Pictures whose most probable class is the true one.
  public var correct: Int { judgements.count { $0.predicted == $0.truth } }
  /// The share of them.
  public var top1: Double { Double(correct) / Double(max(1, judgements.count)) }
  /// Pictures whose true class is among the five most probable.
  public var correctTop5: Int { judgements.count { $0.isAmongTop(5) } }
  /// The mean cross-entropy in nats, probabilities held above 10^-12.
  public var loss: Double {
    judgements.reduce(0) { $0 - logarithm(max(Double($1.probabilities[$1.truth]), 1e-12)) }
      / Double(max(1, judgements.count))
  }

  /// Rows are true classes, columns predicted ones.
  public var confusion: [[Int]] {
    var table = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
    for judgement in judgements { table[judgement.truth][judgement.predicted] += 1 }
    return table
  }

  /// Wilson's 95 % interval of a share (Wilson 1927).
  public static func interval(_ correct: Int, of count: Int) -> (low: Double, high: Double) {
    guard count > 0 else { return (0, 1) }
    let (n, z) = (Double(count), 1.959964)
    let p = Double(correct) / n
    let middle = p + z * z / (2 * n)
    let spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return (max(0, (middle - spread) / scale), min(1, (middle + spread) / scale))
  }
}
