import AvocetFiles
import AvocetImages
import SystemPackage

/// The names of a model's classes from a text file, one a line.
public struct ClassNames: Sendable {
  /// The names, each different.
  public private(set) var names: [String] = []
  /// What was changed: a line for each name that stood twice.
  public private(set) var notes: [String] = []

  /// Reads a file; a name that stands twice gets its number behind it (ImageNet has two cranes).
  public init(reading path: FilePath) throws(ModelFileError) {
    let bytes = try content(of: path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ModelFileError("\(path.escaped): is no UTF-8 text")
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if lines.last?.isEmpty == true { lines.removeLast() }
    let counts = Dictionary(lines.map { ($0, 1) }, uniquingKeysWith: +)
    for (number, line) in lines.enumerated() {
      guard !line.isEmpty, line.utf8.count <= 512,
        line.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
      else {
        throw ModelFileError(
          "\(path.escaped): line \(number + 1) is no class name (1 to 512 bytes without control characters)"
        )
      }
      guard counts[line] != 1 else {
        names.append(String(line))
        continue
      }
      names.append("\(line) (\(number))")
      notes.append(
        "\(path.escaped): line \(number + 1): \(shown(String(line))) stands \(counts[line] ?? 0) times; this one is called \(shown("\(line) (\(number))"))"
      )
    }
    guard Set(names).count == names.count else {
      throw ModelFileError("\(path.escaped): a class name stands twice")
    }
  }
}

extension Preprocessing {
  /// Reads a JSON file like `avocet.preprocessing` of a model.
  public static func read(_ path: FilePath) throws(ModelFileError) -> Preprocessing {
    try decoded(
      Preprocessing.self, String(decoding: try content(of: path), as: UTF8.self), path.escaped)
  }
}

// Of a small text file.
private func content(of path: FilePath) throws(ModelFileError) -> [UInt8] {
  do throws(FileError) { return try readFile(path, limit: 1 << 20) } catch {
    throw ModelFileError(error.description)
  }
}
