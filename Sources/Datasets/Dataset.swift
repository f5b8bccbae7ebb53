import AvocetFiles
import AvocetImages
import AvocetKernels
import SystemPackage

/// Why data cannot be used, in one line.
public struct DatasetError: Error, Sendable, CustomStringConvertible {
  /// The line: the file, what is wrong with the numbers seen, what was expected.
  public let description: String
  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

/// A part of the data.
public enum Split: String, CaseIterable, Sendable, Codable {
  /// To learn from.
  case train
  /// To choose by.
  case validation
  /// To measure with, once.
  case test
  /// Everything, where the data has no parts.
  case all
}

/// Labelled pictures in their splits, whatever the format.
public struct Dataset: Sendable {
  /// The format.
  public var kind: Kind
  /// The class names, in the order of the labels.
  public var classes: [String]
  /// The pictures of each split that there is.
  public var splits: [Split: any DataSource]
  /// What a user should know, a line each.
  public var warnings: [String] = []
  /// The aviary that draws the pictures, if one does.
  public var aviary: Aviary?

  /// The formats, in words.
  public enum Kind: String, Sendable, CaseIterable {
    case folder = "folder of classes"
    case splitFolders = "folders of classes, in splits"
    case csvManifest = "CSV manifest"
    case jsonlManifest = "JSONL manifest"
    case cifar10 = "CIFAR-10 binary"
    case cifar100 = "CIFAR-100 binary"
    case fashionMNIST = "Fashion-MNIST (IDX)"
    case idx = "IDX (MNIST family)"
    case aviary = "generated birds and others (aviary)"
  }

  /// Whether the pictures are grey.
  public var isGrey: Bool { kind == .idx || kind == .fashionMNIST }

  /// What opening needs to know.
  public struct Options: Sendable {
    /// How pictures are decoded.
    public var decoding: DecodingOptions
    /// The aviary's size where the argument says none.
    public var aviarySize: Int

    /// These options.
    public init(decoding: DecodingOptions = DecodingOptions(), aviarySize: Int = 64) {
      (self.decoding, self.aviarySize) = (decoding, aviarySize)
    }
  }

  /// The pictures of `split`; for `test` the fallbacks are `validation`, then `train` or `all`.
  public func evaluationSplit(_ split: Split = .test) -> (Split, any DataSource)? {
    if let source = splits[split] { return (split, source) }
    guard split == .test else { return nil }
    for other in [Split.validation, .all, .train] {
      if let source = splits[other] { return (other, source) }
    }
    return nil
  }

  /// Decodes picture files as a network's preprocessing asks for; other kinds of data are as they are.
  public mutating func decodeFiles(_ decoding: DecodingOptions) {
    for (split, source) in splits {
      guard var files = source as? FileSource else { continue }
      files.decoding = decoding
      splits[split] = files
    }
  }

  /// Everything that may be learned from or chosen by; `test` never is.
  public func trainingSplits(validationFraction: Double, seed: UInt64)
    -> (training: SubsetSource, validation: SubsetSource?, heldOut: [Int])
  {
    let source: any DataSource = splits[.train] ?? splits[.all] ?? SubsetSource.none
    let all = Array(0..<source.count)
    if let validation = splits[.validation] {
      let whole = SubsetSource(validation, Array(0..<validation.count))
      return (SubsetSource(source, all), whole, [])
    }
    let parts = stratifiedSplit(source.labels, fraction: validationFraction, seed: seed)
    let held = parts.validation.isEmpty ? nil : SubsetSource(source, parts.validation)
    return (SubsetSource(source, parts.training), held, parts.validation)
  }

  /// Recognises the data by its content and opens it; see `Kind`.
  public static func open(_ argument: String, _ options: Options = Options()) throws(DatasetError)
    -> Dataset
  {
    try open(FilePath(argument), options)
  }

