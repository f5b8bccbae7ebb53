import AvocetFiles

/// The bytes of a safetensors file: in memory, or still in the file.
enum TensorBytes: Sendable {
  case memory([UInt8])
  case file(InputFile)

  var count: Int {
    switch self {
    case .memory(let bytes): bytes.count
    case .file(let file): file.size
    }
  }

  /// Some of them, which must be within the count; those of a file come into `buffer`, which grows where it is too small.
  func bytes(
    _ range: Range<Int>, buffer: inout [UInt8]
  ) throws(ModelFileError) -> ArraySlice<UInt8> {
    switch self {
    case .memory(let bytes): return bytes[range]
    case .file(let file):
      if buffer.count < range.count { buffer = [UInt8](repeating: 0, count: range.count) }
      var (count, failure): (Int, FileError?) = (0, nil)
      unsafe buffer.withUnsafeMutableBytes { all in
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: all[..<range.count])
        do throws(FileError) {
          count = try unsafe file.read(at: range.lowerBound, into: part)
        } catch {
          failure = error
        }
      }
      if let failure { throw ModelFileError(failure.reason) }
      guard count == range.count else {
        throw ModelFileError(
          "cut short while it was read, at byte \(grouped(range.lowerBound + count)) of \(grouped(self.count))"
        )
      }
      return buffer[..<count]
    }
  }
}

/// What stands before the numbers of a safetensors file: its texts, and where each tensor lies.
struct SafeTensorsHeader {
  /// What the header says of one tensor; `length` is what its type and shape need.
  struct Entry {
    let name, type: String
    let shape: [Int]
    let begin, end, length: Int
  }

  /// The text beside the tensors, but for the checksum.
  private(set) var metadata: [String: String] = [:]
  /// The checksum that the file was written with; nil where there is none, as in other programs' files.
  private(set) var checksum: String?
  /// The tensors in the order of their bytes, which follow each other without a gap up to the end.
  private(set) var entries: [Entry] = []
  /// Where their bytes begin.
  let start: Int

  /// Bytes that a header may have, and tensors that it may name.
  private static let headerLimit = 16 << 20
  private static let tensorLimit = 65_536

  /// Reads the header, strictly: every byte of the data belongs to exactly one tensor.
  init(_ data: TensorBytes) throws(ModelFileError) {
    var buffer: [UInt8] = []
    start = try Self.dataStart(data.count, try data.bytes(0..<min(16, data.count), buffer: &buffer))
    entries = try readEntries(try data.bytes(8..<start, buffer: &buffer))
    var position = 0
    let size = data.count - start
    for entry in entries {
      guard entry.begin == position, let end = checkedSum(position, entry.length),
        end == entry.end, end <= size
      else {
        throw ModelFileError(
          "tensor \(shown(entry.name)): \(entry.type) \(entry.shape) takes \(grouped(entry.length)) bytes, its offsets are \(entry.begin) to \(entry.end);"
            + " byte \(position) of \(size) comes next")
      }
      position = end
    }
    guard position == size else {
      throw ModelFileError("\(size) bytes of data, the tensors use \(position)")
    }
  }

  // Takes the metadata and gives the tensors in the order of their bytes.
  private mutating func readEntries(_ text: ArraySlice<UInt8>) throws(ModelFileError) -> [Entry] {
    // The padding is spaces; other white space could hide what a second reader takes for data.
    guard let last = text.lastIndex(where: { $0 != UInt8(ascii: " ") }),
      text[last] == UInt8(ascii: "}")
    else { throw ModelFileError("the header does not end with } and spaces") }
    let header: StrictJSON
    do throws(ModelFileError) { header = try StrictJSON(text, depth: 3) } catch {
      throw ModelFileError("the header's \(error.description)")
    }
    guard case .object(let members) = header else {
      throw ModelFileError("the header is no object")
    }
    var entries: [Entry] = []
    for (name, value) in members {
      if name == "__metadata__" {
        metadata = try Self.texts(value)
        checksum = metadata.removeValue(forKey: ContentChecksum.key)
      } else {
        entries.append(try Self.entry(name, value))
      }
    }
    guard entries.count <= Self.tensorLimit else {
      throw ModelFileError(
        "\(grouped(entries.count)) tensors; \(grouped(Self.tensorLimit)) are the limit")
    }
    return entries.sorted { ($0.begin, $0.name) < ($1.begin, $1.name) }
  }

