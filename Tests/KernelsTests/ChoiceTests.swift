import AvocetKernels
import Testing

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

  @Test func convolutionIsDirectOnWishAlone() throws {
    #expect(try Kernels.choose(environment: nil, convolution: "direct").isDirect)
    #expect(try !Kernels.choose(environment: nil, convolution: "automatic").isDirect)
    #expect(throws: KernelChoiceError.self) {
      try Kernels.choose(environment: nil, convolution: "fast")
    }
    let g = ConvolutionGeometry(
      inputRows: 14, inputColumns: 14, inputChannels: 64, outputChannels: 64, kernelRows: 3,
      kernelColumns: 3, padding: Padding(1))
    let direct = try Kernels.choose(environment: nil, convolution: "direct").plan(g)
    #expect(direct.forward == .direct && direct.weightGradient == .direct)
    #expect(try Kernels.choose(environment: nil).plan(g).forward != .direct)
  }

  @Test func everyTableWasCompiledWithItsInstructionSet() {
    for table in tables { #expect(table.isReal, "\(table.name)") }
  }
}
