import AvocetClassifier
import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetNetworks
import Synchronization

/// What units are on average over pictures, each picture its mean over the places; in whole numbers, so that the order of the pictures does not matter.
struct UnitMeans: Sendable {
  // By unit, in 2^-20.
  private var sums: [Int]
  private var pictures = 0

  init(units: Int) { sums = [Int](repeating: 0, count: units) }

  /// Adds a picture's maps, one for each level of the table; false, and nothing is added, where a mean is no number or none that fits.
  mutating func add(_ levels: [[Float]], of table: UnitTable) -> Bool {
    let means = zip(table.parts, levels).flatMap { part, values in
      unitSums(values, channels: part.shape.channels).map {
        $0 / Double(part.shape.rows * part.shape.columns)
      }
    }
    guard means.allSatisfy({ $0.magnitude < 0x1p24 }) else { return false }
    for unit in means.indices { sums[unit] += Int(means[unit] * 0x1p20) }
    pictures += 1
    return true
  }

  mutating func add(_ other: UnitMeans) {
    for unit in sums.indices { sums[unit] += other.sums[unit] }
    pictures += other.pictures
  }

  /// The means of each level's units.
  func levels(of table: UnitTable) -> [Level: [Float]] {
    Dictionary(
      uniqueKeysWithValues: table.parts.map { part in
        let own = sums[part.first..<part.first + part.shape.channels]
        return (part.level, own.map { Float(Double($0) / 0x1p20 / Double(max(1, pictures))) })
      })
  }
}

extension Classifier {
  /// What the units of each level are on average, over all places of up to `limit` pictures, evenly taken from `source`; those that cannot be read are left out.
  public func measuredUnitMeans(
    on source: any DataSource, limit: Int = 500, team: ThreadTeam
  ) -> [Level: [Float]] {
    let table = UnitTable(network)
    let count = min(limit, source.count)
    let total = Mutex(UnitMeans(units: table.count))
    let chunk = 32
    team.run((count + chunk - 1) / chunk) { task, _ in
      let workspace = workspace()
      var own = UnitMeans(units: table.count)
      for number in task * chunk..<min(count, (task + 1) * chunk) {
        guard let image = try? source.image(number * source.count / count) else { continue }
        let maps = PictureMaps(
          view: preprocessing.view(of: image), preprocessing, in: workspace)
        _ = own.add(table.parts.map { maps[$0.level] }, of: table)
      }
      total.withLock { $0.add(own) }
    }
    return total.withLock { $0 }.levels(of: table)
  }
}
