/// How often each unit takes which positive value: enough to find the value that a given share of all its values exceeds, to 0.4 %.
package struct ActivationHistogram: Sendable {
  // A bucket is a float's exponent and seven bits of its mantissa, from 2^-20 to 2^20.
  private static let first = (UInt32(127 - 20) << 23) >> 16
  private static let count = 40 << 7
  private var counts: [UInt32]
  private let units: Int

  /// Empty, for so many units.
  package init(units: Int) {
    self.units = units
    counts = [UInt32](repeating: 0, count: units * Self.count)
  }

  /// Counts the values of consecutive units from `unit` on, `[place, unit]`.
  package mutating func add(_ values: [Float], channels: Int, from unit: Int) {
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      unsafe values.withUnsafeBufferPointer { values in
        var channel = 0
        for i in 0..<values.count {
          let value = unsafe values[i]
          if value > 0 {
            let bucket = max(value.bitPattern >> 16, Self.first) - Self.first
            unsafe counts[(unit + channel) * Self.count + min(Int(bucket), Self.count - 1)] += 1
          }
          channel += 1
          if channel == channels { channel = 0 }
        }
      }
    }
  }

  /// Adds another's counts.
  mutating func add(_ other: ActivationHistogram) {
    for i in counts.indices { counts[i] += other.counts[i] }
  }

  /// The value that the share `share` of a unit's `total` values exceeds; 0 where fewer are positive.
  package func threshold(_ unit: Int, share: Double, of total: Int) -> Float {
    let wanted = share * Double(total)
    var above = 0.0
    for bucket in stride(from: Self.count - 1, through: 0, by: -1) {
      let here = Double(counts[unit * Self.count + bucket])
      if above + here >= wanted, here > 0 {
        let low = Float(bitPattern: (UInt32(bucket) + Self.first) << 16)
        let high = Float(bitPattern: (UInt32(bucket) + 1 + Self.first) << 16)
        return high - (high - low) * Float((wanted - above) / here)
      }
      above += here
    }
    return 0
  }
}
