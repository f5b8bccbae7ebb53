import AvocetKernels
import CAllocations
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether `allocations` can count here.
public let countsAllocations = ca_is_counting() != 0

/// How many blocks of memory this thread and the team's took while `body` ran; what other tests do meanwhile does not count.
public func allocations(of team: ThreadTeam, _ body: () -> Void) -> Int {
  watch(team, true)
  let before = ca_count()
  body()
  let count = ca_count() - before
  watch(team, false)
  return count
}

// One task for every thread, which ends when all have come, so that none takes two.
private func watch(_ team: ThreadTeam, _ watches: Bool) {
  let came = Atomic<Int>(0)
  team.run(team.threadCount) { _, _ in
    ca_watch(watches ? 1 : 0)
    came.add(1, ordering: .relaxed)
    while came.load(ordering: .relaxed) < team.threadCount { sched_yield() }
  }
}
