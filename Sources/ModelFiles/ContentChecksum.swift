import AvocetFiles

/// The CRC-32 of what a file of tensors says, in whatever order it says it: the texts by key, then the tensors by name, each with its type, its shape and its bytes.
///
/// A program that reads the file and writes it anew keeps it true; one that changes a number or a text must leave it out.
struct ContentChecksum {
  /// Where it stands in the file's metadata.
  static let key = "avocet.checksum"
  /// Bytes of a file that are looked at in one go.
  private static let piece = 1 << 20

  private var value: UInt32 = 0

  /// Of a file with these texts and no tensors yet.
  init(_ metadata: [String: String]) {
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
      add(Array("\(quoted(key)):\(quoted(text)),".utf8)[...])
    }
  }

  /// Adds a tensor; its bytes follow.
  mutating func add(_ name: String, _ type: String, _ shape: [Int]) {
    add(Array("\(quoted(name)):\(type)\(shape),".utf8)[...])
  }

  /// Adds bytes of a tensor.
  mutating func add(_ bytes: ArraySlice<UInt8>) { value = checksum(bytes, after: value) }

  /// Eight digits.
  var digits: String { hexadecimal(value) }

  /// Refuses a file whose bytes are not those that its checksum is of; one without a checksum is not looked at.
  static func check(
    _ data: TensorBytes, _ header: SafeTensorsHeader, buffer: inout [UInt8]
  ) throws(ModelFileError) {
    guard let stored = header.checksum else { return }
    var sum = ContentChecksum(header.metadata)
    for entry in header.entries.sorted(by: { $0.name < $1.name }) {
      sum.add(entry.name, entry.type, entry.shape)
      var (place, end) = (header.start + entry.begin, header.start + entry.end)
      while place < end {
        let next = min(place + piece, end)
        sum.add(try data.bytes(place..<next, buffer: &buffer))
        place = next
      }
    }
    guard stored == sum.digits else {
      throw ModelFileError(
        "not what was written: its checksum is \(shown(stored)), its content gives \"\(sum.digits)\";"
          + " copy the file again (a program that changed it must leave \(key) out)")
    }
  }
}
