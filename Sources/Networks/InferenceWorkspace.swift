import AvocetKernels

/// The memory for classifying one picture or a few at once: maps are reused as soon as nobody reads them, the kept nodes' maps stay.
///
/// With a team, a single picture is split over its threads and several are shared out. A picture's numbers are the same bits either way.
public final class InferenceWorkspace {
  /// The network that runs.
  public let prepared: PreparedNetwork
  /// Pictures that fit.
  public let capacity: Int
  /// Hears how long each step of a run took; only the thread that calls `run` is heard.
  public var observer: ((StepTime) -> Void)?
  private let plan: InferencePlan
  private let team: ThreadTeam?
  private let common: [FloatBuffer]
  private let workers: [Worker]

  private struct Worker {
    let maps: [FloatBuffer]
    let scratch: FloatBuffer
  }

  /// Memory for up to `pictures` at once, to be run by the caller's thread alone or by a team.
  public init(_ prepared: PreparedNetwork, pictures: Int = 1, team: ThreadTeam? = nil) {
    precondition(pictures > 0, "InferenceWorkspace: \(pictures) pictures")
    (self.prepared, capacity, self.team) = (prepared, pictures, team)
    let plan = InferencePlan(prepared, pictures: pictures)
    self.plan = plan
    common = plan.commonSizes.map { FloatBuffer(count: $0 * pictures) }
    let scratch = prepared.steps.map { step in
      if case .convolution(let plan, _, _, _) = step.work { plan.forwardScratchCount } else { 0 }
    }
    workers = (0..<(team?.threadCount ?? 1)).map { _ in
      Worker(
        maps: plan.workerSizes.map { FloatBuffer(count: $0) },
        scratch: FloatBuffer(count: scratch.max() ?? 0))
    }
  }

  /// Where the pictures go: `[picture, row, column, channel]`.
  public var input: Floats { pointer(0, of: 0, 0) }
  /// What came out: `[picture, class]`.
  public var logits: ConstFloats {
    UnsafePointer(pointer(prepared.network.nodes.count - 1, of: 0, 0))
  }

  /// The map of a kept node for the first picture after a run, `[row, column, channel]`.
  public func map(_ node: Int) -> ConstFloats {
    precondition(prepared.kept.contains(node), "node \(node) is not kept")
    return UnsafePointer(pointer(node, of: 0, 0))
  }

  /// A level's node after a run: its shape, and its map for the first picture.
  public func level(_ level: Level) -> (shape: Shape, values: ConstFloats) {
    guard let node = prepared.network.levels[level] else {
      preconditionFailure("no level \(level.rawValue)")
    }
    return (prepared.network.nodes[node].shape, map(node))
  }

  func place(_ node: Int) -> InferencePlan.Place {
    guard let place = plan.places[node] else { preconditionFailure("node \(node) has no map") }
    return place
  }

  /// A node's map of one picture, its own channels first.
  func pointer(_ node: Int, of picture: Int, _ worker: Int) -> Floats {
    let place = place(node)
    if place.isWorkers { return workers[worker].maps[place.buffer].pointer + place.channel }
    return common[place.buffer].pointer + middle(place) + picture * place.count + place.channel
  }

  // Maps lie in the middle of their buffer: where each thread has its half of every map, it writes to its own half of the buffer, which its core's cache holds.
  private func middle(_ place: InferencePlan.Place) -> Int {
    (common[place.buffer].count - capacity * place.count) / 2 / 16 * 16
  }

  func scratch(_ worker: Int) -> Floats { workers[worker].scratch.pointer }

  /// Computes the logits of the first `pictures` pictures in `input`.
  public func run(pictures: Int = 1) {
    precondition(pictures > 0 && pictures <= capacity, "\(pictures) pictures of \(capacity)")
    let prefix = prepared.steps[..<plan.prefix]
    if !prefix.isEmpty {
      share(pictures) { picture, worker in
        for step in prefix {
          timed(step, worker) { run(step, picture..<(picture + 1), nil, worker) }
        }
      }
    }
    for step in prepared.steps[plan.prefix...] {
      timed(step, 0) { share(step, pictures) }
    }
  }

  private func share(_ count: Int, _ body: (Int, Int) -> Void) {
    if let team {
      team.run(count, body)
    } else {
      for task in 0..<count { body(task, 0) }
    }
  }

  // One step over all pictures: the threads take pictures, or parts of the result where weights are large or there is one picture.
  private func share(_ step: PreparedStep, _ pictures: Int) {
    let threads = team?.threadCount ?? 1
    let parts = threads == 1 ? [] : parts(of: step, pictures, threads)
    if parts.isEmpty {
      let chunks = min(pictures, threads)
      share(chunks) { chunk, worker in
        run(step, pictures * chunk / chunks..<pictures * (chunk + 1) / chunks, nil, worker)
      }
    } else {
      share(parts.count) { part, worker in run(step, 0..<pictures, parts[part], worker) }
    }
  }

  private func timed(_ step: PreparedStep, _ worker: Int, _ body: () -> Void) {
    guard let observer, worker == 0 else { return body() }
    let duration = ContinuousClock().measure(body)
    observer(StepTime(node: step.nodes[0], pass: .forward, duration: duration))
  }

  /// The probabilities of a picture of the last run.
  public func probabilities(of picture: Int = 0) -> [Float] {
    let count = prepared.network.classCount
    return [Float](unsafeUninitializedCapacity: count) { memory, size in
      if let base = memory.baseAddress {
        prepared.kernels.softmax(logits + picture * count, into: base, rows: 1, classes: count)
      }
      size = count
    }
  }
}
