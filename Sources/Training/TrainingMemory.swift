import AvocetKernels
import AvocetNetworks

/// The memory that a training takes beside its pictures, computed before the first step.
public struct TrainingMemory: Sendable {
  private let network: Network
  private let settings: OptimizerSettings
  private let averages, accumulates: Bool
  private let threads: Int
  private let frozenNode: Int?
  private let told: Set<Int>
  private let anotherWaits: Bool

  /// Of a training of this network on so many threads; see `Recipe` for an average and accumulation.
  ///
  /// - Parameters:
  ///   - isTold: a teacher tells the parts level of the parts.
  ///   - anotherWaits: a second one, ready to begin, is held beside it.
  public init(
    _ network: Network, _ settings: OptimizerSettings, averages: Bool = false,
    accumulates: Bool = false, threads: Int, frozenThrough frozen: Int? = nil, isTold: Bool = false,
    anotherWaits: Bool = false
  ) {
    told = isTold ? Set([PartLesson.node(of: network)].compactMap(\.self)) : []
    (self.network, self.settings, self.threads, frozenNode) = (network, settings, threads, frozen)
    (self.averages, self.accumulates, self.anotherWaits) = (averages, accumulates, anotherWaits)
  }

  /// Of a training by a recipe.
  public init(
    _ network: Network, _ recipe: Recipe, threads: Int, frozenThrough frozen: Int? = nil,
    anotherWaits: Bool = false
  ) {
    self.init(
      network, recipe.optimizer, averages: recipe.averageDecay != nil,
      accumulates: recipe.accumulation > 1, threads: threads, frozenThrough: frozen,
      isTold: recipe.partLesson != nil, anotherWaits: anotherWaits)
  }

  /// The program itself, its libraries and the threads' stacks.
  private static let program = 24 << 20

  /// Bytes in batches of that size: the step's workspace, the parameters with their gradient, their average and the optimiser's memory, batches that wait, and the
  /// larger of an evaluation and a checkpoint.
  public func bytes(batch: Int) -> Int {
    let workspace = TrainingWorkspace.memoryNeeded(
      network, batch: batch, threads: threads, frozenThrough: frozenNode, keeping: told)
    let parameters = 4 * network.layout.count
    let optimizer = Optimizer.memoryNeeded(
      settings, network.layout, frozenThrough: frozenNode ?? -1)
    // The parameters, the best of them, their average.
    let saved = (averages ? 3 : 2) * parameters + optimizer.state
    let gradients = (accumulates ? 2 : 1) * parameters
    // What is saved, as arrays and as a file.
    let checkpoint = 2 * saved
    let evaluation = parameters + workspace.packed / 2
    // Four batches wait or are made, one is given back.
    let loader = 5 * 4 * batch * network.inputShape.count
    let waiting = anotherWaits ? saved : 0
    return Self.program + workspace.bytes + saved + waiting + gradients + optimizer.scratch + loader
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
