import AvocetFiles
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