  /// Recognises the data by its content and opens it; the path may be `aviary:...`.
  public static func open(_ path: FilePath, _ options: Options = Options()) throws(DatasetError)
    -> Dataset
  {
    let name = path.escaped
    if name.hasPrefix("aviary:") { return try openAviary(name, options) }
    let kind: FileKind
    do throws(Errno) {
      kind = try RealFileSystem().status(of: path, followingLinks: true).kind
    } catch { throw DatasetError(FileError(path: path, error).description) }
    if kind == .regular { return try openManifest(path, options) }
    guard kind == .folder else {
      throw DatasetError("\(path.escaped): is a \(kind.name), not a folder or a manifest")
    }
    func has(_ name: String) -> Bool {
      (try? RealFileSystem().status(of: path.appending(name), followingLinks: true).kind)
        == .regular
    }
    if has("data_batch_1.bin") { return try openCIFAR10(path) }
    if has("train.bin") { return try openCIFAR100(path) }
    if has("train-images-idx3-ubyte") || has("train-images-idx3-ubyte.gz") {
      return try openIDX(path)
    }
    return try openFolder(path, options)
  }

  // The argument comes escaped, fit to be shown.
  private static func openAviary(_ argument: String, _ options: Options) throws(DatasetError)
    -> Dataset
  {
    var (count, size, seed, split) = (6000, options.aviarySize, UInt64(1), Split.all)
    let usage = "an example is aviary:count=6000,size=64,seed=1,split=all"
    func bad(_ problem: String) -> DatasetError {
      DatasetError("\(argument): \(problem)")
    }
    var seen: Set<String> = []
    for field in argument.dropFirst("aviary:".count).split(separator: ",") {
      let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw bad("\"\(field)\" is not name=value; \(usage)")
      }
      guard seen.insert(parts[0]).inserted else { throw bad("\"\(parts[0])\" stands twice") }
      let number = Int(parts[1])
      switch parts[0] {
      case "count":
        guard let number, (1...10_000_000).contains(number) else {
          throw bad("count is \(parts[1]); 1 to 10,000,000 is possible")
        }
        count = number
      case "size":
        guard let number, (32...256).contains(number) else {
          throw bad("size is \(parts[1]); 32 to 256 pixels are possible")
        }
        size = number
      case "seed":
        guard let number = UInt64(parts[1]) else {
          throw bad("seed is \(parts[1]); a whole number from 0 is possible")
        }
        seed = number
      case "split":
        guard let name = Split(rawValue: parts[1] == "val" ? "validation" : parts[1]) else {
          throw bad("no split is called \(parts[1]); train, val, test, all")
        }
        split = name
      default: throw bad("\"\(parts[0])\" is not known; \(usage)")
      }
    }
    let aviary = Aviary(count: count, size: size, seed: seed, split: split)
    return Dataset(
      kind: .aviary, classes: Aviary.classes,
      splits: [split: AviarySource(aviary)], aviary: aviary)
  }
}

extension SubsetSource {
  static var none: SubsetSource { SubsetSource(MemorySource.empty, []) }
}

/// Holds a stratified share of every class out: of each class the same share, at least one picture where it has two or more, none of a class of one.
///
/// A function of (labels, fraction, seed).
public func stratifiedSplit(_ labels: [Int], fraction: Double, seed: UInt64) -> (
  training: [Int], validation: [Int]
) {
  var members: [Int: [Int]] = [:]
  for (index, label) in labels.enumerated() { members[label, default: []].append(index) }
  var held: Set<Int> = []
  if fraction > 0 {
    for (label, indices) in members where indices.count > 1 {
      var random = CounterRandom(seed: seed, purpose: "validation split", index: label)
      let wanted = Int((Double(indices.count) * fraction).rounded())
      let count = min(indices.count - 1, max(1, wanted))
      for place in random.permutation(indices.count).prefix(count) { held.insert(indices[place]) }
    }
  }
  return (labels.indices.filter { !held.contains($0) }, held.sorted())
}
