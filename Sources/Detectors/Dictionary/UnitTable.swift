import AvocetImages
import AvocetKernels
import AvocetNetworks

/// All units of a network's levels in one row: edges, then parts, then objects.
package struct UnitTable: Sendable {
  /// One level's share.
  package struct Part: Sendable {
    let level: Level
    let node: Int
    let shape: Shape
    let field: ReceptiveField
    /// The number of its first unit.
    let first: Int

    package init(level: Level, node: Int, shape: Shape, field: ReceptiveField, first: Int) {
      (self.level, self.node, self.shape) = (level, node, shape)
      (self.field, self.first) = (field, first)
    }
  }

  let parts: [Part]
  /// Units in all.
  let count: Int

  init(_ network: Network) {
    var parts: [Part] = []
    var first = 0
    for level in Level.allCases {
      guard let node = network.levels[level] else { continue }
      let shape = network.nodes[node].shape
      parts.append(
        Part(
          level: level, node: node, shape: shape, field: network.receptiveField(of: node),
          first: first))
      first += shape.channels
    }
    (self.parts, count) = (parts, first)
  }

  /// The level of unit number `unit`.
  func part(of unit: Int) -> Part { parts[place(of: unit).level] }

  /// Which level, counted from 0, unit number `unit` belongs to, and its channel there.
  func place(of unit: Int) -> (level: Int, channel: Int) {
    let level = parts.lastIndex { $0.first <= unit } ?? 0
    return (level, unit - parts[level].first)
  }
}

extension UnitTable.Part {
  /// The middle of what the unit in a row or column sees, in pixels of the view.
  func middle(_ position: Int) -> Double {
    Double(field.start + position * field.stride) + Double(field.size) / 2
  }
}

/// A random turn of a level's units: every new one is a mixture of all, and all lengths and angles stay.
package struct Rotation: Sendable {
  private let channels: Int
  private let matrix: [Float]

  /// A turn drawn from all, by Gram and Schmidt from normal numbers.
  package init(channels: Int, seed: UInt64) {
    self.channels = channels
    var random = CounterRandom(seed: seed, purpose: "rotated basis", index: channels)
    var rows: [[Double]] = []
    while rows.count < channels {
      var row = (0..<channels).map { _ in random.normal() }
      // Twice, for the rounding.
      for _ in 0..<2 {
        for other in rows {
          let product = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
          for i in row.indices { row[i] -= product * other[i] }
        }
      }
      let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 1e-6 { rows.append(row.map { $0 / length }) }
    }
    matrix = (0..<channels).flatMap { i in rows.map { Float($0[i]) } }
  }

  /// The turned values of a map `[place, channel]`.
  package func callAsFunction(_ values: [Float]) -> [Float] {
    let places = values.count / channels
    let kernels = Kernels.chosen
    let scratch = FloatBuffer(
      count: kernels.multiplyScratchCount(m: places, n: channels, k: channels))
    var result = [Float](repeating: 0, count: values.count)
    unsafe result.withUnsafeMutableBufferPointer { result in
      guard let into = result.baseAddress else { return }
      unsafe kernels.multiply(
        m: places, n: channels, k: channels, values, lda: channels, matrix, ldb: channels,
        into: into, ldc: channels, scratch: scratch.pointer)
    }
    return result
  }
}
