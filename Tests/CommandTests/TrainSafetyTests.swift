import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

/// What a resume refuses or makes good, and what few pictures call for.
struct TrainSafetyTests {
  private func data(_ folder: TemporaryFolder, _ count: Int = 4) throws {
    for name in ["a", "b"] {
      for i in 0..<count { try folder.pictures("data/\(name)/\(i).png") }
    }
  }

  private func train(_ folder: TemporaryFolder, _ flags: String..., run: String = "run") -> [String]
  {
    [
      "train", folder.at("data"), "--architecture", "tiny", "--size", "16", "--epochs", "2",
      "--batch", "2", "--out", folder.at(run),
    ] + flags
  }

  private func bytes(_ folder: TemporaryFolder, _ name: String) throws -> [UInt8] {
    try readFile(FilePath(folder.at(name)), limit: 1 << 24)
  }

  @Test func aChangedDataSetIsRefusedWithItsFirstDifference() throws {
    let folder = try TemporaryFolder()
    try data(folder)
    #expect(avocet(train(folder)).code == 0)
    let before = try bytes(folder, "run/state.safetensors")
    func refusal() throws -> String {
      let run = avocet(train(folder, "--resume", "--epochs", "3"))
      #expect(run.code == 2 && run.output.isEmpty)
      #expect(try bytes(folder, "run/state.safetensors") == before)
      return try #require(run.errors.last)
    }
    let start =
      "avocet: \(folder.at("run/state.safetensors")): the pictures are not those of then: \(folder.at("data"))"
    let end = "; nothing was changed (train into another --out)"
    let old = try bytes(folder, "data/b/1.png")
    try folder.write("data/b/1.png", picture(99).encodedPNG())
    let changed = try refusal()
    #expect(changed.hasPrefix("\(start)/b/1.png has changed: the checksum of its pixels was "))
    #expect(changed.hasSuffix(end))
    try folder.write("data/b/1.png", old)
    try folder.write("data/b/9.png", picture(99).encodedPNG())
    #expect(try refusal() == "\(start)/b/9.png (b) is new\(end)")
    try RealFileSystem().rename(
      FilePath(folder.at("data/b/9.png")), to: FilePath(folder.at("data/b/1.png")))
    try RealFileSystem().remove(FilePath(folder.at("data/a/0.png")))
    #expect(
      try refusal() == "\(start)/a/0.png (a) is gone (the first of 2 differences)\(end)")
  }

  @Test func aDamagedCheckpointIsPassedOverWithOneLine() throws {
    let folder = try TemporaryFolder()
    try data(folder)
    #expect(avocet(train(folder)).code == 0)
    let model = try bytes(folder, "run/model.safetensors")
    try folder.write("run/state.safetensors", [1])
    // The metrics say that all is done; the report was lost.
    try RealFileSystem().remove(FilePath(folder.at("run/report.html")))
    let run = avocet(train(folder, "--resume"))
    #expect(run.code == 0)
    #expect(
      run.errors.filter { $0.contains("damaged") } == [
        "avocet: \(folder.at("run/state.safetensors")): damaged: 1 bytes are no safetensors file (8 and a header); resumed from \(folder.at("run/state.previous.safetensors")) instead"
      ])
    #expect(run.errors.contains("resumed after epoch 1"))
    #expect(try bytes(folder, "run/model.safetensors") == model && folder.has("run/report.html"))
    try RealFileSystem().remove(FilePath(folder.at("run/arguments.json")))
    let lost = avocet(train(folder, "--resume"))
    #expect(lost.code == 2)
    #expect(lost.errors.last?.contains("no arguments.json that can be read") == true)
  }

  @Test func whatADeadProcessLeftIsRemovedWhereNoStateWasSaved() throws {
    let folder = try TemporaryFolder()
    try data(folder)
    try folder.write("run/.avocet-123-4.tmp", [1])
    #expect(avocet(train(folder, "--resume")).code == 0)
    #expect(!folder.has("run/.avocet-123-4.tmp"))
  }

  @Test func aTrainingThatBeginsAnewForgetsTheStatesOfTheOneBefore() throws {
    let folder = try TemporaryFolder()
    try data(folder)
    let folds = ["--folds", "2"]
    #expect(avocet(train(folder) + folds).code == 0)
    #expect(
      folder.has("run/state.previous.safetensors") && folder.has("run/fold-2/state.safetensors"))
    #expect(avocet(train(folder, "--force", "--seed", "2", "--epochs", "1")).code == 0)
    // One epoch, one state; a resume could take any other for its own.
    #expect(!folder.has("run/state.previous.safetensors"))
    #expect(!folder.has("run/fold-2/state.safetensors"))
  }

  @Test func foldsJudgeEveryPictureOnceAndTheModelLearnsFromAll() throws {
    let folder = try TemporaryFolder()
    try data(folder, 5)
    let run = avocet(train(folder, "--folds", "2"))
    #expect(run.code == 0)
    let rows = try folder.text("run/folds.csv").split(separator: "\n")
    #expect(rows.count == 4 && rows[0] == "fold,pictures,correct,top1,low,high")
    #expect(rows[1].hasPrefix("1,5,") && rows[2].hasPrefix("2,5,") && rows[3].hasPrefix("all,10,"))
    #expect(
      run.errors.contains {
        $0.hasPrefix("2-fold cross-validation: top-1 ") && $0.contains(" of 10 ")
      })
    #expect(run.error.contains(", 10 pictures of 2 classes, 0 held out; "))
    #expect(try folder.text("run/README.md").contains(" of 10; 95 % interval "))
    let all = avocet(train(folder, "--validation-split", "0", run: "all"))
    #expect(all.code == 0)
    // All but the temperature, for which only the folds have judged anything.
    var (model, other) = (
      try Model.read(FilePath(folder.at("run/model.safetensors"))),
      try Model.read(FilePath(folder.at("all/model.safetensors")))
    )
    #expect(model.temperature != 1 && other.temperature == 1)
    (model.temperature, other.provenance) = (1, model.provenance)
    #expect(model.encoded() == other.encoded())
    #expect(try folder.text("run/report.html").contains("judged on 10 held-out pictures"))
  }

  @Test func aLearningRateIsTriedOutOnceForAllFolds() throws {
    let folder = try TemporaryFolder()
    try data(folder, 5)
    let flags = ["--folds", "2", "--learning-rate", "auto"]
    let whole = avocet(train(folder, run: "whole") + flags)
    #expect(whole.code == 0 && whole.errors.count { $0.hasPrefix("learning rate ") } == 1)
    // The signal comes in the first fold, whose rate a resume must find again.
    let stopped = avocet(train(folder) + flags, Surroundings(signal: (15, 120)))
    #expect(stopped.code == 143 && folder.has("run/fold-1/state.safetensors"))
    #expect(!folder.has("run/state.safetensors"))
    let resumed = avocet(train(folder, "--resume") + flags)
    #expect(resumed.code == 0 && !resumed.errors.contains { $0.hasPrefix("learning rate ") })
    #expect(
      try bytes(folder, "run/model.safetensors") == bytes(folder, "whole/model.safetensors"))
  }

  @Test func foldsThatWereInterruptedEndAsIfTheyHadNotBeen() throws {
    let folder = try TemporaryFolder()
    try data(folder, 5)
    #expect(avocet(train(folder, "--folds", "2", run: "whole")).code == 0)
    for questions in [6, 9, 14, 20, 26] {
      let name = "run\(questions)"
      let stopped = avocet(
        train(folder, "--folds", "2", run: name), Surroundings(signal: (15, questions)))
      #expect(stopped.code == 143, "\(questions)")
      let resumed = avocet(train(folder, "--folds", "2", "--resume", run: name))
      #expect(resumed.code == 0, "\(questions)")
      #expect(
        try bytes(folder, "\(name)/model.safetensors") == bytes(folder, "whole/model.safetensors"))
      #expect(try folder.text("\(name)/folds.csv") == folder.text("whole/folds.csv"))
    }
    let other = avocet(train(folder, "--folds", "3", "--resume", run: "whole"))
    #expect(other.code == 64 && other.error.contains("folds was \"2\", now it is \"3\""))
  }

  @Test func aLearningCurveSaysWhatMorePicturesWouldBring() throws {
    let folder = try TemporaryFolder()
    try data(folder, 12)
    let run = avocet(train(folder, "--learning-curve", "--validation-split", "0.3"))
    #expect(run.code == 0)
    let rows = try folder.text("run/learning-curve.csv").split(separator: "\n")
    #expect(rows.map { $0.prefix { $0 != "," } } == ["pictures", "4", "8", "16"])
    #expect(run.errors.contains { $0.contains("wice as many") && $0.contains(" points (95 % ") })
    #expect(try bytes(folder, "run/learning-curve.png").starts(with: [0x89, 0x50]))
  }

  @Test(arguments: [
    (["--folds", "1"], "--folds is 1; 2 to 20 are possible"),
    (
      ["--folds", "2", "--learning-curve"], "--folds and --learning-curve exclude each other"
    ),
    (
      ["--learning-curve", "--validation-split", "0"],
      "--learning-curve needs held-out pictures; --validation-split is 0"
    ),
  ]) func aStudyThatCannotBe(_ flags: [String], _ message: String) throws {
    let folder = try TemporaryFolder()
    try data(folder)
    let run = avocet(train(folder) + flags)
    #expect(run.code == 64 && run.errors == ["avocet: \(message)"])
  }

  @Test func theHeadKeepsTheRowsOfTheClassesThatBothKnow() throws {
    let folder = try TemporaryFolder()
    let old = try smallModel(["bee", "ant", "crow"])
    try folder.write("old.safetensors", old.encoded())
    for name in ["ant", "bee", "emu"] {
      try folder.pictures("data/\(name)/1.png", "data/\(name)/2.png")
    }
    let run = avocet(
      "train", folder.at("data"), "--from", folder.at("old.safetensors"), "--epochs", "0",
      "--out", folder.at("run"))
    #expect(run.code == 0)
    #expect(
      run.errors.contains {
        $0.hasPrefix("took 17 of 17 tensors from ")
          && $0.hasSuffix("; of the head the rows of ant, bee; new: emu")
      })
    let new = try Model.read(FilePath(folder.at("run/model.safetensors")))
    for part in ["weight", "bias"] {
      let (a, b) = (
        try #require(old.parameters.layout["classes.\(part)"]),
        try #require(new.parameters.layout["classes.\(part)"])
      )
      let (then, now) = (old.parameters.fileValues(a), new.parameters.fileValues(b))
      let width = then.count / 3
      func row(_ numbers: [Float], _ i: Int) -> ArraySlice<Float> {
        numbers[i * width..<(i + 1) * width]
      }
      #expect(row(now, 0).elementsEqual(row(then, 1)) && row(now, 1).elementsEqual(row(then, 0)))
      #expect(part == "bias" || !row(now, 2).elementsEqual(row(then, 2)))
    }
  }

  @Test func correctedClassifyOutputIsTrainedOn() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model(["ant", "bee", "crow"])
    for i in 0..<6 { try folder.pictures("photos/\(i).png") }
    try folder.write("photos/bad.png", Array("hello".utf8))
    let odd = FilePath(bytes: Array(folder.at("photos/").utf8) + [0xE9] + Array(".png".utf8))
    try writeFileAtomically(picture(77).encodedPNG(), to: odd)
    let list = folder.at("list.csv")
    #expect(avocet("classify", model, folder.at("photos"), "--output", list).code == 1)
    // A person gives every picture its label, leaves one unsure and the refused one without.
    var number = 0
    let lines = try folder.text("list.csv").split(separator: "\n").map { line -> String in
      var cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if number > 0, !cells[1].isEmpty {
        cells[1] = number == 1 ? "(unsure)" : number % 2 == 0 ? "day" : "night"
      }
      // As if the list had been made beside the pictures.
      cells[0] = cells[0].replacing(folder.at(""), with: "")
      number += 1
      return cells.joined(separator: ",")
    }
    try folder.write("list.csv", Array((lines.joined(separator: "\n") + "\n").utf8))
    let run = avocet(
      "train", list, "--from", model, "--epochs", "1", "--validation-split", "0", "--out",
      folder.at("run"))
    #expect(run.code == 0)
    #expect(run.errors.first == "avocet: \(list): 2 rows without a label skipped")
    #expect(run.error.contains("; of the head the rows of none; new: day, night"))
    #expect(run.error.contains(", 6 pictures of 2 classes, 0 held out; "))
    #expect(try folder.text("run/split.csv").contains("photos/\\xe9.png,train,"))
  }
}
