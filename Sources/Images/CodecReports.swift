import AvocetFiles
import CCodecs
import SystemPackage

extension cc_limits {
  init(_ limits: DecodingLimits) {
    self.init(
      max_width: 0x7fff_ffff, max_height: 0x7fff_ffff, max_memory: limits.maxMemory,
      max_work: .max, max_scans: 500)
  }
}

extension DecodingLimits {
  /// Refuses a picture of too many pixels.
  func check(_ width: Int, _ height: Int) throws(ImageError) {
    guard let pixels = checkedProduct(width, height), pixels <= maxPixels else {
      throw ImageError(
        code: "too-large",
        message: "\(grouped(width)) x \(grouped(height)) pixels are over the limit of "
          + "\(grouped(maxPixels)) (--max-pixels)")
    }
  }

  /// The bytes that the library may hold beside a picture that needs `bytes` a pixel, `kept` of them outside the library.
  func memoryLeft(
    _ width: Int, _ height: Int, _ bytes: Int, kept: Int
  ) throws(ImageError) -> Int {
    guard let all = checkedProduct(width, height, bytes), all <= maxMemory else {
      throw ImageError(
        code: "too-large",
        message: "\(grouped(width)) x \(grouped(height)) pixels need more than "
          + "\(grouped(maxMemory)) bytes of memory (--max-image-memory)")
    }
    return maxMemory - width * height * kept
  }
}

extension cc_report {
  /// Throws what the library reported.
  func check() throws(ImageError) {
    if status == CInt(CC_UNREADABLE) {
      throw ImageError(code: "unreadable", message: Errno(rawValue: system_error).reason)
    }
    let code =
      switch status {
      case CInt(CC_OK): ""
      case CInt(CC_TRUNCATED): "truncated"
      case CInt(CC_TOO_LARGE): "too-large"
      case CInt(CC_UNSUPPORTED): "unsupported"
      case CInt(CC_NO_MEMORY): "out-of-memory"
      default: "damaged"
      }
    if !code.isEmpty { throw ImageError(code: code, message: text(of: message)) }
  }

  /// What the library complained of without giving up, in at most one line.
  var warnings: [String] {
    if warning_count == 0 { return [] }
    if warning_count == 1 { return [text(of: warning)] }
    return ["\(warning_count) complaints of the decoder (first: \(text(of: warning)))"]
  }
}

private func text(of line: some Any) -> String {
  unsafe withUnsafeBytes(of: line) { bytes in
    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
