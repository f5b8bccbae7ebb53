import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

/// `train --from` and `--freeze`: what is taken over, and what cannot be.
struct TrainFreezeTests {
  private let data = "aviary:count=40,size=32"

  private func refusal(
    _ folder: TemporaryFolder, _ arguments: [String], _ data: String? = nil
  ) -> (code: Int32, line: String?) {
    let run = avocet(["train", data ?? self.data, "--out", folder.at("run")] + arguments)
    return (run.code, run.errors.last)
  }

  @Test func theModelsPreprocessingIsTakenOver() throws {
    let folder = try TemporaryFolder()
    var model = try smallModel()
    model.preprocessing = Preprocessing(
      height: 16, width: 16, shortSide: 20, interpolation: .bicubic, mean: [0.1, 0.2, 0.3],
      deviation: [0.4, 0.5, 0.6], background: [1, 2, 3], views: 2)
    let from = try folder.write("model.safetensors", model.encoded())
    func trained(_ flags: String...) throws -> Preprocessing {
      let run = avocet(
        ["train", data, "--from", from, "--epochs", "1", "--out", folder.at("run"), "--force"]
          + flags)
      #expect(run.code == 0 && run.error.contains("; recipe fine-tune: 1 epochs"))
      return try Model.read(FilePath(folder.at("run/model.safetensors"))).preprocessing
    }
    #expect(try trained() == model.preprocessing)
    #expect(try trained("--freeze", "parts") == model.preprocessing)
    var larger = model.preprocessing
    (larger.height, larger.width, larger.shortSide) = (32, 32, 40)
    #expect(try trained("--size", "32") == larger)
  }

  @Test func aNetworkThatHasNoNameHereIsTakenFromItsFile() throws {
    let folder = try TemporaryFolder()
    var model = try smallModel()
    let known = model.network
    model.network = try Network(
      architecture: "elsewhere", nodes: known.nodes, levels: known.levels)
    let from = try folder.write("model.safetensors", model.encoded())
    let flags = ["--from", from, "--freeze", "parts", "--epochs", "1"]
    #expect(avocet(["train", data, "--out", folder.at("run")] + flags).code == 0)
    let trained = try Model.read(FilePath(folder.at("run/model.safetensors")))
    #expect(trained.network.architecture == "elsewhere" && trained.network.classCount == 10)
    let (code, line) = refusal(folder, flags + ["--size", "32", "--force"])
    #expect(code == 64 && line?.contains("no architecture is called \"elsewhere\"") == true)
  }

  @Test func freezingAllThatLearnsIsRefused() throws {
    let folder = try TemporaryFolder()
    var b = NetworkBuilder("flat", input: Shape(16, 16, 3))
    let edges = b.convolution("edges", b.input, channels: 4, kernel: 3)
    b.mark(.edges, edges)
    let parts = b.globalAveragePool("parts", edges)
    b.mark(.parts, parts)
    b.mark(.objects, b.dense("objects", parts, channels: 3))
    let small = try smallModel()
    let network = try b.network()
    let model = Model(
      network: network, parameters: Parameters(initialising: network, seed: 1),
      classes: small.classes, preprocessing: small.preprocessing, provenance: small.provenance)
    let from = try folder.write("model.safetensors", model.encoded())
    let (code, line) = refusal(folder, ["--from", from, "--freeze", "objects"])
    #expect(code == 64)
    #expect(line == "avocet: --freeze objects: nothing of flat is left to learn")
    #expect(avocet("train", data, "--from", from, "--freeze", "wings", "--out", "x").code == 64)
    #expect(try folder.files() == ["model.safetensors"])
  }

  @Test func aModelOfViewsThatAreNotSquareNeedsASize() throws {
    let folder = try TemporaryFolder()
    let network = try Architecture.network(named: "tiny", input: Shape(16, 24, 3), classes: 3)
    var preprocessing = try smallModel().preprocessing
    (preprocessing.width, preprocessing.shortSide) = (24, nil)
    let model = Model(
      network: network, parameters: Parameters(initialising: network, seed: 1),
      classes: ["a", "b", "c"], preprocessing: preprocessing,
      provenance: try smallModel().provenance)
    let from = try folder.write("model.safetensors", model.encoded())
    let (code, line) = refusal(folder, ["--from", from])
    #expect(code == 2)
    #expect(
      line
        == "avocet: \(from): takes views of 24 x 16 pixels; training needs square ones: --size 16 trains it on those"
    )
    #expect(refusal(folder, ["--from", from, "--size", "16", "--epochs", "1"]).code == 0)
  }

  @Test func anInterruptedTrainingBehindAFrozenLevelResumesToTheSameModel() throws {
    let folder = try TemporaryFolder()
    let flags = [
      "--from", try folder.model(), "--freeze", "parts", "--epochs", "2", "--batch", "4", "--out",
    ]
    func model(_ name: String) throws -> [UInt8] {
      try readFile(FilePath(folder.at("\(name)/model.safetensors")), limit: 1 << 24)
    }
    #expect(avocet(["train", data] + flags + [folder.at("whole")]).code == 0)
    let stopped = avocet(
      ["train", data] + flags + [folder.at("run")], Surroundings(signal: (15, 56)))
    #expect(stopped.code == 143)
    #expect(stopped.errors.last?.hasPrefix("avocet: stopped; the state is saved in ") == true)
    let resumed = avocet(
      ["train", data] + flags + [folder.at("run"), "--resume", "--threads", "1"])
    #expect(resumed.code == 0)
    #expect(resumed.errors.contains { $0.hasPrefix("resumed after epoch ") })
    #expect(try model("run") == model("whole"))
    // The model to begin with is another one now.
    let other = try smallModel()
    other.parameters.values[0] += 1
    try folder.write("model.safetensors", other.encoded())
    let foreign = avocet(
      ["train", data] + flags + [folder.at("run"), "--resume", "--epochs", "3"])
    #expect(foreign.code == 2)
    #expect(foreign.errors.last?.contains("the frozen weights, or how pictures are") == true)
  }

  @Test func mapsThatTheMemoryCannotHoldAreRefused() throws {
    let folder = try TemporaryFolder()
    var recipe = try #require(Recipe.named("fine-tune"))
    recipe.storedViews = 1024
    let file = try folder.write("recipe.json", Array(recipe.json.utf8))
    let (code, line) = refusal(
      folder,
      ["--from", try folder.model(), "--freeze", "parts", "--size", "128", "--recipe", file],
      "aviary:count=20000,size=32")
    #expect(code == 64)
    #expect(
      line?.hasPrefix(
        "avocet: --freeze parts: the maps of 1024 views of 18,000 pictures take 1125.1 GiB; ")
        == true)
    #expect(line?.contains(" GiB are left: a recipe with") == true)
    #expect(try folder.files() == ["model.safetensors", "recipe.json"])
  }
}
