import AvocetFiles
import AvocetImages
import AvocetModelFiles
import SystemPackage
import TestSupport
import Testing

struct DetectorsCommandTests {
  /// Twelve pictures of two classes, and a table of points of their parts.
  private func birds(_ folder: TemporaryFolder, beak: String = "beak", path: String = "") throws {
    let names = (0..<12).map { "\($0 % 2 == 0 ? "a" : "b")/\($0).png" }
    for name in names { try folder.pictures("d/\(name)") }
    let header =
      "path,bbox_x,bbox_y,bbox_width,bbox_height,\(beak)_x,\(beak)_y,\(beak)_visible"
    let rows = names.map { "\(path)\($0),1,1,18,18,5,6,1" }
    try folder.write("d/parts.csv", Array(([header] + rows).joined(separator: "\n").utf8))
  }

  @Test func picturesWithoutPartsGiveATableWithoutThem() throws {
    let folder = try TemporaryFolder()
    for i in 0..<6 { try folder.pictures("d/\(i % 2 == 0 ? "a" : "b")/\(i).png") }
    let run = avocet(
      "detectors", try folder.model(), folder.at("d"), "--out", folder.at("o"), "--quiet")
    #expect(run.code == 0 && run.errors.isEmpty, "\(run.error)")
    let json = try folder.text("o/detectors.json")
    _ = try StrictJSON(json.utf8, depth: 16)
    #expect(json.contains("\"with_parts\":0,") && json.contains("\"deletions\":null"))
    #expect(try !folder.text("o/index.html").contains("id=\"found\""))
  }

  @Test func namesWithMarkupStayText() throws {
    let folder = try TemporaryFolder()
    let evil = "</script><img src=x onerror=alert(1)>"
    try birds(folder, beak: evil)
    let model = try folder.model(["<b>ant</b>", "bee", "=crow"])
    let run = avocet(
      "detectors", model, folder.at("d"), "--out", folder.at("o"), "--quiet", "--name",
      "--deletions", "2")
    #expect(run.code == 0, "\(run.error)")
    let page = try folder.text("o/index.html")
    #expect(page.contains("&lt;/script&gt;&lt;img src=x"))
    #expect(!page.contains("<img src=x") && !page.contains("<b>ant"))
    _ = try StrictJSON(try folder.text("o/detectors.json").utf8, depth: 16)
  }

  @Test(arguments: [
    "", "x", "index\n0\n", "index,name\n", "index,name\n1,beak\n", "index,name\n0,none\n",
    "path,label\na.png,a\n", "path,bbox_x,bbox_y,bbox_width,bbox_height\na/0.png,1,1,9,9\n",
    "path,bbox_x,bbox_y,bbox_width,bbox_height,beak_visible\na/0.png,1,1,9,9,1\n",
    "path,bbox_x,bbox_y,bbox_width,bbox_height,k_x,k_y,k_visible\na/0.png,1,1,9,9,1,1\n",
    "path,bbox_x,bbox_y,bbox_width,bbox_height,k_x,k_y,k_visible\na/0.png,1,1,9,nan,1,1,1\n",
    "path,bbox_x,bbox_y,bbox_width,bbox_height,k_x,k_y,k_visible\na/0.png,1,1,9,9,1e99,1,1\n",
    "\"path", "path\0,x\n",
  ])
  func aTableOfPartsThatIsNoneIsOneLine(text: String) throws {
    let folder = try TemporaryFolder()
    for i in 0..<4 { try folder.pictures("d/\(i % 2 == 0 ? "a" : "b")/\(i).png") }
    try folder.write("d/parts.csv", Array(text.utf8))
    let run = avocet(
      "detectors", try folder.model(), folder.at("d"), "--out", folder.at("o"), "--quiet")
    #expect(run.code == 2 && run.errors.count == 1, "\(run.error)")
    #expect(run.error.contains("parts.csv"))
    #expect(!folder.has("o"))
  }

