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
    let key = try #require(range(of: "avocet.checksum", in: bytes))
    for place in bytes.indices {
      for value in [0, 0xFF, bytes[place] &+ 1, bytes[place] &- 1] where value != bytes[place] {
        var damaged = bytes
        damaged[place] = value
        // Under another name the checksum is a text like any other.
        if let message = refusal(damaged) {
          #expect(isOneLine(message))
        } else {
          #expect(key.contains(place), "byte \(place)")
        }
      }
    }
  }

  @Test func everyByteOfAModelMayBeWrong() throws {
    let bytes = try smallModel().encoded()
    let key = try #require(range(of: "avocet.checksum", in: bytes))
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] = place % 2 == 0 || bytes[place] == 0xFF ? bytes[place] &+ 1 : 0xFF
      if let message = modelRefusal(damaged) {
        #expect(isOneLine(message), "byte \(place)")
      } else {
        #expect(key.contains(place), "byte \(place)")
      }
    }
  }
}
