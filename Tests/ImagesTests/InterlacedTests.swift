import AvocetImages
import TestSupport
import Testing

// The seven passes: the first column and row, and the steps to the next.
private let passes = [
  (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
]

/// The same samples as a plain and as an interlaced PNG; a sample is the bits of a pixel.
private func twins(
  _ width: Int, _ height: Int, depth: UInt8, type: UInt8, bits: Int,
  _ more: [(String, [UInt8])] = []
) -> (plain: [UInt8], interlaced: [UInt8]) {
  func sample(_ x: Int, _ y: Int) -> UInt64 {
    UInt64(x &* 37 &+ y &* 91 &+ 11) &* 0x9E37_79B9_7F4A_7C15
  }
  // A filter byte of none, then the pixels, the first in the high bits.
  func row(_ pixels: [UInt64]) -> [UInt8] {
    var ones: [Bool] = []
    for pixel in pixels { for bit in 0..<bits { ones.append(pixel >> (63 - bit) & 1 == 1) } }
    while ones.count % 8 != 0 { ones.append(false) }
    return [0]
      + stride(from: 0, to: ones.count, by: 8).map { start in
        ones[start..<start + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
      }
  }
  func file(_ rows: [UInt8], isInterlaced: UInt8) -> [UInt8] {
    var (name, data) = header(UInt32(width), UInt32(height), depth: depth, type: type)
    data[data.count - 1] = isInterlaced
    return png([(name, data)] + more + [("IDAT", stored(rows)), ("IEND", [])])
  }
  let plain = (0..<height).flatMap { y in row((0..<width).map { sample($0, y) }) }
  var interlaced: [UInt8] = []
  for (left, top, right, down) in passes where left < width {
    for y in stride(from: top, to: height, by: down) {
      interlaced += row(stride(from: left, to: width, by: right).map { sample($0, y) })
    }
  }
  return (file(plain, isInterlaced: 0), file(interlaced, isInterlaced: 1))
}

@Suite struct InterlacedTests {
  @Test(arguments: [1, 2, 3, 4, 5, 6, 8, 9, 17])
  func anInterlacedPNGHasThePixelsOfThePlainOne(_ width: Int) throws {
    for height in [1, 2, 3, 4, 5, 7, 9, 16] {
      for (depth, type, bits) in [(8, 2, 24), (16, 6, 64), (8, 6, 32), (1, 0, 1), (4, 0, 4)] {
        let (plain, interlaced) = twins(
          width, height, depth: UInt8(depth), type: UInt8(type), bits: bits)
        let what = "\(width) x \(height), depth \(depth), type \(type)"
        #expect(try decodeImage(interlaced).image == decodeImage(plain).image, "\(what)")
        #expect(try decodePNGSamples(interlaced) == decodePNGSamples(plain), "\(what)")
      }
      let palette = ("PLTE", (0..<12).map { UInt8(20 * $0) })
      let (plain, interlaced) = twins(width, height, depth: 2, type: 3, bits: 2, [palette])
      #expect(try decodeIndexPNG(interlaced) == decodeIndexPNG(plain))
    }
  }

  @Test func anInterlacedPNGThatIsCutIsRefused() {
    let (_, whole) = twins(9, 9, depth: 8, type: 2, bits: 24)
    for count in 50..<whole.count { #expect(refusal(Array(whole[..<count])) == "truncated") }
  }

  @Test func anInterlacedPNGTakesNoMoreMemoryThanItsPixels() {
    let (plain, interlaced) = twins(90, 80, depth: 16, type: 6, bits: 64)
    let enough = DecodingOptions(limits: DecodingLimits(maxMemory: 3 * 90 * 80 + 90_000))
    #expect(refusal(plain, enough) == nil)
    #expect(refusal(interlaced, enough) == nil)
  }
}

@Suite struct StreamedPNGTests {
  // Larger than what is held whole.
  private let image = noise(720, 600)

  @Test func aLargePNGIsReadFromItsFileAsFromMemory() throws {
    let folder = try TemporaryFolder()
    let bytes = image.encodedPNG()
    try #require(bytes.count > 1 << 20)
    #expect(try readImage(folder.file("a", bytes)).image == image)
  }

  @Test func aLargePNGThatIsDamagedIsRefusedForTheSameReason() throws {
    let folder = try TemporaryFolder()
    let whole = image.encodedPNG()
    var bad = [Array(whole.dropLast(5)), Array(whole.dropLast(70_000))]
    for place in [20, 3000, 5000, 900_000, whole.count - 20] {
      var bytes = whole
      bytes[place] ^= 4
      bad.append(bytes)
    }
    for bytes in bad {
      let expected = try #require(throws: ImageError.self) { try decodeImage(bytes) }
      let path = try folder.file("a", bytes)
      #expect(throws: expected) { try readImage(path) }
    }
  }
}
