import AvocetDatasets
import AvocetFiles
import AvocetImages
import SystemPackage
import TestSupport
import Testing

struct DatasetCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func anExportedAviaryOpensAgainWithItsPartsAndCaptions() throws {
    let out = folder.at("out")
    let run = avocet("dataset", "export", "aviary:count=20,size=32,seed=4", "--out", out)
    #expect(run.code == 0)
    #expect(run.lines == [out])
    #expect(run.errors == ["20 pictures of 10 classes written, 0 refused"])
    let aviary = Aviary(count: 20, size: 32, seed: 4)
    let dataset = try Dataset.open(out)
    #expect(Set(dataset.classes) == Set(Aviary.classes))
    #expect(dataset.warnings.isEmpty)
    let source = try #require(dataset.splits[.all])
    #expect(source.count == 20)
    let captions = try #require(csvRows(folder.text("out/captions.csv")))
    #expect(captions.count == 21 && captions[0] == ["path", "caption"])
    for (i, row) in captions.dropFirst().enumerated() {
      let scene = aviary.scene(i)
      let name = "\(Aviary.classes[scene.label])/0000\(i < 10 ? "0" : "")\(i).png"
      #expect(row == [name, scene.caption])
      #expect(try readImage(FilePath(folder.at("out/\(name)"))).image == scene.image)
      let map = try decodeIndexPNG(
        readFile(FilePath(folder.at("out/parts/\(name)")), limit: 1 << 20))
      #expect(map.values == scene.partMap)
    }
    let parts = try #require(csvRows(folder.text("out/parts.csv")))
    #expect(parts.first == ["index", "name"])
    #expect(parts.dropFirst().map { $0[1] } == Aviary.parts)
    #expect(try folder.files("out/").count == 20 + 20 + 2)
  }

  @Test func splitsBecomeFoldersAndJPEGsPNGs() throws {
    for (split, name) in [("train", "a"), ("train", "b"), ("val", "a"), ("test", "b")] {
      try folder.write("data/\(split)/\(name)/x.jpg", picture(5).encodedJPEG())
    }
    let run = avocet("dataset", "export", folder.at("data"), "--out", folder.at("out"), "--quiet")
    #expect(run.code == 0)
    #expect(
      try folder.files("out/")
        == [
          "test/b/000000.png", "train/a/000000.png", "train/b/000001.png", "val/a/000000.png",
        ].map { "out/\($0)" })
    let original = try readImage(FilePath(folder.at("data/val/a/x.jpg"))).image
    #expect(try readImage(FilePath(folder.at("out/val/a/000000.png"))).image == original)
  }

  @Test func greyPicturesAreWrittenAsGreyOnes() throws {
    func file(_ sizes: [UInt8], _ values: [UInt8]) -> [UInt8] {
      [0, 0, 8, UInt8(sizes.count)] + sizes.flatMap { [0, 0, 0, $0] } + values
    }
    try folder.write("idx/train-images-idx3-ubyte", file([2, 2, 3], (0..<12).map { $0 * 20 }))
    try folder.write("idx/train-labels-idx1-ubyte", file([2], [1, 0]))
    let run = avocet("dataset", "export", folder.at("idx"), "--out", folder.at("out"), "--quiet")
    #expect(run.code == 0)
    #expect(
      try folder.files("out/") == ["out/train/0/000001.png", "out/train/1/000000.png"])
    let map = try decodeIndexPNG(
      readFile(FilePath(folder.at("out/train/1/000000.png")), limit: 1 << 20))
    #expect((map.width, map.height) == (3, 2))
    #expect(map.values == (0..<6).map { $0 * 20 })
  }

  @Test func classesWithNamesThatMeanSomethingGetAnUnderscore() throws {
    let labels = ["a/b", "parts", "train", "captions.csv", ".x"]
    var lines = ["path,label"]
    for (i, label) in labels.enumerated() {
      try folder.pictures("p\(i).png")
      lines.append("p\(i).png,\(label)")
    }
    let list = try folder.write("list.csv", Array(lines.joined(separator: "\n").utf8))
    let run = avocet("dataset", "export", list, "--out", folder.at("out"))
    #expect(run.code == 0)
    #expect(run.errors.contains("avocet: class \"parts\" goes into the folder _parts"))
    #expect(
      try Dataset.open(folder.at("out")).classes == [
        "_.x", "_captions.csv", "_parts", "_train", "a_b",
      ])
  }

  @Test func classesThatWouldShareAFolderAreRefused() throws {
    try folder.pictures("1.png", "2.png")
    let list = try folder.write("list.csv", Array("path,label\n1.png,a/b\n2.png,a_b\n".utf8))
    let run = avocet("dataset", "export", list, "--out", folder.at("out"), "--quiet")
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("out")): the classes \"a/b\" and \"a_b\" would share the folder a_b; nothing was written"
      ])
    #expect(!folder.has("out"))
  }

  @Test func aPictureThatCannotBeReadIsNamedAndTheRestWritten() throws {
    try folder.pictures("data/a/1.png", "data/b/2.png")
    try folder.write("data/a/0.png", [])
    let run = avocet("dataset", "export", folder.at("data"), "--out", folder.at("out"), "--quiet")
    #expect(run.code == 1)
    #expect(run.errors == ["avocet: \(folder.at("data/a/0.png")): file is empty"])
    #expect(try folder.files("out/") == ["out/a/000001.png", "out/b/000002.png"])
  }

  @Test func exportRefusesPlacesThatAreFullOrCannotBeWritten() throws {
    try folder.write("full/notes.txt", [1])
    let full = avocet("dataset", "export", "aviary:count=10,size=32", "--out", folder.at("full"))
    #expect(full.code == 2)
    #expect(try folder.files() == ["full/notes.txt"])
    let below = folder.at("full/notes.txt/x")
    let run = avocet("dataset", "export", "aviary:count=10,size=32", "--out", below)
    #expect(run.code == 5)
    #expect(run.errors == ["avocet: \(below): not a directory"])
  }

  @Test func aSignalEndsTheExportWithCaptionsForWhatIsThere() throws {
    let run = avocet(
      [
        "dataset", "export", "aviary:count=100,size=32", "--threads", "1", "--out",
        folder.at("out"),
      ],
      Surroundings(signal: (2, 1)))
    #expect(run.code == 130)
    #expect(run.errors == ["avocet: stopped after 32 of 100 pictures"])
    #expect(try csvRows(folder.text("out/captions.csv"))?.count == 33)
    #expect(try folder.files("out/").count == 32 + 32 + 2)
  }

  // classify defuses such cells with an apostrophe, and its output is a list to learn from.
  @Test func aListWithDefusedCellsNamesTheFilesAndClassesThemselves() throws {
    for name in ["=1.png", "'=2.png", "@3.png", "'4.png"] { try folder.pictures(name) }
    let rows = ["=1.png,=crow", "'=2.png,ant", "@3.png,=crow", "'4.png,ant"].map { row in
      row.split(separator: ",").map { csvCell(String($0)) }.joined(separator: ",")
    }
    #expect(rows == ["'=1.png,'=crow", "''=2.png,ant", "'@3.png,'=crow", "'4.png,ant"])
    let text = (["path,label"] + rows).joined(separator: "\n")
    let list = try folder.write("list.csv", Array(text.utf8))
    let run = avocet("dataset", "check", list)
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    #expect(run.lines[1...3].map { $0.split(separator: " ")[0] } == ["class", "=crow", "ant"])
  }

  @Test func listNamesEveryFormat() {
    let run = avocet("dataset", "list")
    #expect(run.code == 0)
    #expect(run.lines.count == 1 + Dataset.Kind.allCases.count)
    #expect(run.lines[0].hasPrefix("form "))
    #expect(run.output.contains("aviary:count=6000,size=64,seed=1"))
  }
}
