import AvocetNetworks

extension NetworkBenchmark {
  /// One step's share of the work.
  public struct Step: Sendable {
    /// The node, the first of those folded into the step; `rest` for what belongs to none.
    public let node: String
    /// What it computes.
    public let operation: String
    /// Multiply-adds for one picture, forward.
    public let multiplyAdds: Int
    /// From the picture to the logits.
    public let forward: Pass
    /// And back, nil where nothing is learned.
    public let backward: Pass?
    /// The part of the whole time.
    public let share: Double
  }

  /// One direction of a step: its place under the roofline (Williams, Waterman and Patterson 2009).
  public struct Pass: Sendable {
    /// How a convolution is computed, as `StepWork.Pass` says it.
    public let algorithm: String?
    /// Seconds for one picture in which the caller's thread was at it; the others work beside it.
    public let seconds: Double
    /// Additions and multiplications for one picture, as the direct form needs them.
    public let operations: Int
    /// Bytes of maps and packed parameters that must be read or written for one picture; a parameter counts once for a batch.
    public let bytes: Int

    /// 10^9 operations a second, of all threads.
    public var gflops: Double { seconds > 0 ? Double(operations) / seconds / 1e9 : 0 }
    /// 10^9 bytes a second, of all threads.
    public var gigabytesPerSecond: Double { seconds > 0 ? Double(bytes) / seconds / 1e9 : 0 }
    /// The arithmetic intensity.
    public var operationsPerByte: Double { bytes > 0 ? Double(operations) / Double(bytes) : 0 }

    init(_ work: StepWork.Pass, batch: Int, seconds: Double) {
      (algorithm, self.seconds) = (work.algorithm, seconds)
      operations = 2 * work.multiplyAdds
      bytes = 4 * work.maps + (4 * work.parameters + batch - 1) / batch
    }

    init(seconds: Double) {
      (algorithm, self.seconds, operations, bytes) = (nil, seconds, 0, 0)
    }
  }
}

/// Adds up what an observer hears, and gives the profile.
final class ProfileClock {
  private let network: Network
  private var forward, backward: [Double]

  init(_ network: Network) {
    self.network = network
    forward = [Double](repeating: 0, count: network.nodes.count)
    backward = forward
  }

  func add(_ time: StepTime) {
    let seconds = time.duration / .seconds(1)
    switch time.pass {
    case .forward: forward[time.node] += seconds
    case .backward: backward[time.node] += seconds
    }
  }

  /// The steps of `work`, done for so many batches in `seconds`, and what is left of the time under the name of `rest`.
  func profile(
    _ work: [StepWork], batch: Int, batches: Int, seconds: Double, rest: String
  ) -> [NetworkBenchmark.Step] {
    let images = Double(batch * batches)
    var steps = work.map { step in
      let first = step.nodes[0]
      return NetworkBenchmark.Step(
        node: network.nodes[first].name,
        operation: step.nodes.map { network.nodes[$0].operation.words }.joined(separator: ", "),
        multiplyAdds: step.forward.multiplyAdds,
        forward: .init(step.forward, batch: batch, seconds: forward[first] / images),
        backward: step.backward.map {
          .init($0, batch: batch, seconds: backward[first] / images)
        }, share: (forward[first] + backward[first]) / seconds)
    }
    let share = max(0, 1 - steps.reduce(0) { $0 + $1.share })
    steps.append(
      .init(
        node: "rest", operation: rest, multiplyAdds: 0,
        forward: .init(seconds: share * seconds / images), backward: nil, share: share))
    return steps
  }
}
