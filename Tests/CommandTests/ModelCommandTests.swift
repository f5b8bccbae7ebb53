import AvocetFiles
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import TestSupport
import Testing

struct ModelCommandTests {
  @Test func inspectShowsFactsAndATable() throws {
    let folder = try TemporaryFolder()
    let run = avocet("model", "inspect", try folder.model())
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    #expect(run.lines[0] == "architecture   tiny")
    #expect(run.lines[1] == "classes        3: ant, bee, =crow")
    #expect(
      run.lines[2]
        == "pictures       short side to 16 pixels, the middle 16 x 16 of it, bilinear, colour, 1 view"
    )
    let network = try smallModel().network
    #expect(run.lines.contains("parameters     \(grouped(network.parameterCount))"))
    let table = run.lines.drop { !$0.hasPrefix("node ") }
    #expect(table.count == network.nodes.count + 1)
    let edges = table.first { $0.hasPrefix("edges_out") }
    #expect(
      edges?.split(separator: " ") == ["edges_out", "relu", "8x8x8", "0", "0", "3", "2", "edges"])
    #expect(run.lines.allSatisfy { !$0.hasSuffix(" ") })
  }

  @Test func inspectShowsTheFirstOfManyClasses() throws {
    let folder = try TemporaryFolder()
    let model = try smallModel((0..<1234).map { "c\($0)" })
    try model.write(to: folder.path.appending("many.safetensors"))
    let run = avocet("model", "inspect", folder.at("many.safetensors"))
    #expect(run.lines[1].hasPrefix("classes        1,234: c0, c1, "))
    #expect(run.lines[1].hasSuffix(", c19 and 1,214 more"))
  }

  @Test func inspectGivesJSON() throws {
    let folder = try TemporaryFolder()
    let run = avocet("model", "inspect", try folder.model(), "--format", "json")
    #expect(run.code == 0)
    #expect(run.lines.count == 1)
    #expect(
      run.output.hasPrefix("{\"architecture\":\"tiny\",\"classes\":[\"ant\",\"bee\",\"=crow\"]"))
    #expect(run.output.contains("\"multiply_adds\":"))
    #expect(run.output.contains("{\"level\":\"parts\",\"multiply_adds\":0,\"node\":\"parts_out\""))
    #expect(run.output.contains("\"receptive_field\":{\"size\":7,\"start\":-3,\"stride\":4}"))
  }

  @Test func listNamesEveryArchitectureAndRecipe() {
    let run = avocet("model", "list")
    #expect(run.code == 0)
    for name in Architecture.names {
      #expect(run.lines.contains { $0.hasPrefix("\(name) ") })
    }
    for recipe in Recipe.named {
      #expect(
        run.lines.contains {
          $0.hasPrefix("\(recipe.name) ")
            && $0.contains(" \(recipe.optimizer.rule) at \(recipe.optimizer.learningRate), ")
        })
    }
  }

  // Every command that reads a model says the same of one that is none.
  private func expectRefusal(_ folder: TemporaryFolder, _ name: String, _ message: String) throws {
    try folder.pictures("p/a/1.png", "p/b/2.png")
    let model = folder.at(name)
    for arguments in [
      ["classify", model, folder.at("p")], ["model", "inspect", model],
      ["evaluate", model, folder.at("p")],
      ["features", model, folder.at("p"), "--out", folder.at("out")],
      ["train", folder.at("p"), "--from", model, "--out", folder.at("out")],
    ] {
      let run = avocet(arguments)
      #expect(run.code == 2)
      #expect(run.output.isEmpty)
      #expect(run.errors.last == "avocet: \(model): \(message)")
      #expect(!folder.has("out"))
    }
  }

  @Test func aMissingModelIsExitTwo() throws {
    try expectRefusal(try TemporaryFolder(), "gone.safetensors", "no such file or directory")
  }

  @Test func aFileThatIsNoModelIsExitTwo() throws {
    let folder = try TemporaryFolder()
    try folder.write("photo.png", picture(1).encodedPNG())
    try expectRefusal(
      folder, "photo.png", "not a safetensors file (it looks like a PNG picture)")
  }

  @Test func aModelOfAnotherVersionIsExitTwo() throws {
    let folder = try TemporaryFolder()
    var file = try SafeTensors(smallModel().encoded())
    file.metadata["avocet.version"] = "2"
    try folder.write("new.safetensors", file.encoded())
    try expectRefusal(
      folder, "new.safetensors", "a model of version \"2\"; this program reads version 1")
  }

  @Test func someoneElsesTensorsAreExitTwo() throws {
    let folder = try TemporaryFolder()
    let file = SafeTensors(tensors: ["weight": .init(shape: [2], values: [1, 2])])
    try folder.write("other.safetensors", file.encoded())
    try expectRefusal(
      folder, "other.safetensors",
      "no avocet.version in its metadata: not a model of this program")
  }

  @Test func aModelCutShortIsExitTwo() throws {
    let folder = try TemporaryFolder()
    let bytes = try smallModel().encoded()
    try folder.write("cut.safetensors", Array(bytes.prefix(100)))
    let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    try expectRefusal(
      folder, "cut.safetensors",
      "cut short: a header of \(header) bytes, 92 are there; copy the file again")
  }
}
