import AvocetFiles
import AvocetImages
import AvocetNetworks
import SystemPackage

/// Weights that someone publishes as a safetensors file: tensors with the names and shapes of an architecture, and nothing that says what they are for.
public struct PublishedWeights {
  private var file: StoredTensors
  private let tensors: [String: SafeTensorsHeader.Entry]

  /// Opens a file; one of PyTorch's own kind is refused with the line that converts it.
  public init(
    reading path: FilePath, fileSystem: any FileSystem = RealFileSystem()
  ) throws(ModelFileError) {
    let input: InputFile
    do throws(FileError) {
      input = try InputFile(path, limit: Model.sizeLimit, fileSystem: fileSystem)
    } catch { throw ModelFileError(error.description) }
    do throws(ModelFileError) { try self.init(.file(input), path) } catch {
      throw ModelFileError("\(path.escaped): \(error.description)")
    }
  }

  private init(_ bytes: TensorBytes, _ path: FilePath) throws(ModelFileError) {
    var buffer: [UInt8] = []
    if let kind = Self.pythonKind(try bytes.bytes(0..<min(4, bytes.count), buffer: &buffer)) {
      throw ModelFileError(
        "\(kind) of PyTorch's, which may run code when it is opened; not imported; convert it: \(Self.conversion(of: path))"
      )
    }
    file = try StoredTensors(bytes)
    // Counters that only training needs.
    tensors = Dictionary(
      file.header.entries.filter { !$0.name.hasSuffix("num_batches_tracked") }
        .map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
  }

  private static func pythonKind(_ start: ArraySlice<UInt8>) -> String? {
    if start.starts(with: [0x50, 0x4B, 3, 4]) { return "a ZIP archive" }
    if start.starts(with: [0x80]), start.count > 1, (2...5).contains(start[start.startIndex + 1]) {
      return "a pickle"
    }
    return nil
  }

  /// The shell line that makes a safetensors file of PyTorch's, its tensors alone.
  static func conversion(of path: FilePath) -> String {
    // As a shell takes it.
    let file = path.escaped.replacing("'", with: "'\\''")
    return
      "python -c \"import sys, torch; from safetensors.torch import save_file; d = torch.load(sys.argv[1], map_location='cpu', weights_only=True); d = d.get('state_dict', d); save_file({k: v.clone().contiguous() for k, v in d.items()}, sys.argv[2])\" '\(file)' '\(file).safetensors'"
  }

  /// The texts beside the tensors.
  public var metadata: [String: String] { file.header.metadata }

  /// Whether the file is a model of this program, which needs no import.
  public var isModel: Bool { metadata["avocet.version"] != nil }

  /// What a naming of an architecture leaves to be wished.
  private struct Fit {
    let network: Network
    let naming: WeightNaming
    var missing: [String] = []
    var leftOver: [String] = []
    var otherShape: [String] = []
    var problems: Int { missing.count + leftOver.count + otherShape.count }

    /// One line of what does not fit, the first of each kind.
    var description: String {
      [("missing", missing), ("left over", leftOver), ("of another shape", otherShape)]
        .filter { !$0.1.isEmpty }
        .map { kind, names in
          let rest = names.count > 4 ? " and \(names.count - 4) more" : ""
          return "\(names.count) \(kind): \(names.prefix(4).joined(separator: ", "))\(rest)"
        }.joined(separator: "; ")
    }
  }

  // Compares every tensor; the network gets as many classes as the file's head has rows.
  private func fit(
    _ architecture: Architecture, _ naming: WeightNaming, _ input: Shape?
  ) throws(NetworkError) -> Fit {
    var network = try architecture.network(input: input)
    if let head = network.layout.slices.last(where: { $0.shape.count > 1 }),
      let rows = tensors[naming.name(of: head, in: network)]?.shape.first,
      rows != network.classCount, (1...1_048_576).contains(rows)
    {
      network = try architecture.network(input: input, classes: rows)
    }
    var fit = Fit(network: network, naming: naming)
    var used: Set<String> = []
    for slice in network.layout.slices {
      let name = naming.name(of: slice, in: network)
      used.insert(name)
      guard let entry = tensors[name] else {
        fit.missing.append(shown(name))
        continue
      }
      if !slice.allowsFileShape(entry.shape) || NumberType(rawValue: entry.type) == nil {
        fit.otherShape.append(
          "\(shown(name)) is \(entry.type) \(entry.shape), the network wants \(slice.fileShape)")
      }
    }
    fit.leftOver = tensors.keys.filter { !used.contains($0) }.sorted().map(shown)
    return fit
  }

  private func bestFit(_ architecture: Architecture, _ input: Shape?) throws(NetworkError) -> Fit? {
    var best: Fit?
    for naming in WeightNaming.all(architecture.name) {
      let fit = try fit(architecture, naming, input)
      if fit.problems < best?.problems ?? .max { best = fit }
    }
    return best
  }

  /// The one architecture that every tensor fits, by name and shape; throws if there is none or more than one.
  public func architecture(input: Shape? = nil) throws(ModelFileError) -> Architecture {
    var fitting: [Architecture] = []
    var nearest: (Architecture, Fit)?
    for architecture in Architecture.all {
      // Some architectures take no pictures of that size.
      guard let fit = try? bestFit(architecture, input) else { continue }
      if fit.problems == 0 { fitting.append(architecture) }
      if fit.problems < nearest?.1.problems ?? .max { nearest = (architecture, fit) }
    }
    if let found = fitting.first, fitting.count == 1 { return found }
    if fitting.count > 1 {
      throw ModelFileError(
        "the tensors fit \(fitting.map(\.name).joined(separator: " and ")); --architecture says which"
      )
    }
    let words = nearest.map { "; the nearest is \($0.0.name) (\($0.1.description))" } ?? ""
    throw ModelFileError("the tensors fit no architecture\(words); nothing was imported")
  }

  /// A model of these weights: every tensor of the network must be there in its shape, and none may be left over.
  ///
  /// Without `classes` they are called by their numbers. Fails if there are more or fewer names than the head has rows.
  public mutating func model(
    _ architecture: Architecture, classes: [String]?, preprocessing: Preprocessing,
    provenance: Provenance
  ) throws(ModelFileError) -> Model {
    let input = Shape(preprocessing.height, preprocessing.width, preprocessing.channels)
    let best: Fit?
    do throws(NetworkError) { best = try bestFit(architecture, input) } catch {
      throw ModelFileError("\(architecture.name) for pictures of \(input): \(error.description)")
    }
    guard let best, best.problems == 0 else {
      throw ModelFileError(
        "the tensors do not fit \(architecture.name): \(best?.description ?? ""); nothing was imported"
      )
    }
    let network = best.network
    let classes = classes ?? (0..<network.classCount).map { "\($0)" }
    guard classes.count == network.classCount else {
      throw ModelFileError(
        "the head has \(network.classCount) rows, \(classes.count) class names were given; nothing was imported"
      )
    }
    let parameters = Parameters(network.layout)
    for slice in network.layout.slices {
      let name = best.naming.name(of: slice, in: network)
      try parameters.setFileValues(slice) { (range) throws(ModelFileError) in
        let numbers = try file.numbers(of: name, range)
        if slice.name.hasSuffix(".running_var"), numbers.contains(where: { $0 < 0 }) {
          throw ModelFileError("tensor \(shown(name)) holds a negative variance")
        }
        return numbers
      }
    }
    let model = Model(
      network: network, parameters: parameters, classes: classes, preprocessing: preprocessing,
      provenance: provenance)
    try model.check()
    return model
  }
}

extension ParameterSlice {
  // A dense layer may be written as the convolution that it is equal to, over the whole map.
  fileprivate func allowsFileShape(_ other: [Int]) -> Bool {
    if other == fileShape { return true }
    guard isFlat else { return false }
    return shape.count == 4
      ? other == [shape[3], shape[2], shape[0], shape[1]] : other == fileShape + [1, 1]
  }
}
