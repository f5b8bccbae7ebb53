import AvocetImages
import CZlib

/// The CRC-32 (as in PNG and gzip) of bytes, or of what went before and these bytes.
public func checksum(_ bytes: ArraySlice<UInt8>, after previous: UInt32 = 0) -> UInt32 {
  if bytes.isEmpty { return previous }
  let sum = unsafe bytes.withUnsafeBufferPointer {
    unsafe crc32_z(UInt(previous), $0.baseAddress, $0.count)
  }
  return UInt32(truncatingIfNeeded: sum)
}

extension Image {
  /// The CRC-32 of the width and the pixels.
  public var checksum: UInt32 {
    let size = (0..<4).map { UInt8(truncatingIfNeeded: width >> (8 * $0)) }
    return AvocetDatasets.checksum(pixels[...], after: AvocetDatasets.checksum(size[...]))
  }
}

/// A checksum as it is written: eight hexadecimal digits.
public func hexadecimal(_ checksum: UInt32) -> String {
  let digits = String(checksum, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
