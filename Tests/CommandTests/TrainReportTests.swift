import AvocetFiles
import AvocetModelFiles
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

struct TrainReportTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func train(_ name: String, _ more: String..., surroundings: Surroundings = Surroundings())
    -> Outcome
  {
    avocet(
      [
        "train", "aviary:count=40,size=32", "--architecture", "tiny", "--batch", "4", "--epochs",
        "2", "--out", folder.at(name),
      ] + more, surroundings)
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    try readFile(FilePath(folder.at(name)), limit: 1 << 24)
  }

  @Test func theTemperatureIsFittedStoredAndSaid() throws {
    let run = train("run")
    let model = try Model.read(FilePath(folder.at("run/model.safetensors")))
    #expect(model.temperature != 1)
    #expect(
      run.errors.contains {
        $0.hasPrefix("temperature \(decimal(model.temperature, 2)): calibration error ")
      })
    let inspected = avocet("model", "inspect", folder.at("run/model.safetensors"))
    #expect(
      inspected.lines.contains {
        $0.hasPrefix("temperature") && $0.hasSuffix(decimal(model.temperature, 4))
      })
    #expect(try folder.text("run/report.html").contains("<pre>avocet train "))
  }

  @Test func whereNothingIsHeldOutNothingIsFittedAndTheCardSaysThatNothingIsKnown() throws {
    _ = train("all", "--validation-split", "0")
    #expect(try Model.read(FilePath(folder.at("all/model.safetensors"))).temperature == 1)
    for name in ["README.md", "report.html"] {
      #expect(try folder.text("all/" + name).contains("nothing is known of how good the model is"))
    }
  }

  @Test func aTrainingThatEndedBeforeItsReportWritesItLater() throws {
    _ = train("run")
    let (model, page) = (try bytes("run/model.safetensors"), try bytes("run/report.html"))
    // As if the process had ended after the last epoch.
    var bare = try Model(model)
    bare.temperature = 1
    try folder.write("run/model.safetensors", bare.encoded())
    try RealFileSystem().remove(FilePath(folder.at("run/report.html")))
    #expect(train("run", "--resume").code == 0)
    #expect(try bytes("run/model.safetensors") == model)
    #expect(try bytes("run/report.html") == page)
    #expect(train("run", "--resume").errors.last?.hasSuffix("nothing to do") == true)
  }

  @Test func tensorBoardsFileIsCutBackByAResume() throws {
    let name = "run/" + EventLog.name
    // Nine steps an epoch; the signal comes in the second one.
    let stopped = train("run", "--tensorboard", surroundings: Surroundings(signal: (2, 20)))
    #expect(stopped.code == 130)
    let first = try bytes(name)
    #expect(train("run", "--tensorboard", "--resume").code == 0)
    let whole = try bytes(name)
    #expect(whole.starts(with: first) && whole.count > first.count)
    #expect(!folder.has("other"))
    _ = train("other")
    #expect(!folder.has("other/" + EventLog.name))
  }
}
