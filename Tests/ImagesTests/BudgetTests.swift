import AvocetImages
import AvocetKernels
import Synchronization
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct BudgetTests {
  // Threads beyond the cores, and costs from little to more than there is.
  @Test func allAreServedAndNeverMoreIsTakenThanThereIsUnlessAlone() {
    let budget = DecodingBudget(bytes: 100)
    let costs = [3, 1, 30, 70, 100, 101, 49, 51, 500, 2]
    let held = Atomic(0)
    let holders = Atomic(0)
    let served = Atomic(0)
    let broken = Atomic(0)
    ThreadTeam(threads: 5).run(600) { task, _ in
      let cost = costs[task % costs.count]
      budget.take(cost)
      let others = holders.add(1, ordering: .sequentiallyConsistent).oldValue
      let all = held.add(cost, ordering: .sequentiallyConsistent).newValue
      // Who comes later sees this one, so of two that do not fit one notices.
      if all > 100, others > 0 { broken.add(1, ordering: .relaxed) }
      if task % 7 == 0 { usleep(100) }
      held.subtract(cost, ordering: .sequentiallyConsistent)
      holders.subtract(1, ordering: .sequentiallyConsistent)
      budget.giveBack(cost)
      served.add(1, ordering: .relaxed)
    }
    #expect(served.load(ordering: .relaxed) == 600)
    #expect(broken.load(ordering: .relaxed) == 0)
  }

  @Test func smallOnesAreHeldTogether() {
    let budget = DecodingBudget(bytes: 100)
    let came = Atomic(0)
    let met = Atomic(0)
    ThreadTeam(threads: 4).run(4) { _, _ in
      budget.take(25)
      came.add(1, ordering: .sequentiallyConsistent)
      if waits(for: { came.load(ordering: .sequentiallyConsistent) == 4 }) {
        met.add(1, ordering: .relaxed)
      }
      budget.giveBack(25)
    }
    #expect(met.load(ordering: .relaxed) == 4)
  }

  @Test func aLargeOneThatWaitsIsNotOvertaken() {
    let budget = DecodingBudget(bytes: 100)
    budget.take(60)
    let order = Mutex<[String]>([])
    ThreadTeam(threads: 3).run(3) { task, _ in
      switch task {
      case 0:
        budget.take(90)
        order.withLock { $0.append("large") }
        budget.giveBack(90)
      case 1:
        // Would fit at once.
        usleep(20_000)
        budget.take(20)
        order.withLock { $0.append("small") }
        budget.giveBack(20)
      default:
        usleep(60_000)
        order.withLock { $0.append("released") }
        budget.giveBack(60)
      }
    }
    #expect(order.withLock { $0 } == ["released", "large", "small"])
  }

  @Test func aPictureGivesItsShareBackWhateverBecomesOfIt() throws {
    let folder = try TemporaryFolder()
    let good = try folder.file("good", noise(40, 40).encodedPNG())
    let bad = try folder.file("bad", noise(40, 40).encodedPNG().dropLast(30))
    // Every picture is more than the whole.
    let budget = DecodingBudget(bytes: 1)
    for _ in 0..<3 {
      #expect(throws: ImageError.self) {
        try withImage(bad, options: DecodingOptions(), within: budget) { _ in }
      }
      let width = try withImage(good, options: DecodingOptions(), within: budget) { $0.image.width }
      #expect(width == 40)
    }
  }
}

// Whether the condition came true within some seconds.
private func waits(for condition: () -> Bool) -> Bool {
  for _ in 0..<20_000 {
    if condition() { return true }
    usleep(200)
  }
  return false
}
