import AvocetKernels
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

func naturalLog(_ x: Double) -> Double { log(x) }

@Suite struct ChoiceTests {
  @Test func anUnknownTableIsNamedAndTheOthersListed() {
    let error = #expect(throws: KernelChoiceError.self) {
      try Kernels.choose(environment: "sse9")
    }
    #expect(error?.description.contains("\"sse9\" is no kernel table") == true)
    #expect(error?.description.contains("portable") == true)
  }

  @Test func withoutAWishTheBestTableIsTaken() throws {
    let best = try Kernels.choose(environment: nil)
    #expect(best.name == Kernels.available[0].name)
    let portable = try Kernels.choose(environment: "portable")
    #expect(portable.name == "portable")
  }

  @Test func everyTableWasCompiledWithItsInstructionSet() {
    for table in tables { #expect(table.isReal, "\(table.name)") }
  }

  @Test(arguments: [1, 2, 3, 7]) func aTeamRunsEveryTaskOnce(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    for count in [0, 1, 2, 5, 100] {
      let ran = (0..<count).map { _ in Counter() }
      for _ in 0..<50 {
        team.run(count) { task, worker in
          ran[task].value.wrappingAdd(worker < threads ? 1 : 1000, ordering: .relaxed)
        }
      }
      #expect(ran.allSatisfy { $0.value.load(ordering: .relaxed) == 50 })
    }
  }
}

private final class Counter: Sendable { let value = Atomic<Int>(0) }
