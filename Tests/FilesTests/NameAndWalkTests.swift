import AvocetFiles
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct NameTests {
  @Test func escapesAreTakenBack() {
    for bytes in [[], [0xE9, 0x2E], Array("a\\b\n é".utf8), [0xFF, 0x5C, 0x78, 0x31], [1, 0]]
      as [[UInt8]]
    {
      #expect(unescapedBytes(escapedText(bytes)) == bytes)
    }
    for text in ["\\", "\\x", "\\x1", "\\xg1", "\\n", "a\\x+1"] {
      #expect(unescapedBytes(text) == nil)
    }
  }

  @Test(arguments: [
    ([0x61, 0x2f, 0xff, 0xfe, 0x2e, 0x6a], #"a/\xff\xfe.j"#),
    ([0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x0a], #"\x1b[31m\x0a"#),
    ([0xc3, 0xa9, 0xf0, 0x9f, 0x90, 0xa6], "é🐦"),
    ([0xe2, 0x80, 0xae, 0x5c], #"\xe2\x80\xae\\"#),
    ([0xe2, 0x80], #"\xe2\x80"#),
    ([0xed, 0xa0, 0x80, 0x41], #"\xed\xa0\x80A"#),
  ]) func aNameIsOneLineOfText(bytes: [UInt8], text: String) {
    #expect(FilePath(bytes: bytes).escaped == text)
    #expect(FilePath(bytes: bytes).bytes == bytes)
  }

  @Test func productsAndSumsOfNumbersFromFilesAreChecked() {
    #expect(checkedProduct(2, 3, 7) == 42)
    #expect(checkedProduct(4_194_305, 4_194_305, 211_106_198_978_564) == nil)
    #expect(checkedProduct(.max, 2, 0) == 0)
    #expect(checkedProduct(2, -1) == nil)
    #expect(checkedProduct(.max, 2, 0, -1) == nil)
    #expect(checkedSum(.max, 1) == nil)
    #expect(checkedSum(1, 2, 3) == 6)
    #expect(grouped(64_000_000) == "64,000,000")
    #expect(grouped(-1234) == "-1,234")
    #expect(grouped(999) == "999")
  }
}

@Suite struct FolderWalkTests {
  private func makeTree() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["b", "B", "a/inner", ".hidden"] { try makeFolders(folder.path.appending(name)) }
    for name in [
      "b/2.png", "b/10.JPG", "B/x.jpeg", "a/inner/z.jfif", "a/q.heic", "a/r.heic", "c.txt",
      ".hidden/no.png", ".p.png", "z.jpe", "bare",
    ] {
      try folder.file(name, [1])
    }
    return folder
  }

  @Test func picturesComeInTheByteOrderOfTheirNamesInDepth() throws {
    let folder = try makeTree()
    let walk = FolderWalk(folder.path)
    let found = walk.map { String($0.string.dropFirst(folder.path.string.count + 1)) }
    #expect(found == ["B/x.jpeg", "a/inner/z.jfif", "b/10.JPG", "b/2.png", "z.jpe"])
    #expect(walk.skipped == ["hidden": 2, ".heic": 2, ".txt": 1, "no extension": 1])
    #expect(walk.failures.isEmpty)
    #expect(Array(FolderWalk(folder.path, extensions: nil)).count == 9)
  }

  @Test func loopsOfLinksEndAndFoldersAreEnteredOnce() throws {
    let folder = try makeTree()
    for (target, name) in [("..", "b/up"), (".", "self"), ("a", "again"), ("nowhere", "w.png")] {
      _ = target.withCString { target in
        folder.path.appending(name).withPlatformString { symlink(target, $0) }
      }
    }
    _ = "b/2.png".withCString { target in
      folder.path.appending("y.png").withPlatformString { symlink(target, $0) }
    }
    let walk = FolderWalk(folder.path)
    let found = Array(walk)
    #expect(found.count == 6)
    #expect(found.contains(folder.path.appending("y.png")))
    #expect(walk.skipped["folder seen before"] == 3)
    #expect(walk.failures.map(\.reason) == ["no such file or directory"])
  }

  @Test func namesThatAreNotUTF8AreFoundAndReadable() throws {
    let folder = try TemporaryFolder()
    let path = FilePath(bytes: folder.path.bytes + [0x2f, 0xff, 0xfe] + Array(".png".utf8))
    try writeFileAtomically([7], to: path)
    let found = Array(FolderWalk(folder.path))
    #expect(found.map(\.bytes) == [path.bytes])
    #expect(try found.map { try readFile($0, limit: 1) } == [[7]])
  }

  @Test func aMissingFolderIsAFailureNotACrash() {
    let walk = FolderWalk("/nonexistent")
    #expect(walk.next() == nil)
    #expect(walk.failures.map(\.description) == ["/nonexistent: no such file or directory"])
  }
}
