import AvocetFiles

/// A JSON value (RFC 8259) read strictly: no key twice in an object, no half of a surrogate pair, nesting up to a limit.
///
/// Foundation's decoder keeps one of two equal keys in silence; two readers of one file could then see two models.
package enum StrictJSON: Sendable, Hashable {
  case object([String: StrictJSON])
  case array([StrictJSON])
  case string(String)
  /// The number as it is spelled.
  case number(String)
  case bool(Bool)
  case null

  /// Reads a text that holds one value; objects and arrays may be nested `depth` deep.
  package init(_ text: some Sequence<UInt8>, depth: Int) throws(ModelFileError) {
    var reader = Reader(bytes: Array(text))
    self = try reader.value(depth)
    reader.skipSpace()
    guard reader.at == reader.bytes.count else { throw reader.error("more than one value") }
  }

  /// The number if it is written as digits alone and a double holds it exactly (up to 2^53).
  package var wholeNumber: Int? {
    guard case .number(let text) = self, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(text), number <= 1 << 53
    else { return nil }
    return number
  }

  /// The path of a key that stands here and not in `other`; null counts as nothing.
  package func key(missingIn other: StrictJSON) -> String? {
    switch (self, other) {
    case (.object(let mine), .object(let others)):
      for (key, value) in mine.sorted(by: { $0.key < $1.key }) where value != .null {
        guard let counterpart = others[key] else { return key }
        if let inner = value.key(missingIn: counterpart) { return "\(key).\(inner)" }
      }
      return nil
    case (.array(let mine), .array(let others)):
      for (index, (value, counterpart)) in zip(mine, others).enumerated() {
        if let inner = value.key(missingIn: counterpart) { return "\(index).\(inner)" }
      }
      return nil
    default: return nil
    }
  }
}

private struct Reader {
  let bytes: [UInt8]
  var at = 0

  func error(_ problem: String) -> ModelFileError {
    ModelFileError("JSON is damaged at byte \(at): \(problem)")
  }

  var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
  }

  mutating func take(_ character: Character) -> Bool {
    guard next == character.asciiValue else { return false }
    at += 1
    return true
  }

  mutating func expect(_ text: StaticString) throws(ModelFileError) {
    for character in "\(text)" where !take(character) { throw error("\"\(text)\" was expected") }
  }

  mutating func value(_ depth: Int) throws(ModelFileError) -> StrictJSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth))
    case UInt8(ascii: "["): return .array(try array(depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"):
      try expect("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try expect("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try expect("null")
      return .null
    default: return .number(try number())
    }
  }

  mutating func object(_ depth: Int) throws(ModelFileError) -> [String: StrictJSON] {
    guard depth > 0 else { throw error("nested too deep") }
    var members: [String: StrictJSON] = [:]
    at += 1
    skipSpace()
    if take("}") { return members }
    repeat {
      skipSpace()
      let start = at
      let key = try string()
      skipSpace()
      try expect(":")
      let value = try value(depth - 1)
      guard members.updateValue(value, forKey: key) == nil else {
        at = start
        throw error("\(shown(key)) stands twice")
      }
      skipSpace()
    } while take(",")
    try expect("}")
    return members
  }

  mutating func array(_ depth: Int) throws(ModelFileError) -> [StrictJSON] {
    guard depth > 0 else { throw error("nested too deep") }
    var elements: [StrictJSON] = []
    at += 1
    skipSpace()
    if take("]") { return elements }
    repeat {
      elements.append(try value(depth - 1))
      skipSpace()
    } while take(",")
    try expect("]")
    return elements
  }

  mutating func string() throws(ModelFileError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      at += 1
      if byte < 0x20 { throw error("a control character in a string") }
      if byte == UInt8(ascii: "\\") { text += try escape() } else { text.append(byte) }
    }
    try expect("\"")
    guard let string = String(validating: text, as: UTF8.self) else {
      throw error("a string that is not UTF-8")
    }
    return string
  }

  // The UTF-8 of what a backslash, already taken, stands for.
  mutating func escape() throws(ModelFileError) -> [UInt8] {
    let letters: [UInt8: UInt8] = [
      0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 8, 0x66: 12, 0x6E: 10, 0x72: 13, 0x74: 9,
    ]
    guard let letter = next else { throw error("a string does not end") }
    at += 1
    if let byte = letters[letter] { return [byte] }
    guard letter == UInt8(ascii: "u") else { throw error("an unknown escape") }
    var units = [try codeUnit()]
    if (0xD800..<0xDC00).contains(units[0]) {
      try expect("\\u")
      units.append(try codeUnit())
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw error("half of a surrogate pair")
    }
    return Array(text.utf8)
  }

  mutating func codeUnit() throws(ModelFileError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(UnicodeScalar($0)).hexDigitValue }) else {
        throw error("four hexadecimal digits were expected")
      }
      unit = unit << 4 | UInt16(digit)
      at += 1
    }
    return unit
  }

  mutating func number() throws(ModelFileError) -> String {
    let start = at
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  mutating func digits() throws(ModelFileError) {
    let start = at
    while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
    if at == start { throw error("a digit or a value was expected") }
  }
}
