import AvocetModelFiles
import Testing

@Suite struct SafeTensorsTests {
  private static let sample = SafeTensors(
    metadata: ["note": "a \"quoted\" line\nand another \u{1}"],
    tensors: [
      "b.weight": .init(shape: [2, 1, 3], values: [0, -0.0, 1.5, .pi, 0x1p-149, -3e38]),
      "a": .init(shape: [], values: [7]), "é": .init(shape: [1], values: [-1]),
    ])

  private static func entry(
    _ name: String = "a", _ type: String = "F32", _ shape: String = "[2]",
    _ offsets: String = "[0,8]"
  ) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  @Test func whatWasWrittenIsReadAndWrittenAsTheSameBytes() throws {
    let bytes = Self.sample.encoded()
    let read = try SafeTensors(bytes)
    #expect(read.metadata == Self.sample.metadata)
    #expect(read.tensors.keys.sorted() == ["a", "b.weight", "é"])
    for (name, tensor) in Self.sample.tensors {
      #expect(read.tensors[name]?.shape == tensor.shape)
      #expect(read.tensors[name]?.values.map(\.bitPattern) == tensor.values.map(\.bitPattern))
    }
    #expect(read.encoded() == bytes)
    #expect(bytes[0] % 8 == 0)  // so that the numbers begin at a multiple of eight
  }

  @Test func aFileAsPythonWritesItIsRead() throws {
    // Wider types first, a counter of 64-bit integers without dimensions, padding of spaces.
    let header =
      #"{"__metadata__":{"format":"pt"},"bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#
      + #""wide":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[16,20]},"#
      + #""h":{"dtype":"F16","shape":[3],"data_offsets":[20,26]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[26,28]},"#
      + #""flag":{"dtype":"BOOL","shape":[1],"data_offsets":[28,29]}}     "#
    let data =
      littleEndian(UInt64(5)) + littleEndian((-2.5).bitPattern)
      + littleEndian(Float(0.1).bitPattern)
      + littleEndian(UInt16(0x3C00)) + littleEndian(UInt16(0x8001)) + littleEndian(UInt16(0x7BFF))
      + littleEndian(UInt16(0xC040)) + [1]
    let read = try SafeTensors(file(header, data: data))
    #expect(read.metadata == ["format": "pt"])
    #expect(read.skipped.sorted() == ["bn.num_batches_tracked", "flag"])
    #expect(read.tensors["wide"]?.values == [-2.5])
    #expect(read.tensors["w"]?.values == [0.1])
    #expect(read.tensors["h"]?.values == [1, -0x1p-24, 65504])
    #expect(read.tensors["b"]?.values == [-3])
  }

  @Test func aFileWithoutTensorsIsRead() throws {
    #expect(try SafeTensors(file("{}", data: 0)).tensors.isEmpty)
  }

