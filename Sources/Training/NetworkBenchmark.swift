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
    /// 10^9 additions and multiplications a second that these threads do at best, all at once; see `KernelBenchmark`.
    public let limit: Double
    /// Where the time went, in the order of the work.
    public let profile: [Step]
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
    let profile = ProfileClock(network)
    workspace.observer = profile.add
    let (seconds, limit) = measureBesideLimit { for _ in 0..<repetitions { run() } }
    return Result(
      imagesPerSecond: speed, gflops: gflops(speed), threads: team.threadCount, limit: limit,
      profile: profile.profile(
        workspace.work, batch: batch, batches: repetitions, seconds: seconds,
        rest: "softmax, waiting"))
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
      step.update(parameters, optimizer) { _ in 1 }
    }
    let repetitions = repetitions(of: run)
    let speed = imagesPerSecond(run, repetitions)
    let profile = ProfileClock(network)
    step.workspace.observer = profile.add
    let (seconds, limit) = measureBesideLimit { for _ in 0..<repetitions { run() } }
    return Result(
      imagesPerSecond: speed, gflops: 3 * gflops(speed), threads: team.threadCount, limit: limit,
      profile: profile.profile(
        step.workspace.work, batch: batch, batches: repetitions, seconds: seconds,
        rest: "packing, loss, optimiser"))
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

  private func gflops(_ speed: Double) -> Double { 2 * Double(network.multiplyAdds) * speed / 1e9 }

  // The seconds, and the limit just before or after, whichever is higher.
  private func measureBesideLimit(_ run: () -> Void) -> (seconds: Double, limit: Double) {
    let kernels = KernelBenchmark(Kernels.chosen)
    let before = kernels.limit(on: team)
    let seconds = measure(run)
    return (seconds, max(before, kernels.limit(on: team)))
  }
}
