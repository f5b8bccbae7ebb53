import AvocetImages

/// A busy picture of pseudo-random colours, the same everywhere.
func noise(_ width: Int, _ height: Int) -> Image {
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<3 {
        let v = UInt32(truncatingIfNeeded: x * 37 + y * 91 + c * 53 + x * y * 7 + x * x / 3)
        pixels.append(UInt8((v &* 2_654_435_761) >> 24))
      }
    }
  }
  return Image(width: width, height: height, pixels: pixels)
}

/// A smooth picture, as photographs are.
func gradient(_ width: Int, _ height: Int) -> Image {
  var image = Image(width: width, height: height, fill: .black)
  for y in 0..<height {
    for x in 0..<width {
      image[x, y] = RGB(
        UInt8(255 * x / width), UInt8(255 * y / height),
        UInt8(128 + 100 * (x - y) / (width + height))
      )
    }
  }
  return image
}

/// The FNV-1a hash of bytes.
func hash(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// The largest difference of two pictures of one size.
func difference(_ a: Image, _ b: Image) -> Int {
  zip(a.pixels, b.pixels).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// The error's code, or nil if the bytes are a picture.
func refusal(_ bytes: [UInt8], _ options: DecodingOptions = DecodingOptions()) -> String? {
  do throws(ImageError) {
    _ = try decodeImage(bytes, options: options)
    return nil
  } catch {
    return error.code
  }
}

/// A JPEG with an EXIF record put behind its first marker.
func withExif(_ jpeg: [UInt8], _ tiff: [UInt8]) -> [UInt8] {
  let body = [0x45, 0x78, 0x69, 0x66, 0, 0] + tiff
  let length = body.count + 2
  let segment = [0xff, 0xe1, UInt8(length >> 8), UInt8(length & 255)] + body
  return Array(jpeg[..<2]) + segment + jpeg[2...]
}

/// A TIFF directory that holds the orientation alone.
func orientationRecord(_ value: UInt8, bigEndian: Bool = false) -> [UInt8] {
  bigEndian
    ? [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0]
    : [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0]
}

/// A PNG of the given chunks, with right lengths and checksums.
func png(_ chunks: [(String, [UInt8])]) -> [UInt8] {
  var bytes: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  for (type, data) in chunks {
    let body = Array(type.utf8) + data
    bytes += bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
  }
  return bytes
}

/// The header chunk of a PNG without interlacing.
func header(_ width: UInt32, _ height: UInt32, depth: UInt8, type: UInt8) -> (String, [UInt8]) {
  ("IHDR", bigEndian(width) + bigEndian(height) + [depth, type, 0, 0, 0])
}

/// Bytes as a zlib stream of one stored block.
func stored(_ bytes: [UInt8]) -> [UInt8] {
  let count = UInt16(bytes.count)
  let (low, high) = (UInt8(count & 255), UInt8(count >> 8))
  var (a, b): (UInt32, UInt32) = (1, 0)
  for byte in bytes {
    a = (a + UInt32(byte)) % 65521
    b = (b + a) % 65521
  }
  return [0x78, 0x01, 1, low, high, ~low, ~high] + bytes + bigEndian(b << 16 | a)
}

func bigEndian(_ value: UInt32) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}

private func checksum(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = ~0
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
  }
  return ~crc
}
