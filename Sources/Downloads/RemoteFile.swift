import AvocetFiles

/// A file that someone publishes.
public struct RemoteFile: Sendable, Hashable {
  /// What it is called here.
  public let name: String
  /// Where it is: an http or https address.
  public let address: String
  /// Its bytes; a range where the publisher says no exact number.
  public let lengths: ClosedRange<Int>
  /// Its digest.
  public let checksum: Checksum

  /// The given facts.
  public init(name: String, address: String, lengths: ClosedRange<Int>, checksum: Checksum) {
    (self.name, self.address, self.lengths, self.checksum) = (name, address, lengths, checksum)
  }

  /// A file of exactly `length` bytes.
  public init(name: String, address: String, length: Int, checksum: Checksum) {
    self.init(name: name, address: address, lengths: length...length, checksum: checksum)
  }

  /// Its bytes, or the most that it can have.
  public var length: Int { lengths.upperBound }

  /// The same file under its name at another address; what it must contain stays.
  public func mirrored(at base: String) -> RemoteFile {
    RemoteFile(
      name: name, address: base + (base.hasSuffix("/") ? "" : "/") + name, lengths: lengths,
      checksum: checksum)
  }
}

/// How long a download waits, and how often it tries.
public struct Patience: Sendable {
  /// Seconds to wait for a connection.
  public var connection: Int
  /// Seconds that a transfer may stand still.
  public var stall: Int
  /// Redirects to follow at most.
  public var redirects: Int
  /// How often to ask in all.
  public var attempts: Int
  /// The pause before the second attempt; each further one is twice as long.
  public var pause: Duration

  /// The given limits.
  public init(
    connection: Int = 20, stall: Int = 30, redirects: Int = 5, attempts: Int = 5,
    pause: Duration = .seconds(1)
  ) {
    (self.connection, self.stall, self.redirects) = (connection, stall, redirects)
    (self.attempts, self.pause) = (attempts, pause)
  }
}

/// Why a file did not come.
public enum DownloadError: Error, Sendable {
  /// It was asked to stop; so many bytes are kept.
  case stopped(received: Int)
  /// The server or what it sent, in one line.
  case refused(String)
  /// A file of this machine.
  case file(FileError)
}
