import AvocetImages
import SystemPackage
import TestSupport
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: [(1, 1), (1, 10_000), (10_000, 1), (23, 17), (200, 131)])
  func aPNGGivesBackEveryPixel(width: Int, height: Int) throws {
    let image = noise(width, height)
    let decoded = try decodeImage(image.encodedPNG())
    #expect(decoded.image == image)
    #expect(decoded.format == .png)
    #expect(decoded.warnings.isEmpty)
  }

  @Test(arguments: [(1, 1), (1, 10_000), (200, 131)])
  func aJPEGOfTheBestQualityIsClose(width: Int, height: Int) throws {
    let image = gradient(width, height)
    let decoded = try decodeImage(image.encodedJPEG(quality: 100))
    #expect(decoded.format == .jpeg)
    #expect(decoded.image.width == width && decoded.image.height == height)
    #expect(difference(decoded.image, image) <= 6)
  }

  @Test func quality92IsSmallerThan100AndLargerThan10() {
    let sizes = [10, 92, 100].map { noise(64, 64).encodedJPEG(quality: $0).count }
    #expect(sizes == sizes.sorted() && Set(sizes).count == 3)
  }

  @Test func indicesComeBackAsTheyWereWithAndWithoutAPalette() throws {
    let values = (0..<(19 * 11)).map { UInt8($0 % 7) }
    let palette = (0..<7).map { RGB(UInt8(30 * $0), 255 - UInt8(30 * $0), 9) }
    let map = GreyMap(width: 19, height: 11, values: values)
    let colored = encodeIndexPNG(width: 19, height: 11, values: values, palette: palette)
    #expect(try decodeIndexPNG(colored) == map)
    #expect(try decodeIndexPNG(encodeGreyPNG(width: 19, height: 11, values: values)) == map)
    #expect(try decodeImage(colored).image[3, 0] == palette[3])
    #expect(
      try decodeImage(encodeGreyPNG(width: 1, height: 1, values: [77])).image[0, 0]
        == RGB(77, 77, 77))
    let error = #expect(throws: ImageError.self) { try decodeIndexPNG(noise(3, 3).encodedPNG()) }
    #expect(error?.code == "unsupported")
  }

  @Test func packedIndicesAreNotScaled() throws {
    let file = png([
      header(5, 1, depth: 2, type: 0), ("IDAT", stored([0, 0b00_01_10_11, 0b11_00_00_00])),
      ("IEND", []),
    ])
    #expect(try decodeIndexPNG(file).values == [0, 1, 2, 3, 3])
    #expect(
      try decodeImage(file).image.pixels
        == [0, 85, 170, 255, 255].flatMap { [$0, $0, $0] as [UInt8] })
  }
}

@Suite struct DepthAndAlphaTests {
  @Test func sixteenBitsBecomeTheNearestEight() throws {
    let samples: [UInt16] = [0, 128, 129, 257, 32767, 32896, 65406, 65407, 65535]
    let row: [UInt8] = [0] + samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] as [UInt8] }
    let file = png([header(9, 1, depth: 16, type: 0), ("IDAT", stored(row)), ("IEND", [])])
    let expected = samples.map { UInt8((Double($0) / 257).rounded()) }
    #expect(try decodeImage(file).image.pixels == expected.flatMap { [$0, $0, $0] as [UInt8] })
    #expect(try decodePNGSamples(file) == samples.flatMap { [$0, $0, $0, 65535] as [UInt16] })
  }

  @Test func transparentPixelsShowTheBackground() throws {
    let row: [UInt8] = [0, 200, 0, 0, 0, 200, 100, 50, 255, 255, 255, 255, 128]
    let file = png([header(3, 1, depth: 8, type: 6), ("IDAT", stored(row)), ("IEND", [])])
    let onBlack = try decodeImage(file, options: DecodingOptions(background: .black)).image
    #expect(onBlack.pixels == [0, 0, 0, 200, 100, 50, 128, 128, 128])
    let onRed = try decodeImage(file, options: DecodingOptions(background: RGB(255, 0, 0))).image
    #expect(onRed.pixels == [255, 0, 0, 200, 100, 50, 255, 128, 128])
    #expect(try decodeImage(file).image[0, 0] == .white)
  }

  @Test func oneTransparentGreyIsTransparent() throws {
    let file = png([
      header(2, 1, depth: 8, type: 0), ("tRNS", [0, 9]), ("IDAT", stored([0, 9, 10])), ("IEND", []),
    ])
    #expect(try decodeImage(file).image.pixels == [255, 255, 255, 10, 10, 10])
  }
}

@Suite struct OrientationTests {
  // A B      what the camera stored for a scene that is upright as
  // C D      in `upright`, by orientation
  private static let stored: [[Int]] = [
    [0, 1, 2, 3, 4, 5], [1, 0, 3, 2, 5, 4], [5, 4, 3, 2, 1, 0], [4, 5, 2, 3, 0, 1],
    [0, 2, 4, 1, 3, 5], [1, 3, 5, 0, 2, 4], [5, 3, 1, 4, 2, 0], [4, 2, 0, 5, 3, 1],
  ]

  @Test(arguments: 1...8) func everyOrientationStandsUpright(orientation: Int) {
    let upright = noise(2, 3)
    let order = Self.stored[orientation - 1]
    let pixels = order.flatMap { Array(upright.pixels[(3 * $0)..<(3 * $0 + 3)]) }
    let isTurned = orientation >= 5
    let seen = Image(width: isTurned ? 3 : 2, height: isTurned ? 2 : 3, pixels: pixels)
    #expect(seen.oriented(orientation) == upright)
  }

  @Test(arguments: 1...8) func theRecordOfAJPEGIsApplied(orientation: UInt8) throws {
    let jpeg = gradient(40, 24).encodedJPEG()
    let plain = try decodeImage(jpeg).image
    for isBigEndian in [false, true] {
      let record = orientationRecord(orientation, bigEndian: isBigEndian)
      let decoded = try decodeImage(withExif(jpeg, record))
      #expect(decoded.image == plain.oriented(Int(orientation)))
      #expect(decoded.warnings.isEmpty)
    }
  }

  @Test func aDamagedRecordIsAWarningAndThePictureStays() throws {
    let jpeg = gradient(40, 24).encodedJPEG()
    let plain = try decodeImage(jpeg).image
    let record = orientationRecord(6)
    for count in 0..<20 {
      let decoded = try decodeImage(withExif(jpeg, Array(record[..<count])))
      #expect(decoded.image == plain)
      #expect(decoded.warnings.count == 1)
    }
    var far = record
    far.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0xff])
    #expect(try decodeImage(withExif(jpeg, far)).warnings.count == 1)
    #expect(try decodeImage(withExif(jpeg, orientationRecord(9))).warnings.count == 1)
    #expect(try decodeImage(withExif(jpeg, orientationRecord(0))).warnings.isEmpty)
  }

  @Test func mirroringTwiceIsNothing() {
    let image = noise(5, 3)
    #expect(image.mirrored != image)
    #expect(image.mirrored[0, 2] == image[4, 2])
    #expect(image.mirrored.mirrored == image)
  }
}
