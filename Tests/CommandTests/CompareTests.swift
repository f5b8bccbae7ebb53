import AvocetFiles
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

struct CompareTests {
  private let folder: TemporaryFolder
  private let model: String
  private let data: String

  init() throws {
    folder = try TemporaryFolder()
    (model, data) = (try folder.model(), try folder.ninePictures())
  }

  /// A model of other weights and another order of its classes.
  private func other(_ classes: [String]) throws -> String {
    var other = try smallModel(classes)
    other.parameters = Parameters(initialising: other.network, seed: 12)
    return try folder.write("other.safetensors", other.encoded())
  }

  @Test func aModelComparedWithItselfNeverDiffers() {
    let run = avocet("evaluate", model, data, "--compare", model)
    #expect(run.code == 0)
    let figures = run.lines.drop { !$0.hasPrefix("old ") }
    #expect(figures.prefix(2) == ["old \(run.lines[0])", "new \(run.lines[0])"])
    #expect(figures.count == 5)
    #expect(run.lines[figures.startIndex + 2].hasPrefix("difference 0.00 points (95 % interval -"))
    #expect(figures.suffix(2).allSatisfy { $0.contains(" 0 (") })
  }

  @Test func whatWasLearnedAndForgottenAddsUp() throws {
    let old = try other(["=crow", "ant", "bee"])
    let run = avocet("evaluate", model, data, "--compare", old, "--out", folder.at("out"))
    #expect(run.code == 0)
    func number(_ pattern: Regex<(Substring, Substring)>) throws -> Int {
      try #require(run.output.firstMatch(of: pattern).flatMap { Int($0.1) })
    }
    let before = try number(/old top-1 .*\((\d+) of 9/)
    let after = try number(/new top-1 .*\((\d+) of 9/)
    #expect(after - before == (try number(/learned (\d+)/)) - (try number(/forgotten (\d+)/)))
    // The old model's own judgement agrees, whatever the order of its classes.
    #expect(avocet("evaluate", old, data).lines[0].contains("(\(before) of 9"))
    let rows = try folder.text("out/compare.csv").split(separator: "\n").map {
      $0.split(separator: ",")
    }
    #expect(rows[0] == ["path", "truth", "old", "new"] && rows.count == 10)
    #expect(rows.dropFirst().count { $0[1] == $0[2] } == before)
    #expect(rows.dropFirst().count { $0[1] == $0[3] } == after)
    #expect(try folder.text("out/report.html").contains("Compared with the old model"))
  }

  @Test func classesThatTheOldModelLacksAreLeftOut() throws {
    let run = avocet("evaluate", model, data, "--compare", try other(["bee", "ant"]))
    #expect(run.code == 0)
    #expect(run.output.contains("old top-1 ") && run.output.contains(" of 6; "))
    #expect(
      run.errors.last
        == "\(folder.at("other.safetensors")): does not know 1 of 3 classes: =crow; compared without their pictures"
    )
    let stranger = avocet("evaluate", model, data, "--compare", try other(["dog", "emu"]))
    #expect(stranger.code == 2)
    #expect(
      stranger.errors.last
        == "avocet: \(folder.at("other.safetensors")): cannot be compared: it knows no class of the pictures"
    )
  }

  @Test func theTemperatureOfTheModelChangesConfidenceAlone() throws {
    var hot = try smallModel()
    hot.temperature = 0.25
    let path = try folder.write("hot.safetensors", hot.encoded())
    let (plain, sharp) = (avocet("evaluate", model, data), avocet("evaluate", path, data))
    #expect(plain.lines[0] == sharp.lines[0] && plain.lines[3] != sharp.lines[3])
    #expect(sharp.lines[2].contains("before the temperature 0.25"))
    #expect(
      sharp.lines[2].contains(
        plain.lines[2].split(separator: " ")[2] + " before the temperature 0.25"))
    // classify says the same probabilities as wrong.csv.
    _ = avocet("evaluate", path, data, "--out", folder.at("out"))
    let said = avocet("classify", path, data, "--quiet").lines.dropFirst().map {
      $0.split(separator: ",")
    }
    let wrong = try folder.text("out/wrong.csv").split(separator: "\n").dropFirst()
    #expect(!wrong.isEmpty)
    for line in wrong {
      let cells = line.split(separator: ",")
      let match = try #require(said.first { $0[0] == cells[0] })
      #expect(match[1] == cells[2])
      let (a, b) = (try #require(Double(match[2])), try #require(Double(cells[3])))
      #expect(abs(a - b) < 6e-5)
    }
  }
}
