import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetNetworks
import SystemPackage

/// Where a model comes from; no time, host or path.
public struct Provenance: Codable, Hashable, Sendable {
  /// The training data.
  public var data: String
  /// The recipe's name and its constants as JSON.
  public var recipe: String
  /// The licence of the weights.
  public var licence: String
  /// The seed of the training.
  public var seed: UInt64?

  /// These facts.
  public init(data: String, recipe: String, licence: String, seed: UInt64? = nil) {
    (self.data, self.recipe, self.licence, self.seed) = (data, recipe, licence, seed)
  }
}

/// A trained network and everything needed to use it: one safetensors file.
public struct Model: Sendable {
  /// The table of nodes.
  public var network: Network
  /// The numbers.
  public var parameters: Parameters
  /// The class names, in the order of the logits.
  public var classes: [String]
  /// How a picture is made into the network's input.
  public var preprocessing: Preprocessing
  /// Names of single units, by level and number.
  public var detectorNames: [Level: [Int: String]]
  /// What the units of a level are on average, over all places of the pictures that they were looked at on; nothing where nobody looked.
  public var unitMeans: [Level: [Float]]
  /// Where it comes from.
  public var provenance: Provenance
  /// What the logits are divided by before the softmax, so that probabilities are shares of right answers (Guo et al. 2017).
  public var temperature: Double

  /// The temperatures that a model may have.
  public static let temperatures = 0.05...20.0
  /// The version of the format.
  public static let version = "1"
  /// Bytes that a model file may have.
  public static let sizeLimit = 4 << 30

  /// A model of these parts.
  public init(
    network: Network, parameters: Parameters, classes: [String], preprocessing: Preprocessing,
    detectorNames: [Level: [Int: String]] = [:], unitMeans: [Level: [Float]] = [:],
    provenance: Provenance, temperature: Double = 1
  ) {
    precondition(
      classes.count == network.classCount,
      "\(classes.count) class names for \(network.classCount) logits")
    (self.network, self.parameters, self.classes) = (network, parameters, classes)
    (self.preprocessing, self.detectorNames) = (preprocessing, detectorNames)
    self.unitMeans = unitMeans
    (self.provenance, self.temperature) = (provenance, temperature)
  }

  /// One level in the file.
  private struct StoredLevel: Codable {
    var level: Level
    var node: String
    var names: [String: String]
    var means: [Float]?
  }

  /// Reads a model file, on the team's threads where there is one.
  public static func read(
    _ path: FilePath, team: ThreadTeam? = nil, fileSystem: any FileSystem = RealFileSystem()
  ) throws(ModelFileError) -> Model {
    let file: InputFile
    do throws(FileError) {
      file = try InputFile(path, limit: sizeLimit, fileSystem: fileSystem)
    } catch {
      throw ModelFileError(error.description)
    }
    // The weights go from the file to their places, a few at a time.
    do throws(ModelFileError) { return try Model(.file(file), team) } catch {
      throw ModelFileError("\(path.escaped): \(error.description)")
    }
  }

  /// Reads a model from a file's bytes.
  public init(_ bytes: [UInt8]) throws(ModelFileError) { try self.init(.memory(bytes), nil) }

  private init(_ bytes: TensorBytes, _ team: ThreadTeam?) throws(ModelFileError) {
    var file = try StoredTensors(bytes)
    func text(_ key: String) throws(ModelFileError) -> String {
      guard let text = file.header.metadata["avocet.\(key)"] else {
        throw ModelFileError(
          "no avocet.\(key) in its metadata: \(key == "version" ? "not a model of this program" : "the model is not whole")"
        )
      }
      return text
    }
    let version = try text("version")
    guard version == Self.version else {
      throw ModelFileError(
        "a model of version \(shown(version)); this program reads version \(Self.version)")
    }
    network = try decoded(Network.self, try text("network"), "avocet.network")
    classes = try decoded([String].self, try text("classes"), "avocet.classes")
    preprocessing = try decoded(
      Preprocessing.self, try text("preprocessing"), "avocet.preprocessing")
    provenance = try decoded(Provenance.self, try text("provenance"), "avocet.provenance")
    temperature =
      try file.header.metadata["avocet.temperature"].map { text throws(ModelFileError) in
        try decoded(Double.self, text, "avocet.temperature")
      } ?? 1
    (detectorNames, unitMeans) = try Self.units(
      try decoded([StoredLevel].self, try text("levels"), "avocet.levels"), network)
    // Before memory is taken for them: a few bytes can declare a network of gigabytes.
    try file.check(network.layout)
    parameters = Parameters(network.layout)
    try check()
    try file.read(into: parameters, on: team ?? ThreadTeam(threads: 1))
  }

