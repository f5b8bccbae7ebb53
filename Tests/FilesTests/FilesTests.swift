import AvocetFiles
import Synchronization
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct WritingTests {
  @Test func aFileIsWrittenWholeAndLeavesNothingBeside() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let file = try folder.file("model", bytes)
    #expect(try readFile(file, limit: 100_000) == bytes)
    #expect(try folder.names() == ["model"])
  }

  @Test(arguments: [Errno.ioError, .noSpace, .notPermitted])
  func everyFailingStepLeavesTheOldFileOrTheNewOneWhole(error: Errno) throws {
    let folder = try TemporaryFolder()
    let new = [UInt8](repeating: 2, count: 5000)
    let counting = FaultyFileSystem(failing: -1)
    try writeFileAtomically(new, to: try folder.file("a"), fileSystem: counting)
    #expect(counting.steps == 9)  // open, 5 writes, fsync, rename, fsync of the folder
    for step in 0..<counting.steps {
      let file = try folder.file("a", [1, 1, 1])
      let faulty = FaultyFileSystem(failing: step, error: error)
      let thrown = #expect(throws: FileError.self) {
        try writeFileAtomically(new, to: file, fileSystem: faulty)
      }
      #expect(thrown?.path == file)
      #expect(thrown?.kind == .system(error))
      let isRenamed = step == counting.steps - 1
      #expect(try readFile(file, limit: 10_000) == (isRenamed ? new : [1, 1, 1]))
      #expect(try folder.names() == ["a"])
    }
  }

  // Open, 5 writes, fsync, open, 2 reads, 2 renames, fsync of the folder.
  @Test(arguments: [false, true])
  func atEveryFailureOrDeathTheOldFileOrTheNewOneIsWhole(isDeath: Bool) throws {
    let (old, new) = ([UInt8](repeating: 1, count: 9), [UInt8](repeating: 2, count: 5000))
    for step in 0..<13 {
      let folder = try TemporaryFolder()
      let (file, previous) = (try folder.file("a", old), try folder.file("b", [0]))
      let faulty = FaultyFileSystem(failing: step, forever: isDeath)
      #expect(throws: FileError.self) {
        try writeFileAtomically(new, to: file, keeping: previous, fileSystem: faulty)
      }
      let (newest, kept) = (
        try? readFile(file, limit: 10_000), try? readFile(previous, limit: 10_000)
      )
      #expect(newest == nil ? kept == old : newest == old || newest == new, "step \(step)")
      #expect(kept == nil || kept == [0] || kept == old, "step \(step)")
      try removeTemporaries(in: folder.path)
      #expect(try folder.names().allSatisfy { $0 == "a" || $0 == "b" })
    }
    let folder = try TemporaryFolder()
    let (file, previous) = (try folder.file("a", old), folder.path.appending("b"))
    let counting = FaultyFileSystem(failing: -1)
    try writeFileAtomically(new, to: file, keeping: previous, fileSystem: counting)
    #expect(counting.steps == 13)
    #expect(try readFile(file, limit: 10_000) == new && readFile(previous, limit: 10) == old)
  }

  @Test func aFileThatTheDiskDoesNotGiveBackIsNotTaken() throws {
    let folder = try TemporaryFolder()
    let (file, previous) = (try folder.file("a", [1]), folder.path.appending("b"))
    let error = #expect(throws: FileError.self) {
      try writeFileAtomically(
        [2, 3], to: file, keeping: previous,
        fileSystem: FaultyFileSystem(failing: -1, forgets: true))
    }
    #expect(error?.kind == .system(.ioError))
    #expect(try readFile(file, limit: 10) == [1] && folder.names() == ["a"])
  }

  @Test func aCallThatASignalInterruptsIsMadeAgain() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("a", [1])
    let calls = Atomic<Int>(0)
    var step = 0
    // One call after the other until a write meets none that is interrupted.
    while step <= calls.load(ordering: .relaxed) {
      calls.store(0, ordering: .relaxed)
      let files = RealFileSystem { [step] in
        calls.add(1, ordering: .relaxed).oldValue == step
      }
      let bytes = [UInt8](repeating: UInt8(step), count: 100)
      try writeFileAtomically(
        bytes, to: file, keeping: folder.path.appending("b"), fileSystem: files)
      #expect(try readFile(file, limit: 100, fileSystem: files) == bytes)
      step += 1
    }
    #expect(step > 10)
  }

  @Test func aNameOfTheGreatestLengthCanBeWritten() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "n", count: 255)
    try folder.file(name, [1])
    #expect(try folder.names() == [name])
  }

  @Test func aMissingFolderIsNamed() {
    let error = #expect(throws: FileError.self) {
      try writeFileAtomically([1], to: "/nonexistent/deep/file")
    }
    #expect(error?.description == "/nonexistent/deep/file: no such file or directory")
  }

  @Test func aStreamedFileHasItsNameOnlyWhenFinished() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("out.csv")
    let file = try StreamedFile(path)
    try file.write("one\n")
    try file.flush()
    #expect(try folder.names() == ["out.csv.part"])
    try file.write("two\n")
    try file.finish()
    #expect(try folder.names() == ["out.csv"])
    #expect(try readFile(path, limit: 100) == Array("one\ntwo\n".utf8))
    #expect(throws: FileError.self) {
      try file.write("x"); try file.flush()
    }
  }

  @Test func aStreamedFileGoesOnAfterWhatIsKept() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("out.csv")
    try folder.file("out.csv.part", "one\ntw".utf8)
    let file = try StreamedFile(path, keeping: 4)
    try file.write("two\n")
    try file.finish()
    #expect(try readFile(path, limit: 100) == Array("one\ntwo\n".utf8))
  }

  @Test func aFullDiskIsReportedAndThePartStays() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("out.csv", "old".utf8)
    let file = try StreamedFile(path, fileSystem: FaultyFileSystem(failing: 2, error: .noSpace))
    try file.write("one\n")
    let error = #expect(throws: FileError.self) { try file.finish() }
    #expect(error?.reason == "no space left on device")
    #expect(try readFile(path, limit: 100) == Array("old".utf8))
  }

  @Test func anOutputFolderIsMadeAndOnlyAnEmptyOneTaken() throws {
    let folder = try TemporaryFolder()
    let out = folder.path.appending("a/b/c")
    try OutputFolder.prepare(out)
    try OutputFolder.prepare(out)
    try writeFileAtomically([1], to: out.appending("x"))
    let error = #expect(throws: FileError.self) { try OutputFolder.prepare(out) }
    #expect(error?.reason.contains("not empty (1 entry)") == true)
    try OutputFolder.prepare(out, force: true)
    try OutputFolder.prepare(out, resume: true)
    #expect(throws: FileError.self) { try OutputFolder.prepare(out.appending("x")) }
    #expect(throws: FileError.self) { try OutputFolder.prepare(out.appending("x/y")) }
  }
}

