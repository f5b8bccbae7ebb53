import AvocetKernels
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

  /// Brings the numbers of every slice to their places, and refuses a file that is not what was written; the same complaint for any number of threads.
  func read(into parameters: Parameters, on team: ThreadTeam) throws(ModelFileError) {
    // The longest tasks first, so that the threads end together: of all bytes the checksum, then the slices.
    let slices = parameters.layout.slices
    let order = slices.indices.sorted { slices[$0].range.count > slices[$1].range.count }
    let results = team.map(order.count + 1) { task, _ in
      Result { () throws(ModelFileError) in
        // Buffers of its own.
        var file = self
        if task == 0 { return try ContentChecksum.check(bytes, header, buffer: &file.buffer) }
        let slice = slices[order[task - 1]]
        try parameters.setFileValues(slice) { (range) throws(ModelFileError) in
          try file.numbers(of: slice.name, range)
        }
      }
    }
    for (_, result) in zip(order, results.dropFirst()).sorted(by: { $0.0 < $1.0 }) {
      try result.get()
    }
    // Last, for what is known more exactly should be said more exactly.
    try results[0].get()
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
