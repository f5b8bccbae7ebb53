import AvocetNetworks
import AvocetTraining

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The cores that this process may use.
func availableCores() -> Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

/// Bytes of this machine's memory.
var physicalMemory: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory) }

/// Refuses to train in batches that the memory cannot hold; gives the bytes needed and what is left beside them.
@discardableResult
func checkMemory(
  _ network: Network, batch: Int, _ rule: OptimizerSettings.Rule = .sgd, threads: Int,
  frozenThrough frozen: Int? = nil
) throws(Failure) -> (needed: Int, left: Int) {
  let memory = TrainingMemory(network, rule, threads: threads, frozenThrough: frozen)
  let needed = memory.bytes(batch: batch)
  guard let available = AvailableMemory() else { return (needed, Int.max) }
  if let problem = memory.problem(batch: batch, available) { throw Failure(problem, code: 64) }
  return (needed, available.bytes - needed)
}
