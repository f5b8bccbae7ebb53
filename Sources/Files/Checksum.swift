import CZlib

/// The CRC-32 (as in PNG and gzip) of bytes, or of what went before and these bytes.
public func checksum(_ bytes: ArraySlice<UInt8>, after previous: UInt32 = 0) -> UInt32 {
  if bytes.isEmpty { return previous }
  let sum = unsafe bytes.withUnsafeBufferPointer {
    unsafe crc32_z(UInt(previous), $0.baseAddress, $0.count)
  }
  return UInt32(truncatingIfNeeded: sum)
}

/// A checksum as it is written: eight hexadecimal digits.
public func hexadecimal(_ checksum: UInt32) -> String {
  let digits = String(checksum, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
