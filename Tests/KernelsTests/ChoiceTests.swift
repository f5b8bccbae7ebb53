import AvocetKernels
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
}
