import AvocetFiles
import AvocetImages
import Foundation
import SystemPackage
import TestSupport
import Testing

private let suite = ProcessInfo.processInfo.environment["AVOCET_PNGSUITE"].map { FilePath($0) }
private let jpegs = ProcessInfo.processInfo.environment["AVOCET_JPEGS"].map { FilePath($0) }
private let djpeg = ["/usr/bin/djpeg", "/usr/local/bin/djpeg", "/opt/homebrew/bin/djpeg"]
  .first { FileManager.default.isExecutableFile(atPath: $0) }

@Suite struct PngSuiteTests {
  @Test(.enabled(if: suite != nil, "AVOCET_PNGSUITE does not name a folder with PngSuite"))
  func everyPictureOfPngSuiteHasItsPixelsAndTheDamagedAreRefused() throws {
    let folder = try #require(suite)
    var (compared, refused) = (0, 0)
    for path in FolderWalk(folder, extensions: ["png"]) {
      let name = path.stem ?? ""
      let bytes = try readFile(path, limit: 1 << 20)
      if name.hasPrefix("x") {
        #expect(throws: ImageError.self, "\(name)") { try decodeImage(bytes) }
        refused += 1
      } else if let json = try? readFile(folder.appending("json/\(name).json"), limit: 1 << 24) {
        let expected = numbers(json)
        #expect(try decodePNGSamples(bytes) == expected, "\(name)")
        let decoded = try decodeImage(bytes)
        #expect(decoded.image.pixels == overWhite(expected, is16: isDeep(bytes)), "\(name)")
        compared += 1
      }
    }
    #expect(compared >= 161 && refused == 14, "\(compared) compared, \(refused) refused")
  }

  private func isDeep(_ png: [UInt8]) -> Bool { png[24] == 16 }

  /// The numbers in a JSON list.
  private func numbers(_ json: [UInt8]) -> [UInt16] {
    json.split { !(48...57).contains($0) }.map { digits in
      digits.reduce(0) { $0 * 10 + UInt16($1 - 48) }
    }
  }

  private func overWhite(_ samples: [UInt16], is16: Bool) -> [UInt8] {
    let bytes = samples.map { is16 ? Int((Double($0) / 257).rounded()) : Int($0) }
    return stride(from: 0, to: bytes.count, by: 4).flatMap { start in
      (0..<3).map { channel -> UInt8 in
        let alpha = bytes[start + 3]
        return UInt8((bytes[start + channel] * alpha + 255 * (255 - alpha) + 127) / 255)
      }
    }
  }
}

@Suite struct DjpegTests {
  @Test(.enabled(if: djpeg != nil, "djpeg is not installed"))
  func picturesOfOursDecodeAsDjpegDecodesThem() throws {
    let folder = try TemporaryFolder()
    for (width, height) in [(1, 1), (17, 9), (64, 48), (201, 133)] {
      for quality in [5, 60, 100] {
        let jpeg = noise(width, height).encodedJPEG(quality: quality)
        let file = try folder.file("a.jpg", jpeg)
        #expect(try decodeImage(jpeg).image == reference(file))
        let half = try decodeImage(
          jpeg, options: DecodingOptions(enoughShortSide: (min(width, height) + 1) / 2))
        #expect(try half.image == reference(file, "-scale", "1/\(half.denominator)"))
      }
    }
  }

  @Test(
    .enabled(
      if: djpeg != nil && jpegs != nil,
      "djpeg is not installed or AVOCET_JPEGS does not name a folder with JPEGs"))
  func picturesOfAFolderDecodeAsDjpegDecodesThem() throws {
    var count = 0
    for path in FolderWalk(try #require(jpegs), extensions: ["jpg", "jpeg"]) {
      let bytes = try readFile(path, limit: 1 << 26)
      guard let decoded = try? decodeImage(bytes) else { continue }
      var expected = try reference(path)
      if case .success(let orientation)? = exifOrientation(bytes) {
        expected = expected.oriented(orientation)
      }
      #expect(decoded.image == expected, "\(path.escaped)")
      count += 1
    }
    #expect(count > 0)
  }

  /// What djpeg makes of a file.
  private func reference(_ file: FilePath, _ arguments: String...) throws -> Image {
    let folder = try TemporaryFolder()
    let output = folder.path.appending("out.ppm")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(djpeg))
    process.arguments = arguments + ["-rgb", "-outfile", output.string, file.string]
    try process.run()
    process.waitUntilExit()
    let ppm = try readFile(output, limit: 1 << 28)
    let fields = ppm.prefix(40).split(maxSplits: 4, whereSeparator: { $0 == 10 || $0 == 32 })
    let sizes = fields[1...3].map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    return Image(
      width: sizes[0], height: sizes[1], pixels: Array(ppm.suffix(3 * sizes[0] * sizes[1])))
  }
}
