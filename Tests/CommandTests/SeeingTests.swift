import AvocetCommand
import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

struct SeeingTests {
  @Test func detectorsWritesItsTablesAndNamesTheUnits() throws {
    let folder = try TemporaryFolder()
    let model = folder.at("aviary.safetensors")
    var root = FilePath(#filePath)
    for _ in 0..<3 { root.removeLastComponent() }
    try folder.write(
      "aviary.safetensors",
      readFile(root.appending("models/aviary.safetensors"), limit: 1 << 24))
    let before = try readFile(FilePath(model), limit: 1 << 24)
    let run = avocet(
      "detectors", model, "aviary:count=20,seed=5", "--out", folder.at("out"), "--quiet")
    #expect(run.code == 0, "\(run.error)")
    #expect(try readFile(FilePath(model), limit: 1 << 24) == before)
    let csv = try folder.text("out/detectors.csv").split(separator: "\n")
    #expect(csv.count > 20)
    for file in ["out/detectors.json", "out/index.html"] { #expect(folder.has(file)) }
    let page = try folder.text("out/index.html")
    #expect(!page.contains("http://") && !page.contains("https://"))
    let named = avocet(
      "detectors", model, "aviary:count=20,seed=5", "--out", folder.at("again"), "--name")
    #expect(named.code == 0)
    let now = try readFile(FilePath(model), limit: 1 << 24)
    #expect(now != before)
    let row = csv.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      .first { !$0[2].isEmpty }
    let name = try #require(row)[2]
    #expect(String(decoding: now.prefix(1 << 18), as: UTF8.self).contains(name))
  }

  @Test func partMapsBesidePicturesGiveWhatTheAviaryGives() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model()
    let data = folder.at("birds")
    #expect(avocet("dataset", "export", "aviary:count=20,size=32,seed=5", "--out", data).code == 0)
    let run = avocet("detectors", model, data, "--out", folder.at("a"), "--quiet")
    #expect(run.code == 0, "\(run.error)")
    let parts = try folder.text("a/detectors.csv").split(separator: "\n").dropFirst()
      .filter { !$0.split(separator: ",", omittingEmptySubsequences: false)[3].isEmpty }
    #expect(!parts.isEmpty)
    #expect(try folder.text("a/detectors.json").contains("\"with_parts\":20,"))
  }

  @Test func aPartMapOfAnotherSizeIsNamed() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model()
    let data = folder.at("birds")
    #expect(avocet("dataset", "export", "aviary:count=20,size=32,seed=5", "--out", data).code == 0)
    let map = try folder.files("birds/parts/").sorted()[0]
    try folder.write(map, encodeGreyPNG(width: 3, height: 2, values: [0, 0, 0, 0, 0, 0]))
    let run = avocet("detectors", model, data, "--out", folder.at("a"), "--quiet")
    #expect(run.code == 1)
    #expect(run.errors.count == 1)
    #expect(run.error.contains("is 3 x 2, the picture 32 x 32"))
  }

  @Test func pointsOfPartsAreRead() throws {
    let folder = try TemporaryFolder()
    let names = (0..<12).map { "\($0 % 2 == 0 ? "a" : "b")/\($0).png" }
    for name in names { try folder.pictures("d/\(name)") }
    let header =
      "path,bbox_x,bbox_y,bbox_width,bbox_height,beak_x,beak_y,beak_visible,left_eye_x,left_eye_y,left_eye_visible,right_eye_x,right_eye_y,right_eye_visible"
    let rows = names.map { "\($0),1,1,20,20,5,6,1,8,8,1,0,0,0" }
    try folder.write("d/parts.csv", Array((([header] + rows).joined(separator: "\n")).utf8))
    let run = avocet(
      "detectors", try folder.model(), folder.at("d"), "--out", folder.at("a"), "--quiet")
    #expect(run.code == 0, "\(run.error)")
    let json = try folder.text("a/detectors.json")
    #expect(json.contains("\"with_parts\":12"))
    #expect(json.contains("\"part\":\"eye\"") && !json.contains("left_eye"))
    try folder.write("d/parts.csv", Array("path,x\na,1\n".utf8))
    let bad = avocet(
      "detectors", try folder.model(), folder.at("d"), "--out", folder.at("b"), "--quiet")
    #expect(bad.code == 2 && bad.errors.count == 1)
    #expect(!folder.has("b"))
  }

  @Test func explainWritesOnePageAndSaysWhy() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    let run = avocet("explain", model, folder.at("a.png"), "--out", folder.at("x/a.html"))
    #expect(run.code == 0, "\(run.error)")
    #expect(run.output.contains("gap"))
    let page = try folder.text("x/a.html")
    for word in ["http://", "https://", "<link", "@import"] { #expect(!page.contains(word)) }
    #expect(page.contains("tabindex=\"0\"") && page.contains("aria-live"))
    #expect(try folder.files("x/") == ["x/a.html"])
  }

