import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

/// The pages of evidence that a report's mistakes lead to.
struct EvidenceTests {
  private let folder: TemporaryFolder
  private let model: String
  private let data: String

  init() throws {
    folder = try TemporaryFolder()
    (model, data) = (try folder.model(), try folder.ninePictures())
  }

  /// Truth and prediction of the wrong pictures, the most confident errors first.
  private func wrong(_ out: String) throws -> [(path: String, truth: String, said: String)] {
    try folder.text("\(out)/wrong.csv").split(separator: "\n").dropFirst().map { line in
      let cells = line.split(separator: ",").map(String.init)
      return (cells[0], cells[1].replacing("'", with: ""), cells[2].replacing("'", with: ""))
    }
  }

  private func links(_ out: String) throws -> [String] {
    try folder.text("\(out)/report.html").matches(of: /href="([^"]*)"/).map { String($0.1) }
  }

  @Test func everyMistakeLeadsToThePageThatExplainWrites() throws {
    let run = avocet("evaluate", model, data, "--out", folder.at("out"))
    #expect(run.code == 0, "\(run.error)")
    let wrong = try wrong("out")
    #expect(!wrong.isEmpty)
    #expect(try links("out") == wrong.indices.map { "evidence/000\($0 + 1).html" })
    #expect(try links("out").map { "out/\($0)" } == folder.files("out/evidence/"))
    let report = try folder.text("out/report.html")
    for (mistake, link) in zip(wrong, try links("out")) {
      let words =
        "<a href=\"\(link)\"><img alt=\"A picture of the class \(mistake.truth) that was taken for \(mistake.said)\""
      #expect(report.contains(words) && report.contains(">Why \(mistake.said)?</a>"))
      let page = folder.at("explained.html")
      let explained = avocet(
        "explain", model, mistake.path, "--versus", mistake.truth, "--out", page, "--force")
      #expect(explained.code == 0)
      // All but the name of the picture in the title.
      let title = /<(title|h1)>.*<\/(title|h1)>/
      #expect(
        try folder.text("out/\(link)").replacing(title, with: "")
          == folder.text("explained.html").replacing(title, with: ""))
    }
  }

  @Test func asManyPagesAsWereAskedFor() throws {
    for count in [0, 1, 24] {
      let run = avocet(
        "evaluate", model, data, "--out", folder.at("out"), "--evidence", "\(count)", "--force")
      #expect(run.code == 0)
      let made = min(count, try wrong("out").count)
      // Those of an earlier, longer list are gone.
      #expect(try links("out").count == made)
      #expect(try (folder.has("out/evidence") ? folder.files("out/evidence/") : []).count == made)
    }
    let shorter = avocet(
      "evaluate", model, data, "--out", folder.at("out"), "--evidence", "1", "--force")
    #expect(shorter.code == 0)
    #expect(try folder.files("out/evidence/") == ["out/evidence/0001.html"])
    let many = avocet("evaluate", model, data, "--out", folder.at("a"), "--evidence", "25")
    #expect(many.code == 64)
    #expect(many.errors == ["avocet: --evidence is 25; 0 to 24 pages are possible"])
    let homeless = avocet("evaluate", model, data, "--evidence", "1")
    #expect(homeless.code == 64 && homeless.errors == ["avocet: --evidence needs --out"])
  }

  // Asked once in the evaluation, once after it, and five times for a page: before it or within it.
  @Test(arguments: [7, 9]) func aSignalEndsTheEvidenceAndKeepsTheReport(after: Int) throws {
    let run = avocet(
      ["evaluate", model, data, "--out", folder.at("out")], Surroundings(signal: (15, after)))
    #expect(run.code == 143)
    #expect(run.errors.last == "avocet: stopped before the end")
    #expect(try links("out") == ["evidence/0001.html"])
    #expect(try folder.files("out/evidence/") == ["out/evidence/0001.html"])
  }

  @Test func aNetworkThatCannotBeTakenApartIsReportedWithoutEvidence() throws {
    var builder = NetworkBuilder("bypass", input: Shape(16, 16, 3))
    var map = builder.block("first", builder.input, channels: 8, stride: 2)
    let first = map
    for (number, level) in Level.allCases.enumerated() {
      map = builder.block("block\(number)", map, channels: 8)
      builder.mark(level, map)
    }
    let sum = builder.sum("sum", map, first)
    _ = builder.dense("head", builder.globalAveragePool("pool", sum), channels: 3)
    var bypassed = try smallModel()
    bypassed.network = try builder.network()
    bypassed.parameters = Parameters(initialising: bypassed.network, seed: 3)
    let path = try folder.write("bypass.safetensors", bypassed.encoded())
    let run = avocet("evaluate", path, data, "--out", folder.at("out"))
    #expect(run.code == 0)
    #expect(
      run.errors.dropFirst() == [
        "\(try wrong("out")[0].path): no evidence of mistakes: other ways of the network lead past one of its levels"
      ])
    #expect(try links("out").isEmpty && !folder.has("out/evidence"))
    let explained = avocet(
      "explain", path, folder.at("data/ant/1.png"), "--out", folder.at("a.html"))
    #expect(explained.code == 2 && explained.errors.count == 1 && !folder.has("a.html"))
  }

  @Test func namesCannotPutMarkupIntoThePages() throws {
    let names = ["<script>alert(1)<", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)\n"]
    let model = try folder.model(names)
    for name in names { try folder.pictures("odd/\(name)/<i>1.png", "odd/\(name)/2.png") }
    let run = avocet("evaluate", model, folder.at("odd"), "--out", folder.at("out"))
    #expect(run.code == 0, "\(run.error)")
    let pages = try ["out/report.html"] + links("out").map { "out/\($0)" }
    #expect(pages.count > 1)
    for page in pages {
      let text = try folder.text(page)
      for injected in ["<script>alert", "<img src=x", "' onload", "<i>1"] {
        #expect(!text.contains(injected), "\(page): \(injected)")
      }
    }
  }

  @Test func aComparedReportSaysWhatTheOldModelSaid() throws {
    var other = try smallModel()
    other.parameters = Parameters(initialising: other.network, seed: 12)
    let old = try folder.write("other.safetensors", other.encoded())
    let run = avocet("evaluate", model, data, "--compare", old, "--out", folder.at("out"))
    #expect(run.code == 0)
    let said = Dictionary(
      uniqueKeysWithValues: try folder.text("out/compare.csv").split(separator: "\n").dropFirst()
        .map { line in
          let cells = line.replacing("'", with: "").split(separator: ",").map(String.init)
          return (cells[0], cells[2] == cells[1] ? "right" : cells[2])
        })
    let captions = try folder.text("out/report.html")
      .matches(of: /the old model: ([^<]*)<br><small>([^<]*)<\/small>/)
    #expect(try captions.count == wrong("out").count)
    for caption in captions { #expect(said[String(caption.2)] == String(caption.1)) }
  }
}
