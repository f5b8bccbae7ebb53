import AvocetKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

func naturalLog(_ x: Double) -> Double { log(x) }

/// Numbers from a counter: the same on every machine, spread over [-1, 1).
func numbers(_ count: Int, seed: UInt64) -> [Float] {
  (0..<count).map { i in
    var z = (seed &* 0x9E37_79B9_7F4A_7C15) &+ UInt64(i) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Float(z >> 40) / Float(1 << 23) - 1
  }
}

/// Memory for a result: NaN inside, so that a number left unwritten shows, and guard words around it.
final class GuardedOutput {
  private let buffer: FloatBuffer
  private let guardCount = 64
  private let guardWord: Float = 12345.5
  let count: Int

  init(_ count: Int) {
    self.count = count
    buffer = FloatBuffer(count: count + 2 * guardCount)
    for i in 0..<buffer.count { buffer[i] = guardWord }
    for i in 0..<count { buffer[guardCount + i] = .nan }
  }

  var pointer: Floats { buffer.pointer + guardCount }
  var values: [Float] { (0..<count).map { buffer[guardCount + $0] } }
  var guardsAreWhole: Bool {
    (0..<guardCount).allSatisfy {
      buffer[$0] == guardWord && buffer[guardCount + count + $0] == guardWord
    }
  }
}

/// Expects |found - expected| <= tolerance (1 + |expected|) everywhere, all guard words whole.
func expectClose(
  _ found: GuardedOutput, _ expected: [Double], tolerance: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    found.guardsAreWhole, "\(what): wrote outside its result", sourceLocation: sourceLocation)
  #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  for (i, (f, e)) in zip(found.values, expected).enumerated()
  where !(abs(Double(f) - e) <= tolerance * (1 + abs(e))) {
    Issue.record("\(what): [\(i)] is \(f), expected \(e)", sourceLocation: sourceLocation)
    return
  }
}

/// Every table that this processor has.
let tables = Kernels.available

/// Counts around the width of a vector, and primes.
func awkwardCounts(_ table: KernelTable) -> [Int] {
  let w = table.vectorWidth
  return [0, 1, w - 1, w, w + 1, 2 * w - 1, 2 * w, 2 * w + 1, 31, 97, 193]
}
