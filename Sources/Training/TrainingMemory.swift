import AvocetKernels
import AvocetNetworks

/// The memory that a training takes beside its pictures, computed before the first step.
public struct TrainingMemory: Sendable {
  private let network: Network
  private let rule: OptimizerSettings.Rule
  private let threads: Int
  private let frozenNode: Int?

  /// Of a training of this network on so many threads.
  public init(
    _ network: Network, _ rule: OptimizerSettings.Rule, threads: Int, frozenThrough frozen: Int?
  ) {
    (self.network, self.rule, self.threads, frozenNode) = (network, rule, threads, frozen)
  }

  /// The program itself, its libraries and the threads' stacks.
  private static let program = 24 << 20

  /// Bytes in batches of that size: the step's workspace, the parameters with their gradient and the optimiser's memory, batches that wait, and the larger of an
  /// evaluation and a checkpoint.
  public func bytes(batch: Int) -> Int {
    let workspace = TrainingWorkspace.memoryNeeded(
      network, batch: batch, threads: threads, frozenThrough: frozenNode)
    let parameters = 4 * network.layout.count
    let saved = rule == .adamW ? 4 : 3
    // Saved are the parameters, the best of them and what the optimiser remembers, as arrays and as a file.
    let checkpoint = 2 * saved * parameters
    let evaluation = parameters + workspace.packed / 2
    // Four batches wait or are made, one is given back.
    let loader = 5 * 4 * batch * network.inputShape.count
    return Self.program + workspace.bytes + (saved + 1) * parameters + loader
      + max(checkpoint, evaluation)
  }

  /// The largest batch, up to `limit`, that fits into so many bytes; 0 if none does.
  public func largestBatch(fitting available: Int, upTo limit: Int) -> Int {
    var (fits, tooLarge) = (0, limit + 1)
    while tooLarge - fits > 1 {
      let middle = (fits + tooLarge) / 2
      if bytes(batch: middle) <= available { fits = middle } else { tooLarge = middle }
    }
    return fits
  }

  /// Why batches of that size cannot be trained on, with the largest that can; nil if they can.
  public func problem(batch: Int, _ available: AvailableMemory) -> String? {
    let needed = bytes(batch: batch)
    if needed <= available.bytes { return nil }
    let fitting = largestBatch(fitting: available.bytes, upTo: batch)
    return
      "--batch \(batch) of \(network.inputShape) pictures needs about \(binarySize(needed)) for \(network.architecture); \(binarySize(available.bytes)) \(available.limit): "
      + (fitting > 0 ? "--batch \(fitting) fits" : "not even --batch 1 fits")
  }
}

/// Bytes in MiB, or in GiB where they are many.
public func binarySize(_ bytes: Int) -> String {
  bytes < 1 << 30
    ? "\(decimal(Double(bytes) / 0x1p20, 0)) MiB" : "\(decimal(Double(bytes) / 0x1p30, 1)) GiB"
}
