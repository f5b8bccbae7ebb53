import AvocetModelFiles
import Testing

@Suite struct StrictJSONTests {
  private func read(_ text: String, depth: Int = 4) throws -> StrictJSON {
    try StrictJSON(text.utf8, depth: depth)
  }

  @Test func everyKindOfValueIsRead() throws {
    let value = try read(#" {"a": [1, -2.5e+3, true, false, null], "b": {"c": "d"}} "#)
    #expect(
      value
        == .object([
          "a": .array([.number("1"), .number("-2.5e+3"), .bool(true), .bool(false), .null]),
          "b": .object(["c": .string("d")]),
        ]))
    #expect(try read("[ ]") == .array([]))
    #expect(try read("{ }") == .object([:]))
  }

  @Test func escapesBecomeTheirCharacters() throws {
    #expect(
      try read(#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDC26""#) == .string("\"\\/\u{8}\u{C}\n\r\té🐦"))
    #expect(try read("\"é🐦\u{7F}\"") == .string("é🐦\u{7F}"))
  }

  @Test(arguments: [
    "", " ", "{", "[", "\"", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
    "[1,]", "[,1]", "[1 2]", "{a:1}", "{'a':1}", "{\"a\" 1}", "{1:2}", "tru", "True", "nul",
    "NaN", "Infinity", "-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "0x10", "1_000", "1 1",
    "{} {}", "{}x", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD83D\"", "\"\\uDC26\"",
    "\"\\uD83Dx\"", "\"\\uD83D\\u0041\"", "\"\n\"", "\"\t\"", "\"\u{0}\"", "// c\n1", "[1]/**/",
    "\u{FEFF}{}",
  ]) func whatIsNoJSONIsRefusedInOneLine(text: String) throws {
    let error = #expect(throws: ModelFileError.self) { try read(text) }
    #expect(isOneLine(try #require(error).description))
  }

  @Test(arguments: [
    (#"{"a":1,"a":1}"#, 7), (#"{"a":1,"\u0061":1}"#, 7), (#"[{"b":{"k":1,"k":2}}]"#, 13),
  ]) func aKeyThatStandsTwiceIsRefusedAtAnyLevel(text: String, place: Int) {
    let error = #expect(throws: ModelFileError.self) { try read(text) }
    #expect(error?.description.contains("at byte \(place): ") == true)
    #expect(error?.description.hasSuffix("stands twice") == true)
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3]] {
      #expect(throws: ModelFileError.self) {
        try StrictJSON([0x22] + bytes + [0x22], depth: 1)
      }
    }
  }

  @Test func nestingHasALimit() throws {
    #expect(throws: Never.self) { try read("[{\"a\":[[]]}]") }
    #expect(throws: ModelFileError.self) { try read("[{\"a\":[[[]]]}]") }
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(throws: ModelFileError.self) { try read(deep) }
  }

  @Test(
    arguments: [
      ("0", 0), ("7", 7), ("9007199254740992", 1 << 53), ("9007199254740993", nil), ("-1", nil),
      ("-0", nil), ("1.0", nil), ("1e3", nil), ("99999999999999999999", nil), ("\"7\"", nil),
      ("true", nil),
    ] as [(String, Int?)])
  func aWholeNumberIsDigitsThatADoubleHolds(text: String, number: Int?) throws {
    #expect(try read(text).wholeNumber == number)
  }

  @Test(
    arguments: [
      (#"{"a":1}"#, #"{"a":2,"b":3}"#, nil), (#"{"a":{"x":1}}"#, #"{"a":{}}"#, "a.x"),
      (#"{"a":[{},{"x":1}]}"#, #"{"a":[{},{}]}"#, "a.1.x"), (#"{"z":1,"b":1}"#, "{}", "b"),
      (#"{"a":null}"#, "{}", nil),
    ] as [(String, String, String?)])
  func aKeyOfOneThatTheOtherLacksIsFound(one: String, other: String, key: String?) throws {
    #expect(try read(one).key(missingIn: try read(other)) == key)
  }
}
