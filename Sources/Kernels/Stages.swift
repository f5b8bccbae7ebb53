import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How far each of several pieces of work has come, for threads of a team that go on with what another has begun.
///
/// A thread may wait only for a stage at which some thread is already at work, or two threads could wait for each other for ever.
public final class Stages: @unchecked Sendable {
  private let reached: UnsafeMutablePointer<Atomic<Int>>
  private let count: Int

  /// So many pieces of work, all at stage 0.
  public init(count: Int) {
    self.count = count
    reached = .allocate(capacity: count)
    for i in 0..<count { (reached + i).initialize(to: Atomic(0)) }
  }

  deinit {
    reached.deinitialize(count: count)
    reached.deallocate()
  }

  /// Puts all back to stage 0, while no thread is at work.
  public func begin() {
    for i in 0..<count { reached[i].store(0, ordering: .relaxed) }
  }

  /// Says that some have come to a stage: what was written for it can be read by those who wait for it.
  public func reach(_ stage: Int, _ range: Range<Int>) {
    for i in range { reached[i].store(stage, ordering: .releasing) }
  }

  /// Waits until these have come to a stage, awake at first, then leaving the core to others.
  public func wait(for stage: Int, _ range: Range<Int>) {
    for i in range {
      while !spin(until: { reached[i].load(ordering: .acquiring) >= stage }) { sched_yield() }
    }
  }
}
