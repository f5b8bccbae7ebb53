import AvocetFiles
import AvocetModelFiles
import SystemPackage

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

  /// Whether the report was written to its last file.
  public var hasReport: Bool { Self.exists(path.appending("README.md")) }

  /// Writes a file of the folder.
  public func write(_ bytes: [UInt8], _ name: String) throws(FileError) {
    try writeFileAtomically(bytes, to: path.appending(name), fileSystem: fileSystem)
  }

  /// Writes a text file of the folder.
  public func write(_ text: String, _ name: String) throws(FileError) {
    try write(Array(text.utf8), name)
  }

  /// What a text file of the folder holds; nil if it cannot be read.
  func text(_ name: String) -> String? {
    (try? readFile(path.appending(name), limit: 1 << 30, fileSystem: fileSystem))
      .map { String(decoding: $0, as: UTF8.self) }
  }

  func writeModel(_ model: Model) throws(FileError) {
    try model.write(to: modelPath, fileSystem: fileSystem)
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