  // What is known of the units by level; the list must agree with the network's own marks.
  private static func units(
    _ levels: [StoredLevel], _ network: Network
  ) throws(ModelFileError) -> (names: [Level: [Int: String]], means: [Level: [Float]]) {
    func bad(_ problem: String) -> ModelFileError { ModelFileError("avocet.levels: \(problem)") }
    guard levels.map(\.level) == Level.allCases else {
      throw bad("edges, parts and objects were expected, each once")
    }
    var (names, means): ([Level: [Int: String]], [Level: [Float]]) = ([:], [:])
    for stored in levels {
      let node = network.levels[stored.level].map { network.nodes[$0] }
      guard let node, node.name == stored.node else {
        throw bad(
          "\(stored.level.rawValue) is node \(shown(stored.node)), in the network it is \(shown(node?.name ?? ""))"
        )
      }
      for (unit, name) in stored.names {
        guard let number = Int(unit), "\(number)" == unit,
          (0..<node.shape.channels).contains(number)
        else { throw bad("\(shown(unit)) is no unit of the \(node.shape.channels)") }
        names[stored.level, default: [:]][number] = name
      }
      guard let values = stored.means else { continue }
      guard values.count == node.shape.channels else {
        throw bad(
          "\(values.count) means for the \(node.shape.channels) units of \(stored.level.rawValue)")
      }
      means[stored.level] = values
    }
    return (names, means)
  }

  func check() throws(ModelFileError) {
    guard classes.count == network.classCount else {
      throw ModelFileError("\(classes.count) class names for \(network.classCount) logits")
    }
    guard Self.temperatures.contains(temperature) else {
      throw ModelFileError(
        "avocet.temperature is \(temperature); \(Self.temperatures.lowerBound) to \(Self.temperatures.upperBound) is possible"
      )
    }
    guard Set(classes).count == classes.count, !classes.contains("") else {
      throw ModelFileError("a class name is empty or stands twice")
    }
    if let problem = preprocessing.problem {
      throw ModelFileError("avocet.preprocessing asks for \(problem)")
    }
    let shape = Shape(preprocessing.height, preprocessing.width, preprocessing.channels)
    guard shape == network.inputShape else {
      throw ModelFileError("pictures become \(shape), the network takes \(network.inputShape)")
    }
  }

  /// The file's bytes: the same model, the same bytes.
  public func encoded() -> [UInt8] {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for slice in network.layout.slices {
      tensors[slice.name] = SafeTensors.Tensor(
        shape: slice.fileShape, values: parameters.fileValues(slice))
    }
    let levels = Level.allCases.compactMap { level in
      network.levels[level].map { node in
        StoredLevel(
          level: level, node: network.nodes[node].name,
          names: Dictionary(
            (detectorNames[level] ?? [:]).map { ("\($0)", $1) }, uniquingKeysWith: { a, _ in a }),
          means: unitMeans[level])
      }
    }
    var metadata = [
      "avocet.network": json(network), "avocet.classes": json(classes),
      "avocet.preprocessing": json(preprocessing), "avocet.levels": json(levels),
      "avocet.provenance": json(provenance), "avocet.version": Self.version,
    ]
    if temperature != 1 { metadata["avocet.temperature"] = json(temperature) }
    return SafeTensors(metadata: metadata, tensors: tensors).encoded()
  }

  /// The network folded and packed, at the model's temperature.
  public func prepared(keepsLevels: Bool = true, team: ThreadTeam? = nil) -> PreparedNetwork {
    PreparedNetwork(
      network, parameters, keepsLevels: keepsLevels, temperature: temperature, team: team)
  }

  /// Writes the file whole or not at all.
  public func write(
    to path: FilePath, fileSystem: any FileSystem = RealFileSystem()
  ) throws(FileError) {
    try writeFileAtomically(encoded(), to: path, fileSystem: fileSystem)
  }
}
