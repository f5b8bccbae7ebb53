import AvocetCommand
import AvocetFiles
import AvocetImages
import SystemPackage
import TestSupport
import Testing

struct ClassifyInputTests {
  private func paths(_ run: Outcome) -> [String] {
    run.lines.dropFirst().map { String($0.prefix { $0 != "," }) }
  }

  @Test func argumentsKeepTheirOrderAndFoldersTheirs() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("z/2.png", "z/10.png", "b.png", "a.png")
    let run = avocet(
      "classify", try folder.model(), folder.at("b.png"), folder.at("z"), folder.at("a.png"))
    #expect(paths(run) == ["b.png", "z/10.png", "z/2.png", "a.png"].map(folder.at))
  }

  @Test func otherKindsAreSkippedAndCounted() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/a.png", "p/.hidden.png", "p/.git/b.png")
    for name in ["p/b.heic", "p/c.HEIC", "p/d.webp", "p/notes"] {
      try folder.write(name, [1, 2, 3])
    }
    let run = avocet("classify", try folder.model(), folder.at("p"))
    #expect(run.code == 0)
    #expect(paths(run) == [folder.at("p/a.png")])
    #expect(run.errors[0] == "2 .heic, 1 .webp, 1 no extension skipped: not supported")
  }

  @Test func allTakesEveryRegularFileByItsContent() throws {
    let folder = try TemporaryFolder()
    try folder.write("p/picture.dat", picture(1).encodedPNG())
    try folder.write("p/photo", picture(2).encodedJPEG())
    try folder.write("p/notes.txt", Array("hello".utf8))
    let run = avocet("classify", try folder.model(), folder.at("p"), "--all")
    #expect(run.code == 1)
    #expect(paths(run) == ["notes.txt", "photo", "picture.dat"].map { folder.at("p/\($0)") })
    #expect(run.error.contains("3 files: 2 classified, 1 refused; "))
  }

  @Test func aPathThatIsNamedIsTriedWhateverItsName() throws {
    let folder = try TemporaryFolder()
    try folder.write("photo.dat", picture(2).encodedJPEG())
    let run = avocet("classify", try folder.model(), folder.at("photo.dat"))
    #expect(run.code == 0)
    #expect(paths(run) == [folder.at("photo.dat")])
  }

  @Test func contentDecidesNotTheName() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.png", picture(2).encodedJPEG())
    #expect(avocet("classify", try folder.model(), folder.at("a.png")).code == 0)
  }

  @Test func aListOnStandardInputIsReadToItsEnd() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png", "b.png", "c/d.png")
    let model = try folder.model()
    let names = ["b.png", "c", "a.png"].map(folder.at)
    // The last line has no end; empty lines are nothing.
    let lines = Surroundings(input: Array("\(names[0])\n\n\(names[1])\n\(names[2])".utf8))
    let run = avocet(["classify", model, "-"], lines)
    #expect(run.code == 0)
    #expect(paths(run) == ["b.png", "c/d.png", "a.png"].map(folder.at))
  }

  @Test func namesSeparatedByNULMayHoldLineEnds() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("two\nlines.png", "b.png")
    let input = Array("\(folder.at("two\nlines.png"))\0\(folder.at("b.png"))\0".utf8)
    let run = avocet(
      ["classify", try folder.model(), "-", "-0", "--format", "jsonl"], Surroundings(input: input))
    #expect(run.code == 0)
    #expect(run.lines.count == 2)
    #expect(run.lines[0].hasPrefix("{\"path\":\"\(folder.at("two\\nlines.png"))\","))
  }

  @Test func namesOfAnyScriptStayAsTheyAre() throws {
    let folder = try TemporaryFolder()
    let names = ["p/Ünïcödé.png", "p/日本語.png", "p/🐦.png", "p/שלום.png"]
    for name in names { try folder.pictures(name) }
    let run = avocet("classify", try folder.model(), folder.at("p"))
    #expect(run.code == 0)
    let sorted = names.map(folder.at).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(paths(run) == sorted)
  }

  @Test func namesThatAreNotUTF8AreEscapedAndGivenInBase64() throws {
    let folder = try TemporaryFolder()
    let name = Array(folder.at("p/").utf8) + [0xFF, 0xFE] + Array(".png".utf8)
    try makeFolders(FilePath(folder.at("p")))
    try writeFileAtomically(picture(1).encodedPNG(), to: FilePath(bytes: name))
    let model = try folder.model()
    let shown = folder.at("p/\\xff\\xfe.png")
    #expect(paths(avocet("classify", model, folder.at("p"))) == [shown])
    // As an argument of the process and on standard input the bytes come through as they are.
    let argument = carriedArgument(name)
    let json = avocet("classify", model, argument, "--format", "jsonl")
    #expect(json.code == 0)
    let escaped = folder.at("p/\\\\xff\\\\xfe.png")
    #expect(json.output.hasPrefix("{\"path\":\"\(escaped)\",\"path_base64\":\""))
    let list = avocet(["classify", model, "-"], Surroundings(input: name + [10]))
    #expect(list.code == 0 && paths(list) == [shown])
  }

  @Test func aFolderWithoutPicturesIsExitTwo() throws {
    let folder = try TemporaryFolder()
    try folder.write("p/notes.txt", [1])
    let run = avocet("classify", try folder.model(), folder.at("p"))
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "1 .txt skipped: not supported",
        "avocet: \(folder.at("p")): no pictures to classify (.png and .jpg are; --all takes every file)",
      ])
  }

  @Test func aFileThatIsNotThereIsARefusedRow() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let run = avocet(
      "classify", try folder.model(), folder.at("gone.png"), folder.at("a.png"), "--quiet")
    #expect(run.code == 1)
    #expect(run.lines[1] == "\(folder.at("gone.png")),,,no such file or directory")
    #expect(run.lines.count == 3)
    #expect(run.errors == ["avocet: \(folder.at("gone.png")): no such file or directory"])
  }

  @Test(arguments: [(1, 1), (1, 10_000), (10_000, 1), (2, 3)])
  func picturesOfAnyShapeAreClassified(_ width: Int, _ height: Int) throws {
    let folder = try TemporaryFolder()
    try folder.write("a.png", picture(1, width: width, height: height).encodedPNG())
    let run = avocet("classify", try folder.model(), folder.at("a.png"))
    #expect(run.code == 0)
    #expect(run.lines.count == 2)
  }

  @Test func limitsOfTheCommandLineHold() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    for (flag, message) in [
      ("--max-pixels", "24 x 20 pixels are over the limit of 100 (--max-pixels)"),
      ("--max-file-size", "bytes are over the limit"),
    ] {
      let run = avocet("classify", model, folder.at("a.png"), flag, "100", "--quiet")
      #expect(run.code == 1)
      #expect(run.errors.count == 1)
      #expect(run.error.contains(message))
    }
  }
}
