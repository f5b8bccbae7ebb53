import AvocetModelFiles
import Testing

/// A file with a byte wrong is refused or read; the process lives in either case.
@Suite struct ModelFileDamageTests {
  @Test func everyTruncationIsRefused() throws {
    let bytes = try smallModel().encoded()
    for count in bytes.indices {
      let message = try #require(refusal(Array(bytes[..<count])), "\(count) bytes were accepted")
      #expect(isOneLine(message))
    }
    #expect(refusal(bytes + [0]) != nil)
    #expect(refusal(bytes + bytes) != nil)
  }

  @Test func everyByteOfAFileMayBeWrong() throws {
    let bytes = SafeTensors(
      metadata: ["format": "pt"],
      tensors: [
        "w": .init(shape: [2, 2], values: [1, 2, 3, 4]), "b": .init(shape: [2], values: [0.5, -1]),
      ]
    ).encoded()
    var accepted = 0
    for place in bytes.indices {
      for value in [0, 0xFF, bytes[place] &+ 1, bytes[place] &- 1] where value != bytes[place] {
        var damaged = bytes
        damaged[place] = value
        if let message = refusal(damaged) { #expect(isOneLine(message)) } else { accepted += 1 }
      }
    }
    // Numbers, texts and names may change and stay what they are; nothing else may.
    #expect(accepted > 24 && accepted < 150)
  }

  @Test func everyByteOfAModelMayBeWrong() throws {
    let bytes = try smallModel().encoded()
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] = place % 2 == 0 ? bytes[place] &+ 1 : 0xFF
      if let message = modelRefusal(damaged) { #expect(isOneLine(message), "byte \(place)") }
    }
  }
}
