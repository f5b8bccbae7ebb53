import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

struct CheckCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func aSoundFolderHasCountsAndNoComplaint() throws {
    try folder.pictures("data/a/1.png", "data/a/2.png", "data/b/3.png", "data/b/4.png")
    let run = avocet("dataset", "check", folder.at("data"))
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    #expect(
      run.lines == [
        "folder of classes: 4 pictures of 2 classes",
        "  class        pictures",
        "  a                   2",
        "  b                   2",
        "  all classes         4",
        "pictures: 4 readable, 0 not",
        "sizes: width 24 / 24 / 24, height 20 / 20 / 20 pixels (smallest / median / largest)",
        "odd pictures: none",
        "imbalance: none, 2 pictures in each class",
        "classes of one picture: none",
        "copies within a split: none",
        "groups of equal pictures: none",
        "groups of near duplicates: none",
      ])
  }

  private func writeFaults() throws {
    let same = picture(7)
    for name in ["train/a/1.png", "train/a/2.png", "train/b/1.png", "test/a/9.png"] {
      try folder.write("data/\(name)", same.encodedPNG())
    }
    let scene = Aviary(count: 10, size: 40, seed: 4).scene(0).image
    try folder.write("data/train/a/3.png", scene.encodedPNG())
    try folder.write("data/test/b/3.jpg", scene.encodedJPEG(quality: 90))
    try folder.write("data/train/a/dot.png", picture(1, width: 1, height: 1).encodedPNG())
    try folder.write("data/train/a/long.png", picture(1, width: 200, height: 40).encodedPNG())
    try folder.write("data/train/c/x.png", Array("hello".utf8))
  }

  @Test func everyFaultIsFound() throws {
    try writeFaults()
    let run = avocet("dataset", "check", folder.at("data"))
    #expect(run.code == 1)
    #expect(run.lines[0] == "folders of classes, in splits: 9 pictures of 3 classes")
    #expect(
      run.lines[1...5] == [
        "  class        train  test  together", "  a                5     1         6",
        "  b                1     1         2", "  c                1     0         1",
        "  all classes      7     2         9",
      ])
    func named(_ name: String) -> String {
      let parts = name.split(separator: "/")
      return "\(folder.at("data/\(name)")) (\(parts[1]), \(parts[0]))"
    }
    let equal = ["train/a/1.png", "train/a/2.png", "train/b/1.png", "test/a/9.png"].map(named)
    #expect(
      Array(run.lines[6..<17]) == [
        "pictures: 8 readable, 1 not",
        "sizes: width 1 / 24 / 200, height 1 / 20 / 40 pixels (smallest / median / largest)",
        "odd pictures: 2",
        "  \(folder.at("data/train/a/dot.png")) 1 x 1: a side under 16 pixels",
        "  \(folder.at("data/train/a/long.png")) 200 x 40: one side over four times the other",
        "imbalance: largest over smallest 6.0 (a 6, c 1); train --class-weights balanced",
        "classes of one picture: c",
        "copies within a split: 2 in train",
        "groups of equal pictures: 1 (1 across splits: what is measured on them flatters; 1 of several classes)",
        "  equal: \(equal.joined(separator: ", "))",
        "groups of near duplicates: 1 (1 across splits: what is measured on them flatters; 1 of several classes)",
      ])
    #expect(run.lines.count == 18)
    #expect(run.lines.last?.hasPrefix("  alike 0.9") == true)
    #expect(
      run.lines.last?.hasSuffix(": \(named("train/a/3.png")), \(named("test/b/3.jpg"))") == true)
    #expect(run.errors.last?.hasPrefix("avocet: \(folder.at("data/train/c/x.png")): not a") == true)
  }

  @Test func theFindingsAreATableAndAPage() throws {
    try writeFaults()
    let hostile = "data/test/b/<img src=x>.png"
    try folder.write(hostile, picture(7).encodedPNG())
    let run = avocet("dataset", "check", folder.at("data"), "--out", folder.at("out"), "--quiet")
    #expect(run.code == 1)
    #expect(try folder.files("out/") == ["out/findings.csv", "out/findings.html"])
    let rows = try #require(csvRows(folder.text("out/findings.csv")))
    #expect(rows[0] == ["kind", "path", "other", "detail"])
    #expect(
      rows.dropFirst().map { $0[0] }.sorted() == [
        "duplicate", "duplicate", "duplicate", "duplicate", "near duplicate", "odd", "odd",
        "unreadable",
      ])
    let row = rows.first { $0[1] == folder.at("data/test/a/9.png") }
    #expect(
      row == [
        "duplicate", folder.at("data/test/a/9.png"), folder.at("data/train/a/1.png"),
        "equal pixels; a and a; test and train",
      ])
    let page = try folder.text("out/findings.html")
    #expect(!page.contains("<img src=x>") && page.contains("&lt;img src=x&gt;"))
    #expect(page.components(of: "<figure>") == 9)
    #expect(!page.contains("http"))
    let again = avocet("dataset", "check", folder.at("data"), "--out", folder.at("out"))
    #expect(again.code == 2)
  }

  @Test func aPlantedWrongLabelLeadsTheDoubts() throws {
    // Red ones and blue ones; the model learns from sound labels and then sees one that is wrong.
    func noisy(_ number: Int, red: Bool) -> Image {
      var image = picture(number, width: 16, height: 16)
      for i in stride(from: 0, to: image.pixels.count, by: 3) {
        image.pixels[i + (red ? 0 : 2)] = 230
        image.pixels[i + (red ? 2 : 0)] /= 4
      }
      return image
    }
    for i in 0..<24 {
      for (name, red) in [("red", true), ("blue", false)] {
        try folder.write("sound/\(name)/\(i).png", noisy(i, red: red).encodedPNG())
        try folder.write("doubtful/\(name)/\(i).png", noisy(i + 50, red: red).encodedPNG())
      }
    }
    // No red picture is redder.
    var red = noisy(69, red: true)
    for i in stride(from: 0, to: red.pixels.count, by: 3) {
      (red.pixels[i], red.pixels[i + 2]) = (255, 0)
    }
    let wrong = try folder.write("doubtful/blue/wrong.png", red.encodedPNG())
    let trained = avocet(
      "train", folder.at("sound"), "--architecture", "tiny", "--size", "16", "--batch", "8",
      "--epochs", "12", "--validation-split", "0", "--out", folder.at("run"), "--quiet")
    #expect(trained.code == 0)
    let run = avocet(
      "dataset", "check", folder.at("doubtful"), "--model", folder.at("run/model.safetensors"),
      "--out", folder.at("out"))
    #expect(run.code == 0)
    let title = try #require(
      run.lines.firstIndex { $0.hasPrefix("labels that the model doubts: ") })
    #expect(run.lines[title].contains(" of 49; if it was trained on these pictures"))
    let first = try #require(run.lines.dropFirst(title + 1).first)
    #expect(first.hasPrefix("  \(wrong): labelled blue ("))
    #expect(first.contains("looks like red ("))
    let rows = try #require(csvRows(folder.text("out/findings.csv")))
    #expect(rows.first { $0[0] == "label" }?[1] == wrong)
    #expect(try folder.text("out/findings.html").contains("labelled blue"))
  }

  @Test func theDoubtsAreTheProbabilitiesThatClassifyGives() throws {
    try folder.pictures("data/ant/1.png", "data/bee/2.png")
    var model = try smallModel(["ant", "bee"])
    // So cold that the model is sure of everything; a label is then doubted wherever it is not the answer.
    model.temperature = 0.05
    let path = try folder.write("cold.safetensors", model.encoded())
    let run = avocet("dataset", "check", folder.at("data"), "--model", path)
    let answers = try #require(csvRows(avocet("classify", path, folder.at("data")).output))
    let wrong = answers.dropFirst().filter { !$0[0].contains("/\($0[1])/") }
    #expect(!wrong.isEmpty)
    for row in wrong {
      let probability = decimal(try #require(Double(row[2])), 2)
      #expect(run.output.contains("  \(row[0]): labelled "))
      #expect(run.output.contains("looks like \(row[1]) (\(probability))"))
    }
  }

  @Test func aModelOfOtherClassesIsOfNoUse() throws {
    try folder.pictures("data/a/1.png", "data/ant/2.png", "other/x/1.png", "other/y/2.png")
    let model = try folder.model()
    let run = avocet("dataset", "check", folder.at("other"), "--model", model)
    #expect(run.code == 2)
    #expect(run.error.contains("the model knows none of its 2 classes (x, ...)"))
    let some = avocet("dataset", "check", folder.at("data"), "--model", model)
    #expect(some.code == 0)
    #expect(
      some.errors.last == "avocet: the model does not know a; their labels are not looked at")
    #expect(some.output.contains(" of 1; if it was trained"))
  }

  @Test func nothingReadableOrASignalIsNoResult() throws {
    for name in ["a", "b"] { try folder.write("data/\(name)/1.png", []) }
    let run = avocet("dataset", "check", folder.at("data"), "--quiet")
    #expect(run.code == 2)
    #expect(run.output.isEmpty)
    #expect(
      run.errors.last == "avocet: \(folder.at("data")): none of 2 pictures could be read")
    let stopped = avocet(
      ["dataset", "check", "aviary:count=20,size=32"], Surroundings(signal: (15, 0)))
    #expect(stopped.code == 143)
    #expect(stopped.output.isEmpty)
  }
}

extension String {
  /// How often a text occurs.
  fileprivate func components(of text: String) -> Int {
    utf8.indices.count { utf8[$0...].starts(with: text.utf8) }
  }
}
