import AvocetFiles
import CTransfers
import SystemPackage

/// The receiving end of one request: what comes goes into `FILE.part`.
final class Reception {
  /// How a request ended.
  enum Ending {
    /// The answer came to its end.
    case complete
    /// Another time it may go better: why.
    case transient(String)
    /// What is kept does not fit to what the server has; only the whole file will do.
    case startAnew
    /// It would be the same again: why.
    case refused(String)
    /// What came is not the published file: why.
    case wrong(String)
    /// It was asked to stop.
    case stopped
    /// The file could not be written.
    case file(FileError)
  }

  /// Bytes in `FILE.part`, written or about to be.
  private(set) var received: Int

  private let file: RemoteFile
  private let path: FilePath
  private let stream: StreamedFile
  private let shouldStop: () -> Bool
  private let progress: (Int) -> Void
  private var verdict: Ending?
  // What the answer says that the file has, if it does.
  private var announced: Int?

  /// Goes on after the first `received` bytes of `FILE.part`.
  init(
    _ file: RemoteFile, to path: FilePath, received: Int, shouldStop: @escaping () -> Bool,
    progress: @escaping (Int) -> Void
  ) throws(FileError) {
    (self.file, self.path, self.received) = (file, path, received)
    (self.shouldStop, self.progress) = (shouldStop, progress)
    stream = try StreamedFile(path, keeping: received)
  }

  /// Gives `FILE.part` its name.
  func finish() throws(FileError) { try stream.finish() }

  /// Removes `FILE.part`.
  func discard() { stream.discard() }

  /// Asks once for what is missing.
  func request(_ patience: Patience) -> Ending {
    (verdict, announced) = (nil, nil)
    var report = ct_report()
    let outcome = unsafe file.address.withCString { address in
      withExtendedLifetime(self) {
        var request = unsafe ct_request(
          address: address, from: Int64(received), connect_seconds: patience.connection,
          stall_seconds: patience.stall, redirects: patience.redirects,
          context: Unmanaged.passUnretained(self).toOpaque(),
          begin: { context, answer in
            unsafe Reception.of(context).map { $0.begin(answer) ? 0 : 1 } ?? 1
          },
          take: { context, bytes, count in
            let piece = unsafe UnsafeBufferPointer(start: bytes, count: count)
            return unsafe Reception.of(context).map { unsafe $0.take(Array(piece)) ? 0 : 1 } ?? 1
          },
          ask: { context in unsafe Reception.of(context).map { $0.shouldStop() ? 1 : 0 } ?? 1 })
        return unsafe ct_get(&request, &report)
      }
    }
    // What came before a break is worth keeping.
    do throws(FileError) { try stream.flush() } catch { return .file(error) }
    if let verdict { return verdict }
    switch outcome {
    case CInt(CT_OK):
      if received == announced ?? received, file.lengths.contains(received) { return .complete }
      return .transient("the answer ended after \(grouped(received)) bytes")
    case CInt(CT_STOPPED): return .stopped
    case CInt(CT_TRANSIENT): return .transient(Self.text(of: report))
    default: return .refused(Self.text(of: report))
    }
  }

  @unsafe private static func of(_ context: UnsafeMutableRawPointer?) -> Reception? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue()
  }

  private static func text(of report: ct_report) -> String {
    unsafe withUnsafeBytes(of: report.message) { bytes in
      unsafe escapedText(bytes.prefix { $0 != 0 })
    }
  }

  // Whether the body is wanted.
  private func begin(_ answer: ct_answer) -> Bool {
    switch answer.status {
    case 200:
      // A server that knows no ranges sends the whole file.
      if received > 0 { verdict = .startAnew }
    case 206:
      if answer.start != Int64(received) {
        verdict = received > 0 ? .startAnew : .refused("answered with another part of the file")
      }
    case 416:
      verdict = received > 0 ? .startAnew : .refused("answered with HTTP status 416")
    case 408, 429, 500...599:
      verdict = .transient("answered with HTTP status \(answer.status)")
    default:
      verdict = .refused("answered with HTTP status \(answer.status)")
    }
    announced = answer.length >= 0 ? Int(answer.length) : nil
    if verdict == nil, let announced, !file.lengths.contains(announced) {
      verdict = .refused(
        "announces \(grouped(announced)) bytes; the published file has \(grouped(file.length))"
      )
    }
    return verdict == nil
  }

  // Whether more is wanted.
  private func take(_ bytes: [UInt8]) -> Bool {
    if bytes.count > file.length - received {
      verdict = .wrong(
        "sends more than the \(grouped(file.length)) bytes of the published file")
      return false
    }
    do throws(FileError) { try stream.write(bytes) } catch {
      verdict = .file(error)
      return false
    }
    received += bytes.count
    progress(received)
    return !shouldStop()
  }
}