  @Test func explainReplacesNoPageUnasked() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    try folder.write("a.html", [1])
    let run = avocet("explain", model, folder.at("a.png"), "--out", folder.at("a.html"))
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("a.html")): is there already; nothing was written (--force to replace a file)"
      ])
    #expect(try folder.text("a.html") == "\u{1}")
    let forced = avocet(
      "explain", model, folder.at("a.png"), "--out", folder.at("a.html"), "--force")
    #expect(forced.code == 0)
    #expect(try folder.text("a.html").hasPrefix("<!doctype html>"))
    // A folder or a device is never replaced.
    for place in [folder.path.string, "/dev/null"] {
      let run = avocet("explain", model, folder.at("a.png"), "--out", place, "--force")
      #expect(run.code == 2 && run.errors.count == 1)
    }
  }

  @Test func patchesAreTakenFromAFolderThatDetectorsMade() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    let (picture, page) = (folder.at("a.png"), folder.at("a.html"))
    let units = folder.at("units")
    let wrong = avocet("explain", model, picture, "--out", page, "--detectors", units)
    #expect(wrong.code == 2 && !folder.has("a.html"))
    #expect(
      wrong.errors == ["avocet: \(units): holds no folder patches, as detectors makes it"])
    #expect(avocet("detectors", model, "aviary:count=20,size=32", "--out", units).code == 0)
    let run = avocet("explain", model, picture, "--out", page, "--detectors", units)
    #expect(run.code == 0, "\(run.error)")
    #expect(try folder.text("a.html").contains("\"patches\":\"data:image/jpeg;base64,"))
  }

  @Test func aNameOfAnyBytesIsATitle() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model()
    let name = Array("b".utf8) + [0xFF] + Array("<script>alert(1)<\n\"'.png".utf8)
    let path = FilePath(bytes: folder.path.bytes + [UInt8(ascii: "/")] + name)
    try writeFileAtomically(picture(1).encodedPNG(), to: path)
    let run = avocet(
      "explain", model, carriedArgument(path.bytes), "--out", folder.at("a.html"))
    #expect(run.code == 0, "\(run.error)")
    let page = try folder.text("a.html")
    #expect(page.contains(" b\\xff&lt;script&gt;alert(1)&lt;\\x0a&quot;&#39;.png</title>"))
    #expect(!page.contains("<script>alert"))
  }

  @Test func namesOfUnitsCannotPutMarkupIntoAPage() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    var model = try smallModel()
    let name = "</script><script>alert(2)</script>\u{2028}\"'\n"
    for level in Level.allCases {
      let units = model.network.nodes[try #require(model.network.levels[level])].shape.channels
      for unit in 0..<units { model.detectorNames[level, default: [:]][unit] = name }
    }
    let path = try folder.write("named.safetensors", model.encoded())
    let run = avocet("explain", path, folder.at("a.png"), "--out", folder.at("a.html"))
    #expect(run.code == 0, "\(run.error)")
    #expect(run.lines.count == run.output.split(separator: "\n").count)
    let page = try folder.text("a.html")
    #expect(page.contains("alert(2)") && !page.contains("<script>alert"))
    #expect(page.split(separator: "</script>").count == 3)
  }

  @Test func aFileInPlaceOfTheOutputFolderIsExitFive() throws {
    let folder = try TemporaryFolder()
    let (model, data) = (try folder.model(), try folder.ninePictures())
    try folder.write("file", [1])
    for command in [
      ["explain", model, data + "/ant/1.png", "--out", folder.at("file/a.html")],
      ["features", model, data, "--out", folder.at("file")],
      ["evaluate", model, data, "--out", folder.at("file")],
    ] {
      let run = avocet(command)
      #expect(run.code == 5 && run.output.isEmpty)
      #expect(
        run.errors == ["avocet: \(folder.at("file")): is a regular file, not a folder"])
    }
    #expect(try folder.text("file") == "\u{1}")
  }

  @Test func aSignalEndsAnExplanation() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let run = avocet(
      ["explain", try folder.model(), folder.at("a.png"), "--out", folder.at("a.html")],
      Surroundings(signal: (2, 1)))
    #expect(run.code == 130 && run.output.isEmpty)
    #expect(run.errors == ["avocet: stopped before the end"])
    #expect(!folder.has("a.html"))
  }

  @Test func explainRefusesWhatItCannotExplain() throws {
    let folder = try TemporaryFolder()
    try folder.write("a.png", Array("hello".utf8))
    let model = try folder.model()
    let run = avocet("explain", model, folder.at("a.png"), "--out", folder.at("a.html"))
    #expect(run.code == 2 && run.errors.count == 1)
    #expect(run.error.hasPrefix("avocet: \(folder.at("a.png")): not a picture"))
    let class64 = avocet(
      "explain", model, folder.at("a.png"), "--out", folder.at("a.html"), "--versus", "no<b>body")
    #expect(class64.code == 64)
    #expect(!folder.has("a.html"))
  }
}
