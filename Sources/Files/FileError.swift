import SystemPackage

/// What went wrong with which file.
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// The sort of trouble, for callers who must tell them apart.
  public enum Kind: Sendable, Hashable {
    /// The operating system refused.
    case system(Errno)
    /// The file is larger than the reader's limit.
    case tooLarge
    /// A folder, pipe, socket or device stands where a regular file is needed.
    case notRegular
    /// Anything else.
    case other
  }

  /// The file.
  public let path: FilePath
  /// What is wrong with it, in one line without its name.
  public let reason: String
  /// The sort of trouble.
  public let kind: Kind

  /// A complaint in the caller's words.
  public init(path: FilePath, reason: String, kind: Kind = .other) {
    (self.path, self.reason, self.kind) = (path, reason, kind)
  }

  /// The operating system's complaint.
  public init(path: FilePath, _ error: Errno) {
    self.init(path: path, reason: error.reason, kind: .system(error))
  }

  /// `path: reason`, the path escaped.
  public var description: String { "\(path.escaped): \(reason)" }
}

extension Errno {
  /// The system's words, beginning small so that they fit into a sentence.
  package var reason: String {
    let words = description
    let second = words.dropFirst().first
    guard let first = words.first, second?.isUppercase != true else { return words }
    return first.lowercased() + words.dropFirst()
  }
}

extension FilePath {
  /// The bytes of the path as it was given.
  public var bytes: [UInt8] {
    unsafe withPlatformString { pointer in
      var bytes: [UInt8] = []
      var next = unsafe pointer
      while unsafe next.pointee != 0 {
        bytes.append(UInt8(truncatingIfNeeded: unsafe next.pointee))
        unsafe next += 1
      }
      return bytes
    }
  }

  /// A path of the given bytes, which need not be UTF-8; they end at the first zero.
  public init(bytes: some Sequence<UInt8>) {
    var characters = bytes.prefix { $0 != 0 }.map { CChar(truncatingIfNeeded: $0) }
    characters.append(0)
    self.init(platformString: characters)
  }

  /// The path for one line of text: bytes that are not UTF-8, control and direction characters
  /// become `\xNN`, a backslash `\\`.
  public var escaped: String { escapedText(bytes) }

  /// The path as it is where it is UTF-8, else escaped.
  public var text: String { String(validating: bytes, as: UTF8.self) ?? escaped }
}

/// Bytes as one line of text that no terminal acts upon; see `FilePath.escaped`.
public func escapedText(_ bytes: some Sequence<UInt8>) -> String {
  var result = ""
  var decoder = Unicode.UTF8.ForwardParser()
  var input = Array(bytes).makeIterator()
  var position = 0
  let all = Array(bytes)
  while true {
    switch decoder.parseScalar(from: &input) {
    case .valid(let encoded):
      let scalar = Unicode.UTF8.decode(encoded)
      position += encoded.count
      if scalar == "\\" {
        result += "\\\\"
      } else if isPlain(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        for byte in encoded { result += escape(byte) }
      }
    case .error(let length):
      for byte in all[position..<(position + length)] { result += escape(byte) }
      position += length
    case .emptyInput:
      return result
    }
  }
}

/// The bytes of which `escapedText` made this text; nil if it cannot have made it.
public func unescapedBytes(_ text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    guard byte == UInt8(ascii: "\\") else {
      bytes.append(byte)
      continue
    }
    switch rest.popFirst() {
    case UInt8(ascii: "\\"): bytes.append(byte)
    case UInt8(ascii: "x"):
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard rest.count > 1, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(value)
      rest.removeFirst(2)
    default: return nil
    }
  }
  return bytes
}

private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
  default: true
  }
}

private func escape(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return "\\x" + (digits.count < 2 ? "0" : "") + digits
}
