import AvocetDatasets
import AvocetFiles
import AvocetTraining
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where predictions go: standard output, or a file that is FILE.part until it is complete.
struct PredictionSink {
  /// What an interrupted run left behind.
  struct Done {
    var count = 0
    var refused = 0
    var bytes = 0
    var lastPath = ""
  }

  let format: PredictionFormat
  private(set) var done = Done()
  private let file: StreamedFile?
  private let session: Session
  private var buffer: [UInt8] = []
  private let limit: Int

  init(_ path: FilePath?, resume: Bool, _ format: PredictionFormat, _ session: Session)
    throws(Failure)
  {
    (self.format, self.session) = (format, session)
    limit = session.streams.outputIsTerminal ? 0 : 32_768
    guard let path else {
      file = nil
      return
    }
    do throws(FileError) {
      if resume, RunFolder.exists(StreamedFile.partPath(of: path)) {
        done = try Self.scan(StreamedFile.partPath(of: path), format)
      }
      file = try StreamedFile(path, keeping: done.bytes)
    } catch { throw Failure(error) }
  }

  /// Whether nothing was written yet.
  var isFresh: Bool { done.bytes == 0 }

  mutating func write(_ bytes: [UInt8]) throws(Failure) {
    buffer += bytes
    if buffer.count > limit { try flush() }
  }

  private mutating func flush() throws(Failure) {
    if buffer.isEmpty { return }
    if let file {
      do throws(FileError) { try file.write(buffer) } catch { throw Failure(error) }
    } else {
      try session.write(buffer)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Leaves what there is for a resume.
  mutating func suspend() throws(Failure) {
    try flush()
    do throws(FileError) { try file?.flush() } catch { throw Failure(error) }
  }

  /// Gives up the file, of which nothing is worth keeping.
  mutating func discard() {
    buffer = []
    file?.discard()
  }

  /// Completes the file and gives it its name.
  mutating func finish() throws(Failure) {
    try flush()
    do throws(FileError) { try file?.finish() } catch { throw Failure(error) }
  }

  // Counts the whole lines of a part file, a piece of it in memory at a time; a quoted cell of a CSV may hold line ends.
  private static func scan(_ path: FilePath, _ format: PredictionFormat) throws(FileError) -> Done {
    var done = Done()
    var (line, isQuoted, isHeader): ([UInt8], Bool, Bool) = ([], false, format == .csv)
    try readPieces(of: path) { piece in
      for byte in piece {
        if format == .csv && byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        guard byte == UInt8(ascii: "\n"), !isQuoted else {
          line.append(byte)
          continue
        }
        done.bytes += line.count + 1
        if isHeader {
          isHeader = false
        } else {
          let (path, isRefused) = read(line[...], format)
          done.count += 1
          done.lastPath = path
          if isRefused { done.refused += 1 }
        }
        line.removeAll(keepingCapacity: true)
      }
    }
    return done
  }

  private static func read(_ line: ArraySlice<UInt8>, _ format: PredictionFormat) -> (String, Bool)
  {
    let text = String(decoding: line, as: UTF8.self)
    switch format {
    case .csv:
      let cells = csvRows(text)?.first ?? []
      return (csvText(cells.first ?? ""), cells.count > 1 && cells[1].isEmpty)
    case .jsonl: return (jsonPath(text), text.contains(",\"error\":{\"code\":"))
    case .text: return ("", text.hasPrefix("(refused)"))
    }
  }
}

/// Links to pictures in a folder for each class.
final class ClassLinks {
  private let folder: FilePath
  private let current: FilePath

  init(_ folder: FilePath, force: Bool) throws(Failure) {
    self.folder = folder
    try prepareOutput(folder, force: force)
    var buffer = [CChar](repeating: 0, count: 4097)
    let start = unsafe getcwd(&buffer, buffer.count)
    current = FilePath(platformString: buffer)
    if unsafe start == nil { throw Failure("the current folder has no path", code: 5) }
  }

  /// Links the picture into the folder of its label; a second one of the same name gets a number.
  func add(_ path: FilePath, _ label: String) throws(Failure) {
    let place = folder.appending(Dataset.folderName(label))
    do throws(FileError) { try makeFolders(place) } catch { throw Failure(error) }
    let target = path.isAbsolute ? path : current.pushing(path)
    let base = path.lastComponent?.string ?? "picture"
    for number in 1...100_000 {
      let link = place.appending(number == 1 ? base : "\(number)-\(base)")
      let status = unsafe target.withPlatformString { from in
        unsafe link.withPlatformString { to in unsafe symlink(from, to) }
      }
      if status == 0 { return }
      if errno != EEXIST { throw Failure(FileError(path: link, Errno(rawValue: errno))) }
    }
  }
}

// The path of a JSONL line that this program wrote.
private func jsonPath(_ line: String) -> String {
  guard let entry = try? JSONDecoder().decode(JSONLine.self, from: Data(line.utf8)) else {
    return ""
  }
  return entry.path
}

private struct JSONLine: Decodable { let path: String }
