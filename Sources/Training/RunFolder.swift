import AvocetFiles
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The folder of one training: model, state, metrics. Every file is written whole or not at all.
public struct RunFolder: Sendable {
  /// Where it is.
  public let path: FilePath
  let fileSystem: any FileSystem

  /// The folder at `path`.
  public init(_ path: FilePath, fileSystem: any FileSystem = RealFileSystem()) {
    (self.path, self.fileSystem) = (path, fileSystem)
  }

  /// The best model by validation.
  public var modelPath: FilePath { path.appending("model.safetensors") }
  /// The state to resume from.
  public var statePath: FilePath { path.appending("state.safetensors") }

  /// Writes a file of the folder.
  public func write(_ bytes: [UInt8], _ name: String) throws(FileError) {
    try writeFileAtomically(bytes, to: path.appending(name), fileSystem: fileSystem)
  }

  /// Writes a text file of the folder.
  public func write(_ text: String, _ name: String) throws(FileError) {
    try write(Array(text.utf8), name)
  }

  func writeModel(_ model: Model) throws(FileError) {
    try model.write(to: modelPath, fileSystem: fileSystem)
  }

  func writeState(
    _ state: TrainingState, _ parameters: Parameters, _ optimizer: Optimizer,
    average: Parameters?
  ) throws(FileError) {
    func tensor(_ values: Parameters) -> SafeTensors.Tensor {
      SafeTensors.Tensor(shape: [values.values.count], values: values.values.array)
    }
    var tensors = ["parameters": tensor(parameters), "optimizer.first": tensor(optimizer.first)]
    if let second = optimizer.second { tensors["optimizer.second"] = tensor(second) }
    if let average { tensors["average"] = tensor(average) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let text = (try? encoder.encode(state)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    let file = SafeTensors(
      metadata: ["avocet.state": text, "avocet.steps": "\(optimizer.steps)"], tensors: tensors)
    try writeFileAtomically(file.encoded(), to: statePath, fileSystem: fileSystem)
  }

  // Everything is looked at before the first number is taken.
  func readState(
    into parameters: Parameters, _ optimizer: Optimizer, average: Parameters?, start: TrainingState,
    _ recipe: Recipe
  ) throws(TrainingError) -> TrainingState {
    func foreign(_ reason: String) -> TrainingError {
      .foreignState(
        "\(statePath.escaped): \(reason); nothing was changed (train into another --out)")
    }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(statePath, limit: Model.sizeLimit, fileSystem: fileSystem)
    } catch { throw .foreignState(error.description) }
    let file: SafeTensors
    do throws(ModelFileError) { file = try SafeTensors(bytes) } catch {
      throw foreign(error.description)
    }
    guard let text = file.metadata["avocet.state"],
      let steps = Int(file.metadata["avocet.steps"] ?? "")
    else { throw foreign("not a training state") }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let state = try? decoder.decode(TrainingState.self, from: Data(text.utf8)) else {
      throw foreign("its text is damaged")
    }
    if let problem = state.problem(after: steps, start: start, recipe) {
      throw foreign(problem)
    }
    var pairs = [("parameters", parameters), ("optimizer.first", optimizer.first)]
    if let second = optimizer.second { pairs.append(("optimizer.second", second)) }
    if let average { pairs.append(("average", average)) }
    for (name, target) in pairs {
      guard let tensor = file.tensors[name], tensor.count == target.values.count else {
        throw foreign("\(name) belongs to another network or optimiser")
      }
    }
    for (name, target) in pairs {
      for (i, value) in (file.tensors[name]?.values ?? []).enumerated() { target.values[i] = value }
    }
    optimizer.steps = steps
    return state
  }

  /// The columns of `metrics.csv`.
  public static let metricsHeader =
    "epoch,train_loss,train_top1,validation_loss,validation_top1,learning_rate,images_per_second,seconds"

  func writeMetrics(_ rows: [EpochMetrics]) throws(FileError) {
    let lines = rows.map { row in
      [
        "\(row.epoch)", decimal(row.trainLoss, 5), decimal(row.trainTop1, 5),
        row.validationLoss.map { decimal($0, 5) } ?? "",
        row.validationTop1.map { decimal($0, 5) } ?? "", decimal(row.learningRate, 7),
        decimal(row.imagesPerSecond, 1), decimal(row.seconds, 2),
      ].joined(separator: ",")
    }
    try write(([Self.metricsHeader] + lines).joined(separator: "\n") + "\n", "metrics.csv")
  }
}

/// A number with so many decimals, a point, and no grouping.
public func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  var factor = 1.0
  for _ in 0..<places { factor *= 10 }
  let scaled = (abs(value) * factor).rounded()
  guard scaled < 9e18 else { return "\(value)" }
  let digits = String(Int(scaled))
  let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
  let sign = value < 0 && scaled > 0 ? "-" : ""
  return places == 0 ? sign + padded : "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
}
