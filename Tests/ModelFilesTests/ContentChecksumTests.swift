import AvocetModelFiles
import TestSupport
import Testing

/// A file says by a checksum what was written into it.
@Suite struct ContentChecksumTests {
  private static let tensors: [String: SafeTensors.Tensor] = [
    "a": .init(shape: [1], values: [1.5]), "b": .init(shape: [2], values: [-2, 3]),
  ]

  private func refused(_ header: String, _ data: [UInt8]) -> String? {
    refusal(file(header, data: data))
  }

  @Test func aBitOfAWeightThatStaysFiniteIsNoticedInTheFileAndInMemory() throws {
    let folder = try TemporaryFolder()
    var bytes = try smallModel().encoded()
    bytes[bytes.count - 4] ^= 1
    let path = try folder.file("m.safetensors", bytes)
    let error = try #require(throws: ModelFileError.self) { try Model.read(path) }
    #expect(error.description.hasPrefix("\(path): not what was written: its checksum is \""))
    #expect(isOneLine(error.description) && error.description.contains("copy the file again"))
    #expect(modelRefusal(bytes).map { "\(path): \($0)" } == error.description)
  }

  @Test func aTensorLargerThanOnePieceIsCheckedToItsEnd() throws {
    let file = SafeTensors(
      tensors: ["w": .init(shape: [600_000], values: .init(repeating: 0.25, count: 600_000))])
    let bytes = file.encoded()
    #expect(refusal(bytes) == nil)
    for place in [bytes.count - 1, bytes.count - 2_400_000, bytes.count - 1_200_000] {
      var damaged = bytes
      damaged[place] ^= 2
      #expect(refusal(damaged)?.contains("its content gives") == true, "byte \(place)")
    }
  }

  @Test func theOrderInWhichAnotherProgramWritesTheSameDoesNotMatter() throws {
    let bytes = SafeTensors(metadata: ["note": "x"], tensors: Self.tensors).encoded()
    let key = try #require(range(of: "avocet.checksum\":\"", in: bytes))
    let digits = String(decoding: bytes[key.upperBound..<key.upperBound + 8], as: UTF8.self)
    let (a, b) = (
      littleEndian(Float(1.5).bitPattern), [-2, 3].flatMap { littleEndian(Float($0).bitPattern) }
    )
    let texts = #""__metadata__":{"note":"x","avocet.checksum":"\#(digits)"}"#
    let entries =
      #""b":{"shape":[2],"dtype":"F32","data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#
    #expect(refused("{\(entries),\(texts)}  ", b + a) == nil)
    // The same numbers under each other's names, in another shape, or with another text are something else.
    #expect(refused("{\(entries),\(texts)}", a + b) != nil)
    #expect(refused("{\(entries.replacing("[2]", with: "[2,1]")),\(texts)}", b + a) != nil)
    #expect(refused("{\(entries),\(texts.replacing("\"x\"", with: "\"y\""))}", b + a) != nil)
  }

  @Test func aFileWithoutOneIsReadAndTheNextThatIsWrittenHasIt() throws {
    let bytes = try smallModel().encoded()
    let old = try withoutChecksum(bytes)
    #expect(try Model(old).encoded() == bytes)
    let (with, without) = (try SafeTensors(bytes), try SafeTensors(old))
    #expect(with.hadChecksum && !without.hadChecksum && with.metadata == without.metadata)
  }
}
