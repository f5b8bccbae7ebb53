import AvocetDatasets
import AvocetNetworks

/// Makes lessons of the maps of a batch's parts: up to half of the parts level's units are told what to look for, as many for each part; the rest find what they
/// need by themselves.
public struct PartTeacher: Sendable {
  /// The node that is told; see `PartLesson.node`.
  let node: Int
  private let weight: Float
  private let grid: Shape
  private let height, width: Int
  private let units: Int
  private let emphasis: [Float]

  /// How many parts it knows.
  var parts: Int { emphasis.count }

  /// A teacher of the parts that `maps` knows; nil where the parts level has fewer than two units for each.
  public init?(_ network: Network, _ maps: PartMaps, weight: Double) {
    guard let node = PartLesson.node(of: network) else { return nil }
    (self.node, grid) = (node, network.nodes[node].shape)
    (height, width, self.weight) = (maps.height, maps.width, Float(weight))
    let parts = maps.names.count - 1
    units = grid.channels / 2 / parts * parts
    guard units > 0 else { return nil }
    // A small part is a rare thing to be right about: without more weight, silence would be the best answer.
    emphasis = maps.shares.dropFirst().map { Float((1 / max($0, 1e-4)).squareRoot()) }
  }

  /// What the maps of a batch's views tell; nil of a picture of which nothing is known.
  public func lesson(_ maps: [PartMap?], share weight: Float) -> PartLesson {
    PartLesson(
      weight: self.weight * weight, units: units, emphasis: emphasis,
      shares: shares(maps.map { $0?.seen ?? [] }), missing: shares(maps.map { $0?.missing ?? [] }),
      isKnown: maps.map { $0 != nil })
  }

  // The share of each place that each part has on each of the maps, `[image, row, column, part]`.
  private func shares(_ maps: [[UInt8]]) -> [Float] {
    let places = grid.rows * grid.columns
    var shares = [Float](repeating: 0, count: maps.count * places * parts)
    let rows = (0..<height).map { $0 * grid.rows / height }
    let columns = (0..<width).map { $0 * grid.columns / width }
    let pixel = Float(places) / Float(height * width)
    for (image, map) in maps.enumerated() {
      for (at, part) in map.enumerated() where part > 0 {
        let (y, x) = at.quotientAndRemainder(dividingBy: width)
        let place = image * places + rows[y] * grid.columns + columns[x]
        shares[place * parts + Int(part) - 1] += pixel
      }
    }
    return shares
  }
}
