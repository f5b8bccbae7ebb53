import AvocetFiles
import SystemPackage

/// The pictures that a command line names, one after the other: files, folders in depth, lists on standard input.
final class Inputs: Sequence, IteratorProtocol {
  /// Files passed over in folders, by kind.
  private(set) var skipped: [String: Int] = [:]
  /// Folders that could not be read.
  private(set) var failures: [FileError] = []
  /// Paths given so far.
  private(set) var count = 0

  private var waiting: [PathArgument]
  private let everything: Bool
  private let separator: UInt8
  private let streams: Streams
  private var walk: FolderWalk?
  private var list: LineReader?

  /// `everything`: take every regular file of a folder; `separator` ends a path on standard input.
  init(_ paths: [PathArgument], everything: Bool, separator: UInt8, streams: Streams) {
    waiting = paths.reversed()
    (self.everything, self.separator, self.streams) = (everything, separator, streams)
  }

  func next() -> FilePath? {
    while true {
      if let walk {
        if let path = walk.next() { return counted(path) }
        for (kind, number) in walk.skipped { skipped[kind, default: 0] += number }
        failures += walk.failures
        self.walk = nil
      }
      if list != nil {
        if let line = list?.next() {
          if line.isEmpty { continue }
          if let path = enter(FilePath(bytes: line)) { return path }
          continue
        }
        list = nil
      }
      guard let argument = waiting.popLast() else { return nil }
      if argument.text == "-" {
        list = LineReader(separator: separator, streams.input)
      } else if let path = enter(argument.path) {
        return path
      }
    }
  }

  private func enter(_ path: FilePath) -> FilePath? {
    let kind = try? RealFileSystem().status(of: path, followingLinks: true).kind
    guard kind == .folder else { return counted(path) }
    walk = FolderWalk(path, extensions: everything ? nil : FolderWalk.pictureExtensions)
    return nil
  }

  private func counted(_ path: FilePath) -> FilePath {
    count += 1
    return path
  }

  /// `312 .heic, 40 .webp skipped: not supported`; nil if nothing was.
  var skippedLine: String? {
    let kinds = skipped.filter { $0.key != "hidden" }.sorted {
      ($1.value, $0.key) < ($0.value, $1.key)
    }
    if kinds.isEmpty { return nil }
    let list = kinds.map { "\(grouped($0.value)) \(escapedText($0.key.utf8))" }
    return list.joined(separator: ", ") + " skipped: not supported"
  }
}

/// Pieces of a stream of bytes between separators.
struct LineReader {
  private let separator: UInt8
  private let read: @Sendable (Int) -> [UInt8]
  private var buffer: ArraySlice<UInt8> = []
  private var isAtEnd = false

  init(separator: UInt8, _ read: @escaping @Sendable (Int) -> [UInt8]) {
    (self.separator, self.read) = (separator, read)
  }

  mutating func next() -> [UInt8]? {
    var searched = 0
    while true {
      if let end = buffer.dropFirst(searched).firstIndex(of: separator) {
        defer { buffer = buffer[(end + 1)...] }
        return Array(buffer[..<end])
      }
      searched = buffer.count
      if isAtEnd {
        if buffer.isEmpty { return nil }
        defer { buffer = [] }
        return Array(buffer)
      }
      let more = read(65_536)
      if more.isEmpty { isAtEnd = true } else { buffer = ArraySlice(Array(buffer) + more) }
    }
  }
}
