import AvocetFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

/// What `train` refuses: one line, the exit code, and nothing left behind.
struct TrainRefusalTests {
  private func expect(
    _ code: Int32, _ message: String, _ folder: TemporaryFolder, _ arguments: [String]
  ) throws {
    let before = try folder.files()
    let run = avocet(["train"] + arguments + ["--out", folder.at("run")])
    #expect(run.code == code)
    #expect(run.output.isEmpty)
    #expect(run.errors.filter { $0.hasPrefix("avocet: ") } == ["avocet: \(message)"])
    #expect(try folder.files() == before)
  }

  @Test func anEmptyFolder() throws {
    let folder = try TemporaryFolder()
    try makeFolders(FilePath(folder.at("data")))
    try expect(
      2,
      "\(folder.at("data")): no class folders with .png or .jpg pictures in it (0 entries); put the pictures of each class into a folder of its name",
      folder, [folder.at("data")])
  }

  @Test func aFolderWithoutClasses() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("data/1.png", "data/2.png")
    try expect(
      2,
      "\(folder.at("data")): no class folders with .png or .jpg pictures in it (2 entries); put the pictures of each class into a folder of its name",
      folder, [folder.at("data")])
  }

  @Test func oneClassOnly() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("data/bird/1.png", "data/bird/2.png")
    try expect(
      2, "\(folder.at("data")): only one class (bird); a classifier needs two or more", folder,
      [folder.at("data")])
  }

  @Test func aFolderThatIsNotThere() throws {
    let folder = try TemporaryFolder()
    try expect(2, "\(folder.at("gone")): no such file or directory", folder, [folder.at("gone")])
  }

  @Test func nothingReadable() throws {
    let folder = try TemporaryFolder()
    for name in ["a/1.png", "b/1.png"] { try folder.write("data/\(name)", []) }
    let run = avocet("train", folder.at("data"), "--out", folder.at("run"))
    #expect(run.code == 2)
    #expect(
      run.errors.last
        == "avocet: \(folder.at("data")): 0 training pictures; at least 2 are needed")
    #expect(try folder.files("run/").isEmpty)
  }

  @Test(arguments: [
    (
      ["--architecture", "huge"],
      "no architecture is called \"huge\"; there are \(Architecture.names.joined(separator: ", "))"
    ),
    (
      ["--architecture", "aviary", "--size", "4"],
      "architecture aviary with pictures of 4x4x3: pool2: a window of 2x2 on a map of 1x1x128"
    ),
    (["--size", "0"], "recipe aviary: size is 0; 1 to 1024 is allowed"),
    (["--epochs=-1"], "recipe aviary: epochs is -1; 0 to 1,000,000 is allowed"),
    (["--batch", "0"], "recipe aviary: batch is 0; 1 to 65,536 is allowed"),
    (
      ["--learning-rate", "0"],
      "recipe aviary: learningRate is 0.0; above 0, below 1000 is allowed"
    ),
    (["--validation-split", "1"], "--validation-split is 1.0; 0 up to 1 is possible"),
    (["--freeze", "edges"], "--freeze edges needs --from: there are no weights to keep"),
    (
      ["--recipe", "/nowhere.json"],
      "/nowhere.json: no such file or directory; a recipe is a JSON file or one of \(Recipe.named.map(\.name).joined(separator: ", "))"
    ),
  ])
  func aFlagThatCannotBe(_ flags: [String], _ message: String) throws {
    try expect(64, message, try TemporaryFolder(), ["aviary:count=20,size=32"] + flags)
  }

  @Test(arguments: [
    ("aviary:count=0", "count is 0; 1 to 10,000,000 is possible"),
    ("aviary:size=8", "size is 8; 32 to 256 pixels are possible"),
    (
      "aviary:colour=1",
      "\"colour\" is not known; an example is aviary:count=6000,size=64,seed=1,split=all"
    ),
    ("aviary:split=dev", "no split is called dev; train, val, test, all"),
  ])
  func anAviaryThatCannotBe(_ data: String, _ message: String) throws {
    try expect(2, "\(data): \(message)", try TemporaryFolder(), [data])
  }

  @Test func aFileThatIsNoRecipe() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("recipe.json", Array("{}".utf8))
    try expect(
      64, "\(file): not a recipe; \"recipe\" in arguments.json of any run is an example", folder,
      ["aviary:count=20,size=32", "--recipe", file])
  }

  @Test func aFullFolder() throws {
    let folder = try TemporaryFolder()
    try folder.write("run/notes.txt", [1])
    try expect(
      2,
      "\(folder.at("run")): is not empty (1 entry); nothing was written (--force to write into it)",
      folder, ["aviary:count=20,size=32"])
  }

  @Test func aPlaceThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    try folder.write("run", [1])
    try expect(
      5, "\(folder.at("run")): is a regular file, not a folder", folder, ["aviary:count=20,size=32"]
    )
    let below = avocet("train", "aviary:count=20,size=32", "--out", folder.at("run/below"))
    #expect(below.code == 5)
    #expect(below.errors == ["avocet: \(folder.at("run/below")): not a directory"])
  }

  @Test func aSplitThatAddsAClass() throws {
    let folder = try TemporaryFolder()
    try folder.pictures("data/train/a/1.png", "data/train/b/1.png", "data/val/c/1.png")
    let run = avocet("train", folder.at("data"), "--out", folder.at("run"))
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("data/val")): class \"c\" is not in \(folder.at("data/train")); every split has the classes of the first"
      ])
  }
}
