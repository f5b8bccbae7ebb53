import AvocetDatasets
import AvocetFiles
import AvocetImages
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

struct SplitCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func split(_ data: String, _ arguments: String...) -> Outcome {
    avocet(["dataset", "split", data, "--out", folder.at("out")] + arguments)
  }

  /// Twenty scenes of two classes as PNG files.
  private func writeScenes() throws -> String {
    let aviary = Aviary(count: 20, size: 48, seed: 3)
    for i in 0..<20 {
      try folder.write("data/\(i < 10 ? "a" : "b")/\(i).png", aviary.scene(i).image.encodedPNG())
    }
    return folder.at("data")
  }

  private func identity(_ name: String) throws -> FileIdentity {
    try RealFileSystem().status(of: FilePath(folder.at(name)), followingLinks: false).identity
  }

  @Test func theSplitIsLinkedListedAndOpensAsData() throws {
    let run = split(try writeScenes())
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    #expect(
      run.lines == [
        "class        train  val  test", "a                8    1     1",
        "b                8    1     1", "all classes     16    2     2",
        "near duplicates kept together: 0 pictures in 0 groups",
      ])
    let opened = try Dataset.open(folder.at("out"))
    #expect(opened.classes == ["a", "b"])
    #expect([Split.train, .validation, .test].map { opened.splits[$0]?.count } == [16, 2, 2])
    let rows = try #require(csvRows(folder.text("out/split.csv")))
    #expect(rows.count == 21 && rows[0] == ["path", "label", "split", "source"])
    for row in rows.dropFirst() {
      #expect(row[0].hasPrefix("\(row[2])/\(row[1])/"))
      #expect(
        try identity("out/\(row[0])")
          == identity("data" + row[3].dropFirst(folder.at("data").count)))
    }
    #expect(try Dataset.open(folder.at("out/split.csv")).splits[.all]?.count == 20)
  }

  @Test func copiesAreFilesOfTheirOwn() throws {
    #expect(split(try writeScenes(), "--copy", "--fractions", "0.5,0.5").code == 0)
    let files = try folder.files("out/").filter { $0.hasSuffix(".png") }
    #expect(files.count == 20)
    for file in files {
      let name = file.split(separator: "/").suffix(2).joined(separator: "/")
      #expect(try identity(file) != identity("data/" + name))
      #expect(
        try readFile(FilePath(folder.at(file)), limit: 1 << 20)
          == readFile(FilePath(folder.at("data/" + name)), limit: 1 << 20))
    }
  }

  @Test func aLinkLeadsToItsFileAndNamesDoNotCollide() throws {
    let data = try writeScenes()
    let image = Aviary(count: 40, size: 48, seed: 9)
    try folder.write("data/a/deeper/1.png", image.scene(30).image.encodedPNG())
    try folder.write("elsewhere/x.png", image.scene(31).image.encodedPNG())
    symlink("../../elsewhere/x.png", folder.at("data/b/link.png"))
    #expect(split(data).code == 0)
    let files = try folder.files("out/")
    #expect(files.count { $0.hasSuffix("/a/1.png") || $0.hasSuffix("/a/1-2.png") } == 2)
    let link = try #require(files.first { $0.hasSuffix("link.png") })
    #expect(try identity(link) == identity("elsewhere/x.png"))
  }

  @Test func nearDuplicatesAreInOneSplitAndCounted() throws {
    let data = try writeScenes()
    let aviary = Aviary(count: 20, size: 48, seed: 3)
    for i in 0..<5 {
      try folder.write("data/a/copy-\(i).jpg", aviary.scene(i).image.encodedJPEG(quality: 80))
    }
    let run = split(data)
    #expect(run.lines.contains("near duplicates kept together: 10 pictures in 5 groups"))
    let files = try folder.files("out/")
    for i in 0..<5 {
      let places = files.filter { $0.hasSuffix("/a/\(i).png") || $0.hasSuffix("/copy-\(i).jpg") }
      #expect(Set(places.map { $0.split(separator: "/")[1] }).count == 1)
    }
  }

  @Test func picturesWithoutFilesAreWrittenAsPNG() throws {
    let run = split("aviary:count=40,size=32,seed=2", "--fractions", "0.5,0.25,0.25")
    #expect(run.code == 0)
    let rows = try #require(csvRows(folder.text("out/split.csv")))
    let aviary = Aviary(count: 40, size: 32, seed: 2)
    #expect(rows.count == 41)
    for row in rows.dropFirst() {
      let number = try #require(row[3].split(separator: " ").last.flatMap { Int($0) })
      #expect(row[1] == Aviary.classes[aviary.label(number)])
      #expect(
        try readImage(FilePath(folder.at("out/\(row[0])"))).image == aviary.scene(number).image)
    }
  }

  @Test func smallClassesAndDamagedPicturesAreSaid() throws {
    let aviary = Aviary(count: 20, size: 48, seed: 3)
    for (i, name) in ["a/1", "b/1", "b/2", "c/1", "c/2", "c/3"].enumerated() {
      try folder.write("data/\(name).png", aviary.scene(i).image.encodedPNG())
    }
    let broken = try folder.write("data/c/4.png", [1, 2, 3])
    let run = split(folder.at("data"))
    #expect(run.code == 1)
    #expect(run.errors.contains { $0.hasPrefix("avocet: \(broken): ") })
    #expect(
      run.lines.suffix(2) == [
        "classes of one picture, in train: a", "classes of two pictures, in train and val: b",
      ])
    #expect(try folder.files("out/").count == 7)
  }

  @Test func anEarlierSplitIsNotMixedWithANewOne() throws {
    let data = try writeScenes()
    #expect(split(data).code == 0)
    #expect(split(data).code == 2)
    let run = split(data, "--force")
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("out")): has a train already; two splits in one folder would mix; remove it first"
      ])
  }

  @Test(arguments: [
    "0.8", "0.5,0.6", "0,0.5,0.5", "0.8,0.1,0.05,0.05", "0.8,,0.2", "1.2,-0.2", "a,b",
  ])
  func fractionsThatMakeNoWholeAreUsageErrors(_ fractions: String) {
    let run = split("aviary:count=20,size=32", "--fractions", fractions)
    #expect(run.code == 64)
    #expect(run.errors.count == 1)
  }

  @Test func aSignalLeavesNoList() throws {
    let run = avocet(
      ["dataset", "split", try writeScenes(), "--out", folder.at("out"), "--threads", "1"],
      Surroundings(signal: (15, 30)))
    #expect(run.code == 143)
    #expect(!folder.has("out/split.csv"))
  }
}