  @Test func boxesThatAreNoneAndPlacesBeyondThePictureAreBorne() throws {
    let folder = try TemporaryFolder()
    try birds(folder)
    let header = "path,bbox_x,bbox_y,bbox_width,bbox_height,k_x,k_y,k_visible"
    let rows = (0..<12).map { i in
      let name = "\(i % 2 == 0 ? "a" : "b")/\(i).png"
      let box = ["0,0,0,0", "-9,-9,-5,-5", "1e6,1e6,1e6,1e6", "2,2,1e6,1e-6"][i % 4]
      return "\(name),\(box),\(i % 3 == 0 ? "-1e6,1e6" : "5,5"),1"
    }
    try folder.write("d/parts.csv", Array(([header] + rows).joined(separator: "\n").utf8))
    let run = avocet(
      "detectors", try folder.model(), folder.at("d"), "--out", folder.at("o"), "--quiet")
    #expect(run.code == 0, "\(run.error)")
  }

  @Test func aTableThatSpeaksOfOtherPicturesIsSaid() throws {
    let folder = try TemporaryFolder()
    try birds(folder, path: "elsewhere/")
    let run = avocet("detectors", try folder.model(), folder.at("d"), "--out", folder.at("o"))
    #expect(run.code == 0)
    #expect(
      run.error.contains("parts.csv: the parts of none of the 12 pictures are known"),
      "\(run.error)")
  }

  @Test func aModelWithoutLevelsIsOneLine() throws {
    let folder = try TemporaryFolder()
    var file = try SafeTensors(try smallModel().encoded())
    file.metadata["avocet.levels"] = "[]"
    let model = try folder.write("m.safetensors", file.encoded())
    try folder.pictures("a.png")
    for run in [
      avocet("detectors", model, "aviary:count=10,size=32", "--out", folder.at("o")),
      avocet("explain", model, folder.at("a.png"), "--out", folder.at("a.html")),
    ] {
      #expect(run.code == 2 && run.errors.count == 1, "\(run.error)")
      #expect(run.error.contains("edges, parts and objects were expected"))
    }
  }

  @Test func theMeansThatAreStoredBecomeTheBaseline() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model()
    try folder.pictures("a.png")
    let before = avocet("explain", model, folder.at("a.png"), "--out", folder.at("a.html"))
    #expect(before.output.contains("against the blurred picture"))
    #expect(!before.output.contains("mean"))
    #expect(
      avocet(
        "detectors", model, "aviary:count=10,seed=5,size=32", "--out", folder.at("o"), "--name"
      ).code == 0)
    let after = avocet("explain", model, folder.at("a.png"), "--out", folder.at("b.html"))
    #expect(after.code == 0, "\(after.error)")
    #expect(after.output.contains("against the data set's mean"))
    #expect(try folder.text("b.html").contains("the data set's mean"))
  }

  @Test func deletionsAreMeasuredOnTheFirstPictures() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model()
    func run(_ count: String, _ out: String) -> Outcome {
      avocet(
        "detectors", model, "aviary:count=10,seed=5,size=32", "--out", folder.at(out),
        "--deletions", count, "--quiet")
    }
    let three = run("3", "a")
    #expect(three.code == 0, "\(three.error)")
    let kinds = ["pixels", "edges", "parts", "objects"]
    #expect(three.lines.count { line in kinds.contains { line.hasPrefix("\($0) ") } } == 16)
    #expect(try folder.text("a/detectors.json").contains("\"deletions\":{\"pictures\":3,"))
    #expect(try folder.text("a/index.html").contains("Do the contributions name what counts?"))
    #expect(run("3", "b").output == three.output)
    #expect(run("99", "c").code == 0)
    #expect(try folder.text("c/detectors.json").contains("\"deletions\":{\"pictures\":10,"))
    #expect(run("-1", "d").code == 64 && !folder.has("d"))
  }
}
