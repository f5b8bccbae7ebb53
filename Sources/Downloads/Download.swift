import AvocetFiles
import CTransfers
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Brings one published file here: into `FILE.part`, from where a broken download goes on, and to its name once its length and
/// checksum are right.
public struct Download {
  /// What became of it.
  public enum Outcome: Sendable, Hashable {
    /// It was here before.
    case alreadyThere
    /// It came; so many of its bytes were here before.
    case fetched(resumedAfter: Int)
  }

  private let file: RemoteFile
  private let path: FilePath
  private let patience: Patience
  private let shouldStop: () -> Bool
  private let progress: (Int) -> Void

  /// A download of `file` to `path`; `progress` hears how many bytes are here.
  public init(
    _ file: RemoteFile, to path: FilePath, patience: Patience = Patience(),
    shouldStop: @escaping () -> Bool = { false }, progress: @escaping (Int) -> Void = { _ in }
  ) {
    (self.file, self.path, self.patience) = (file, path, patience)
    (self.shouldStop, self.progress) = (shouldStop, progress)
  }

  /// Downloads unless the file is here; another file of its name is an error, or replaced.
  public func run(replacing: Bool = false) throws(DownloadError) -> Outcome {
    if let size = Self.size(of: path) {
      if file.lengths.contains(size), try digest(of: path) == file.checksum.digits {
        return .alreadyThere
      }
      guard replacing else {
        throw .refused(
          "\(path.escaped): is not the published file (\(grouped(size)) bytes, \(file.checksum.algorithm.rawValue) \(try digest(of: path)); expected \(grouped(file.length)) bytes, \(file.checksum.digits)); it was left as it is (--force to replace it)"
        )
      }
    }
    let part = StreamedFile.partPath(of: path)
    let kept = Self.size(of: part) ?? 0
    if file.lengths.contains(kept), try digest(of: part) == file.checksum.digits {
      try finish(try reception(kept))
      return .fetched(resumedAfter: kept)
    }
    let start = kept < file.length ? kept : 0
    let (reception, resumed) = try receive(from: start)
    let found = try digest(of: part)
    guard found == file.checksum.digits else {
      reception.discard()
      throw .refused(
        "\(file.address): what came has the \(file.checksum.algorithm.rawValue) \(found); \(file.checksum.digits) was expected; it was removed"
      )
    }
    try finish(reception)
    return .fetched(resumedAfter: resumed)
  }

  // Asks until the length is right; also says how much of what was here before is in it.
  private func receive(from start: Int) throws(DownloadError) -> (Reception, resumed: Int) {
    var (reception, resumed, attempt) = (try reception(start), start, 1)
    while true {
      switch reception.request(patience) {
      case .complete: return (reception, resumed)
      case .startAnew: (reception, resumed) = (try self.reception(0), 0)
      case .stopped: throw .stopped(received: reception.received)
      case .file(let error): throw .file(error)
      case .refused(let reason): throw .refused("\(file.address): \(reason); \(kept(reception))")
      case .wrong(let reason):
        reception.discard()
        throw .refused("\(file.address): \(reason); what came was removed")
      case .transient(let reason):
        guard attempt < patience.attempts else {
          throw .refused(
            "\(file.address): \(reason); gave up after \(attempt) attempts; \(kept(reception))")
        }
        try wait(patience.pause * (1 << (attempt - 1)), reception.received)
        attempt += 1
      }
    }
  }

  private func kept(_ reception: Reception) -> String {
    let received = reception.received
    if received == 0 {
      reception.discard()
      return "nothing came"
    }
    return
      "\(grouped(received)) of \(grouped(file.length)) bytes are kept; the same command goes on from there"
  }

  private func wait(_ duration: Duration, _ received: Int) throws(DownloadError) {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      if shouldStop() { throw .stopped(received: received) }
      usleep(50_000)
    }
  }

  private func reception(_ received: Int) throws(DownloadError) -> Reception {
    do throws(FileError) {
      return try Reception(
        file, to: path, received: received, shouldStop: shouldStop, progress: progress)
    } catch { throw .file(error) }
  }

  private func finish(_ reception: Reception) throws(DownloadError) {
    do throws(FileError) { try reception.finish() } catch { throw .file(error) }
  }

  private func digest(of path: FilePath) throws(DownloadError) -> String {
    guard let digest = DigestStream(file.checksum.algorithm) else {
      throw .refused(
        "\(path.escaped): cannot be verified: this machine's libcrypto has no \(file.checksum.algorithm.rawValue)"
      )
    }
    do throws(FileError) { try readPieces(of: path) { digest.add($0) } } catch {
      throw .file(error)
    }
    return digest.finish()
  }

  private static func size(of path: FilePath) -> Int? {
    guard let status = try? RealFileSystem().status(of: path, followingLinks: true),
      status.kind == .regular
    else { return nil }
    return status.size
  }

  /// The version of the library that speaks to servers.
  public static var curlVersion: String { unsafe String(cString: ct_version()) }
}
