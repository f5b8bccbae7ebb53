import KernelContract

/// This instruction set's functions; what each does stands in `KernelBodies`.
package enum Bodies: KernelBodies {
  package static var lanes: Int { MemoryLayout<Vector>.size / MemoryLayout<Float>.size }
  package static var isReal: Bool { compiledWithInstructionSet }
}
