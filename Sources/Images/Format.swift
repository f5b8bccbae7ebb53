import AvocetFiles

/// What a file is, by its first bytes.
///
/// Throws an error that names the format if it is a known one that is not read.
public func imageFormat(of bytes: [UInt8]) throws(ImageError) -> ImageFormat {
  if bytes.isEmpty { throw ImageError(code: "empty", message: "file is empty") }
  if bytes.starts(with: pngSignature) { return .png }
  if bytes.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
  if let name = otherFormat(bytes) {
    throw ImageError(code: "unsupported", message: "\(name); PNG and JPEG can be read")
  }
  let seen = bytes.prefix(8)
  if pngSignature.starts(with: seen) || [0xff, 0xd8, 0xff].starts(with: seen) {
    throw ImageError(
      code: "truncated", message: "data end after \(bytes.count) bytes, in the signature")
  }
  let matches = zip(seen, pngSignature).count { $0 == $1 }
  if matches >= 5 {
    throw ImageError(code: "damaged", message: "the signature of a PNG, but damaged")
  }
  throw ImageError(
    code: "not-an-image",
    message: "not a picture (first bytes: \"\(escapedText(seen))\"); PNG and JPEG can be read")
}

private let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

private func otherFormat(_ bytes: [UInt8]) -> String? {
  func has(_ text: String, at offset: Int = 0) -> Bool {
    bytes.dropFirst(offset).starts(with: text.utf8)
  }
  if has("GIF87a") || has("GIF89a") { return "a GIF picture" }
  if has("RIFF"), has("WEBP", at: 8) { return "a WebP picture" }
  if has("BM"), bytes.count >= 14, bytes[6..<10].allSatisfy({ $0 == 0 }) { return "a BMP picture" }
  if has("II*\0") || has("MM\0*") || has("II+\0") { return "a TIFF picture" }
  if has("%PDF-") { return "a PDF document" }
  if has("8BPS") { return "a Photoshop document" }
  if has("\0\0\u{1}\0") { return "an icon" }
  if has("\0\0\0\u{0c}jP  ") { return "a JPEG 2000 picture" }
  if has("\0\0\0\u{0c}JXL ") || bytes.starts(with: [0xff, 0x0a]) { return "a JPEG XL picture" }
  if has("qoif") { return "a QOI picture" }
  if has("ftyp", at: 4) {
    if has("avif", at: 8) || has("avis", at: 8) { return "an AVIF picture" }
    if ["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].contains(where: { has($0, at: 8) })
    {
      return "a HEIC picture"
    }
    return "a film"
  }
  if has("<svg") || has("<?xml") { return "an SVG or XML document" }
  if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), (49...54).contains(bytes[1]),
    [9, 10, 13, 32].contains(bytes[2])
  {
    return "a PNM picture"
  }
  return nil
}
