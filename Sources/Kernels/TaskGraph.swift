import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tasks that need what others of them have done, for the threads of a team.
///
/// Nobody waits for a whole round of tasks: each thread does its own in their order, each as soon as what it needs is done, and between two rounds takes tasks of others
/// that may move. Who needs a task that nobody has begun does it, so that a thread waits only for tasks that are at work, and no two for each other.
public final class TaskGraph: @unchecked Sendable {
  /// A task, by the number of its place among all.
  public struct Task: Sendable {
    /// The thread that does it if it comes in time; nil for a task that is done by whoever needs it.
    public let owner: Int?
    /// Tasks of a round need only those of earlier rounds.
    public let round: Int
    /// Whether a thread that has done its own tasks of the round may take it, if all that it needs is done.
    public let isMovable: Bool
    /// Tasks of earlier rounds that must be done before.
    public let needs: [Int]

    /// A task as described.
    public init(owner: Int?, round: Int, isMovable: Bool = false, needs: [Int]) {
      (self.owner, self.round) = (owner, round)
      (self.isMovable, self.needs) = (isMovable, needs)
    }
  }

  // The needs of all tasks in a row, and where those of each begin.
  private let needs: [Int]
  private let firstNeeds: [Int]
  // By thread: its own tasks, and after those of each round the others' that it may take.
  private let programs: [[(task: Int, isOwn: Bool)]]
  /// Of each task twice the number of runs in which it was done, and one more while somebody is at it; a cache line apart.
  private let states: UnsafeMutablePointer<Atomic<Int>>
  private static let line = 64 / MemoryLayout<Atomic<Int>>.stride
  private var runs = 0

  /// Tasks in an order in which one thread could do them, for so many threads.
  public init(_ tasks: [Task], threads: Int) {
    for (number, task) in tasks.enumerated() {
      precondition(
        task.needs.allSatisfy { $0 >= 0 && $0 < number && tasks[$0].round < task.round }
          && (number == 0 || tasks[number - 1].round <= task.round)
          && (0..<threads).contains(task.owner ?? 0),
        "task \(number) needs a later one, or its round or owner is out of order")
    }
    needs = tasks.flatMap(\.needs)
    firstNeeds = tasks.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.needs.count) }
    let rounds = Dictionary(grouping: tasks.indices) { tasks[$0].round }.sorted { $0.key < $1.key }
    programs = (0..<threads).map { thread in
      rounds.flatMap { _, numbers in
        numbers.filter { tasks[$0].owner == thread }.map { ($0, true) }
          + numbers.filter { tasks[$0].isMovable && tasks[$0].owner != thread }.map { ($0, false) }
      }
    }
    states = .allocate(capacity: max(1, tasks.count * Self.line))
    for i in 0..<tasks.count * Self.line { (states + i).initialize(to: Atomic(0)) }
  }

  deinit {
    states.deinitialize(count: count * Self.line)
    states.deallocate()
  }

  /// Does every task once and returns when all are done; without a team the caller does them in their order. `worker` is as `ThreadTeam.run` says. What a task wrote can
  /// be read by those that need it. Takes no memory. Not reentrant.
  public func run(on team: ThreadTeam?, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard let team, programs.count > 1 else {
      for task in 0..<count { body(task, 0) }
      return
    }
    runs += 1
    team.run(programs.count) { thread, worker in
      for (task, isOwn) in programs[thread] where isOwn || isReady(task) {
        perform(task, worker, body)
      }
      // Own tasks are done; what others have not begun is left.
      for task in 0..<count { perform(task, worker, body) }
    }
  }

  private func isDone(_ task: Int) -> Bool {
    states[task * Self.line].load(ordering: .acquiring) == 2 * runs
  }

  private var count: Int { firstNeeds.count - 1 }

  private func placesOfNeeds(_ task: Int) -> Range<Int> { firstNeeds[task]..<firstNeeds[task + 1] }

  private func isReady(_ task: Int) -> Bool {
    placesOfNeeds(task).allSatisfy { isDone(needs[$0]) }
  }

  // Nothing if somebody has begun it.
  private func perform(_ task: Int, _ worker: Int, _ body: (Int, Int) -> Void) {
    let state = states + task * Self.line
    guard state.pointee.load(ordering: .relaxed) == 2 * runs - 2,
      state.pointee.compareExchange(
        expected: 2 * runs - 2, desired: 2 * runs - 1, ordering: .acquiringAndReleasing
      ).exchanged
    else { return }
    for need in placesOfNeeds(task).lazy.map({ self.needs[$0] }) {
      perform(need, worker, body)
      // Awake at first, then leaving the core to others.
      while !spin(until: { isDone(need) }) { sched_yield() }
    }
    body(task, worker)
    state.pointee.store(2 * runs, ordering: .releasing)
  }
}
