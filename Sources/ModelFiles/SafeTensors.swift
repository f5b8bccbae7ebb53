#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A file of named tensors and text, as Python's `safetensors` writes and reads it: eight bytes of header length, a JSON header, then the numbers.
public struct SafeTensors: Sendable {
  /// One tensor.
  public struct Tensor: Sendable, Hashable {
    /// Its sizes.
    public var shape: [Int]
    /// Its numbers, the last index fastest.
    public var values: [Float]

    /// `values` in the shape given.
    public init(shape: [Int], values: [Float]) { (self.shape, self.values) = (shape, values) }
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

  /// The header may hold so many bytes.
  static let headerLimit = 100 << 20

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var entries: [(String, Entry)] = []

    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for key in container.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries.append((key.stringValue, try container.decode(Entry.self, forKey: key)))
        }
      }
    }
  }

  /// Reads a file, strictly: every byte of the data belongs to exactly one tensor.
  public init(_ bytes: [UInt8]) throws(ModelFileError) {
    let start = try Self.dataStart(bytes)
    let text = bytes[8..<start]
    try checkNesting(text)
    let header: Header
    do { header = try JSONDecoder().decode(Header.self, from: Data(text)) } catch {
      throw ModelFileError("the header is not the JSON of a safetensors file")
    }
    metadata = header.metadata
    tensors = [:]
    var position = 0
    let size = bytes.count - start
    for (name, entry) in header.entries.sorted(by: Self.isBefore) {
      let width = try Self.width(entry.dtype, name)
      guard let count = product(entry.shape), let length = product([count, width]),
        entry.offsets.count == 2, entry.offsets[0] == position, position <= size,
        length <= size - position, entry.offsets[1] == position + length
      else {
        throw ModelFileError(
          "tensor \(shown(name)): \(entry.dtype) \(entry.shape) at bytes \(entry.offsets) does not fit;"
            + " byte \(position) of \(size) comes next")
      }
      let data = bytes[(start + position)..<(start + position + length)]
      if let values = Self.values(data, entry.dtype) {
        guard tensors.updateValue(Tensor(shape: entry.shape, values: values), forKey: name) == nil
        else { throw ModelFileError("two tensors are called \(shown(name))") }
      } else {
        skipped.append(name)
      }
      position += length
    }
    guard position == size else {
      throw ModelFileError("\(size) bytes of data, the tensors use \(position)")
    }
  }

  private static func isBefore(_ a: (String, Entry), _ b: (String, Entry)) -> Bool {
    let (x, y) = (a.1.offsets.first ?? 0, b.1.offsets.first ?? 0)
    // An empty tensor may share its place with the next.
    return (x, a.1.offsets.last ?? 0, a.0) < (y, b.1.offsets.last ?? 0, b.0)
  }

  private static func dataStart(_ bytes: [UInt8]) throws(ModelFileError) -> Int {
    guard bytes.count >= 8 else {
      throw ModelFileError("\(bytes.count) bytes are no safetensors file (8 and a header)")
    }
    var length: UInt64 = 0
    for i in (0..<8).reversed() { length = length << 8 | UInt64(bytes[i]) }
    guard length <= UInt64(headerLimit), length >= 2, bytes.count > 8, bytes[8] == UInt8(ascii: "{")
    else { throw ModelFileError("not a safetensors file\(looksLike(bytes))") }
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

  private static func width(_ type: String, _ name: String) throws(ModelFileError) -> Int {
    switch type {
    case "F64", "I64", "U64": return 8
    case "F32", "I32", "U32": return 4
    case "F16", "BF16", "I16", "U16": return 2
    case "I8", "U8", "BOOL": return 1
    default: throw ModelFileError("tensor \(shown(name)): unknown type \(shown(type))")
    }
  }

  private static func values(_ data: ArraySlice<UInt8>, _ type: String) -> [Float]? {
    func words<Word: FixedWidthInteger>(_: Word.Type, _ value: (Word) -> Float) -> [Float] {
      let size = MemoryLayout<Word>.size
      return stride(from: data.startIndex, to: data.endIndex, by: size).map { at in
        var word: Word = 0
        for i in (0..<size).reversed() { word = word << 8 | Word(truncatingIfNeeded: data[at + i]) }
        return value(word)
      }
    }
    switch type {
    case "F32": return words(UInt32.self) { Float(bitPattern: $0) }
    case "F64": return words(UInt64.self) { Float(Double(bitPattern: $0)) }
    case "BF16": return words(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case "F16": return words(UInt16.self, half)
    default: return nil
    }
  }

  // IEEE 754 binary16 in integers, since Float16 does not exist on every platform.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(bits >> 10) & 31, Float(bits & 1023))
    switch exponent {
    case 0: return sign * fraction / 16_777_216
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
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
      let end = position + 4 * tensor.values.count
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
