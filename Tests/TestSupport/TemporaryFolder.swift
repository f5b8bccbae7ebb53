import AvocetFiles
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A new empty folder that goes away with the object.
public final class TemporaryFolder: Sendable {
  /// Where it is.
  public let path: FilePath

  private static let number = Atomic<Int>(0)

  /// Makes the folder.
  public init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let number = Self.number.add(1, ordering: .relaxed).newValue
    path = FilePath(base).appending("avocet-test-\(getpid())-\(number)")
    try RealFileSystem().makeFolder(path)
  }

  deinit { Self.removeAll(path) }

  /// Writes a file of the given name and returns its path.
  @discardableResult
  public func file(_ name: String, _ bytes: some Sequence<UInt8> = []) throws -> FilePath {
    let file = path.appending(name)
    try writeFileAtomically(Array(bytes), to: file)
    return file
  }

  /// The names in the folder, in byte order.
  public func names() throws -> [String] { try Self.names(in: path) }

  /// The names in any folder, in byte order.
  public static func names(in path: FilePath) throws -> [String] {
    let listing = try RealFileSystem().list(path)
    return (0..<listing.count).map { escapedText(listing.name($0)) }
  }

  private static func removeAll(_ path: FilePath) {
    let files = RealFileSystem()
    if let listing = try? files.list(path) {
      for index in 0..<listing.count {
        let inner = FilePath(bytes: path.bytes + [UInt8(ascii: "/")] + listing.name(index))
        let kind = try? files.status(of: inner, followingLinks: false).kind
        if kind == .folder { removeAll(inner) } else { try? files.remove(inner) }
      }
    }
    _ = path.withPlatformString { rmdir($0) }
  }
}
