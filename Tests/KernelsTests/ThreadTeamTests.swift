import AvocetKernels
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// One after the other: teams that wait awake would only take each other's cores.
@Suite(.serialized) struct ThreadTeamTests {
  @Test(arguments: [-1, 0, 1, 2, 3, 7]) func everyTaskRunsOnceAndNoWorkerTwiceAtATime(
    _ threads: Int
  ) {
    let team = ThreadTeam(threads: threads)
    #expect(team.threadCount == max(1, threads))
    for count in [0, 1, 2, 3, 6, 8, 100, 1000] {
      let ran = Counters(count)
      let busy = Counters(team.threadCount)
      let (strangers, meetings) = (Counters(1), Counters(1))
      for _ in 0..<20 {
        team.run(count) { task, worker in
          ran.add(1, at: task)
          guard (0..<team.threadCount).contains(worker) else {
            strangers.add(1, at: 0)
            return
          }
          if busy.add(1, at: worker) > 0 { meetings.add(1, at: 0) }
          busy.add(-1, at: worker)
        }
      }
      #expect(ran.values == [Int](repeating: 20, count: count), "\(count) tasks")
      #expect(strangers.values == [0], "\(count) tasks: a worker's number is out of range")
      #expect(meetings.values == [0], "\(count) tasks: two at a time under one worker's number")
    }
  }

  @Test(arguments: [1, 2, 3, 5]) func resultsComeInTheOrderOfTheirTasksAndAreReleasedOnce(
    _ threads: Int
  ) {
    final class Owner {}
    let team = ThreadTeam(threads: threads)
    for count in [0, 1, 2, 7, 100] {
      weak var kept: Owner?
      do {
        let owner = Owner()
        kept = owner
        let results = team.map(count) { task, _ in (task: task, owner: owner) }
        #expect(results.map(\.task) == Array(0..<count))
      }
      #expect(kept == nil, "\(count) tasks")
    }
  }

  @Test func aTaskSeesWhatTheCallerAndTheRunBeforeWrote() {
    let team = ThreadTeam(threads: 3)
    // Plain memory: every number goes six places on in a round, through another task's hands, and becomes one more.
    let (count, rounds) = (17, 5_000)
    let (from, to) = (FloatBuffer((0..<count).map(Float.init)), FloatBuffer(count: count))
    for _ in 0..<rounds {
      team.run(count) { task, _ in to[(task + 5) % count] = from[task] + 1 }
      team.run(count) { task, _ in from[(task + 1) % count] = to[task] }
    }
    for place in 0..<count {
      #expect(from[(place + 6 * rounds) % count] == Float(place + rounds))
    }
  }

  @Test(arguments: [2, 4]) func runsFollowOneAnotherWithoutLoss(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    let ran = Counters(5)
    let rounds = 30_000
    for round in 0..<rounds {
      let count = 2 + round % 4
      team.run(count) { task, _ in ran.add(1, at: task) }
    }
    // Tasks 0 and 1 are in every run, 2 in three of four, and so on.
    #expect(ran.values == [rounds, rounds, rounds * 3 / 4, rounds / 2, rounds / 4])
  }

  @Test func threadsThatFellAsleepAreWoken() {
    let team = ThreadTeam(threads: 3)
    for _ in 0..<20 {
      usleep(3_000)
      #expect(meet(team), "not all threads came")
    }
  }

  @Test(arguments: [0, 31, 32, 63]) func aSlowTaskLeavesTheOthersToTheRest(_ slow: Int) {
    let team = ThreadTeam(threads: 2)
    let (done, left) = (Counters(1), Counters(1))
    team.run(64) { task, _ in
      if task != slow {
        done.add(1, at: 0)
      } else if !wait(until: { done.values == [63] }) {
        left.add(1, at: 0)
      }
    }
    // The slow task's thread had others of its own, which the second thread must have taken.
    #expect(left.values == [0], "the others waited for task \(slow)")
    #expect(done.values == [63])
  }

