import AvocetFiles

/// A file of named tensors and text, as Python's `safetensors` writes and reads it: eight bytes of header length, a JSON header, then the numbers.
///
/// What is written carries a checksum of its content among the texts, and is refused where it is read and does not agree.
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

  /// Whether the file that it was read from carried a checksum; what is written always does.
  public private(set) var hadChecksum = false

  /// A file of these tensors and texts.
  public init(metadata: [String: String] = [:], tensors: [String: Tensor]) {
    (self.metadata, self.tensors) = (metadata, tensors)
  }

  /// Reads a file, strictly: every byte of the data belongs to exactly one tensor, every number is finite, and a checksum is right.
  public init(_ bytes: [UInt8]) throws(ModelFileError) {
    let header = try SafeTensorsHeader(.memory(bytes))
    (metadata, tensors) = (header.metadata, [:])
    for entry in header.entries {
      guard let type = NumberType(rawValue: entry.type) else {
        skipped.append(entry.name)
        continue
      }
      let data = bytes[header.start + entry.begin..<header.start + entry.end]
      if let bad = type.firstNotFinite(data) {
        throw notFinite(entry.name, bad.index, bad.value)
      }
      tensors[entry.name] = Tensor(shape: entry.shape, data, type)
    }
    hadChecksum = header.checksum != nil
    var none: [UInt8] = []
    try ContentChecksum.check(.memory(bytes), header, buffer: &none)
  }

  /// The file: names in order, the header padded so that the numbers begin at a multiple of eight.
  public func encoded() -> [UInt8] {
    let sorted = tensors.sorted { $0.key < $1.key }
    var bytes = header(sorted, checksum: "00000000")
    let start = bytes.count
    bytes.reserveCapacity(start + 4 * sorted.reduce(0) { $0 + $1.value.count })
    var checksum = ContentChecksum(metadata)
    for (name, tensor) in sorted {
      let begin = bytes.count
      for value in tensor.values {
        let bits = value.bitPattern
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
        bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
      }
      checksum.add(name, NumberType.float32.rawValue, tensor.shape)
      checksum.add(bytes[begin...])
    }
    bytes.replaceSubrange(..<start, with: header(sorted, checksum: checksum.digits))
    return bytes
  }

  // What stands before the numbers, of the same length for every checksum.
  private func header(_ sorted: [(key: String, value: Tensor)], checksum: String) -> [UInt8] {
    var texts = metadata
    texts[ContentChecksum.key] = checksum
    let pairs = texts.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
    var header = "{\"__metadata__\":{" + pairs.joined(separator: ",") + "}"
    var position = 0
    for (name, tensor) in sorted {
      let end = position + 4 * tensor.count
      let shape = tensor.shape.map { "\($0)" }.joined(separator: ",")
      header +=
        ",\(quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(position),\(end)]}"
      position = end
    }
    header += "}"
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + header.utf8
  }
}

/// The complaint about a number that is infinite or none.
func notFinite(_ tensor: String, _ index: Int, _ value: Float) -> ModelFileError {
  ModelFileError("tensor \(shown(tensor)) holds \(value) at index \(index), no finite number")
}
