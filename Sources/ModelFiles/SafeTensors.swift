import AvocetFiles

/// A file of named tensors and text, as Python's `safetensors` writes and reads it: eight bytes of header length, a JSON header, then the numbers.
public struct SafeTensors: Sendable {
  /// One tensor.
  public struct Tensor: Sendable, Hashable {
    /// Its sizes.
    public let shape: [Int]
    /// How many numbers it has.
    public let count: Int
    private let storage: Storage

    private enum Storage: Sendable {
      case numbers([Float])
      case bytes(ArraySlice<UInt8>, NumberType)
    }

    /// `values` in the shape given.
    public init(shape: [Int], values: [Float]) {
      (self.shape, count, storage) = (shape, values.count, .numbers(values))
    }

    fileprivate init(shape: [Int], _ bytes: ArraySlice<UInt8>, _ type: NumberType) {
      (self.shape, count) = (shape, bytes.count / type.width)
      storage = .bytes(bytes, type)
    }

    /// Its numbers, the last index fastest; those of a file are read from its bytes each time, so that they need no memory of their own.
    public var values: [Float] {
      switch storage {
      case .numbers(let values): values
      case .bytes(let bytes, let type): type.numbers(bytes)
      }
    }

    /// Whether shape and numbers are the same.
    public static func == (a: Tensor, b: Tensor) -> Bool {
      a.shape == b.shape && a.values == b.values
    }

    /// Hashes the shape.
    public func hash(into hasher: inout Hasher) { hasher.combine(shape) }
  }

  /// The text beside the tensors.
  public var metadata: [String: String]
  /// The tensors of floating-point type, by name.
  public var tensors: [String: Tensor]
  /// Tensors of other types, which are not read.
  public private(set) var skipped: [String] = []

  /// A file of these tensors and texts.
  public init(metadata: [String: String] = [:], tensors: [String: Tensor]) {
    (self.metadata, self.tensors) = (metadata, tensors)
  }

  /// Bytes that a header may have, and tensors that it may name.
  static let headerLimit = 16 << 20
  static let tensorLimit = 65_536

  /// Reads a file, strictly: every byte of the data belongs to exactly one tensor, and every number is finite.
  public init(_ bytes: [UInt8]) throws(ModelFileError) {
    let start = try Self.dataStart(bytes)
    (metadata, tensors) = ([:], [:])
    var position = 0
    let size = bytes.count - start
    for entry in try readHeader(bytes[8..<start]) {
      guard entry.begin == position, let end = checkedSum(position, entry.length),
        end == entry.end, end <= size
      else {
        throw ModelFileError(
          "tensor \(shown(entry.name)): \(entry.type) \(entry.shape) takes \(grouped(entry.length)) bytes, its offsets are \(entry.begin) to \(entry.end);"
            + " byte \(position) of \(size) comes next")
      }
      if let type = NumberType(rawValue: entry.type) {
        let data = bytes[(start + position)..<(start + end)]
        if let bad = type.firstNotFinite(data) {
          throw ModelFileError(
            "tensor \(shown(entry.name)) holds \(bad.value) at index \(bad.index), no finite number"
          )
        }
        tensors[entry.name] = Tensor(shape: entry.shape, data, type)
      } else {
        skipped.append(entry.name)
      }
      position = end
    }
    guard position == size else {
      throw ModelFileError("\(size) bytes of data, the tensors use \(position)")
    }
  }

  /// What the header says of one tensor; `length` is what its type and shape need.
  private struct Entry {
    let name, type: String
    let shape: [Int]
    let begin, end, length: Int
  }

  // Takes the metadata and gives the tensors in the order of their bytes.
  private mutating func readHeader(_ text: ArraySlice<UInt8>) throws(ModelFileError) -> [Entry] {
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

  private static func dataStart(_ bytes: [UInt8]) throws(ModelFileError) -> Int {
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
    guard 8 + Int(length) <= bytes.count else {
      throw ModelFileError(
        "cut short: a header of \(length) bytes, \(bytes.count - 8) are there; copy the file again")
    }
    return 8 + Int(length)
  }

  private static func looksLike(_ bytes: [UInt8]) -> String {
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

  /// The file: names in order, the header padded so that the numbers begin at a multiple of eight.
  public func encoded() -> [UInt8] {
    var header = "{"
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      header += "\"__metadata__\":{" + pairs.joined(separator: ",") + "}"
    }
    var position = 0
    let sorted = tensors.sorted { $0.key < $1.key }
    for (name, tensor) in sorted {
      let end = position + 4 * tensor.count
      let shape = tensor.shape.map { "\($0)" }.joined(separator: ",")
      if header.utf8.count > 1 { header += "," }
      header +=
        "\(quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(position),\(end)]}"
      position = end
    }
    header += "}"
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.utf8.count + position)
    let length = UInt64(header.utf8.count)
    for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: length >> (8 * i))) }
    bytes += header.utf8
    for (_, tensor) in sorted {
      for value in tensor.values {
        let bits = value.bitPattern
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
      }
    }
    return bytes
  }
}
