import AvocetDatasets
import AvocetFiles
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension RunFolder {
  /// The newest state to resume from.
  public var statePath: FilePath { path.appending("state.safetensors") }
  /// The one before it.
  public var previousStatePath: FilePath { path.appending("state.previous.safetensors") }

  /// Whether there is a state to resume from, be it damaged.
  public var hasState: Bool { Self.exists(statePath) || Self.exists(previousStatePath) }

  /// Saves a state and its numbers; the newest state becomes the previous one.
  func writeState(
    _ state: TrainingState, steps: Int, _ numbers: [(name: String, values: Parameters)]
  ) throws(FileError) {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for (name, values) in numbers {
      tensors[name] = SafeTensors.Tensor(
        shape: [values.values.count], values: values.values.array)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let text = (try? encoder.encode(state)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    let file = SafeTensors(
      metadata: ["avocet.state": text, "avocet.steps": "\(steps)"], tensors: tensors)
    try writeFileAtomically(
      file.encoded(), to: statePath, keeping: previousStatePath, fileSystem: fileSystem)
  }

  /// Removes the states, for a training that begins anew: a later resume must not take them for its own.
  public func discardStates() {
    for state in [statePath, previousStatePath] { try? fileSystem.remove(state) }
  }

  /// A state that was read.
  struct SavedState {
    let path: FilePath
    let state: TrainingState
    let steps: Int
    let file: SafeTensors
    /// What a user should know, in one line.
    let warning: String?
  }

  /// The newest state that is whole; nothing is changed.
  func readState() throws(TrainingError) -> SavedState {
    switch wholeState(statePath) {
    case .success(let file): return try decoded(file, statePath, warning: nil)
    case .failure(let newest):
      switch wholeState(previousStatePath) {
      case .success(let file):
        return try decoded(
          file, previousStatePath,
          warning: "\(newest.text); resumed from \(previousStatePath.escaped) instead")
      case .failure(let previous):
        let both = RunFolder.exists(previousStatePath) ? "; \(previous.text)" : ""
        throw .foreignState("\(newest.text)\(both); nothing was changed (train into another --out)")
      }
    }
  }

  private struct Damage: Error { let text: String }

  private func wholeState(_ path: FilePath) -> Result<SafeTensors, Damage> {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try readFile(path, limit: Model.sizeLimit, fileSystem: fileSystem)
    } catch { return .failure(Damage(text: error.description)) }
    do throws(ModelFileError) {
      let file = try SafeTensors(bytes)
      guard file.hadChecksum else { throw ModelFileError("holds no checksum") }
      return .success(file)
    } catch {
      return .failure(Damage(text: "\(path.escaped): damaged: \(error.description)"))
    }
  }

  private func decoded(
    _ file: SafeTensors, _ path: FilePath, warning: String?
  ) throws(TrainingError) -> SavedState {
    guard let text = file.metadata["avocet.state"],
      let steps = Int(file.metadata["avocet.steps"] ?? "")
    else { throw foreign(path, "not a training state") }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let state = try? decoder.decode(TrainingState.self, from: Data(text.utf8)) else {
      throw foreign(path, "its text is damaged")
    }
    return SavedState(path: path, state: state, steps: steps, file: file, warning: warning)
  }

  /// A state that cannot be gone on from.
  func foreign(_ path: FilePath, _ reason: String) -> TrainingError {
    .foreignState("\(path.escaped): \(reason); nothing was changed (train into another --out)")
  }

  /// Makes the previous state the newest, in the place of one that is damaged or missing.
  func takeBackPreviousState() throws(FileError) {
    do throws(Errno) {
      try fileSystem.rename(previousStatePath, to: statePath)
      try fileSystem.synchronizeFolder(path)
    } catch { throw FileError(path: statePath, error) }
  }
}