  /// A header, how many bytes of data follow, and what the message must speak of.
  static let malformed: [(String, Int, String)] = [
    ("{\(entry())}", 7, "byte 0 of 7 comes next"),
    ("{\(entry())}", 9, "9 bytes of data, the tensors use 8"),
    ("{\(entry())}\n", 8, "spaces"), ("{\(entry())}\0", 8, "spaces"),
    ("{\(entry())}\t  ", 8, "spaces"), ("{\(entry())} {}", 8, "more than one value"),
    (" {\(entry())}", 8, "not a safetensors file"), ("[\(entry())]", 8, "not a safetensors file"),
    ("{\(entry()),\(entry())}", 8, "\"a\" stands twice"),
    ("{\(entry()),\(entry("\\u0061"))}", 8, "\"a\" stands twice"),
    (#"{"__metadata__":{},"__metadata__":{},\#(entry())}"#, 8, "__metadata__"),
    (#"{"__metadata__":{"k":"1","k":"2"},\#(entry())}"#, 8, "\"k\" stands twice"),
    (#"{"__metadata__":{"k":1},\#(entry())}"#, 8, "\"k\" is no text"),
    (#"{"__metadata__":{"k":null},\#(entry())}"#, 8, "\"k\" is no text"),
    (#"{"__metadata__":"k",\#(entry())}"#, 8, "__metadata__"),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, "stands twice"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"strides":[1]}}"#, 8, "\"strides\""),
    (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "dtype"),
    (#"{"a":{"dtype":"F32","data_offsets":[0,8]}}"#, 8, "shape"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "data_offsets"), (#"{"a":7}"#, 8, "no object"),
    (#"{"a":{"dtype":32,"shape":[2],"data_offsets":[0,8]}}"#, 8, "dtype"),
    ("{\(entry("a", "f32"))}", 8, "\"f32\""), ("{\(entry("a", "F8_E4M3"))}", 8, "F8_E4M3"),
    ("{\(entry("a", "F32", "[2.0]"))}", 8, "whole"),
    ("{\(entry("a", "F32", "[2e0]"))}", 8, "whole"),
    ("{\(entry("a", "F32", "[-2]"))}", 8, "whole"),
    ("{\(entry("a", "F32", "[02]"))}", 8, "damaged"),
    ("{\(entry("a", "F32", "[\"2\"]"))}", 8, "whole"), ("{\(entry("a", "F32", "2"))}", 8, "shape"),
    ("{\(entry("a", "F32", "[9007199254740993]"))}", 8, "2^53"),
    ("{\(entry("a", "F32", "[18446744073709551617]"))}", 8, "2^53"),
    ("{\(entry("a", "F32", "[2,1,1,1,1,1,1,1,1]"))}", 8, "9 dimensions"),
    ("{\(entry("a", "F32", "[[2]]"))}", 8, "nested"),
    ("{\(entry("a", "F32", "[0]", "[0,0]"))}", 0, "empty"),
    ("{\(entry("a", "F32", "[2,0]", "[0,0]")),\(entry("b"))}", 8, "empty"),
    ("{\(entry("a", "F32", "[4194305,4194305,211106198978564]", "[0,16]"))}", 16, "too large"),
    ("{\(entry("a", "F64", "[1152921504606846977]", "[0,8]"))}", 8, "2^53"),
    ("{\(entry("a", "F64", "[9007199254740992,1024]", "[0,8]"))}", 8, "too large"),
    ("{\(entry("a", "F32", "[3]"))}", 8, "takes 12 bytes"),
    ("{\(entry("a", "F32", "[1]"))}", 8, "takes 4 bytes"),
    ("{\(entry("a", "F32", "[2]", "[8,0]"))}", 8, "8 to 0"),
    ("{\(entry("a", "F32", "[2]", "[0,8,8]"))}", 8, "3 data_offsets"),
    ("{\(entry("a", "F32", "[2]", "[0]"))}", 8, "1 data_offsets"),
    ("{\(entry("a", "F32", "[2]", "[9007199254740984,9007199254740992]"))}", 8, "comes next"),
    ("{\(entry("a", "F32", "[2]", "[4,12]"))}", 12, "byte 0 of 12 comes next"),
    ("{\(entry()),\(entry("b"))}", 8, "\"b\""),
    ("{\(entry()),\(entry("b", "F32", "[2]", "[4,12]"))}", 12, "byte 8 of 12 comes next"),
    ("{\(entry()),\(entry("b", "F32", "[2]", "[12,20]"))}", 20, "byte 8 of 20 comes next"),
    (
      "{\(entry("a", "I8", "[1]", "[0,1]")),\(entry("b", "F32", "[1]", "[1,5]"))}", 5,
      "multiple of 4"
    ),
    ("{\(entry(""))}", 8, "512 bytes"), ("{\(entry("a\\nb"))}", 8, "control"),
    ("{\(entry("\\u007f"))}", 8, "control"), ("{\(entry("\\u0085"))}", 8, "control"),
    ("{\(entry(String(repeating: "n", count: 513)))}", 8, "512 bytes"),
    ("{\(entry("\\ud800"))}", 8, "damaged"), ("{\(entry()),}", 8, "damaged"),
    ("{", 8, "not a safetensors file"), ("{ ", 8, "spaces"),
  ]

  @Test(arguments: malformed.indices)
  func aMalformedHeaderIsRefusedWithItsReason(index: Int) throws {
    let (header, count, reason) = Self.malformed[index]
    let message = try #require(refusal(file(header, data: count)), "accepted: \(header)")
    #expect(message.contains(reason), "\(header): \(message)")
    #expect(isOneLine(message), "\(header): \(message)")
  }

  @Test func theNeighboursOfTheMalformedAreTaken() throws {
    for (header, count) in [
      ("{\(Self.entry())}", 8), ("{ \(Self.entry()) }  ", 8),
      ("{\(Self.entry(String(repeating: "n", count: 512)))}", 8),
      ("{\(Self.entry("a", "F32", "[2,1,1,1,1,1,1,1]"))}", 8),
      ("{\(Self.entry("b", "F32", "[1]", "[4,8]")),\(Self.entry("a", "F32", "[1]", "[0,4]"))}", 8),
      ("{\(Self.entry("a", "U8", "[1]", "[4,5]")),\(Self.entry("b", "F32", "[1]", "[0,4]"))}", 5),
    ] { #expect(refusal(file(header, data: count)) == nil, "\(header)") }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aNumberThatIsNotFiniteIsNamedWithItsPlace(value: Float) throws {
    let bytes = SafeTensors(tensors: ["bn.bias": .init(shape: [3], values: [1, 2, value])])
      .encoded()
    let message = try #require(refusal(bytes))
    #expect(message.contains("\"bn.bias\"") && message.contains("index 2"))
    // A double that no float holds is infinite too.
    let large = file(
      "{\(Self.entry("a", "F64", "[1]"))}", data: littleEndian(1e300.bitPattern))
    #expect(refusal(large)?.contains("index 0") == true)
  }

  @Test func theSizeOfTheHeaderIsLookedAtBeforeItIsUsed() {
    for (length, reason) in [
      (UInt64(0), "not a safetensors file"), (1, "not a safetensors file"), (3, "cut short"),
      (1 << 24, "cut short"), (1 << 24 + 1, "16,777,216 are the limit"), (.max, "limit"),
      (1 << 63, "limit"),
    ] {
      let message = refusal(littleEndian(length) + Array("{}".utf8))
      #expect(message?.contains(reason) == true, "\(length): \(message ?? "accepted")")
    }
    for count in 0...8 { #expect(refusal([UInt8](repeating: 2, count: count)) != nil) }
  }

  @Test func otherFormatsAreCalledByTheirNames() {
    for (start, name) in [
      ([0x89, 0x50, 0x4E, 0x47], "PNG"), ([0x50, 0x4B, 3, 4], "ZIP"), ([0x80, 2], "pickle"),
    ] as [([UInt8], String)] {
      #expect(refusal(start + [UInt8](repeating: 1, count: 30))?.contains(name) == true)
    }
  }

  @Test func moreTensorsThanTheLimitAreRefused() {
    func many(_ count: Int) -> [UInt8] {
      let entries = (0..<count).map { Self.entry("\($0)", "U8", "[1]", "[\($0),\($0 + 1)]") }
      return file("{" + entries.joined(separator: ",") + "}", data: count)
    }
    #expect(refusal(many(65_536)) == nil)
    #expect(refusal(many(65_537))?.contains("65,537 tensors") == true)
  }
}
