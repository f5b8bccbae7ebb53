import AvocetFiles
import AvocetImages
import SystemPackage
import TestSupport
import Testing

struct FeaturesTests {
  @Test func everyPictureGetsASheetUnderItsName() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/a.png", "p/sub/b.png")
    let run = avocet("features", try folder.model(), folder.at("p"), "--out", folder.at("out"))
    #expect(run.code == 0)
    let names = ["a.features.png", "sub/b.features.png"].map { "out/p/\($0)" }
    #expect(run.lines == names.map(folder.at))
    #expect(try folder.files("out/") == names)
    let bytes = try readFile(FilePath(folder.at(names[0])), limit: 1 << 24)
    let sheet = try decodeImage(bytes).image
    #expect(sheet.width > 1000 && sheet.height > 600)
  }

  @Test func picturesThatWouldShareASheetKeepTheirExtensionOrGetANumber() throws {
    let folder = try TemporaryFolder()
    try folder.write("p/a.png", picture(1).encodedPNG())
    try folder.write("p/a.jpg", picture(1).encodedJPEG())
    let model = try folder.model()
    _ = avocet("features", model, folder.at("p"), "--out", folder.at("out"))
    #expect(
      try folder.files("out/")
        == ["a.jpg.features.png", "a.png.features.png"].map { "out/p/\($0)" })
    let twice = avocet(
      "features", model, folder.at("p/a.png"), folder.at("p/./a.png"), folder.at("p/a.png"),
      "--out", folder.at("second"))
    #expect(twice.code == 0)
    #expect(Set(twice.lines).count == 3)
    #expect(try folder.files("second/").count == 3)
  }

  @Test func noNameLeadsOutOfTheFolder() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/a.png")
    let run = avocet(
      "features", try folder.model(), folder.at("p/../p/a.png"), "--out", folder.at("x/out"))
    #expect(run.code == 0)
    #expect(run.lines.count == 1 && run.output.hasPrefix(folder.at("x/out/")))
    #expect(!run.output.contains(".."))
    #expect(try folder.files("x/out/").count == 1)
  }

  @Test func rawWritesEveryMapAndAFileOfNumbers() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let run = avocet(
      "features", try folder.model(), folder.at("a.png"), "--out", folder.at("out"), "--raw",
      "--levels", "edges,objects", "--top", "2")
    #expect(run.code == 0)
    let base = "out/a"
    let units = ["edges": 8, "objects": 16]
    var expected = ["\(base).features.png"]
    for (level, count) in units {
      expected.append("\(base)/\(level).json")
      for unit in 0..<count {
        expected.append("\(base)/\(level)/unit-\(unit < 10 ? "00" : "0")\(unit).png")
      }
    }
    #expect(try folder.files("out/").sorted() == expected.sorted())
    let map = try decodeIndexPNG(
      readFile(FilePath(folder.at("\(base)/edges/unit-003.png")), limit: 1 << 20))
    #expect(map.width == 8 && map.height == 8)
    let json = try folder.text("\(base)/edges.json")
    #expect(json.hasPrefix("{\"level\":\"edges\",\"rows\":8,\"columns\":8,\"units\":["))
    #expect(json.matches(of: /"unit":\d+,"name":null,"maximum":/).count == 8)
  }

  @Test func aRefusedPictureIsNamedAndTheRestIsDrawn() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/b.png")
    try folder.write("p/a.png", Array("hello".utf8))
    let run = avocet("features", try folder.model(), folder.at("p"), "--out", folder.at("out"))
    #expect(run.code == 1)
    #expect(run.lines.count == 1)
    #expect(run.errors.count == 1)
    #expect(run.error.hasPrefix("avocet: \(folder.at("p/a.png")): not a picture"))
  }

  @Test func aPictureOfOnePixelAndALongOneAreDrawn() throws {
    let folder = try TemporaryFolder()
    try folder.write("p/dot.png", picture(1, width: 1, height: 1).encodedPNG())
    try folder.write("p/line.png", picture(1, width: 1, height: 10_000).encodedPNG())
    let run = avocet("features", try folder.model(), folder.at("p"), "--out", folder.at("out"))
    #expect(run.code == 0)
    #expect(run.lines.count == 2)
  }

  @Test(arguments: [
    (["--levels", "edges,beaks"], "--levels: \"beaks\" is no level; edges, parts, objects are"),
    (["--levels", ","], "--levels names none"),
    (["--top", "33"], "--top is 33; 1 to 32 maps are possible"),
  ])
  func aFlagThatCannotBeIsExit64(_ flags: [String], _ message: String) throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let run = avocet(
      ["features", try folder.model(), folder.at("a.png"), "--out", folder.at("out")] + flags)
    #expect(run.code == 64)
    #expect(run.errors == ["avocet: \(message)"])
    #expect(!folder.has("out"))
  }

  @Test func aFullFolderIsRefusedUnlessForced() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    try folder.write("out/notes.txt", [1])
    let arguments = ["features", try folder.model(), folder.at("a.png"), "--out", folder.at("out")]
    let run = avocet(arguments)
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("out")): is not empty (1 entry); nothing was written (--force to write into it)"
      ])
    #expect(try folder.files("out/") == ["out/notes.txt"])
    #expect(avocet(arguments + ["--force"]).code == 0)
    #expect(folder.has("out/notes.txt"))
  }

  @Test func anUnwritableFolderIsExitFive() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let below = folder.at("a.png/out")
    let run = avocet("features", try folder.model(), folder.at("a.png"), "--out", below)
    #expect(run.code == 5)
    #expect(run.errors == ["avocet: \(below): not a directory"])
  }

  @Test func noPicturesIsExitTwoAndNoFolder() throws {
    let folder = try TemporaryFolder()
    try makeFolders(FilePath(folder.at("empty")))
    let run = avocet("features", try folder.model(), folder.at("empty"), "--out", folder.at("out"))
    #expect(run.code == 2)
    #expect(
      run.errors == ["avocet: \(folder.at("empty")): no pictures to draw (.png and .jpg are)"])
    #expect(!folder.has("out"))
  }
}
