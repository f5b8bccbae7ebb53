import AvocetDatasets
import AvocetFiles
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite final class FolderTests {
  private let folder: TemporaryFolder
  private var number = 0

  init() throws { folder = try TemporaryFolder() }

  /// A new folder of pictures, each in the grey of its place in the list.
  private func data(_ names: String...) throws -> FilePath {
    number += 1
    let path = folder.path.appending("\(number)")
    try makeFolders(path)
    try writePictures(names, in: path)
    return path
  }

  @Test func foldersAreClassesInTheByteOrderOfTheirNames() throws {
    let path = try data("cat/2.png", "cat/10.png", "Dog/a.PNG", "ape/deep/er/x.png", "top.png")
    let dataset = try open(path)
    #expect(dataset.classes == ["Dog", "ape", "cat"])
    #expect(try contents(dataset, .all) == ["Dog 2", "ape 3", "cat 1", "cat 0"])
    #expect(dataset.splits[.all]?.identifier(3) == "\(path)/cat/2.png")
    #expect(dataset.warnings.count == 2)  // Dog and ape have one picture each.
    #expect(try contents(open(path, "/"), .all).count == 4)
  }

  @Test(arguments: ["val", "valid", "validation"])
  func splitsAreMatchedByTheNamesOfTheirClasses(validation: String) throws {
    let path = try data(
      "train/a/1.png", "train/a/2.png", "train/b/1.png", "train/b/2.png", "\(validation)/b/1.png",
      "test/a/1.png", "test/b/1.png", "other/x.png")
    let dataset = try open(path)
    #expect(dataset.classes == ["a", "b"])
    #expect(try contents(dataset, .train) == ["a 0", "a 1", "b 2", "b 3"])
    #expect(try contents(dataset, .validation) == ["b 4"])
    #expect(try contents(dataset, .test) == ["a 5", "b 6"])
    #expect(dataset.splits[.all] == nil)
    let all = try #require(dataset.pictures(of: .all))
    #expect(try (0..<all.count).map { try all.image($0).pixels[0] } == [0, 1, 2, 3, 4, 5, 6])
    #expect(dataset.warnings == ["\(path)/\(validation): no pictures of a"])
  }

  @Test func aSplitThatAddsAClassIsAnErrorThatNamesIt() throws {
    let path = try data("train/a/1.png", "train/b/1.png", "val/a/1.png", "val/c\u{1B}/1.png")
    let message = try #require(whyRefused(path.string))
    #expect(message.contains("\(path)/val: class \"c\\x1b\" is not in \(path)/train"))
    #expect(isOneLine(message))
  }

  @Test func splitsNeedATrainOrNothingElse() throws {
    let measured = try open(data("val/a/1.png", "val/b/1.png", "test/a/1.png", "test/b/1.png"))
    #expect(Set(measured.splits.keys) == [Split.validation, .test])
    // Without a train beside it, "test" is the name of a class like any other.
    #expect(try open(data("test/1.png", "cat/1.png")).classes == ["cat", "test"])
  }

  @Test func reservedAndHiddenNamesAreNoClasses() throws {
    let path = try data("a/1.png", "b/1.png", "parts/1.png", ".git/1.png", "a/.hidden.png")
    try writeFileAtomically(Array("path,index\n".utf8), to: path.appending("parts.csv"))
    try writeFileAtomically(Array("path,caption\n".utf8), to: path.appending("captions.csv"))
    #expect(try open(path).classes == ["a", "b"])
    let split = try data(
      "train/a/1.png", "train/b/1.png", "train/parts/1.png", "parts/1.png", "test/.x/1.png",
      "test/a/1.png", "test/b/1.png")
    #expect(try open(split).classes == ["a", "b"])
  }

  @Test func anEmptyClassIsSaidAndLeftOut() throws {
    let path = try data("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    try makeFolders(path.appending("empty"))
    try makeFolders(path.appending("notes"))
    try writeFileAtomically(Array("x".utf8), to: path.appending("notes/readme.txt"))
    let dataset = try open(path)
    #expect(dataset.classes == ["a", "b"])
    #expect(
      dataset.warnings == [
        "\(path)/empty: no pictures; not a class",
        "\(path)/notes: 1 .txt skipped: not supported",
        "\(path)/notes: no pictures; not a class",
      ])
  }

  @Test func dataWithNothingToTellApartAreRefused() throws {
    let (one, flat, empty) = (try data("a/1.png"), try data("1.png"), try data())
    #expect(whyRefused(one.string)?.contains("only one class (a)") == true)
    #expect(whyRefused(flat.string)?.contains("no class folders") == true)
    #expect(whyRefused(empty.string)?.contains("(0 entries)") == true)
    #expect(whyRefused("/nonexistent/x")?.hasSuffix("no such file or directory") == true)
    #expect(whyRefused("/dev/null")?.contains("is a device") == true)
    #expect(isOneLine(try #require(whyRefused(""))))
  }

  @Test func aClassOfOnePictureIsSaidUnlessAnotherSplitValidates() throws {
    let path = try data("a/1.png", "b/1.png", "b/2.png")
    let alone = try open(path)
    #expect(alone.warnings.count == 1 && alone.warnings[0].contains("class \"a\" has one picture"))
    let split = try data("train/a/1.png", "train/b/1.png", "val/a/1.png", "val/b/1.png")
    #expect(try open(split).warnings.isEmpty)
  }

  @Test func namesMayBeInAnyScriptAndNeedNotBeUTF8() throws {
    let path = try data("Зяблик/1.png", "🐦/1.png", "a b,\"c\"/1.png")
    let odd = path.bytes + [UInt8(ascii: "/"), 0xFF, 0xFE]
    try makeFolders(FilePath(bytes: odd))
    let file = FilePath(bytes: odd + [UInt8(ascii: "/"), 0xC3] + Array(".png".utf8))
    try writeFileAtomically(picture(9), to: file)
    let dataset = try open(path)
    #expect(dataset.classes == ["a b,\"c\"", "Зяблик", "🐦", #"\xff\xfe"#])
    #expect(try contents(dataset, .all).last == #"\xff\xfe 9"#)
    #expect(dataset.splits[.all]?.identifier(3).hasSuffix(#"/\xff\xfe/\xc3.png"#) == true)
  }

  @Test func twoSpellingsOfOneNameAreRefused() throws {
    let composed = try data("\u{E9}/1.png", "e\u{301}/1.png", "x/1.png")
    let message = try #require(whyRefused(composed.string))
    #expect(message.contains("\"\u{E9}\"") && isOneLine(message))
    let escaped = try data(#"\xff/1.png"#, "x/1.png")
    try makeFolders(FilePath(bytes: escaped.bytes + [UInt8(ascii: "/"), 0xFF]))
    let file = FilePath(
      bytes: escaped.bytes + [UInt8(ascii: "/"), 0xFF] + Array("/1.png".utf8))
    try writeFileAtomically(picture(), to: file)
    #expect(whyRefused(escaped.string)?.contains("two folders") == true)
    // One split may come from a system that composes names and another from one that does not.
    let splits = try data(
      "train/\u{E9}/1.png", "train/x/1.png", "test/e\u{301}/1.png", "test/x/1.png")
    #expect(try contents(open(splits), .test) == ["\u{E9} 2", "x 3"])
  }

  @Test func linksAreFollowedAndLoopsEnd() throws {
    let path = try data("real/a/1.png", "set/b/1.png", "set/c/1.png")
    link(path.appending("set/a"), to: "../real/a")
    link(path.appending("set/b/loop"), to: "..")
    link(path.appending("set/b/2.png"), to: "../../real/a/1.png")
    link(path.appending("set/dead"), to: "nowhere")
    link(path.appending("set/b/gone.png"), to: "nowhere.png")
    let dataset = try open(path, "/set")
    #expect(dataset.classes == ["a", "b", "c"])
    // The loop leads from b to every class again; what it shows there is b's too.
    let found = try contents(dataset, .all)
    #expect(found.contains("a 0") && found.contains("b 1") && found.contains("b 0"))
    #expect(dataset.warnings.contains { $0.contains("gone.png: no such file") })
    #expect(!dataset.warnings.contains { $0.hasPrefix("\(path)/set/dead") })
  }

  @Test func aPipeInAClassIsSkipped() throws {
    let path = try data("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    _ = path.appending("a/pipe.png").withPlatformString { mkfifo($0, 0o600) }
    let dataset = try open(path)
    #expect(dataset.splits[.all]?.count == 4)
    #expect(dataset.warnings == ["\(path)/a: 1 FIFO skipped: not supported"])
  }
}