  private static func texts(_ value: StrictJSON) throws(ModelFileError) -> [String: String] {
    guard case .object(let members) = value else {
      throw ModelFileError("__metadata__ is no object of texts")
    }
    var texts: [String: String] = [:]
    for (key, value) in members {
      guard case .string(let text) = value else {
        throw ModelFileError("__metadata__: \(shown(key)) is no text")
      }
      texts[key] = text
    }
    return texts
  }

  private static func entry(_ name: String, _ value: StrictJSON) throws(ModelFileError) -> Entry {
    func bad(_ problem: String) -> ModelFileError {
      ModelFileError("tensor \(shown(name)): \(problem)")
    }
    guard (1...512).contains(name.utf8.count),
      name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else { throw bad("a name of 1 to 512 bytes without control characters was expected") }
    guard case .object(let fields) = value else { throw bad("is no object") }
    let known: Set = ["dtype", "shape", "data_offsets"]
    if let extra = fields.keys.filter({ !known.contains($0) }).min() {
      throw bad("the field \(shown(extra)) is unknown")
    }
    func numbers(_ field: String) throws(ModelFileError) -> [Int] {
      guard case .array(let elements) = fields[field] else { throw bad("\(field) is no array") }
      let numbers = elements.compactMap(\.wholeNumber)
      guard numbers.count == elements.count else {
        throw bad("\(field) holds what is no whole number from 0 to 2^53")
      }
      return numbers
    }
    guard case .string(let type) = fields["dtype"] else { throw bad("dtype is no text") }
    guard let width = width(type) else { throw bad("the type \(shown(type)) is unknown") }
    let (shape, offsets) = (try numbers("shape"), try numbers("data_offsets"))
    guard shape.count <= 8 else { throw bad("\(shape.count) dimensions; 8 are the limit") }
    guard let length = checkedProduct(shape + [width]), length > 0 else {
      throw bad("the shape \(shape) is empty or too large")
    }
    guard offsets.count == 2 else { throw bad("\(offsets.count) data_offsets, not 2") }
    guard offsets[0] % width == 0 else {
      throw bad("begins at byte \(offsets[0]), no multiple of \(width)")
    }
    return Entry(
      name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1], length: length)
  }

  // From the first bytes of so many.
  private static func dataStart(
    _ count: Int, _ bytes: ArraySlice<UInt8>
  ) throws(ModelFileError) -> Int {
    guard bytes.count >= 8 else {
      throw ModelFileError("\(bytes.count) bytes are no safetensors file (8 and a header)")
    }
    var length: UInt64 = 0
    for i in (0..<8).reversed() { length = length << 8 | UInt64(bytes[i]) }
    guard length >= 2, bytes.count > 8, bytes[8] == UInt8(ascii: "{") else {
      throw ModelFileError("not a safetensors file\(looksLike(bytes))")
    }
    guard length <= UInt64(headerLimit) else {
      throw ModelFileError("a header of \(length) bytes; \(grouped(headerLimit)) are the limit")
    }
    guard 8 + Int(length) <= count else {
      throw ModelFileError(
        "cut short: a header of \(length) bytes, \(count - 8) are there; copy the file again")
    }
    return 8 + Int(length)
  }

  private static func looksLike(_ bytes: ArraySlice<UInt8>) -> String {
    let known: [([UInt8], String)] = [
      ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"), ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
      ([0x50, 0x4B, 3, 4], "a ZIP archive; PyTorch's .pt files are such"),
      ([0x80, 2], "a Python pickle"), ([0x08], "an ONNX file, perhaps"), ([0x7B], "JSON text"),
      ([0x1F, 0x8B], "gzip data"), ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
    ]
    for (start, name) in known where bytes.starts(with: start) { return " (it looks like \(name))" }
    return ""
  }

  private static func width(_ type: String) -> Int? {
    switch type {
    case "F64", "I64", "U64": return 8
    case "F32", "I32", "U32": return 4
    case "F16", "BF16", "I16", "U16": return 2
    case "I8", "U8", "BOOL": return 1
    default: return nil
    }
  }
}
