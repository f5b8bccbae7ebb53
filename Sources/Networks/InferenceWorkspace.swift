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
  let plan: InferencePlan
  private let team: ThreadTeam?
  private let common: [FloatBuffer]
  private let workers: Uncounted<Worker>
  private let steps: Uncounted<PreparedStep>
  // Those of the last run.
  private var tasks: InferenceTasks?

  private final class Worker: @unchecked Sendable {
    let maps: [FloatBuffer]
    let scratch: FloatBuffer
    /// The rows of the maps at which the windows begin, by buffer.
    let firstRows: UnsafeMutablePointer<Int>
    /// The first of the pictures that it takes together.
    var firstPicture = 0
    /// The task that it did last.
    var lastTask: Int?
    // What a thread writes has cache lines of its own, here and above.
    private let apart = InlineArray<8, Int>(repeating: 0)

    init(_ maps: [FloatBuffer], scratch: FloatBuffer) {
      (self.maps, self.scratch) = (maps, scratch)
      let bytes = (maps.count * MemoryLayout<Int>.stride + 63) / 64 * 64
      firstRows = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        .bindMemory(to: Int.self, capacity: maps.count)
      firstRows.initialize(repeating: 0, count: maps.count)
    }

    deinit { firstRows.deallocate() }
  }

  /// Memory for up to `pictures` at once, to be run by the caller's thread alone or by a team.
  public init(_ prepared: PreparedNetwork, pictures: Int = 1, team: ThreadTeam? = nil) {
    precondition(pictures > 0, "InferenceWorkspace: \(pictures) pictures")
    (self.prepared, capacity, self.team) = (prepared, pictures, team)
    steps = Uncounted(prepared.steps)
    let plan = InferencePlan(prepared, pictures: pictures, threads: team?.threadCount ?? 1)
    self.plan = plan
    common = FloatBuffer.inARow(plan.commonSizes.map { $0 * pictures })
    let scratch = prepared.steps.map(\.scratchCount).max() ?? 0
    workers = Uncounted(
      (0..<(team?.threadCount ?? 1)).map { _ in
        let buffers = FloatBuffer.inARow([scratch] + plan.workerSizes)
        return Worker(Array(buffers.dropFirst()), scratch: buffers[0])
      })
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

  /// Whether a map that is read lies inside the one that is made of it, so that it need not be copied there.
  func liesInside(_ node: Int, _ whole: Int) -> Bool {
    let (part, map) = (place(node), place(whole))
    return part.buffer == map.buffer && part.isWorkers == map.isWorkers
  }

  /// A node's map of one picture, its own channels first.
  func pointer(_ node: Int, of picture: Int, _ worker: Int) -> Floats {
    let place = place(node)
    if place.isWorkers {
      return workers.with(worker) { own in
        let first =
          place.isWindow
          ? -own.firstRows[place.buffer] * place.rowStep
          : (picture - own.firstPicture) * place.count
        return own.maps[place.buffer].pointer + first + place.channel
      }
    }
    return common[place.buffer].pointer + middle(place) + picture * place.count + place.channel
  }

  // Maps lie in the middle of their buffer: where each thread has its half of every map, it writes to its own half of the buffer, which its core's cache holds.
  private func middle(_ place: InferencePlan.Place) -> Int {
    (common[place.buffer].count - capacity * place.count) / 2 / 16 * 16
  }

  func scratch(_ worker: Int) -> Floats { workers.with(worker) { $0.scratch.pointer } }

  /// Computes the logits of the first `pictures` pictures in `input`.
  public func run(pictures: Int = 1) {
    precondition(pictures > 0 && pictures <= capacity, "\(pictures) pictures of \(capacity)")
    let tasks =
      tasks.flatMap { $0.pictures == pictures ? $0 : nil }
      ?? self.tasks(pictures, threads: team?.threadCount ?? 1)
    self.tasks = tasks
    workers.forEach { $0.lastTask = nil }
    let list = tasks.list
    tasks.graph.run(on: team) { number, worker in
      workers.with(worker) { own in
        list.with(number) { run($0, follows: own.lastTask == number - 1, worker) }
        own.lastTask = number
      }
    }
  }

  private func run(_ task: InferenceTask, follows: Bool, _ worker: Int) {
    switch task.work {
    case .step(let position, var part):
      if !follows { part?.continues = false }
      timed(position, worker) { run($0, task.pictures, part, worker) }
    case .strips:
      run(follows ? task.following : task.alone, task.pictures.lowerBound, worker)
    case .segments(let range): run(range, task.pictures, worker)
    }
  }

  // A group of pictures through segments of a phase.
  private func run(_ segments: Range<Int>, _ pictures: Range<Int>, _ worker: Int) {
    workers.with(worker) { $0.firstPicture = pictures.lowerBound }
    for segment in plan.segments[segments] {
      if segment.parts.isEmpty {
        timed(segment.steps.lowerBound, worker) { run($0, pictures, nil, worker) }
      }
      for picture in pictures {
        for part in segment.parts { run(part.actions, picture, worker) }
      }
    }
  }

  private func run(_ actions: [StripAction], _ picture: Int, _ worker: Int) {
    // By number, for an iterator would count the array's references.
    for number in actions.indices {
      let action = actions[number]
      timed(action.step, worker) { step in
        if let move = action.move { self.move(place(step.node), to: move, worker) }
        run(step, picture..<(picture + 1), StepPart(rows: action.rows), worker)
      }
    }
  }

  // Moves a window over a map down; the rows that stay move up in it.
  private func move(_ place: InferencePlan.Place, to move: WindowMove, _ worker: Int) {
    workers.with(worker) { own in
      let memory = own.maps[place.buffer].pointer
      let from = (move.kept.lowerBound - own.firstRows[place.buffer]) * place.rowStep
      if !move.kept.isEmpty {
        memory.update(from: memory + from, count: move.kept.count * place.rowStep)
      }
      own.firstRows[place.buffer] = move.first
    }
  }

  private func timed(_ position: Int, _ worker: Int, _ body: (PreparedStep) -> Void) {
    steps.with(position) { step in
      guard worker == 0, let observer else { return body(step) }
      let duration = ContinuousClock().measure { body(step) }
      observer(StepTime(node: step.nodes[0], pass: .forward, duration: duration))
    }
  }

  /// The probabilities of a picture of the last run, at the network's temperature.
  public func probabilities(of picture: Int = 0) -> [Float] {
    let count = prepared.network.classCount
    return prepared.distribution(
      Array(UnsafeBufferPointer(start: logits + picture * count, count: count)))
  }
}

extension PreparedNetwork {
  /// softmax(logits / temperature).
  public func distribution(_ logits: [Float]) -> [Float] {
    kernels.distribution(logits, temperature: temperature)
  }
}

extension KernelTable {
  /// softmax(logits / temperature).
  public func distribution(_ logits: [Float], temperature: Float) -> [Float] {
    var row = logits.map { $0 / temperature }
    row.withUnsafeMutableBufferPointer { row in
      guard let base = row.baseAddress else { return }
      softmax(UnsafePointer(base), into: base, rows: 1, classes: row.count)
    }
    return row
  }
}
