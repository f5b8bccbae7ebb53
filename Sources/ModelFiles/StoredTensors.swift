import AvocetNetworks

/// The tensors of a model's file, whose numbers are read where they are needed.
struct StoredTensors {
  let header: SafeTensorsHeader
  private let bytes: TensorBytes
  private let tensors: [String: (entry: SafeTensorsHeader.Entry, type: NumberType)]
  // Used for every reading, so that a large file takes no more memory than its largest piece.
  private var buffer: [UInt8] = []
  private var numbers: [Float] = []

  init(_ bytes: TensorBytes) throws(ModelFileError) {
    self.bytes = bytes
    header = try SafeTensorsHeader(bytes)
    var tensors: [String: (entry: SafeTensorsHeader.Entry, type: NumberType)] = [:]
    for entry in header.entries {
      if let type = NumberType(rawValue: entry.type) { tensors[entry.name] = (entry, type) }
    }
    self.tensors = tensors
  }

  /// Some numbers of a tensor, every one finite; none of a tensor that is not there.
  mutating func numbers(
    of name: String, _ range: Range<Int>
  ) throws(ModelFileError) -> ArraySlice<Float> {
    guard let (entry, type) = tensors[name] else { return [] }
    let start = header.start + entry.begin
    let data = try bytes.bytes(
      start + range.lowerBound * type.width..<start + range.upperBound * type.width, buffer: &buffer
    )
    if let bad = type.firstNotFinite(data) {
      throw notFinite(name, range.lowerBound + bad.index, bad.value)
    }
    type.read(data, into: &numbers)
    return numbers[..<range.count]
  }

  /// Refuses a file that is not what was written.
  mutating func checkContent() throws(ModelFileError) {
    try ContentChecksum.check(bytes, header, buffer: &buffer)
  }

  /// Refuses a file whose tensors are not those of the network, and a variance that is none.
  mutating func check(_ layout: ParameterLayout) throws(ModelFileError) {
    for slice in layout.slices {
      guard let entry = tensors[slice.name]?.entry else {
        throw ModelFileError("tensor \(shown(slice.name)) is missing")
      }
      guard entry.shape == slice.fileShape else {
        throw ModelFileError(
          "tensor \(shown(slice.name)) is \(entry.shape); the network wants \(slice.fileShape)")
      }
      if slice.name.hasSuffix(".running_var"),
        try numbers(of: slice.name, 0..<slice.range.count).contains(where: { $0 < 0 })
      {
        throw ModelFileError("tensor \(shown(slice.name)) holds a negative variance")
      }
    }
    let known = Set(layout.slices.map(\.name))
    if let extra = tensors.keys.filter({ !known.contains($0) }).min() {
      throw ModelFileError("tensor \(shown(extra)) belongs to no node of the network")
    }
  }
}
