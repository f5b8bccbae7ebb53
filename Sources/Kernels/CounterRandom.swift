/// Random numbers that are a function of (seed, purpose, epoch, index) alone: whoever asks, in whatever order, gets the same ones.
///
/// The four are hashed into the key of a SplitMix64 sequence (Steele, Lea and Flood 2014). Only integer and basic floating-point arithmetic is used,
/// so the numbers are the same on every processor.
public struct CounterRandom: RandomNumberGenerator, Sendable {
  /// What the numbers are for; two purposes never share a sequence.
  public struct Purpose: Sendable, Hashable, ExpressibleByStringLiteral {
    let code: UInt64

    /// A purpose by its name (FNV-1a of its bytes).
    public init(_ name: StaticString) {
      var hash: UInt64 = 0xCBF2_9CE4_8422_2325
      name.withUTF8Buffer { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
      code = hash
    }

    /// A purpose by its name.
    public init(stringLiteral name: StaticString) { self.init(name) }
  }

  private let key: UInt64
  private var counter: UInt64 = 0

  /// The sequence of these four.
  public init(seed: UInt64, purpose: Purpose, epoch: Int = 0, index: Int = 0) {
    var state = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    state = Self.mixed(state ^ purpose.code &+ 0xD1B5_4A32_D192_ED03)
    state = Self.mixed(state ^ UInt64(bitPattern: Int64(epoch)) &+ 0x8CB9_2BA7_2F3D_8DD7)
    key = Self.mixed(state ^ UInt64(bitPattern: Int64(index)) &+ 0xABC9_8388_FB8F_AC03)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 64 random bits.
  public mutating func next() -> UInt64 {
    counter &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(key &+ counter)
  }

  /// A number in 0..<1, a multiple of 2^-53.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in low..<high.
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// A number in the range.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    uniform(range.lowerBound, range.upperBound)
  }

  /// An integer in 0..<bound; the bias is below bound / 2^64.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "CounterRandom: no integer below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// One of the values, of which there is at least one.
  public mutating func pick<Value>(_ values: [Value]) -> Value {
    values[integer(below: values.count)]
  }

  /// A number of mean 0 and deviation 1: twelve uniform numbers added, close to a normal one within ±6.
  public mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }

  /// 0..<count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
    return order
  }
}
