import AvocetFiles
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

struct TrainTests {
  private let quick = [
    "train", "aviary:count=40,size=32", "--architecture", "tiny", "--batch", "16", "--epochs", "2",
    "--out",
  ]

  private func bytes(_ folder: TemporaryFolder, _ name: String) throws -> [UInt8] {
    try readFile(FilePath(folder.at(name)), limit: 1 << 24)
  }

  @Test func trainingLeavesAWholeRunFolder() throws {
    let folder = try TemporaryFolder()
    let run = avocet(quick + [folder.at("run")])
    #expect(run.code == 0)
    #expect(run.lines == [folder.at("run/model.safetensors")])
    #expect(
      try folder.files()
        == [
          "README.md", "arguments.json", "classes.csv", "classes.txt", "confusion.csv",
          "confusion.png", "curves.png", "metrics.csv", "mistakes.png", "model.safetensors",
          "reliability.png", "report.html", "split.csv", "state.previous.safetensors",
          "state.safetensors", "wrong.csv",
        ].map { "run/\($0)" })
    let metrics = try folder.text("run/metrics.csv").split(separator: "\n")
    #expect(
      metrics[0]
        == "epoch,train_loss,train_top1,validation_loss,validation_top1,learning_rate,images_per_second,seconds"
    )
    #expect(metrics.dropFirst().map { $0.prefix { $0 != "," } } == ["1", "2"])
    #expect(run.errors.count { $0.hasPrefix("epoch ") } == 2)
    let model = try Model.read(FilePath(folder.at("run/model.safetensors")))
    #expect(model.provenance.data == "aviary:count=40,size=32,seed=1")
    #expect(try !folder.text("run/model.safetensors").contains(folder.path.string))
    #expect(avocet(quick + [folder.at("quiet"), "--quiet"]).error.isEmpty)
  }

  @Test func aFolderWithMapsTellsTheNetworkOfItsParts() throws {
    let folder = try TemporaryFolder()
    let data = folder.at("scenes")
    #expect(avocet("dataset", "export", "aviary:count=40,size=32", "--out", data).code == 0)
    func train(_ recipe: String, _ architecture: String) -> String? {
      let run = avocet(
        "train", data, "--recipe", recipe, "--architecture", architecture, "--size", "32",
        "--epochs", "1", "--out", folder.at("run"), "--force")
      #expect(run.code == 0)
      return run.errors.first { $0.contains("recipe \(recipe)") }
    }
    let told = "epochs, batch 64, told where 30 parts lie; "
    #expect(train("aviary", "small")?.contains(told) == true)
    // Fewer units than parts: nobody is told.
    #expect(train("aviary", "tiny")?.contains("epochs, batch 64; ") == true)
    try RealFileSystem().remove(FilePath(folder.at("scenes/parts.csv")))
    #expect(train("aviary", "small")?.contains("epochs, batch 64; ") == true)
  }

  @Test func whatTheUnitsAreOnAverageStandsInTheModel() throws {
    let folder = try TemporaryFolder()
    #expect(avocet(quick + [folder.at("run")]).code == 0)
    let model = try Model.read(FilePath(folder.at("run/model.safetensors")))
    #expect(model.unitMeans.count == 3)
    for level in Level.allCases {
      let means = try #require(model.unitMeans[level])
      #expect(means.contains { $0 > 0 } && means.allSatisfy { $0 >= 0 })
    }
  }

  @Test func anyNumberOfThreadsGivesTheSameModel() throws {
    let folder = try TemporaryFolder()
    let models = try ["1", "2", "3", "4"].map { threads in
      #expect(avocet(quick + [folder.at(threads), "--threads", threads]).code == 0)
      return try bytes(folder, "\(threads)/model.safetensors")
    }
    #expect(Set(models).count == 1)
  }

  @Test func aLearningRateThatIsTriedOutIsKeptForAResume() throws {
    let folder = try TemporaryFolder()
    let automatic = quick + [folder.at("run"), "--learning-rate", "auto"]
    let run = avocet(automatic)
    #expect(run.code == 0)
    let note = try #require(run.errors.first { $0.hasPrefix("learning rate ") })
    #expect(note.hasSuffix("steps (learning-rate.png)"))
    let rate = try #require(note.split(separator: " ")[2].split(separator: ",").first)
    #expect(try folder.files().contains("run/learning-rate.png"))
    #expect(try folder.text("run/arguments.json").contains("\"learningRate\" : \(rate)"))
    let more = avocet(automatic + ["--resume", "--epochs", "3"])
    #expect(more.code == 0 && more.errors.contains("resumed after epoch 2"))
    let fixed = avocet(quick + [folder.at("run"), "--resume", "--learning-rate", "0.5"])
    #expect(fixed.code == 64 && fixed.error.contains("learningRate was \"auto\""))
    #expect(avocet(quick + [folder.at("other"), "--learning-rate", "fast"]).code == 64)
  }

  @Test func anInterruptedTrainingResumesToTheSameModel() throws {
    let folder = try TemporaryFolder()
    // Nine steps an epoch; the signal comes in the second one.
    let steps = quick.map { $0 == "16" ? "4" : $0 }
    #expect(avocet(steps + [folder.at("whole")]).code == 0)
    let stopped = avocet(steps + [folder.at("run")], Surroundings(signal: (2, 20)))
    #expect(stopped.code == 130)
    #expect(
      stopped.errors.last
        == "avocet: stopped; the state is saved in \(folder.at("run")), go on with --resume")
    let resumed = avocet(steps + [folder.at("run"), "--resume"])
    #expect(resumed.code == 0)
    #expect(resumed.errors.contains { $0.hasPrefix("resumed after epoch 1") })
    #expect(
      try bytes(folder, "run/model.safetensors") == bytes(folder, "whole/model.safetensors"))
  }

  @Test func aSignalWhileThePicturesAreReadLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let run = avocet(quick + [folder.at("run")], Surroundings(signal: (15, 0)))
    #expect(run.code == 143)
    #expect(run.errors == ["avocet: stopped before the end"])
    #expect(try folder.files().isEmpty)
  }

  @Test func resumeSaysWhatItFinds() throws {
    let folder = try TemporaryFolder()
    let anew = avocet(quick + [folder.at("run"), "--resume"])
    #expect(anew.code == 0)
    #expect(
      anew.errors.first
        == "\(folder.at("run")): no state to resume from; starting anew")
    let model = try bytes(folder, "run/model.safetensors")
    let finished = avocet(quick + [folder.at("run"), "--resume"])
    #expect(finished.code == 0)
    #expect(finished.errors == ["\(folder.at("run")): already finished (2 epochs); nothing to do"])
    let other = avocet(quick + [folder.at("run"), "--resume", "--seed", "2"])
    #expect(other.code == 64)
    #expect(
      other.errors == [
        "avocet: \(folder.at("run")): cannot resume: seed was \"1\", now it is \"2\""
      ])
    #expect(try bytes(folder, "run/model.safetensors") == model)
    let longer = avocet(quick + [folder.at("run"), "--resume", "--epochs", "3"])
    #expect(longer.code == 0)
    #expect(longer.errors.count { $0.hasPrefix("epoch 3/3 ") } == 1)
    #expect(longer.errors.count { $0.hasPrefix("epoch ") } == 1)
  }

  @Test func aFrozenLevelKeepsTheWeightsOfTheModelItCameFrom() throws {
    let folder = try TemporaryFolder()
    #expect(avocet(quick + [folder.at("first")]).code == 0)
    let from = ["--from", folder.at("first/model.safetensors"), "--freeze", "parts"]
    let run = avocet(quick + [folder.at("second"), "--seed", "9"] + from)
    #expect(run.code == 0)
    #expect(run.error.contains("took 17 of 17 tensors from "))
    let (first, second) = (
      try Model.read(FilePath(folder.at("first/model.safetensors"))),
      try Model.read(FilePath(folder.at("second/model.safetensors")))
    )
    for slice in first.network.layout.slices {
      let isSame = first.parameters.fileValues(slice) == second.parameters.fileValues(slice)
      // The recipe for another model's weights keeps the statistics of every batch norm.
      let isFrozen =
        slice.name.hasPrefix("edges") || slice.name.hasPrefix("parts") || slice.role == .statistic
      #expect(isSame == isFrozen, "\(slice.name)")
    }
  }

  @Test func unreadablePicturesAreLeftOutNamedAndExitOne() throws {
    let folder = try TemporaryFolder()
    for name in ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"] {
      try folder.pictures("data/\(name).png")
    }
    try folder.write("data/a/bad.png", Array("hello".utf8))
    let run = avocet(
      "train", folder.at("data"), "--architecture", "tiny", "--size", "16", "--epochs", "1",
      "--class-weights", "balanced", "--out", folder.at("run"))
    #expect(run.code == 1)
    #expect(run.lines.count == 1)
    let refused = run.errors.filter { $0.hasPrefix("avocet: ") }
    #expect(refused.count == 2)
    #expect(refused[0].hasPrefix("avocet: \(folder.at("data/a/bad.png")): not a picture"))
    #expect(refused[0].hasSuffix("; left out"))
    #expect(
      refused[1]
        == "avocet: \(folder.at("data")): fewer than 20 pictures of a class (a 3, b 3): a network learns little from them, and the accuracy is mostly chance; --folds 5 measures with all of them, --from MODEL begins with what another learned"
    )
    #expect(try !folder.text("run/split.csv").contains("bad.png"))
  }

  @Test func aClassOfOnePictureAndPicturesOfOddShapesAreTrainedOn() throws {
    let folder = try TemporaryFolder()
    try folder.write("data/a/dot.png", picture(1, width: 1, height: 1).encodedPNG())
    try folder.write("data/b/long.png", picture(2, width: 1, height: 10_000).encodedPNG())
    try folder.write("data/b/wide.png", picture(3, width: 10_000, height: 1).encodedPNG())
    let run = avocet(
      "train", folder.at("data"), "--architecture", "tiny", "--size", "16", "--epochs", "1",
      "--out", folder.at("run"))
    #expect(run.code == 0)
    #expect(
      run.errors.filter { $0.hasPrefix("avocet: ") && !$0.contains(": fewer than 20 ") } == [
        "avocet: \(folder.at("data")): class \"a\" has one picture; it is trained on and not validated"
      ])
    #expect(run.error.contains(", 2 pictures of 2 classes, 1 held out; "))
  }

  @Test func aLossThatIsNoNumberIsExitFour() throws {
    let folder = try TemporaryFolder()
    var model = try smallModel()
    for i in 0..<model.parameters.values.count { model.parameters.values[i] = 3e38 }
    model.classes = ["a", "b", "c"]
    try folder.write("huge.safetensors", model.encoded())
    for name in ["a", "b", "c"] { try folder.pictures("data/\(name)/1.png", "data/\(name)/2.png") }
    let run = avocet(
      "train", folder.at("data"), "--from", folder.at("huge.safetensors"), "--out",
      folder.at("run"))
    #expect(run.code == 4)
    #expect(
      run.errors.last?.hasPrefix(
        "avocet: \(folder.at("run")): training diverged in epoch 1, step 1: the output of layer edges is not finite (batch: "
      ) == true)
    #expect(
      run.errors.last?.hasSuffix(
        "; stopped before the update, the last checkpoint is kept; try a smaller --learning-rate")
        == true)
  }
}
