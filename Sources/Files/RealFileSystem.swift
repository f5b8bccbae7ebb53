import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The operating system's files.
public struct RealFileSystem: FileSystem {
  /// The operating system's files.
  public init() {}

  /// Opens a file; a new one gets the permissions that the umask leaves.
  public func open(_ path: FilePath, for purpose: OpenPurpose) throws(Errno) -> FileDescriptor {
    let flags =
      switch purpose {
      case .reading: O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
      case .creating: O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC
      case .continuing: O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC
      }
    let raw = try retrying {
      unsafe path.withPlatformString { Int(unsafe openFile($0, flags)) }
    }
    return FileDescriptor(rawValue: CInt(raw))
  }

  /// Closes a file.
  public func close(_ file: FileDescriptor) { _ = closeFile(file.rawValue) }

  /// Asks `fstat`.
  public func status(of file: FileDescriptor) throws(Errno) -> FileStatus {
    var raw = stat()
    _ = try retrying { unsafe Int(fstat(file.rawValue, &raw)) }
    return FileStatus(raw)
  }

  /// Asks `stat` or `lstat`.
  public func status(of path: FilePath, followingLinks: Bool) throws(Errno) -> FileStatus {
    var raw = stat()
    _ = try retrying {
      unsafe path.withPlatformString {
        unsafe Int(followingLinks ? stat($0, &raw) : lstat($0, &raw))
      }
    }
    return FileStatus(raw)
  }

  /// Reads at the file's position.
  public func read(
    _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try retrying { unsafe readFile(file.rawValue, buffer.baseAddress, buffer.count) }
  }

  /// Reads at an offset.
  public func read(
    _ file: FileDescriptor, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try retrying {
      unsafe pread(file.rawValue, buffer.baseAddress, buffer.count, off_t(offset))
    }
  }

  /// Writes at the file's position.
  public func write(
    _ file: FileDescriptor, _ buffer: UnsafeRawBufferPointer
  ) throws(Errno) -> Int {
    try retrying { unsafe writeFile(file.rawValue, buffer.baseAddress, buffer.count) }
  }

  /// Cuts the file and moves to its new end.
  public func truncate(_ file: FileDescriptor, to size: Int) throws(Errno) {
    _ = try retrying { Int(ftruncate(file.rawValue, off_t(size))) }
    _ = try retrying { Int(lseek(file.rawValue, off_t(size), SEEK_SET)) }
  }

  /// Calls `fsync`.
  public func synchronize(_ file: FileDescriptor) throws(Errno) {
    _ = try retrying { Int(fsync(file.rawValue)) }
  }

  /// Calls `fsync` on the folder, where the file system can.
  public func synchronizeFolder(_ path: FilePath) throws(Errno) {
    let folder = try open(path, for: .reading)
    defer { close(folder) }
    do throws(Errno) { try synchronize(folder) } catch {
      // Some network file systems cannot; then there is nothing to wait for.
      if error != .invalidArgument && error != .notSupported { throw error }
    }
  }

  /// Calls `rename`.
  public func rename(_ from: FilePath, to: FilePath) throws(Errno) {
    _ = try retrying {
      unsafe from.withPlatformString { from in
        unsafe to.withPlatformString { to in unsafe Int(renameFile(from, to)) }
      }
    }
  }

  /// Calls `linkat`.
  public func link(_ from: FilePath, to: FilePath) throws(Errno) {
    _ = try retrying {
      unsafe from.withPlatformString { from in
        unsafe to.withPlatformString { to in
          unsafe Int(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW))
        }
      }
    }
  }

  /// Calls `unlink`.
  public func remove(_ path: FilePath) throws(Errno) {
    _ = try retrying { unsafe path.withPlatformString { unsafe Int(unlink($0)) } }
  }

  /// Calls `mkdir`.
  public func makeFolder(_ path: FilePath) throws(Errno) {
    _ = try retrying { unsafe path.withPlatformString { unsafe Int(mkdir($0, 0o777)) } }
  }

  /// Reads the whole folder and sorts its names.
  public func list(_ folder: FilePath) throws(Errno) -> FolderListing {
    guard let stream = unsafe folder.withPlatformString({ unsafe opendir($0) }) else {
      throw Errno(rawValue: errno)
    }
    defer { unsafe closedir(stream) }
    var listing = FolderListing()
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        if errno != 0 { throw Errno(rawValue: errno) }
        break
      }
      let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      let name = unsafe (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
      let bytes = unsafe UnsafeBufferPointer(start: name, count: nameLength(name))
      if unsafe bytes.elementsEqual([46]) || bytes.elementsEqual([46, 46]) { continue }
      unsafe listing.append(bytes, kind: FileKind(directoryType: Int(entry.pointee.d_type)))
    }
    listing.sort()
    return listing
  }
}

extension FileKind {
  fileprivate init(directoryType: Int) {
    self =
      switch directoryType {
      case Int(DT_REG): .regular
      case Int(DT_DIR): .folder
      case Int(DT_LNK): .link
      case Int(DT_FIFO): .pipe
      case Int(DT_SOCK): .socket
      case Int(DT_CHR), Int(DT_BLK): .device
      default: .unknown
      }
  }
}

extension FileStatus {
  fileprivate init(_ raw: stat) {
    let kind: FileKind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .link
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      case S_IFCHR, S_IFBLK: .device
      default: .unknown
      }
    self.init(
      kind: kind, size: Int(raw.st_size),
      identity: FileIdentity(
        device: UInt64(truncatingIfNeeded: raw.st_dev),
        number: UInt64(truncatingIfNeeded: raw.st_ino)))
  }
}

/// The process's number, for names of temporary files.
package func processNumber() -> Int { Int(getpid()) }

// The C functions under names that the methods above do not hide.
@unsafe private func openFile(_ path: UnsafePointer<CChar>, _ flags: CInt) -> CInt {
  unsafe open(path, flags, 0o666)
}
private func closeFile(_ file: CInt) -> CInt { close(file) }
@unsafe private func readFile(
  _ file: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int
) -> Int {
  guard let buffer = unsafe buffer else { return 0 }
  return unsafe read(file, buffer, count)
}
@unsafe private func writeFile(_ file: CInt, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  guard let buffer = unsafe buffer else { return 0 }
  return unsafe write(file, buffer, count)
}
@unsafe private func renameFile(_ from: UnsafePointer<CChar>, _ to: UnsafePointer<CChar>) -> CInt {
  unsafe rename(from, to)
}

@unsafe private func nameLength(_ name: UnsafePointer<UInt8>) -> Int {
  var count = 0
  while unsafe name[count] != 0 { count += 1 }
  return count
}

/// Calls a system call again when a signal interrupted it; -1 becomes the error.
private func retrying(_ call: () -> Int) throws(Errno) -> Int {
  while true {
    let result = call()
    if result != -1 { return result }
    let error = Errno(rawValue: errno)
    if error != .interrupted { throw error }
  }
}
