import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A fixed set of threads that share out numbered tasks.
///
/// Who runs which task is left to chance; results must depend on the task's number alone.
public final class ThreadTeam: @unchecked Sendable {
  /// Threads that work, the caller's included.
  public let threadCount: Int

  private typealias Body = (_ task: Int, _ worker: Int) -> Void
  private let next = Atomic<Int>(0)
  private let busy = Atomic<Int>(0)
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let started = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // Below: guarded by the lock.
  private var generation = 0
  private var stopping = false
  // Where the caller's closure lies, valid until every worker has reported the generation done.
  private var body: UnsafePointer<Body>?
  private var count = 0
  private var handles: [pthread_t] = []

  private struct Start {
    let team: Unmanaged<ThreadTeam>
    let worker: Int
  }

  /// A team of `threads` (at least one); one thread means the caller alone.
  public init(threads: Int) {
    threadCount = max(1, threads)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(started, nil)
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
    pthread_mutex_lock(lock)
    stopping = true
    pthread_cond_broadcast(started)
    pthread_mutex_unlock(lock)
    for thread in handles { pthread_join(thread, nil) }
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(started)
    pthread_cond_destroy(finished)
    lock.deallocate()
    started.deallocate()
    finished.deallocate()
  }

  /// Runs `body` for the tasks 0..<count, each once, and returns when all are done. `worker` is 0..<threadCount and belongs to one thread
  /// at a time, so it can index scratch memory. Not reentrant.
  public func run(_ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard count > 0 else { return }
    if handles.isEmpty || count == 1 {
      for task in 0..<count { body(task, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        pthread_mutex_lock(lock)
        next.store(0, ordering: .relaxed)
        busy.store(handles.count, ordering: .relaxed)
        self.body = body
        self.count = count
        generation += 1
        pthread_cond_broadcast(started)
        pthread_mutex_unlock(lock)
        share(body, count, 0)
        wait()
        self.body = nil
      }
    }
  }

  private func share(_ body: UnsafePointer<Body>, _ count: Int, _ worker: Int) {
    while true {
      let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard task < count else { return }
      body.pointee(task, worker)
    }
  }

  // Spins a little before it sleeps: the tasks of one layer end within microseconds of each other.
  private func wait() {
    for _ in 0..<2000 where busy.load(ordering: .acquiring) == 0 { return }
    pthread_mutex_lock(lock)
    while busy.load(ordering: .acquiring) != 0 { pthread_cond_wait(finished, lock) }
    pthread_mutex_unlock(lock)
  }

  private func work(as worker: Int) {
    var seen = 0
    while true {
      pthread_mutex_lock(lock)
      while generation == seen && !stopping { pthread_cond_wait(started, lock) }
      if stopping {
        pthread_mutex_unlock(lock)
        return
      }
      seen = generation
      let (body, count) = (self.body, self.count)
      pthread_mutex_unlock(lock)
      if let body { share(body, count, worker) }
      if busy.wrappingSubtract(1, ordering: .releasing).newValue == 0 {
        pthread_mutex_lock(lock)
        pthread_cond_signal(finished)
        pthread_mutex_unlock(lock)
      }
    }
  }
}
