import CVector
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A fixed set of threads that share out numbered tasks.
///
/// Every thread begins with its own run of neighbouring tasks, the same in every run of so many tasks, so that what it wrote lies in its core's cache when it reads
/// it; who has finished helps the others. So who runs which task is left to chance; results must depend on the task's number alone. Between two runs that follow
/// each other closely the threads wait awake, since waking one takes as long as a small layer; after a while they sleep.
public final class ThreadTeam: @unchecked Sendable {
  /// Threads that work, the caller's included.
  public let threadCount: Int

  /// The run that threads may join, and who has joined: twice the number of threads at work, and one while it is open.
  private let state = Atomic<Int>(0)
  /// Counts the runs; a thread that sees a new number tries to join.
  private let generation = Atomic<Int>(0)
  /// The next task of each thread's own.
  private let next: AtomicLines
  private let stopping = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  // Written while no thread is at work.
  private var body = cv_closure()
  private var count = 0
  private var handles: [pthread_t] = []

  // For sleeping only.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let opened = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  private struct Start {
    let team: Unmanaged<ThreadTeam>
    let worker: Int
  }

  /// A team of `threads` (at least one); one thread means the caller alone.
  public init(threads: Int) {
    threadCount = max(1, threads)
    next = AtomicLines(threadCount)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(opened, nil)
    pthread_cond_init(finished, nil)
    for worker in 1..<max(1, threadCount) {
      let start = UnsafeMutablePointer<Start>.allocate(capacity: 1)
      start.initialize(to: Start(team: .passUnretained(self), worker: worker))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let start = argument.assumingMemoryBound(to: Start.self)
          let (team, worker) = (start.pointee.team, start.pointee.worker)
          start.deallocate()
          team._withUnsafeGuaranteedRef { $0.work(as: worker) }
          return nil
        }, start)
      if status == 0 { handles.append(thread) } else { start.deallocate() }
    }
  }

  deinit {
    stopping.store(true, ordering: .sequentiallyConsistent)
    pthread_mutex_lock(lock)
    pthread_cond_broadcast(opened)
    pthread_mutex_unlock(lock)
    for thread in handles { pthread_join(thread, nil) }
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(opened)
    pthread_cond_destroy(finished)
    next.deallocate()
    lock.deallocate()
    opened.deallocate()
    finished.deallocate()
  }

  /// Runs `body` for the tasks 0..<count, each once, and returns when all are done. `worker` is 0..<threadCount and belongs to one thread
  /// at a time, so it can index scratch memory. Takes no memory. Not reentrant.
  public func run(_ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard count > 0 else { return }
    if handles.isEmpty || count == 1 {
      for task in 0..<count { body(task, 0) }
      return
    }
    self.count = count
    lend(
      body,
      to: { body, team in
        Unmanaged<ThreadTeam>.fromOpaque(team)._withUnsafeGuaranteedRef { $0.handOut(body) }
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// The results of the tasks 0..<count in their order, each computed once, as `run` runs them.
  public func map<Result>(
    _ count: Int, _ body: (_ task: Int, _ worker: Int) -> Result
  ) -> [Result] {
    [Result](unsafeUninitializedCapacity: count) { results, initialized in
      // One place for each task, so that no two threads meet.
      if let first = results.baseAddress {
        run(count) { task, worker in (first + task).initialize(to: body(task, worker)) }
      }
      initialized = count
    }
  }

  private func handOut(_ body: cv_closure) {
    self.body = body
    for worker in 0..<threadCount {
      next[worker].pointee.store(first(worker, count), ordering: .relaxed)
    }
    state.add(1, ordering: .releasing)
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(lock)
      pthread_cond_broadcast(opened)
      pthread_mutex_unlock(lock)
    }
    share(body, count, 0)
    // Whoever has not joined by now has nothing left to do.
    state.subtract(1, ordering: .sequentiallyConsistent)
    waitForTheOthers()
  }

  // The first of a thread's own tasks; its last is the one before the next thread's first.
  private func first(_ worker: Int, _ count: Int) -> Int { count * worker / threadCount }

  private func share(_ body: cv_closure, _ count: Int, _ worker: Int) {
    for distance in 0..<threadCount {
      let owner = (worker + distance) % threadCount
      let end = first(owner + 1, count)
      while true {
        let task = next[owner].pointee.wrappingAdd(1, ordering: .relaxed).oldValue
        guard task < end else { break }
        cv_call(body, task, worker)
      }
    }
  }

  private func waitForTheOthers() {
    if spin(until: { state.load(ordering: .acquiring) == 0 }) { return }
    pthread_mutex_lock(lock)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while state.load(ordering: .sequentiallyConsistent) != 0 { pthread_cond_wait(finished, lock) }
    callerSleeps.store(false, ordering: .relaxed)
    pthread_mutex_unlock(lock)
  }

  private func work(as worker: Int) {
    var seen = 0
    while waitForARun(after: seen) {
      seen = generation.load(ordering: .acquiring)
      if state.wrappingAdd(2, ordering: .acquiring).oldValue & 1 == 1 {
        share(body, count, worker)
      }
      let left = state.wrappingSubtract(2, ordering: .sequentiallyConsistent).newValue
      if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
        pthread_mutex_lock(lock)
        pthread_cond_signal(finished)
        pthread_mutex_unlock(lock)
      }
    }
  }

  // Whether there is one; otherwise the team stops.
  private func waitForARun(after seen: Int) -> Bool {
    let isOver = {
      self.generation.load(ordering: .sequentiallyConsistent) != seen
        || self.stopping.load(ordering: .sequentiallyConsistent)
    }
    if !spin(until: isOver) {
      pthread_mutex_lock(lock)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while !isOver() { pthread_cond_wait(opened, lock) }
      sleepers.subtract(1, ordering: .sequentiallyConsistent)
      pthread_mutex_unlock(lock)
    }
    return !stopping.load(ordering: .relaxed)
  }
}

/// Waits awake for about a tenth of a millisecond; whether the condition came true.
func spin(until condition: () -> Bool) -> Bool {
  for _ in 0..<4_000 {
    if condition() { return true }
    cv_pause()
  }
  return false
}

// Another thread must find the closure in memory, where the language keeps only closures that escape; those take memory of their own, anew in every run. As an argument
// a closure is two words, which C can keep while the call lasts.
@_silgen_name("cv_lend")
private func lend(
  _ body: (_ task: Int, _ worker: Int) -> Void,
  to borrower: @convention(c) (cv_closure, UnsafeMutableRawPointer) -> Void,
  _ argument: UnsafeMutableRawPointer)

extension Range<Int> {
  /// One of so many even parts.
  package func part(_ number: Int, of parts: Int) -> Range<Int> {
    lowerBound + count * number / parts..<lowerBound + count * (number + 1) / parts
  }
}