@Suite struct ReadingTests {
  @Test func theLimitIsTheLargestSizeThatIsRead() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("a", [1, 2, 3, 4])
    #expect(try readFile(file, limit: 4) == [1, 2, 3, 4])
    let error = #expect(throws: FileError.self) { try readFile(file, limit: 3) }
    #expect(error?.kind == .tooLarge)
    #expect(error?.reason == "4 bytes are over the limit of 3")
    #expect(try readFile(folder.file("empty"), limit: 0) == [])
  }

  @Test func aFolderAndAPipeAreRefusedWithoutWaiting() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.path.appending("pipe.png")
    _ = pipe.withPlatformString { mkfifo($0, 0o600) }
    for (path, kind) in [(pipe, "FIFO"), (folder.path, "folder"), ("/dev/zero", "device")] {
      let error = #expect(throws: FileError.self) { try readFile(path, limit: 10) }
      #expect(error?.reason == "is a \(kind), not a regular file")
      #expect(error?.kind == .notRegular)
    }
  }

  @Test func everyFailingStepOfReadingIsReported() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("a", [1, 2, 3])
    for step in 0..<3 {
      let error = #expect(throws: FileError.self) {
        try readFile(file, limit: 10, fileSystem: FaultyFileSystem(failing: step))
      }
      #expect(error?.kind == .system(.ioError))
    }
  }

  #if os(Linux)
    @Test func aFileWithoutASizeIsReadToItsEndOrItsLimit() throws {
      let whole = try readFile("/proc/self/status", limit: 1 << 20)
      #expect(!whole.isEmpty)
      #expect(throws: FileError.self) { try readFile("/proc/self/status", limit: 10) }
    }
  #endif
}

@Suite struct InputFileTests {
  @Test func anyPartOfAFileCanBeRead() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    let file = try InputFile(folder.file("a", bytes), limit: 10_000)
    #expect(file.size == 10_000)
    for (offset, count) in [(0, 1), (9_990, 10), (17, 4_000), (0, 10_000)] {
      #expect(
        try file.bytes(at: offset, count: count) == Array(bytes[offset..<offset + count]))
    }
    #expect(try file.bytes(at: 9_990, count: 50) == Array(bytes[9_990...]))
    #expect(try file.bytes(at: 20_000, count: 5).isEmpty)
  }

  @Test func aFileThatGrowsIsReadToItsEndOrRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", [1, 2])
    let file = try InputFile(path, limit: 5000)
    let handle = try FileDescriptor.open(path, .writeOnly, options: .append)
    try handle.closeAfter { _ = try handle.writeAll([UInt8](repeating: 3, count: 4998)) }
    #expect(try file.allBytes(limit: 5000).count == 5000)
    #expect(throws: FileError.self) { try file.allBytes(limit: 4999) }
  }
}
