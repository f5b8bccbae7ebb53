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

/// The checksum of a whole file inside it: the CRC-32 of its bytes with zeros for the eight digits themselves.
package enum Seal {
  private static let key = "avocet.checksum"
  private static let zeros = "00000000"

  // Keys are written in their order, so that this one comes first and its digits lie at the same place of every file.
  private static var start: [UInt8] { Array("{\"__metadata__\":{\"\(key)\":\"".utf8) }

  private static func sum(_ bytes: [UInt8], _ digits: Range<Int>) -> String {
    let head = checksum(bytes[..<digits.lowerBound])
    let middle = checksum(Array(zeros.utf8)[...], after: head)
    return hexadecimal(checksum(bytes[digits.upperBound...], after: middle))
  }

  /// The file's bytes with their checksum.
  package static func sealed(_ file: SafeTensors) -> [UInt8] {
    var file = file
    file.metadata[key] = zeros
    var bytes = file.encoded()
    let digits = 8 + start.count..<8 + start.count + zeros.utf8.count
    bytes.replaceSubrange(digits, with: Array(sum(bytes, digits).utf8))
    return bytes
  }

  /// What is wrong with the bytes of a sealed file, or nil.
  package static func damage(_ bytes: [UInt8]) -> String? {
    let digits = 8 + start.count..<8 + start.count + zeros.utf8.count
    guard bytes.count > digits.upperBound, bytes[8..<digits.lowerBound].elementsEqual(start) else {
      return "damaged: \(grouped(bytes.count)) bytes that hold no checksum"
    }
    let (stored, computed) = (escapedText(bytes[digits]), sum(bytes, digits))
    return stored == computed
      ? nil : "damaged: its checksum is \(stored), its bytes give \(computed)"
  }
}

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
      Seal.sealed(file), to: statePath, keeping: previousStatePath, fileSystem: fileSystem)
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
    case .success(let bytes): return try decoded(bytes, statePath, warning: nil)
    case .failure(let newest):
      switch wholeState(previousStatePath) {
      case .success(let bytes):
        return try decoded(
          bytes, previousStatePath,
          warning: "\(newest.text); resumed from \(previousStatePath.escaped) instead")
      case .failure(let previous):
        let both = RunFolder.exists(previousStatePath) ? "; \(previous.text)" : ""
        throw .foreignState("\(newest.text)\(both); nothing was changed (train into another --out)")
      }
    }
  }

  private struct Damage: Error { let text: String }

  private func wholeState(_ path: FilePath) -> Result<[UInt8], Damage> {
    do throws(FileError) {
      let bytes = try readFile(path, limit: Model.sizeLimit, fileSystem: fileSystem)
      return Seal.damage(bytes).map { .failure(Damage(text: "\(path.escaped): \($0)")) }
        ?? .success(bytes)
    } catch { return .failure(Damage(text: error.description)) }
  }

  private func decoded(_ bytes: [UInt8], _ path: FilePath, warning: String?) throws(TrainingError)
    -> SavedState
  {
    let file: SafeTensors
    do throws(ModelFileError) { file = try SafeTensors(bytes) } catch {
      throw foreign(path, error.description)
    }
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
