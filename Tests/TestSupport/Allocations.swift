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
  onEveryThread(of: team) { ca_begin() }
  body()
  let count = Atomic<Int>(0)
  onEveryThread(of: team) { count.add(ca_end(), ordering: .relaxed) }
  return count.load(ordering: .relaxed)
}

// One task for every thread, which ends when all have come, so that none takes two.
private func onEveryThread(of team: ThreadTeam, _ body: () -> Void) {
  let came = Atomic<Int>(0)
  team.run(team.threadCount) { _, _ in
    body()
    came.add(1, ordering: .relaxed)
    while came.load(ordering: .relaxed) < team.threadCount { sched_yield() }
  }
}
