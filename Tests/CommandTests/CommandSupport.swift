import AvocetCommand
import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import Synchronization
import SystemPackage
import TestSupport

/// What a run of the program gave.
struct Outcome {
  let code: Int32
  let output: String
  let error: String

  /// The lines of the results.
  var lines: [String] { Self.lines(output) }
  /// The lines beside the results.
  var errors: [String] { Self.lines(error) }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }
}

/// What a run may be given besides its arguments.
struct Surroundings {
  var input: [UInt8] = []
  var outputIsTerminal = false
  var environment: [String: String] = [:]
  /// False once so many bytes of results were taken.
  var outputLimit = Int.max
  /// What can be fetched.
  var published = PublishedDataset.all
  var publishedModels = PublishedModel.all
  /// The signal that comes once so many questions were asked.
  var signal: (number: Int32, after: Int)?
}

/// Runs the program in this process.
func avocet(_ arguments: [String], _ surroundings: Surroundings = Surroundings()) -> Outcome {
  let output = Mutex<[UInt8]>([])
  let error = Mutex<[UInt8]>([])
  let read = Mutex(0)
  let questions = Mutex(0)
  let streams = Streams(
    output: { bytes in
      output.withLock { taken in
        if taken.count + bytes.count > surroundings.outputLimit { return false }
        taken += bytes
        return true
      }
    },
    error: { bytes in error.withLock { $0 += bytes } },
    input: { limit in
      read.withLock { done in
        let piece = Array(surroundings.input.dropFirst(done).prefix(min(limit, 7)))
        done += piece.count
        return piece
      }
    }, outputIsTerminal: surroundings.outputIsTerminal, environment: surroundings.environment)
  let signal = surroundings.signal
  let code = runAvocet(
    arguments, streams: streams, published: surroundings.published,
    publishedModels: surroundings.publishedModels
  ) {
    guard let signal else { return nil }
    let asked = questions.withLock { count in
      count += 1
      return count
    }
    return asked > signal.after ? signal.number : nil
  }
  return Outcome(
    code: code, output: String(decoding: output.withLock { $0 }, as: UTF8.self),
    error: String(decoding: error.withLock { $0 }, as: UTF8.self))
}

/// Runs the program in this process.
func avocet(_ arguments: String...) -> Outcome { avocet(arguments) }

/// A picture that differs from number to number.
func picture(_ number: Int, width: Int = 24, height: Int = 20) -> Image {
  var image = Image(width: width, height: height, fill: .black)
  for y in 0..<height {
    for x in 0..<width {
      image[x, y] = RGB(
        UInt8((x * 11 + number * 37) % 256), UInt8((y * 13 + number * 71) % 256),
        UInt8((x * y + number * 23) % 256))
    }
  }
  return image
}

/// An untrained model for pictures of 16 pixels: its predictions are of no use, and always the same.
func smallModel(_ classes: [String] = ["ant", "bee", "=crow"]) throws -> Model {
  let network = try Architecture.network(
    named: "tiny", input: Shape(16, 16, 3), classes: classes.count)
  return Model(
    network: network, parameters: Parameters(initialising: network, seed: 3), classes: classes,
    preprocessing: Preprocessing(height: 16, width: 16, shortSide: 16),
    provenance: Provenance(data: "none", recipe: "none", licence: "none", seed: 3))
}

extension TemporaryFolder {
  /// A path in the folder as an argument.
  func at(_ name: String) -> String { "\(path.string)/\(name)" }

  /// Writes a file in a folder that is made if need be.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let place = FilePath(at(name))
    try makeFolders(place.folder)
    try writeFileAtomically(bytes, to: place)
    return at(name)
  }

  /// Writes PNGs; the path decides what is on each.
  func pictures(_ names: String...) throws {
    for name in names {
      let number = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 251 }
      try write(name, picture(number).encodedPNG())
    }
  }

  /// Writes three pictures of each of the three classes that the small model knows, and gives their folder.
  func ninePictures() throws -> String {
    for name in ["ant", "bee", "=crow"] {
      for i in 1...3 { try pictures("data/\(name)/\(i).png") }
    }
    return at("data")
  }

  /// Writes the small model and gives its path.
  func model(_ classes: [String] = ["ant", "bee", "=crow"]) throws -> String {
    try write("model.safetensors", smallModel(classes).encoded())
  }

  /// What a file holds.
  func text(_ name: String) throws -> String {
    String(decoding: try readFile(FilePath(at(name)), limit: 1 << 24), as: UTF8.self)
  }

  /// Whether something of that name is there.
  func has(_ name: String) -> Bool {
    (try? RealFileSystem().status(of: FilePath(at(name)), followingLinks: false)) != nil
  }

  /// Every file under the folder, hidden ones too, by its path in it.
  func files(_ inside: String = "") throws -> [String] {
    let listing = try RealFileSystem().list(FilePath(at(inside)))
    return try (0..<listing.count).flatMap { i -> [String] in
      let name = inside + escapedText(listing.name(i))
      return listing.kind(i) == .folder ? try files(name + "/") : [name]
    }
  }
}
