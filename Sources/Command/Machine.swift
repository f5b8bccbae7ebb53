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

/// Bytes in GiB.
func gibibytes(_ bytes: Int) -> String { "\(decimal(Double(bytes) / 0x1p30, 1)) GiB" }

/// Refuses to train in batches that this machine's memory cannot hold.
func checkMemory(_ network: Network, batch: Int) throws(Failure) {
  let needed = TrainingWorkspace.memoryNeeded(network, batch: batch)
  guard needed <= physicalMemory else {
    throw Failure(
      "--batch \(batch) of \(network.inputShape) pictures needs about \(gibibytes(needed)) for \(network.architecture); this machine has \(gibibytes(physicalMemory)): take a smaller batch",
      code: 64)
  }
}
