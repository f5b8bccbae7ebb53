import AvocetImages
import Testing

@Suite struct InkTests {
  // 8 x 8 pixels of cyan 200, magenta 100, yellow 50, black 30, stored inverted as Adobe does.
  private static let inks = """
    ffd8ffee000e41646f626500640000000000ffdb004300010101010101010101010101010101010101010101010101
    0101010101010101010101010101010101010101010101010101010101010101010101010101010101ffc000140800
    080008044311004d11005911004b1100ffc4001f000001050101010101010000000000000000010203040506070809
    0a0bffc400b5100002010303020403050504040000017d010203000411051221314106135161072271143281
    91a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455
    565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aa
    b2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa
    ffda000e0443004d0059004b00003f00fe6debed8afe9a2bfb08afffd9
    """

  private static var jpeg: [UInt8] {
    let digits = inks.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  private func expect(_ bytes: [UInt8], _ red: UInt8, _ green: UInt8, _ blue: UInt8) throws {
    let expected = Image(width: 8, height: 8, fill: RGB(red, green, blue))
    #expect(difference(try decodeImage(bytes).image, expected) <= 1)
  }

  @Test func adobesInksAreInverted() throws {
    try expect(Self.jpeg, 49, 137, 181)  // (255 - ink) (255 - 30) / 255
  }

  @Test func inksWithoutAdobesMarkAreNot() throws {
    // Without the mark the same bytes mean the inks 55, 155, 205, 225.
    try expect(Array(Self.jpeg[..<2] + Self.jpeg[18...]), 24, 12, 6)
  }

  @Test func lumaChromaAndBlackBecomeInksFirst() throws {
    var bytes = Self.jpeg
    bytes[17] = 2  // Adobe's transform: Y 55, Cb 155, Cr 205, K 225
    try expect(bytes, 81, 225, 134)
  }

  @Test func aTextChunkOfAnySizeIsPassedOver() throws {
    let text = ("tEXt", Array("a\0".utf8) + [UInt8](repeating: 120, count: 2_000_000))
    let file = png([header(1, 1, depth: 8, type: 0), text, ("IDAT", stored([0, 7])), ("IEND", [])])
    let decoded = try decodeImage(file)
    #expect(decoded.image.pixels == [7, 7, 7])
    #expect(decoded.warnings.isEmpty)
  }
}