  @Test func aTeamThatIsReleasedEndsItsThreads() throws {
    var key = pthread_key_t()
    #expect(pthread_key_create(&key) { _ in endedThreads.add(1, at: 0) } == 0)
    defer { pthread_key_delete(key) }
    let before = endedThreads.values[0]
    var team: ThreadTeam? = ThreadTeam(threads: 4)
    weak let observed = team
    let caller = pthread_self()
    // The mark is any address but nil; a thread's end calls the key's destructor.
    let mark = UnsafeMutableRawPointer(bitPattern: 1)
    let allCame = team.map { team in
      meet(team) {
        if pthread_equal(pthread_self(), caller) == 0 { pthread_setspecific(key, mark) }
      }
    }
    #expect(allCame == true)
    #expect(endedThreads.values[0] == before, "a thread ended while the team was alive")
    team = nil
    #expect(observed == nil)
    #expect(endedThreads.values[0] == before + 3)
  }

  @Test(arguments: [1, 2, 3, 5]) func tasksOfAGraphRunOnceAndAfterAllThatTheyNeed(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    for index in 0..<20 {
      var random = CounterRandom(seed: 1, purpose: .init("graph"), index: index)
      var tasks: [TaskGraph.Task] = []
      for round in 0..<12 {
        let earlier = tasks.count
        for _ in 0..<random.integer(below: 8) {
          let needs = (0..<min(earlier, 4)).map { _ in random.integer(below: earlier) }
          tasks.append(
            TaskGraph.Task(
              owner: random.integer(below: threads), round: round,
              isMovable: random.chance(0.5), needs: needs,
              after: random.chance(0.3) ? random.integer(below: earlier + 1) : 0))
        }
      }
      let graph = TaskGraph(tasks, threads: threads)
      let (ran, early) = (Counters(tasks.count), Counters(1))
      for run in 1...20 {
        graph.run(on: index % 5 == 0 ? nil : team) { task, worker in
          if task % 7 == run % 7 { usleep(20) }
          let before = Array(0..<tasks[task].after) + tasks[task].needs
          let isReady = before.allSatisfy { ran.values[$0] == run }
          if !isReady || !(0..<threads).contains(worker) { early.add(1, at: 0) }
          ran.add(1, at: task)
        }
        #expect(ran.values == [Int](repeating: run, count: tasks.count))
      }
      #expect(early.values == [0], "begun before what it needs was done")
    }
  }

  @Test func aThreadTakesTheMovableTasksOfOneThatIsHeldUp() {
    let graph = TaskGraph(
      [
        TaskGraph.Task(owner: 0, round: 0),
        TaskGraph.Task(owner: 1, round: 0),
        TaskGraph.Task(owner: 1, round: 0, isMovable: true),
        TaskGraph.Task(owner: 0, round: 1, needs: [0]),
        TaskGraph.Task(owner: 1, round: 1, needs: [1, 2]),
      ], threads: 2)
    let (done, waited) = (Counters(5), Counters(1))
    graph.run(on: ThreadTeam(threads: 2)) { task, _ in
      // The second is at work until its owner's next has been done by the other, who has gone on besides.
      if task == 1, !wait(until: { done.values[2] == 1 && done.values[3] == 1 }) {
        waited.add(1, at: 0)
      }
      done.add(1, at: task)
    }
    #expect(done.values == [1, 1, 1, 1, 1])
    #expect(waited.values == [0])
  }

  // Whether every thread of the team is at work at the same time; each calls `body`.
  private func meet(_ team: ThreadTeam, _ body: () -> Void = {}) -> Bool {
    let came = Counters(2)
    team.run(team.threadCount) { _, _ in
      body()
      came.add(1, at: 0)
      if wait(until: { came.values[0] == team.threadCount }) { came.add(1, at: 1) }
    }
    return came.values == [team.threadCount, team.threadCount]
  }
}

private let endedThreads = Counters(1)

// Whether the condition came true within some seconds.
private func wait(until condition: () -> Bool) -> Bool {
  for _ in 0..<20_000 {
    if condition() { return true }
    usleep(500)
  }
  return false
}

/// Numbers that several threads count up.
private final class Counters: Sendable {
  private let counts: [Counter]

  private final class Counter: Sendable { let value = Atomic<Int>(0) }

  init(_ count: Int) { counts = (0..<count).map { _ in Counter() } }

  var values: [Int] { counts.map { $0.value.load(ordering: .sequentiallyConsistent) } }

  /// Adds to a number; what it was before.
  @discardableResult func add(_ number: Int, at index: Int) -> Int {
    counts[index].value.wrappingAdd(number, ordering: .sequentiallyConsistent).oldValue
  }
}
