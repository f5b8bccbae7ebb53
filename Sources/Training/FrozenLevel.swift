import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The maps that a frozen body makes of pictures, computed once: what follows the body learns from them.
public final class StoredFeatures: Examples {
  private let source: any DataSource
  private let map: Shape
  private let views: Int
  // [picture, view, row, column, channel]
  private let values: FloatBuffer

  /// The maps of every picture's views, `views` of each; a picture's maps do not depend on the number of threads. Stopped, it lacks the rest.
  init(
    _ source: any DataSource, views: Int, body: PreparedNetwork, _ preprocessing: Preprocessing,
    team: ThreadTeam, shouldStop: @Sendable () -> Bool, progress: @Sendable () -> Void,
    _ look: @Sendable (_ index: Int) throws(ImageError) -> [Image]
  ) throws(TrainingError) {
    (self.source, self.views) = (source, views)
    let map = body.network.nodes[body.network.nodes.count - 1].shape
    let values = FloatBuffer(count: source.count * views * map.count)
    let workspaces = (0..<team.threadCount).map { _ in InferenceWorkspace(body) }
    let failures = Mutex<[(Int, String)]>([])
    team.run(source.count) { i, worker in
      if shouldStop() { return }
      let workspace = workspaces[worker]
      do throws(ImageError) {
        for (view, image) in try look(i).enumerated() {
          unsafe preprocessing.normalise(image, into: workspace.input)
          workspace.run()
          unsafe (values.pointer + (i * views + view) * map.count).update(
            from: workspace.logits, count: map.count)
        }
      } catch {
        failures.withLock { $0.append((i, error.message)) }
      }
      progress()
    }
    if let (i, message) = failures.withLock({ $0 }).min(by: { $0.0 < $1.0 }) {
      throw .unreadable("\(source.identifier(i)): \(message)")
    }
    (self.map, self.values) = (map, values)
  }

  /// How many pictures there are.
  public var count: Int { source.count }
  /// The shape of a map.
  public var shape: (rows: Int, columns: Int, channels: Int) {
    (map.rows, map.columns, map.channels)
  }
  /// The class of picture i.
  public func label(_ i: Int) -> Int { source.label(i) }
  /// The picture's name.
  public func identifier(_ i: Int) -> String { source.identifier(i) }

  /// The map of one of the views, another in every epoch until all were seen.
  @unsafe public func write(
    _ i: Int, into numbers: UnsafeMutablePointer<Float>, seed: UInt64, epoch: Int
  ) throws(ImageError) {
    var random = CounterRandom(seed: seed, purpose: "stored view", index: i)
    unsafe write(i, view: (random.integer(below: views) + epoch) % views, into: numbers)
  }

  @unsafe func write(_ i: Int, view: Int, into numbers: UnsafeMutablePointer<Float>) {
    unsafe numbers.update(
      from: values.pointer + (i * views + view) * map.count, count: map.count)
  }
}

/// A network whose first levels do not learn, with the maps that they make of the pictures.
public struct FrozenLevel: Sendable {
  let split: SplitNetwork
  let parameters: Parameters
  /// The maps to learn from.
  public let training: StoredFeatures
  let validation: StoredFeatures?
  /// A number that changes with the body's numbers and the preprocessing.
  let fingerprint: UInt32

  /// Computes the maps of `parameters`' body: of every training picture as it is in the first `views` epochs, of those that choose the epoch as they are
  /// classified. `progress` hears of every picture.
  public init(
    _ split: SplitNetwork, _ parameters: Parameters, views: Int, _ augmentation: Augmentation,
    seed: UInt64, _ preprocessing: Preprocessing, training: any DataSource,
    validation: (any DataSource)?, team: ThreadTeam,
    shouldStop: @Sendable () -> Bool = { false }, progress: @Sendable () -> Void = {}
  ) throws(TrainingError) {
    (self.split, self.parameters) = (split, parameters)
    let own = Parameters(split.body, of: parameters)
    let body = PreparedNetwork(split.body, own, keepsLevels: false, team: team)
    let pictures = AugmentedPictures(
      training, preprocessing: preprocessing, augmentation: augmentation)
    self.training = try StoredFeatures(
      training, views: views, body: body, preprocessing, team: team, shouldStop: shouldStop,
      progress: progress
    ) { i throws(ImageError) in
      var images: [Image] = []
      for view in 0..<views { images.append(try pictures.picture(i, seed: seed, epoch: view)) }
      return images
    }
    if let validation {
      self.validation = try StoredFeatures(
        validation, views: preprocessing.views, body: body, preprocessing, team: team,
        shouldStop: shouldStop, progress: progress
      ) { i throws(ImageError) in preprocessing.views(of: try validation.image(i)) }
    } else {
      self.validation = nil
    }
    let bytes = unsafe own.values.array.withUnsafeBytes { unsafe Array($0) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let settings = (try? encoder.encode(preprocessing)).map { [UInt8]($0) } ?? []
    fingerprint = checksum(settings[...], after: checksum(bytes[...]))
  }

  /// The whole network's numbers with these behind the body.
  func joined(_ tail: Parameters) -> Parameters {
    let whole = parameters.copy()
    whole.copySlices(from: tail)
    return whole
  }

  /// Bytes that the maps take.
  public static func memoryNeeded(
    _ split: SplitNetwork, training: Int, views: Int, validation: Int, validationViews: Int
  ) -> Int {
    4 * split.tail.inputShape.count * (training * views + validation * validationViews)
  }
}
