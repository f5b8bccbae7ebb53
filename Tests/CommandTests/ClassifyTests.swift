import AvocetCommand
import AvocetFiles
import SystemPackage
import TestSupport
import Testing

struct ClassifyTests {
  @Test func csvHasAHeaderAndARowForEachPictureInOrder() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("pics/b.png", "pics/a/z.png", "pics/c.PNG")
    let run = avocet("classify", try folder.model(), folder.at("pics"))
    #expect(run.code == 0)
    #expect(run.lines.first == "path,label,probability,error")
    let names = ["a/z.png", "b.png", "c.PNG"].map { folder.at("pics/\($0)") }
    #expect(run.lines.dropFirst().map { $0.prefix { $0 != "," } } == names.map { $0[...] })
    for line in run.lines.dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      #expect(cells.count == 4 && cells[3].isEmpty)
      #expect(["ant", "bee", "'=crow"].contains(String(cells[1])))
      #expect((Double(cells[2]) ?? 0) > 0.3 && cells[2].count == 8)
    }
    #expect(run.errors.count == 1)
    #expect(run.error.hasPrefix("3 files: 3 classified, 0 refused; "))
  }

  @Test func topGivesColumnsForAsManyClassesAsThereAre() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    let two = avocet("classify", model, folder.at("a.png"), "--top", "2")
    #expect(two.lines[0] == "path,label,probability,label2,probability2,error")
    let all = avocet("classify", model, folder.at("a.png"), "--top", "9")
    #expect(
      all.lines[0] == "path,label,probability,label2,probability2,label3,probability3,error")
    let cells = all.lines[1].split(separator: ",", omittingEmptySubsequences: false)
    #expect(
      Set(
        cells[1...].enumerated().filter { $0.offset % 2 == 0 }.prefix(3).map { String($0.element) })
        == ["ant", "bee", "'=crow"])
    let sum = [cells[2], cells[4], cells[6]].reduce(0) { $0 + (Double($1) ?? 0) }
    #expect(abs(sum - 1) < 1e-5)
  }

  @Test func cellsAreQuotedAndFormulasAreDefused() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/a,b \"c\".png", "p/two\nlines.png")
    let model = try folder.model()
    let quoted = avocet("classify", model, folder.at("p"), "--quiet")
    let base = folder.at("p")
    #expect(quoted.output.contains("\n\"\(base)/a,b \"\"c\"\".png\","))
    #expect(quoted.output.contains("\n\"\(base)/two\nlines.png\","))
    // Only a relative path begins like a formula; that there is no such file does not matter.
    let list = avocet(
      ["classify", model, "-", "--quiet"], Surroundings(input: Array("=run().png\n".utf8)))
    #expect(list.lines[1].hasPrefix("'=run().png,,,"))
  }

  @Test func jsonLinesHoldLabelsIndicesAndErrors() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/a.png")
    try folder.write("p/b.png", Array(picture(1).encodedPNG().prefix(60)))
    let run = avocet("classify", try folder.model(), folder.at("p"), "--format", "jsonl")
    #expect(run.code == 1)
    #expect(run.lines.count == 2)
    #expect(
      run.lines[0].wholeMatch(
        of:
          /\{"path":"[^"]*\/p\/a\.png","top":\[(\{"label":"(ant|bee|=crow)","index":[012],"probability":0\.\d{6}\},?){3}\],"warnings":\[\]\}/
      ) != nil)
    #expect(
      run.lines[1].hasPrefix(
        "{\"path\":\"\(folder.at("p/b.png"))\",\"error\":{\"code\":\"truncated\",\"message\":\""))
    #expect(run.lines[1].hasSuffix("\"}}"))
  }

  @Test func aTerminalGetsTextInColourUnlessItIsRefused() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let arguments = ["classify", try folder.model(), folder.at("a.png"), "--quiet"]
    let coloured = avocet(arguments, Surroundings(outputIsTerminal: true))
    #expect(coloured.lines.count == 1)
    #expect(coloured.output.hasPrefix("\u{1B}[1m"))
    #expect(coloured.output.contains(" %   \(folder.at("a.png"))   ("))
    let plain = avocet(
      arguments, Surroundings(outputIsTerminal: true, environment: ["NO_COLOR": "1"]))
    #expect(!plain.output.contains("\u{1B}"))
    #expect(avocet(arguments + ["--format", "text"]).output == plain.output)
  }

  @Test func aRefusedFileIsARowALineAndExitOneWhileTheRestIsDone() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("p/a.png", "p/z.png")
    try folder.write("p/empty.jpg", [])
    try folder.write("p/text.png", Array("hello world".utf8))
    let run = avocet("classify", try folder.model(), folder.at("p"))
    #expect(run.code == 1)
    #expect(run.lines.count == 5)
    #expect(run.lines[2] == "\(folder.at("p/empty.jpg")),,,file is empty")
    #expect(run.lines[3].hasPrefix("\(folder.at("p/text.png")),,,\"not a picture (first bytes: "))
    #expect(run.errors[0] == "avocet: \(folder.at("p/empty.jpg")): file is empty")
    #expect(run.errors[1].hasPrefix("avocet: \(folder.at("p/text.png")): not a picture"))
    #expect(run.errors[2].hasPrefix("4 files: 2 classified, 2 refused; "))
    let quiet = avocet("classify", try folder.model(), folder.at("p"), "--quiet")
    #expect(quiet.errors == Array(run.errors.prefix(2)))
  }

  @Test func belowTheThresholdTheLabelIsUnsure() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    let unsure = avocet("classify", model, folder.at("a.png"), "--threshold", "1", "--quiet")
    #expect(unsure.lines[1].hasPrefix("\(folder.at("a.png")),(unsure),0."))
    let sure = avocet("classify", model, folder.at("a.png"), "--threshold", "0.1", "--quiet")
    #expect(!sure.output.contains("(unsure)"))
    let wrong = avocet("classify", model, folder.at("a.png"), "--threshold", "2")
    #expect(wrong.code == 64)
    #expect(
      wrong.errors == ["avocet: --threshold is 2.0; a probability from 0 to 1 is possible"])
  }

  @Test(arguments: [1, 3])
  func aPicturesLineIsTheSameAloneAndAmongOthers(_ threads: Int) throws {
    let folder = try TemporaryFolder()
    let names = (0..<23).map { "p/\($0 + 10).png" }
    for name in names { try folder.pictures(name) }
    let model = try folder.model()
    let together = avocet(
      "classify", model, folder.at("p"), "--threads", "\(threads)", "--quiet", "--top", "3")
    #expect(together.lines.count == 24)
    for (line, name) in zip(together.lines.dropFirst(), names) {
      let alone = avocet("classify", model, folder.at(name), "--quiet", "--top", "3")
      #expect(alone.lines.dropFirst() == [line])
    }
  }

  @Test func viewsAndTimingsAreFlags() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let model = try folder.model()
    let one = avocet("classify", model, folder.at("a.png"))
    let six = avocet("classify", model, folder.at("a.png"), "--views", "6", "--timings")
    #expect(six.code == 0)
    #expect(one.lines[1] != six.lines[1])
    #expect(six.errors[1].hasPrefix("per picture: reading and decoding "))
  }

  @Test(arguments: [
    (["--views", "3"], "--views is 3; 1, 2 and 6 are possible"),
    (["--top", "0"], "--top is 0; 1 or more is possible"),
    (["--precision", "int8"], "--precision int8 is not built yet; fp32 and auto are"),
    (["--resume"], "--resume needs --output"),
  ])
  func aFlagThatCannotBeIsExit64(_ flags: [String], _ message: String) throws {
    let folder = try TemporaryFolder()
    try folder.pictures("a.png")
    let run = avocet(["classify", try folder.model(), folder.at("a.png")] + flags)
    #expect(run.code == 64)
    #expect(run.output.isEmpty)
    #expect(run.errors == ["avocet: \(message)"])
  }
}
