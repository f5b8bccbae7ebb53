import AvocetImages
import SystemPackage
import TestSupport
import Testing

@Suite struct DamageTests {
  @Test func aPNGCutAnywhereIsRefused() throws {
    let whole = noise(80, 60).encodedPNG()
    for count in stride(from: 1, to: whole.count, by: 97) {
      #expect(refusal(Array(whole[..<count])) == "truncated", "\(count)")
    }
    for lost in 1...20 {
      #expect(refusal(Array(whole.dropLast(lost))) == "truncated", "-\(lost)")
    }
  }

  @Test func aJPEGCutAnywhereIsRefusedOrWhole() throws {
    let whole = noise(80, 60).encodedJPEG()
    let image = try decodeImage(whole).image
    for count in Array(stride(from: 1, to: whole.count - 2, by: 97)) + [whole.count - 40] {
      #expect(refusal(Array(whole[..<count])) == "truncated", "\(count)")
    }
    for lost in 1...2 {  // only the end marker is missing
      let decoded = try decodeImage(Array(whole.dropLast(lost)))
      #expect(decoded.image == image)
      #expect(decoded.warnings.count == 1)
    }
  }

  @Test func everyFlippedBitOfAPNGIsNoticed() throws {
    let whole = noise(20, 12).encodedPNG()
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= 1 << (position % 8)
      #expect(refusal(bytes) != nil, "byte \(position)")
    }
  }

  @Test func noFlippedBitOfAJPEGCrashes() throws {
    let whole = withExif(noise(40, 24).encodedJPEG(), orientationRecord(6))
    let limits = DecodingLimits(maxPixels: 100_000)
    var refused = 0
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= 1 << (position % 8)
      if refusal(bytes, DecodingOptions(limits: limits)) != nil { refused += 1 }
    }
    #expect(refused > 0 && refused < whole.count)
  }

  @Test(arguments: [
    ("GIF89a\u{1}\0\u{1}\0", "a GIF picture; PNG and JPEG can be read"),
    ("RIFF\u{1}\0\0\0WEBPVP8 ", "a WebP picture; PNG and JPEG can be read"),
    ("\0\0\0\u{18}ftypheic\0\0", "a HEIC picture; PNG and JPEG can be read"),
    ("\0\0\0\u{18}ftypavif\0\0", "an AVIF picture; PNG and JPEG can be read"),
    ("BM\u{9}\0\0\0\0\0\0\0\u{36}\0\0\0", "a BMP picture; PNG and JPEG can be read"),
    ("II*\0\u{8}\0", "a TIFF picture; PNG and JPEG can be read"),
    ("%PDF-1.7\n", "a PDF document; PNG and JPEG can be read"),
  ]) func otherFormatsAreNamed(start: String, message: String) {
    let error = #expect(throws: ImageError.self) { try decodeImage(Array(start.utf8)) }
    #expect(error?.code == "unsupported")
    #expect(error?.message == message)
  }

  @Test func whatIsNoPictureSaysHowItBegins() {
    let error = #expect(throws: ImageError.self) {
      try decodeImage(Array("hello\u{1b} world".utf8))
    }
    #expect(error?.code == "not-an-image")
    #expect(
      error?.message == #"not a picture (first bytes: "hello\x1b w"); PNG and JPEG can be read"#)
    #expect(refusal([]) == "empty")
    #expect(refusal([0x89, 0x50]) == "truncated")
    #expect(refusal([0x09, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]) == "damaged")
  }
}

@Suite struct LimitTests {
  @Test func oneMorePixelThanTheLimitIsRefused() throws {
    for bytes in [noise(20, 30).encodedPNG(), noise(20, 30).encodedJPEG()] {
      #expect(refusal(bytes, DecodingOptions(limits: DecodingLimits(maxPixels: 600))) == nil)
      #expect(
        refusal(bytes, DecodingOptions(limits: DecodingLimits(maxPixels: 599))) == "too-large")
      let tight = DecodingLimits(maxFileSize: bytes.count - 1)
      #expect(refusal(bytes, DecodingOptions(limits: tight)) == "too-large")
      #expect(
        refusal(bytes, DecodingOptions(limits: DecodingLimits(maxMemory: 1000))) == "too-large")
    }
  }

  @Test func aHeaderThatTheFileCannotFillIsRefusedBeforeMemoryIsTaken() {
    let small = png([header(7000, 7000, depth: 8, type: 2), ("IDAT", stored([0])), ("IEND", [])])
    let error = #expect(throws: ImageError.self) { try decodeImage(small) }
    #expect(
      error?.message
        == "header claims 7,000 x 7,000 pixels but \(small.count) bytes cannot hold them")
    let huge = png([
      header(0x7fff_ffff, 0x7fff_ffff, depth: 16, type: 6), ("IDAT", []), ("IEND", []),
    ])
    #expect(refusal(huge) == "too-large")
    #expect(refusal(png([header(0, 5, depth: 8, type: 2), ("IEND", [])])) == "damaged")
  }

  @Test func aJPEGCanComeOutSmallerWhenThatIsEnough() throws {
    let jpeg = gradient(400, 320).encodedJPEG()
    let decoded = try decodeImage(jpeg, options: DecodingOptions(enoughShortSide: 80))
    #expect(decoded.denominator == 4)
    #expect(decoded.image.width == 100 && decoded.image.height == 80)
    let limits = DecodingLimits(maxPixels: 8000)
    #expect(refusal(jpeg, DecodingOptions(limits: limits, enoughShortSide: 80)) == nil)
    #expect(refusal(jpeg, DecodingOptions(limits: limits)) == "too-large")
  }

  @Test func aFileIsReadByItsContentAndItsTroubleIsACode() throws {
    let folder = try TemporaryFolder()
    let image = noise(4, 4)
    #expect(try readImage(folder.file("really-a-png.jpg", image.encodedPNG())).image == image)
    func code(_ path: FilePath, _ limits: DecodingLimits = DecodingLimits()) -> ImageError? {
      #expect(throws: ImageError.self) {
        try readImage(path, options: DecodingOptions(limits: limits))
      }
    }
    #expect(code(folder.path)?.message == "is a folder, not a regular file")
    #expect(code("/nonexistent")?.code == "unreadable")
    let file = try folder.file("a.png", image.encodedPNG())
    #expect(code(file, DecodingLimits(maxFileSize: 10))?.code == "too-large")
  }
}
