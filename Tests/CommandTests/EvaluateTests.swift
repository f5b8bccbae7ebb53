import AvocetFiles
import SystemPackage
import TestSupport
import Testing

struct EvaluateTests {
  private let folder: TemporaryFolder
  private let model: String
  private let data: String

  init() throws {
    folder = try TemporaryFolder()
    (model, data) = (try folder.model(), try folder.ninePictures())
  }

  @Test func everyFigureHasItsLine() {
    let run = avocet("evaluate", model, data)
    #expect(run.code == 0)
    #expect(
      run.lines[0].wholeMatch(of: /top-1 [\d.]+ % \(\d of 9; 95 % interval [\d.]+-[\d.]+\)/) != nil)
    let macro = /macro F1 [\d.]+ % \(precision [\d.]+, recall [\d.]+\)/
    #expect(run.lines[1].wholeMatch(of: macro) != nil)
    #expect(run.lines[2].wholeMatch(of: /calibration error [\d.]+ % \(15 bins\)/) != nil)
    #expect(run.lines[3].wholeMatch(of: /cross-entropy \d\.\d{4} nats/) != nil)
    #expect(run.lines[4].wholeMatch(of: /Brier score \d\.\d{4}/) != nil)
    // The weakest class comes first.
    let classes = run.lines.dropFirst(5).compactMap {
      $0.wholeMatch(of: /class ([^:]+): F1 ([\d.]+) %, precision [\d.]+, recall [\d.]+ of 3.*/)
    }
    #expect(Set(classes.map(\.1)) == ["ant", "bee", "=crow"])
    let scores = classes.compactMap { Double($0.2) }
    #expect(scores.count == 3 && scores == scores.sorted())
    #expect(run.errors == ["9 pictures of the split all"])
  }

  @Test func figuresAgreeWithClassify() throws {
    let run = avocet("evaluate", model, data, "--out", folder.at("out"))
    let predicted = avocet("classify", model, data, "--quiet").lines.dropFirst()
    #expect(predicted.count == 9)
    let right = predicted.count { line in
      let cells = line.split(separator: ",")
      return cells[0].contains("/\(cells[1].drop { $0 == "'" })/")
    }
    #expect(run.lines[0].contains(" (\(right) of 9; "))
    let wrong = try folder.text("out/wrong.csv").split(separator: "\n")
    #expect(wrong[0] == "path,truth,predicted,probability")
    #expect(wrong.count - 1 == 9 - right)
    #expect(
      try folder.files("out/").filter { !$0.hasPrefix("out/evidence/") }
        == [
          "classes.csv", "confusion.csv", "confusion.png", "mistakes.png", "reliability.png",
          "report.html", "wrong.csv",
        ].map { "out/\($0)" }
    )
    let page = try folder.text("out/report.html")
    #expect(page.contains("<pre>avocet evaluate \(model) \(data) --out \(folder.at("out"))</pre>"))
    let confusion = try folder.text("out/confusion.csv").split(separator: "\n")
    #expect(confusion[0] == "truth,ant,bee,'=crow")
    let counts = confusion.dropFirst().flatMap { $0.split(separator: ",").dropFirst() }
    #expect(counts.reduce(0) { $0 + (Int($1) ?? 0) } == 9)
  }

  @Test func aGateThatIsMissedIsExitThree() {
    #expect(avocet("evaluate", model, data, "--minimum-top1", "0").code == 0)
    let run = avocet("evaluate", model, data, "--minimum-top1", "1")
    #expect(run.code == 3)
    #expect(run.errors.count == 2)
    let message = run.lines[0].replacing("top-1 ", with: "top-1 is ")
    #expect(run.errors[1] == "avocet: \(model): \(message), below --minimum-top1 1.0")
    // The point estimate decides, and reaching the line is enough.
    let right = run.lines[0].firstMatch(of: /\((\d) of 9/).flatMap { Double($0.1) } ?? 0
    #expect(avocet("evaluate", model, data, "--minimum-top1", "\(right / 9)").code == 0)
    let wrong = avocet("evaluate", model, data, "--minimum-top1", "95")
    #expect(wrong.code == 64)
    #expect(
      wrong.errors == ["avocet: --minimum-top1 is 95.0; a fraction from 0 to 1 is possible"])
  }

  @Test func theSplitIsTestElseValElseAll() throws {
    for (place, count) in [("train", 3), ("val", 2), ("test", 1)] {
      for name in ["ant", "bee", "=crow"] {
        for i in 1...count { try folder.pictures("splits/\(place)/\(name)/\(i).png") }
      }
    }
    let splits = folder.at("splits")
    #expect(avocet("evaluate", model, splits).errors == ["3 pictures of the split test"])
    #expect(
      avocet("evaluate", model, splits, "--split", "val").errors == [
        "6 pictures of the split validation"
      ])
    #expect(
      avocet("evaluate", model, splits, "--split", "train").errors == [
        "9 pictures of the split train"
      ])
    let missing = avocet("evaluate", model, data, "--split", "test")
    #expect(missing.code == 2)
    #expect(missing.errors == ["avocet: \(data): has no split test; there is all"])
    let unknown = avocet("evaluate", model, data, "--split", "dev")
    #expect(unknown.code == 64)
    #expect(unknown.errors == ["avocet: --split is \"dev\"; train, val, test or all"])
  }

  @Test func aClassThatTheModelDoesNotKnowIsExitTwo() throws {
    try folder.pictures("data/dog/1.png")
    let run = avocet("evaluate", model, data)
    #expect(run.code == 2)
    #expect(
      run.errors.last
        == "avocet: \(data): class \"dog\" is not one of the model's 3: ant, bee, =crow")
  }

  @Test func aPictureThatCannotBeReadIsNamedAndExitOne() throws {
    try folder.write("data/ant/0.png", [])
    let run = avocet("evaluate", model, data)
    #expect(run.code == 1)
    #expect(run.lines[0].contains(" of 9; "))
    #expect(
      run.errors == [
        "9 pictures of the split all", "avocet: \(folder.at("data/ant/0.png")): file is empty",
      ])
  }

  @Test func nothingReadableIsExitTwo() throws {
    for name in ["ant", "bee"] { try folder.write("bad/\(name)/1.png", []) }
    let run = avocet("evaluate", model, folder.at("bad"), "--out", folder.at("out"), "--quiet")
    #expect(run.code == 2)
    #expect(run.output.isEmpty)
    #expect(
      run.errors == ["avocet: \(folder.at("bad")): none of 2 pictures could be judged"])
    #expect(try folder.files("out/").isEmpty)
  }

  @Test func aSignalEndsItWithoutFigures() {
    let run = avocet(["evaluate", model, data], Surroundings(signal: (2, 0)))
    #expect(run.code == 130)
    #expect(run.output.isEmpty)
    #expect(run.errors == ["avocet: stopped before the end"])
  }

  @Test func aFullFolderIsRefused() throws {
    try folder.write("out/notes.txt", [1])
    let run = avocet("evaluate", model, data, "--out", folder.at("out"))
    #expect(run.code == 2)
    #expect(run.error.contains("out: is not empty (1 entry); nothing was written"))
    #expect(try folder.files("out/") == ["out/notes.txt"])
  }
}
