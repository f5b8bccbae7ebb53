import AvocetFiles
import SystemPackage

/// Unpacks the wanted files of a `.tar.gz`, all of them or none.
///
/// Each grows as `FILE.part`; the names are given once the whole archive was read and sound. Files that nobody asked for are passed over.
struct Unpacking {
  /// Why an archive was not unpacked.
  enum Failure: Error {
    /// What is in it.
    case archive(DatasetError)
    /// A file of this machine.
    case file(FileError)
    /// It was asked to stop.
    case stopped
  }

  private let members: [String: PublishedDataset.Member]
  private let folder: FilePath
  private let name: String
  private var files: [String: StreamedFile] = [:]
  private var current: StreamedFile?
  private var passedOver = 0

  /// Bytes of files that were not asked for, before it looks like an attack on the processor's time.
  private static let passedOverLimit = 64 << 20

  private init(_ members: [PublishedDataset.Member], of archive: FilePath, into folder: FilePath) {
    self.members = Dictionary(members.map { ($0.path, $0) }, uniquingKeysWith: { a, _ in a })
    (self.folder, name) = (folder, archive.escaped)
  }

  /// Reads `archive` and writes `members` into `folder`; `progress` hears how many bytes of the archive are read.
  static func unpack(
    _ archive: FilePath, _ members: [PublishedDataset.Member], into folder: FilePath,
    shouldStop: () -> Bool, progress: (Int) -> Void
  ) throws(Failure) {
    var unpacking = Unpacking(members, of: archive, into: folder)
    do throws(Failure) {
      try unpacking.read(archive, shouldStop, progress)
      for file in unpacking.files.values {
        try unpacking.writing { () throws(FileError) in try file.finish() }
      }
    } catch {
      for file in unpacking.files.values { file.discard() }
      throw error
    }
  }

  private mutating func read(
    _ archive: FilePath, _ shouldStop: () -> Bool, _ progress: (Int) -> Void
  ) throws(Failure) {
    guard let inflation = Inflation() else { throw damaged("no memory to unpack it") }
    var reader = TarReader(archive: name)
    var (done, failure): (Int, Failure?) = (0, nil)
    do throws(FileError) {
      try readPieces(of: archive) { piece in
        if failure != nil { return }
        do throws(Failure) {
          if shouldStop() { throw .stopped }
          let isSound = try inflation.add(piece) { plain throws(Failure) in
            try hear(plain, &reader)
          }
          if !isSound { throw damaged("the gzip data are damaged") }
          done += piece.count
          progress(done)
        } catch { failure = error }
      }
    } catch { throw .file(error) }
    if let failure { throw failure }
    guard inflation.isComplete, reader.isComplete else { throw damaged("it is cut short") }
    if let missing = members.keys.sorted().first(where: { files[$0] == nil }) {
      throw damaged("\(missing) is missing")
    }
  }

  private mutating func hear(_ plain: ArraySlice<UInt8>, _ reader: inout TarReader)
    throws(Failure)
  {
    var failure: Failure?
    do throws(DatasetError) {
      try reader.add(plain) { event throws(DatasetError) in
        do throws(Failure) { try take(event) } catch {
          failure = error
          throw DatasetError("")
        }
      }
    } catch { throw failure ?? .archive(error) }
  }

  private mutating func take(_ event: TarReader.Event) throws(Failure) {
    switch event {
    case .file(let path, let size):
      current = nil
      guard let member = members[path] else {
        guard let sum = checkedSum(passedOver, size), sum <= Self.passedOverLimit else {
          throw damaged("\(escapedText(path.utf8)) of \(grouped(size)) bytes does not belong to it")
        }
        passedOver = sum
        return
      }
      guard files[path] == nil else { throw damaged("\(path) stands twice") }
      guard member.length.contains(size) else {
        throw damaged(
          "\(path) has \(grouped(size)) bytes; \(grouped(member.length.upperBound)) were expected")
      }
      var opened: StreamedFile?
      try writing { () throws(FileError) in
        opened = try StreamedFile(folder.appending(member.name))
      }
      files[path] = opened
      current = opened
    case .bytes(let bytes):
      let file = current
      try writing { () throws(FileError) in try file?.write(bytes) }
    case .end: current = nil
    }
  }

  private func damaged(_ reason: String) -> Failure {
    .archive(DatasetError("\(name): \(reason); nothing was unpacked"))
  }

  private func writing(_ body: () throws(FileError) -> Void) throws(Failure) {
    do throws(FileError) { try body() } catch { throw .file(error) }
  }
}
