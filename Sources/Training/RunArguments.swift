import AvocetFiles
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `arguments.json`: what a run was asked for, so that a resume can compare.
public struct RunArguments: Codable, Sendable {
  /// The flags by name.
  public var flags: [String: String]
  /// The recipe with all its constants.
  public var recipe: Recipe

  /// These flags and this recipe.
  public init(flags: [(String, String)], recipe: Recipe) {
    self.flags = Dictionary(flags, uniquingKeysWith: { a, _ in a })
    self.recipe = recipe
  }

  /// What a folder's file says; nil if there is none that can be read.
  public init?(_ folder: RunFolder) {
    let path = folder.path.appending("arguments.json")
    guard let bytes = try? readFile(path, limit: 1 << 20, fileSystem: folder.fileSystem),
      let value = try? JSONDecoder().decode(RunArguments.self, from: Data(bytes))
    else { return nil }
    self = value
  }

  /// The file.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// What forbids to go on, or nil; a larger number of epochs does not.
  public func difference(from previous: RunArguments) -> String? {
    for key in Set(flags.keys).union(previous.flags.keys).sorted()
    where flags[key] != previous.flags[key] {
      return "\(key) was \"\(previous.flags[key] ?? "")\", now it is \"\(flags[key] ?? "")\""
    }
    if recipe.epochs < previous.recipe.epochs {
      return "epochs were \(previous.recipe.epochs), now they are \(recipe.epochs)"
    }
    var same = previous.recipe
    same.epochs = recipe.epochs
    return same == recipe ? nil : "the recipe differs from the one in arguments.json"
  }

  /// Epochs that the folder's metrics show.
  public func epochsDone(_ folder: RunFolder) -> Int? {
    let path = folder.path.appending("metrics.csv")
    guard let bytes = try? readFile(path, limit: 1 << 26, fileSystem: folder.fileSystem) else {
      return nil
    }
    return bytes.count { $0 == UInt8(ascii: "\n") } - 1
  }
}

extension RunFolder {
  /// Whether a regular file is there.
  public static func exists(_ path: FilePath) -> Bool {
    (try? RealFileSystem().status(of: path, followingLinks: true).kind) == .regular
  }
}
