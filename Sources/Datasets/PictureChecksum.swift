import AvocetFiles
import AvocetImages

extension Image {
  /// The CRC-32 of the width and the pixels.
  public var checksum: UInt32 {
    let size = (0..<4).map { UInt8(truncatingIfNeeded: width >> (8 * $0)) }
    return AvocetFiles.checksum(pixels[...], after: AvocetFiles.checksum(size[...]))
  }
}
