import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import SystemPackage

/// A command's failure: the line for the user, and the exit code.
struct Failure: Error {
  let message: String
  let code: Int32

  init(_ message: String, code: Int32 = 2) { (self.message, self.code) = (message, code) }

  /// An output that could not be written.
  init(_ error: FileError) { self.init(error.description, code: 5) }
}

/// A command of ours: runs with the streams of its session.
protocol SessionCommand: ParsableCommand {
  var common: CommonOptions { get }
  func run(_ session: Session) throws(Failure) -> Int32
}

/// The flags of every command.
struct CommonOptions: ParsableArguments {
  @Option(help: "Threads (default: the cores this process may use).") var threads: Int?
  @Option(help: "The seed of all randomness.") var seed: UInt64 = 1
  @Flag(help: "Write into an output folder that is not empty.") var force = false
  @Flag(help: "No progress, no summary.") var quiet = false
  @Option(help: "Pixels that one picture may have.") var maxPixels = DecodingLimits().maxPixels
  @Option(help: "Bytes that one picture's file may have.") var maxFileSize = DecodingLimits()
    .maxFileSize
  @Option(help: "Bytes of memory that decoding one picture may take.") var maxImageMemory =
    DecodingLimits().maxMemory

  /// Threads to work on.
  var threadCount: Int { threads ?? availableCores() }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); 1 to 1,024 are possible")
    }
    for (name, value) in [
      ("--max-pixels", maxPixels), ("--max-file-size", maxFileSize),
      ("--max-image-memory", maxImageMemory),
    ] where value < 1 {
      throw ValidationError("\(name) is \(value); 1 or more is possible")
    }
  }

  var limits: DecodingLimits {
    DecodingLimits(maxPixels: maxPixels, maxFileSize: maxFileSize, maxMemory: maxImageMemory)
  }
}

/// One run of a command: its streams, its manners.
final class Session {
  let streams: Streams
  let quiet: Bool
  /// What `dataset fetch` can fetch.
  let published: [PublishedDataset]
  /// What `model fetch` can fetch.
  let publishedModels: [PublishedModel]
  let shouldStop: @Sendable () -> Int32?
  private let arguments: [String]

  init(
    _ streams: Streams, _ arguments: [String], quiet: Bool,
    published: [PublishedDataset] = PublishedDataset.all,
    publishedModels: [PublishedModel] = PublishedModel.all,
    shouldStop: @escaping @Sendable () -> Int32?
  ) {
    (self.streams, self.arguments, self.quiet) = (streams, arguments, quiet)
    (self.published, self.shouldStop) = (published, shouldStop)
    self.publishedModels = publishedModels
  }

  /// The command as a shell would take it, for a report; without what only matters the second time.
  var commandLine: String {
    let words = arguments.filter { !["--resume", "--force"].contains($0) }.map { argument in
      let text = escapedText(PathArgument.bytes(argument))
      let isPlain = !text.isEmpty && text.utf8.allSatisfy(Self.plain.contains)
      return isPlain ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
    return (["avocet"] + words).joined(separator: " ")
  }

  private static let plain = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+@%".utf8)

  /// A line of the result.
  func print(_ line: String) throws(Failure) { try write(Array((line + "\n").utf8)) }

  /// Bytes of the result.
  func write(_ bytes: [UInt8]) throws(Failure) {
    if !streams.output(bytes) {
      throw Failure("standard output: could not be written; the results are not complete", code: 5)
    }
  }

  /// Throws the exit code of the signal that asked to stop, if one did; nothing of the work is kept.
  func checkStop() throws(Failure) {
    if let signal = shouldStop() { throw Failure("stopped before the end", code: 128 + signal) }
  }

  /// A line beside the result, unless it was asked for quiet.
  func note(_ line: String) {
    if !quiet { streams.error(Array((line + "\n").utf8)) }
  }

  /// A line that matters even in quiet: a refused file, an error.
  func complain(_ line: String) { streams.error(Array("avocet: \(line)\n".utf8)) }
}

/// A path as it was typed, byte for byte.
struct PathArgument: ExpressibleByArgument {
  let path: FilePath
  let text: String

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    path = FilePath(bytes: Self.bytes(argument))
    text = argument
  }

  // Bytes that are no UTF-8 travel through the argument parser as characters that no file name holds.
  fileprivate static let base: UInt32 = 0x10FF00

  /// The bytes that were carried.
  static func bytes(_ text: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if scalar.value >= base + 0x80 && scalar.value <= base + 0xFF {
        bytes.append(UInt8(scalar.value - base))
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return bytes
  }
}

/// Makes an output folder ready: one that holds something is exit 2 (unless forced or resumed), one that cannot be made exit 5.
func prepareOutput(_ folder: FilePath, force: Bool, resume: Bool = false) throws(Failure) {
  do throws(FileError) {
    try OutputFolder.prepare(folder, force: force, resume: resume)
  } catch { throw Failure(error.description, code: error.kind == .other ? 2 : 5) }
}

/// Complains if an output would replace a file; what is no regular file is never replaced.
func refuseExisting(_ file: FilePath, force: Bool) throws(Failure) {
  let status = try? RealFileSystem().status(of: file, followingLinks: true)
  if let status, status.kind != .regular || !force {
    throw Failure(
      "\(file.escaped): is there already; nothing was written (--force to replace a file)")
  }
}

extension FilePath {
  /// The name without the folders, escaped, as a page's title has it.
  var title: String {
    lastComponent.map { FilePath(root: nil, [$0]).escaped } ?? escaped
  }
}

/// A process argument as a string that keeps every byte.
package func carriedArgument(_ bytes: [UInt8]) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  var scalars = String.UnicodeScalarView()
  for byte in bytes {
    if byte < 0x80 {
      scalars.append(Unicode.Scalar(byte))
    } else if let scalar = Unicode.Scalar(PathArgument.base + UInt32(byte)) {
      scalars.append(scalar)
    }
  }
  return String(scalars)
}
