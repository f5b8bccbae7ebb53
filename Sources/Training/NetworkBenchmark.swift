import AvocetKernels
import AvocetNetworks

/// How many pictures a second a network classifies or learns from, measured on the functions that do it: `InferenceWorkspace` and `TrainingStep`.
///
/// The median over the rounds counts; a round lasts at least a tenth of a second. The pictures are random numbers: no decoding is in it.
public struct NetworkBenchmark {
  /// What was measured.
  public struct Result: Sendable {
    /// Pictures a second.
    public let imagesPerSecond: Double
    /// 10^9 additions and multiplications a second; a training step counts three times the forward ones.
    public let gflops: Double
    /// Threads that worked.
    public let threads: Int
    /// Where the time went, in the order of the work.
    public let profile: [Step]
  }

  /// One step's share of the work.
  public struct Step: Sendable {
    /// The node, the first of those folded into the step; `rest` for what belongs to none.
    public let node: String
    /// What it computes.
    public let operation: String
    /// Seconds of a thread's time for one picture (of all threads' in training), forward and backward.
    public let forward, backward: Double
    /// Multiply-adds for one picture, forward.
    public let multiplyAdds: Int
    /// Bytes of maps and weights that the forward pass must read or write at least once.
    public let bytes: Int
    /// The part of the whole time.
    public let share: Double
  }

  private let network: Network
  private let batch: Int
  private let team: ThreadTeam
  private let rounds: Int
  private let parameters: Parameters
  private let clock = ContinuousClock()

  /// Measures batches of `batch` pictures, in so many rounds.
  public init(_ network: Network, batch: Int, team: ThreadTeam, rounds: Int = 9) {
    precondition(batch > 0 && rounds > 0, "NetworkBenchmark: batch \(batch), \(rounds) rounds")
    (self.network, self.batch, self.team, self.rounds) = (network, batch, team, rounds)
    parameters = Parameters(initialising: network, seed: 1)
  }

  /// Classifies: one picture split over the cores, several shared out.
  public func classification() -> Result {
    let prepared = PreparedNetwork(network, parameters, keepsLevels: false, batch: batch)
    let workspace = InferenceWorkspace(prepared, pictures: batch, team: team)
    unsafe fill(workspace.input, batch * network.inputShape.count)
    func run() {
      workspace.run(pictures: batch)
      for picture in 0..<batch { _ = workspace.probabilities(of: picture) }
    }
    let repetitions = repetitions(of: run)
    let speed = imagesPerSecond(run, repetitions)
    let times = NodeTimes(network)
    workspace.observer = times.add
    let seconds = measure { for _ in 0..<repetitions { run() } }
    return result(
      speed, team.threadCount, [times], seconds, pictures: repetitions * batch, prepared.stepNodes)
  }

  /// Learns: forward, loss, backward and the optimiser's step on a batch shared out over the team.
  public func training() -> Result {
    let step = TrainingStep(network, batch: batch, team: team, labelSmoothing: 0.1)
    let optimizer = Optimizer(
      OptimizerSettings(rule: .sgd, learningRate: 1e-4, weightDecay: 5e-4), network.layout)
    unsafe fill(step.workspace.input, batch * network.inputShape.count)
    let labels = (0..<batch).map { $0 % network.classCount }
    func run() {
      _ = step.differentiate(parameters, labels: labels)
      step.update(parameters, optimizer, learningRate: 1e-4)
    }
    let repetitions = repetitions(of: run)
    let speed = imagesPerSecond(run, repetitions)
    let times = NodeTimes(network)
    step.workspace.observer = times.add
    let seconds = measure { for _ in 0..<repetitions { run() } }
    return result(
      speed, team.threadCount, [times], seconds, pictures: repetitions * batch,
      step.workspace.stageNodes, passes: 3)
  }

  private func fill(_ pointer: Floats, _ count: Int) {
    var random = CounterRandom(seed: 1, purpose: "benchmark")
    for i in 0..<count { unsafe pointer[i] = Float(random.uniform(-1, 1)) }
  }

  private func measure(_ run: () -> Void) -> Double { clock.measure(run) / .seconds(1) }

  // Runs once to warm up, then finds how many runs fill a tenth of a second.
  private func repetitions(of run: () -> Void) -> Int {
    run()
    return max(1, min(100_000, Int((0.1 / max(measure(run), 1e-7)).rounded(.up))))
  }

  private func imagesPerSecond(_ run: () -> Void, _ repetitions: Int) -> Double {
    let speeds = (0..<rounds).map { _ in
      Double(repetitions * batch) / measure { for _ in 0..<repetitions { run() } }
    }
    return speeds.sorted()[rounds / 2]
  }

  private func result(
    _ speed: Double, _ threads: Int, _ times: [NodeTimes], _ seconds: Double, pictures: Int,
    _ steps: [[Int]], passes: Int = 1
  ) -> Result {
    let images = Double(pictures)
    func total(_ nodes: [Int], _ part: KeyPath<NodeTimes, [Double]>) -> Double {
      times.reduce(0) { sum, time in nodes.reduce(sum) { $0 + time[keyPath: part][$1] } }
    }
    var profile = steps.map { nodes in
      let (first, last) = (network.nodes[nodes[0]], network.nodes[nodes[nodes.count - 1]])
      let maps = first.inputs.reduce(last.shape.count) { $0 + network.nodes[$1].shape.count }
      let weights = network.layout.slices.filter { nodes.contains($0.node) }
      let (forward, backward) = (total(nodes, \.forward), total(nodes, \.backward))
      return Step(
        node: first.name,
        operation: nodes.map { network.nodes[$0].operation.words }.joined(separator: ", "),
        forward: forward / images, backward: backward / images,
        multiplyAdds: nodes.reduce(0) { $0 + network.multiplyAdds(of: $1) },
        bytes: 4 * (maps + weights.reduce(0) { $0 + $1.range.count }),
        share: (forward + backward) / seconds)
    }
    let share = max(0, 1 - profile.reduce(0) { $0 + $1.share })
    profile.append(
      Step(
        node: "rest", operation: passes > 1 ? "packing, loss, optimiser" : "softmax, waiting",
        forward: share * seconds / images, backward: 0, multiplyAdds: 0, bytes: 0, share: share))
    let operations = 2 * Double(passes) * Double(network.multiplyAdds)
    return Result(
      imagesPerSecond: speed, gflops: operations * speed / 1e9, threads: threads, profile: profile)
  }
}

/// Seconds that one thread's workspace took for each node.
private final class NodeTimes {
  private(set) var forward, backward: [Double]

  init(_ network: Network) {
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
}
