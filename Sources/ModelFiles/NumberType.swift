/// A type of floating-point numbers in a safetensors file, little-endian.
enum NumberType: String, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"

  /// Bytes of a number.
  var width: Int {
    switch self {
    case .float64: 8
    case .float32: 4
    case .float16, .bfloat16: 2
    }
  }

  /// The numbers in some bytes.
  func numbers(_ data: ArraySlice<UInt8>) -> [Float] {
    var numbers = [Float](repeating: 0, count: data.count / width)
    read(data, into: &numbers)
    return numbers
  }

  /// The numbers in some bytes, into the first places of `numbers`, which grow where there are too few.
  func read(_ data: ArraySlice<UInt8>, into numbers: inout [Float]) {
    if numbers.count < data.count / width {
      numbers = [Float](repeating: 0, count: data.count / width)
    }
    switch self {
    case .float32: words(data, UInt32.self, into: &numbers) { Float(bitPattern: $0) }
    case .float64: words(data, UInt64.self, into: &numbers) { Float(Double(bitPattern: $0)) }
    case .bfloat16: words(data, UInt16.self, into: &numbers) { Float(bitPattern: UInt32($0) << 16) }
    case .float16: words(data, UInt16.self, into: &numbers, half)
    }
  }

  /// The first number that is infinite or none, and where it stands.
  func firstNotFinite(_ data: ArraySlice<UInt8>) -> (index: Int, value: Float)? {
    // Nearly every file is clean float32: its exponents can be looked at where they lie.
    if self == .float32, !hasFullExponent(data) { return nil }
    let numbers = numbers(data)
    return numbers.firstIndex { !$0.isFinite }.map { ($0, numbers[$0]) }
  }

  private func hasFullExponent(_ data: ArraySlice<UInt8>) -> Bool {
    unsafe data.withUnsafeBytes { bytes in
      var found: UInt32 = 0
      for at in stride(from: 0, to: bytes.count - 3, by: 4) {
        let word = UInt32(
          littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        // Carries into the sign's place where all eight bits are set.
        found |= (word & 0x7F80_0000) &+ 0x0080_0000
      }
      return found & 0x8000_0000 != 0
    }
  }

  private func words<Word: FixedWidthInteger>(
    _ data: ArraySlice<UInt8>, _: Word.Type, into numbers: inout [Float], _ value: (Word) -> Float
  ) {
    let size = MemoryLayout<Word>.size
    unsafe data.withUnsafeBytes { bytes in
      unsafe numbers.withUnsafeMutableBufferPointer { numbers in
        for i in 0..<bytes.count / size {
          let word = unsafe bytes.loadUnaligned(fromByteOffset: i * size, as: Word.self)
          unsafe numbers[i] = value(Word(littleEndian: word))
        }
      }
    }
  }

  // IEEE 754 binary16 in integers, since Float16 does not exist on every platform.
  private func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10) & 31, Float(bits & 1023))
    switch exponent {
    case 0: return sign * fraction / 16_777_216
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}
