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
///
/// A cache line that two threads write and read in turn takes 0.05 µs to come, and 0.3 µs and more where their cores share no cache (Zen 5). So each thread says in a line
/// of its own how far it is, and the line of a task is looked at only where that does not say enough.
public final class TaskGraph: @unchecked Sendable {
  /// A task, by the number of its place among all.
  public struct Task: Sendable {
    /// The thread that does it if it comes in time.
    public let owner: Int
    /// Tasks of a round need only those of earlier rounds.
    public let round: Int
    /// Whether a thread that has done its own tasks of the round may take it, if all that it needs is done.
    public let isMovable: Bool
    /// Tasks of earlier rounds that must be done before.
    public let needs: [Int]
    /// All tasks before this one must be done before, too; they are of earlier rounds.
    public let after: Int

    /// A task as described.
    public init(
      owner: Int, round: Int, isMovable: Bool = false, needs: [Int] = [], after: Int = 0
    ) {
      (self.owner, self.round) = (owner, round)
      (self.isMovable, self.needs, self.after) = (isMovable, needs, after)
    }
  }

  /// A task in a thread's program: its own, or after its own of a round one of another's that it may take.
  private struct Item {
    let task, owner: Int
    /// Its place among its owner's.
    let position: Int
  }

  private let count, threads: Int
  private let needs: Lists<Int>
  // By thread: what it does in its order, and its own of it.
  private let programs: Lists<Item>
  private let own: Lists<Int>
  // By task: of each thread's own tasks, how many must be done for all that it needs, and how many because it comes after them.
  private let levels, levelsAfter: Lists<Int>
  /// Of each task twice the number of runs in which it was done, and one more while somebody is at it.
  private let states: AtomicLines
  /// How many of each thread's own tasks are done without a gap, on top of a number that grows from run to run.
  private let progress: AtomicLines
  private var runs = 0

  /// Tasks in an order in which one thread could do them, for so many threads.
  public init(_ tasks: [Task], threads: Int) {
    for (number, task) in tasks.enumerated() {
      let needsEarlier = (task.needs + (task.after > 0 ? [task.after - 1] : [])).allSatisfy {
        $0 >= 0 && $0 < number && tasks[$0].round < task.round
      }
      precondition(
        needsEarlier && (number == 0 || tasks[number - 1].round <= task.round)
          && (0..<threads).contains(task.owner),
        "task \(number) needs a later one, or its round or owner is out of order")
    }
    (count, self.threads) = (tasks.count, threads)
    needs = Lists(tasks.map(\.needs))
    // Of each thread's own tasks those before the task of a number.
    var before = [[Int](repeating: 0, count: threads)]
    for task in tasks {
      before.append(before[before.count - 1])
      before[before.count - 1][task.owner] += 1
    }
    let rounds = Dictionary(grouping: tasks.indices) { tasks[$0].round }.sorted { $0.key < $1.key }
    programs = Lists(
      (0..<threads).map { thread in
        rounds.flatMap { _, numbers in
          let others = numbers.filter { tasks[$0].isMovable && tasks[$0].owner != thread }
          return (numbers.filter { tasks[$0].owner == thread } + others).map {
            Item(task: $0, owner: tasks[$0].owner, position: before[$0][tasks[$0].owner])
          }
        }
      })
    own = Lists((0..<threads).map { thread in tasks.indices.filter { tasks[$0].owner == thread } })
    levelsAfter = Lists(tasks.map { before[$0.after] })
    levels = Lists(
      tasks.map { task in
        task.needs.reduce(into: before[task.after]) { levels, need in
          let owner = tasks[need].owner
          levels[owner] = max(levels[owner], before[need + 1][owner])
        }
      })
    (states, progress) = (AtomicLines(tasks.count), AtomicLines(threads))
  }

  deinit {
    for lists in [needs, own, levels, levelsAfter] { lists.deallocate() }
    programs.deallocate()
    states.deallocate()
    progress.deallocate()
  }

  /// Does every task once and returns when all are done; without a team the caller does them in their order. `worker` is as `ThreadTeam.run` says. What a task wrote can
  /// be read by those that need it. Takes no memory. Not reentrant.
  public func run(on team: ThreadTeam?, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard let team, threads > 1 else {
      for task in 0..<count { body(task, 0) }
      return
    }
    runs += 1
    team.run(threads) { thread, worker in
      for item in programs[thread] {
        if item.owner == thread {
          perform(item.task, worker, body)
          advance(thread)
        } else if done(item.owner) <= item.position, isReady(item.task) {
          perform(item.task, worker, body)
        }
      }
      // Own tasks are done; what others have not begun is left.
      for other in 0..<threads where other != thread {
        for task in own[other].dropFirst(done(other)) { perform(task, worker, body) }
      }
    }
  }

  // Nothing if somebody has begun it.
  private func perform(_ task: Int, _ worker: Int, _ body: (Int, Int) -> Void) {
    guard states[task].pointee.load(ordering: .relaxed) == 2 * runs - 2,
      states[task].pointee.compareExchange(
        expected: 2 * runs - 2, desired: 2 * runs - 1, ordering: .acquiringAndReleasing
      ).exchanged
    else { return }
    if !isReady(task) {
      for need in needs[task] { finish(need, worker, body) }
      for thread in 0..<threads {
        let before = own[thread].prefix(levelsAfter[task][thread])
        for task in before.dropFirst(done(thread)) { finish(task, worker, body) }
      }
    }
    body(task, worker)
    states[task].pointee.store(2 * runs, ordering: .releasing)
  }

  // Waits for who is at it, awake at first, then leaving the core to others.
  private func finish(_ task: Int, _ worker: Int, _ body: (Int, Int) -> Void) {
    perform(task, worker, body)
    while !spin(until: { isDone(task) }) { sched_yield() }
  }

  private func isDone(_ task: Int) -> Bool {
    states[task].pointee.load(ordering: .acquiring) == 2 * runs
  }

  // Whether all that it needs is known to be done.
  private func isReady(_ task: Int) -> Bool {
    let levels = levels[task]
    for thread in 0..<threads where levels[thread] > done(thread) { return false }
    return true
  }

  // How many of a thread's own tasks are known to be done, from its first without a gap.
  private func done(_ thread: Int) -> Int {
    max(0, progress[thread].pointee.load(ordering: .acquiring) - runs * (count + 1))
  }

  // Says how many they are now, among them those that others have done.
  private func advance(_ thread: Int) {
    let (tasks, before) = (own[thread], done(thread))
    var done = before
    while done < tasks.count, isDone(tasks[done]) { done += 1 }
    guard done > before else { return }
    progress[thread].pointee.store(runs * (count + 1) + done, ordering: .releasing)
  }
}

/// Lists one after the other in plain memory: threads that counted references to the same arrays would wait for each other.
private struct Lists<Element> {
  private let elements: UnsafeMutablePointer<Element>
  // Where each begins, and where the last ends.
  private let starts: UnsafeMutablePointer<Int>

  init(_ lists: [[Element]]) {
    let all = lists.flatMap { $0 }
    elements = .allocate(capacity: all.count)
    elements.initialize(from: all, count: all.count)
    let ends = lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    starts = .allocate(capacity: ends.count)
    starts.initialize(from: ends, count: ends.count)
  }

  subscript(list: Int) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: elements + starts[list], count: starts[list + 1] - starts[list])
  }

  func deallocate() {
    elements.deallocate()
    starts.deallocate()
  }
}
