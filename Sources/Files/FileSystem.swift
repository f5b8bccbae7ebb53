import SystemPackage

/// The few operations on files that Avocet needs; tests put a failing one in place of the real one.
///
/// Every operation throws the operating system's own error.
public protocol FileSystem: Sendable {
  /// Opens a file for the given purpose.
  func open(_ path: FilePath, for purpose: OpenPurpose) throws(Errno) -> FileDescriptor
  /// Closes a file; what closing may say is of no use to anyone after a flush.
  func close(_ file: FileDescriptor)
  /// What an open file is.
  func status(of file: FileDescriptor) throws(Errno) -> FileStatus
  /// What lies at a path, the last link followed or not.
  func status(of path: FilePath, followingLinks: Bool) throws(Errno) -> FileStatus
  /// Reads up to the buffer's size; 0 at the end of the file.
  func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int
  /// Reads from an offset without moving the file's position.
  func read(
    _ file: FileDescriptor, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int
  /// Writes up to the buffer's size and says how much it was.
  func write(_ file: FileDescriptor, _ buffer: UnsafeRawBufferPointer) throws(Errno) -> Int
  /// Cuts a file to a size and goes on writing there.
  func truncate(_ file: FileDescriptor, to size: Int) throws(Errno)
  /// Returns when the bytes of the file are on the disk.
  func synchronize(_ file: FileDescriptor) throws(Errno)
  /// Returns when the names in the folder are on the disk.
  func synchronizeFolder(_ path: FilePath) throws(Errno)
  /// Gives a file another name, replacing what had it.
  func rename(_ from: FilePath, to: FilePath) throws(Errno)
  /// Gives a file a second name (a hard link); links at `from` are followed.
  func link(_ from: FilePath, to: FilePath) throws(Errno)
  /// Removes a file.
  func remove(_ path: FilePath) throws(Errno)
  /// Makes a folder; its parent must exist.
  func makeFolder(_ path: FilePath) throws(Errno)
  /// The names in a folder, in the order of their bytes, without `.` and `..`.
  func list(_ folder: FilePath) throws(Errno) -> FolderListing
}

/// What a file is opened for.
public enum OpenPurpose: Sendable, Hashable {
  /// Reading; never blocks, not even on a pipe without a writer.
  case reading
  /// Writing a file that does not exist yet.
  case creating
  /// Writing into a file, made if need be, that keeps what it has.
  case continuing
}

/// What kind of thing lies at a path.
public enum FileKind: UInt8, Sendable {
  case regular, folder, link, pipe, socket, device
  /// The folder's listing does not say; `status` does.
  case unknown

  /// The kind in words: "folder".
  public var name: String {
    switch self {
    case .regular: "regular file"
    case .folder: "folder"
    case .link: "symbolic link"
    case .pipe: "FIFO"
    case .socket: "socket"
    case .device: "device"
    case .unknown: "special file"
    }
  }
}

/// What the operating system says about a file.
public struct FileStatus: Sendable, Hashable {
  /// What it is.
  public var kind: FileKind
  /// Its size in bytes.
  public var size: Int
  /// The device it lies on and its number there: together they are the file's identity.
  public var identity: FileIdentity

  /// The given facts.
  public init(kind: FileKind, size: Int, identity: FileIdentity) {
    (self.kind, self.size, self.identity) = (kind, size, identity)
  }
}

/// The device and the number of a file, equal for all names of one file.
public struct FileIdentity: Sendable, Hashable {
  /// The device.
  public var device: UInt64
  /// The number on the device.
  public var number: UInt64

  /// The given pair.
  public init(device: UInt64, number: UInt64) { (self.device, self.number) = (device, number) }
}

/// The names in one folder, held in one block of bytes so that a million of them stay small.
public struct FolderListing: Sendable {
  // One record a name: the kind, the bytes of the name, a zero.
  private var bytes: [UInt8] = []
  private var starts: [Int] = []

  /// A listing without names.
  public init() {}

  /// The number of names.
  public var count: Int { starts.count }

  /// Adds a name (bytes without a zero).
  public mutating func append(_ name: some Sequence<UInt8>, kind: FileKind) {
    starts.append(bytes.count)
    bytes.append(kind.rawValue)
    bytes.append(contentsOf: name)
    bytes.append(0)
  }

  /// Puts the names in the order of their bytes.
  public mutating func sort() {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      starts.sort { a, b in
        var (i, j) = (a + 1, b + 1)
        while unsafe bytes[i] == bytes[j], unsafe bytes[i] != 0 { (i, j) = (i + 1, j + 1) }
        return unsafe bytes[i] < bytes[j]
      }
    }
  }

  /// The kind of the name at an index, as far as the folder knows it.
  public func kind(_ index: Int) -> FileKind {
    FileKind(rawValue: bytes[starts[index]]) ?? .unknown
  }

  /// The bytes of the name at an index.
  public func name(_ index: Int) -> ArraySlice<UInt8> {
    let rest = bytes[(starts[index] + 1)...]
    return rest.prefix { $0 != 0 }
  }
}
