import AvocetModelFiles
import SystemPackage
import TestSupport
import Testing

/// The recipes for known data, on made-up files of its formats.
struct RecipeCommandTests {
  /// Bytes that differ from picture to picture.
  private static func noise(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ ($0 >> 8) &* 31) }
  }

  private static func idx(_ sizes: [Int], _ bytes: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(sizes.count)]
      + sizes.flatMap { size in (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } }
      + bytes
  }

  private static func writeMNIST(_ folder: TemporaryFolder) throws {
    for (stem, count) in [("train", 24), ("t10k", 10)] {
      try folder.write(
        "data/\(stem)-images-idx3-ubyte", idx([count, 28, 28], noise(count * 784)))
      try folder.write(
        "data/\(stem)-labels-idx1-ubyte", idx([count], (0..<count).map { UInt8($0 % 10) }))
    }
  }

  private static func writeCIFAR(_ folder: TemporaryFolder, _ names: [String], coarse: Bool) throws
  {
    for name in names {
      var records: [UInt8] = []
      for i in 0..<12 {
        records += coarse ? [7, UInt8(8 * i)] : [UInt8(i % 10)]
        records += Self.noise(3072 + i).suffix(3072)
      }
      try folder.write("data/\(name)", records)
    }
  }

  /// Trains an epoch by the recipe that the data choose, and judges the test pictures.
  private func train(_ folder: TemporaryFolder) throws -> Model {
    let run = avocet(
      "train", folder.at("data"), "--out", folder.at("run"), "--epochs", "1", "--batch", "12")
    #expect(run.code == 0, "\(run.error)")
    let judged = avocet(
      "evaluate", folder.at("run/model.safetensors"), folder.at("data"), "--out",
      folder.at("judged"))
    #expect(judged.code == 0 && judged.output.contains("top-1 "), "\(judged.error)")
    return try Model.read(FilePath(folder.at("run/model.safetensors")))
  }

  @Test func mnist() throws {
    let folder = try TemporaryFolder()
    try Self.writeMNIST(folder)
    let model = try train(folder)
    #expect(model.classes.count == 10 && model.preprocessing.grey)
    #expect(model.preprocessing.views == 1 && model.network.architecture == "airbench94")
    #expect(model.provenance.recipe.contains("\"name\" : \"mnist\""))
    // Four numbers of a patch: four filters and their negatives.
    #expect(model.network.nodes[1].shape.channels == 8)
  }

  @Test func cifar10() throws {
    let folder = try TemporaryFolder()
    try Self.writeCIFAR(
      folder, (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"], coarse: false)
    let model = try train(folder)
    #expect(model.provenance.recipe.contains("\"name\" : \"cifar10-94\""))
    #expect(model.preprocessing.views == 6 && model.network.nodes[1].shape.channels == 24)
    // Every picture is learned from: none is held out.
    let split = try folder.text("run/split.csv").split(separator: "\n").dropFirst()
    #expect(split.count == 60 && split.allSatisfy { $0.contains(",train,") })
  }

  @Test func cifar100() throws {
    let folder = try TemporaryFolder()
    try Self.writeCIFAR(folder, ["train.bin", "test.bin"], coarse: true)
    let model = try train(folder)
    #expect(model.classes.count == 100)
    #expect(model.provenance.recipe.contains("\"name\" : \"cifar100\""))
  }

  @Test func photos() throws {
    let folder = try TemporaryFolder()
    for name in ["cat", "dog"] {
      for number in 0..<4 {
        try folder.write("data/\(name)/\(number).png", picture(number).encodedPNG())
      }
    }
    let run = avocet("train", folder.at("data"), "--out", folder.at("run"), "--epochs", "1")
    #expect(run.code == 0, "\(run.error)")
    let model = try Model.read(FilePath(folder.at("run/model.safetensors")))
    #expect(model.network.architecture == "resnet10" && model.preprocessing.height == 128)
    #expect(model.provenance.recipe.contains("\"name\" : \"photos\""))
  }

  @Test func aRecipeMayBeAFileAndAFlagLiesOverIt() throws {
    let folder = try TemporaryFolder()
    try Self.writeMNIST(folder)
    let first = avocet(
      "train", folder.at("data"), "--out", folder.at("run"), "--epochs", "1", "--batch", "12")
    #expect(first.code == 0)
    let model = try Model.read(FilePath(folder.at("run/model.safetensors")))
    let file = try folder.write("recipe.json", Array(model.provenance.recipe.utf8))
    let again = avocet(
      "train", folder.at("data"), "--out", folder.at("again"), "--recipe", file,
      "--validation-split", "0.5")
    #expect(again.code == 0 && again.error.contains("10 pictures of 10 classes, 14 held out"))
  }

  @Test func aGroupOfParametersThatTheNetworkLacksIsNamed() throws {
    let folder = try TemporaryFolder()
    let run = avocet(
      "train", "aviary:count=20,size=32", "--out", folder.at("run"), "--recipe", "cifar10-94",
      "--architecture", "tiny")
    #expect(run.code == 64)
    #expect(
      run.errors == [
        "avocet: architecture tiny with pictures of 32x32x3: no parameter's name ends in whiten.weight"
      ])
  }
}
