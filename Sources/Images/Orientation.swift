/// The orientation 1...8 of a JPEG's EXIF record; nil without one, an error if the record is damaged.
///
/// The marker segments and the first directory are walked with every offset checked; nothing is followed twice.
package func exifOrientation(_ bytes: [UInt8]) -> Result<Int, ImageError>? {
  var position = 2
  while position + 4 <= bytes.count, bytes[position] == 0xff {
    let marker = bytes[position + 1]
    if marker == 0xff {  // fill byte
      position += 1
      continue
    }
    if marker == 0xda || marker == 0xd9 { return nil }
    if marker == 0x01 || (0xd0...0xd8).contains(marker) {  // without a length
      position += 2
      continue
    }
    let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
    let end = position + 2 + length
    if length < 2 || end > bytes.count { return nil }
    let segment = bytes[(position + 4)..<end]
    if marker == 0xe1, segment.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) {
      return TIFFRecord(bytes: segment.dropFirst(6)).orientation
    }
    position = end
  }
  return nil
}

private struct TIFFRecord {
  let bytes: ArraySlice<UInt8>
  let isBigEndian: Bool

  init(bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    isBigEndian = bytes.first == UInt8(ascii: "M")
  }

  func number(_ offset: Int, _ count: Int) -> Int? {
    guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
    let start = bytes.startIndex + offset
    let digits = bytes[start..<(start + count)]
    return isBigEndian
      ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  var orientation: Result<Int, ImageError>? {
    let damaged = ImageError(code: "damaged", message: "EXIF record is damaged; taken as upright")
    let order = Array(bytes.prefix(2))
    guard order == [0x49, 0x49] || order == [0x4d, 0x4d], number(2, 2) == 42,
      let directory = number(4, 4), let count = number(directory, 2)
    else { return .failure(damaged) }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(entry, 2), let type = number(entry + 2, 2),
        let values = number(entry + 4, 4), let short = number(entry + 8, 2),
        let long = number(entry + 8, 4)
      else { return .failure(damaged) }
      if tag != 0x112 { continue }
      guard values == 1, type == 3 || type == 4 else { return .failure(damaged) }
      let value = type == 3 ? short : long
      if value == 0 { return nil }  // written by cameras that do not know
      if (1...8).contains(value) { return .success(value) }
      return .failure(
        ImageError(
          code: "damaged", message: "EXIF orientation \(value) is not 1 to 8; taken as upright"))
    }
    return nil
  }
}

extension Image {
  /// The picture turned and mirrored as EXIF's orientation 1...8 asks; anything else leaves it.
  public func oriented(_ orientation: Int) -> Image {
    guard (2...8).contains(orientation) else { return self }
    let isTransposed = orientation >= 5
    let (newWidth, newHeight) = isTransposed ? (height, width) : (width, height)
    // Where the row and the column of the result run in this picture.
    let flipsX = [2, 3, 7, 8].contains(orientation)
    let flipsY = [3, 4, 6, 7].contains(orientation)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: pixels.count) { to, count in
      unsafe pixels.withUnsafeBufferPointer { from in
        var target = 0
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let (a, b) = isTransposed ? (y, x) : (x, y)
            let column = flipsX ? width - 1 - a : a
            let row = flipsY ? height - 1 - b : b
            let source = 3 * (row * width + column)
            unsafe to[target] = from[source]
            unsafe to[target + 1] = from[source + 1]
            unsafe to[target + 2] = from[source + 2]
            target += 3
          }
        }
      }
      count = pixels.count
    }
    return Image(width: newWidth, height: newHeight, pixels: result)
  }

  /// The picture seen in a mirror: left and right exchanged.
  public var mirrored: Image { oriented(2) }
}
