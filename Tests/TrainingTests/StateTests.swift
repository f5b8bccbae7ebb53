import AvocetDatasets
import AvocetFiles
import AvocetModelFiles
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

/// A saved state that was damaged, that belongs to another training, or that could not be written.
@Suite final class StateTests {
  private let folder: TemporaryFolder
  private var number = 0
  init() throws { folder = try TemporaryFolder() }

  private func small() throws -> SmallTraining {
    number += 1
    return try SmallTraining(in: folder.path.appending("\(number)"))
  }

  private func refusal(_ training: SmallTraining) throws -> String? {
    let trainer = try training.trainer()
    do throws(TrainingError) {
      try trainer.resume()
      return nil
    } catch {
      #expect(isOneLine(error.description))
      #expect(trainer.epochsDone == 0 && trainer.rows.isEmpty)
      return error.description
    }
  }

  @Test func aStateOfAnotherTrainingIsRefusedAndSaysWhy() throws {
    let training = try small()
    try training.stop(after: 2)
    let path = "\(training.path)/state.safetensors: "
    let other = "the pictures are not those of then: "
    func changed(_ change: (inout SmallTraining) -> Void) throws -> String {
      var other = training
      change(&other)
      let message = try #require(try refusal(other), "accepted")
      #expect(message.hasPrefix(path) && message.contains("nothing was changed"))
      return message
    }
    #expect(try changed { $0.recipe.architecture = "small" }.contains("belongs to another network"))
    #expect(try changed { $0.recipe.optimizer.rule = .adamW }.contains("optimizer.second"))
    #expect(try changed { $0.recipe.batch = 9 }.contains("16 pictures were seen in 2 batches"))
    #expect(try changed { $0.recipe.averageDecay = 0.9 }.contains("average belongs to another"))
    let fewer = try changed { $0.training = $0.validation ?? $0.training }
    #expect(fewer.contains("\(other)aviary:seed=3 scene 0 (rabbit) is gone (the first of 36 "))
    let shuffled = try changed { $0.training = SubsetSource(scenes, (0..<36).reversed()) }
    #expect(
      shuffled.contains(
        "\(other)picture 1 was aviary:seed=3 scene 0 (rabbit) of train, is aviary:seed=3 scene 35 ")
    )
    #expect(try refusal(training) == nil)
    #expect(
      try refusal(try small())?.contains("no such file or directory; nothing was changed") == true)
  }

  @Test func numbersThatCannotBeAreRefused() throws {
    let training = try small()
    try training.stop(after: 7)  // two steps into the second epoch
    let path = training.path.appending("state.safetensors")
    let bytes = try readFile(path, limit: 1 << 24)
    try RealFileSystem().remove(training.path.appending("state.previous.safetensors"))
    for (from, to) in [
      ("\"epoch\":1,\"finger", "\"epoch\":-1,\"finger"),
      ("\"epoch\":1,\"finger", "\"epoch\":0,\"finger"),
      ("\"epoch\":1,\"finger", "\"epoch\":9223372036854775807,\"finger"),
      ("\"step\":2", "\"step\":3"), ("\"step\":2", "\"step\":9223372036854775807"),
      ("\"seen\":16", "\"seen\":17"), ("\"seen\":16", "\"seen\":9223372036854775807"),
      ("\"correct\":", "\"correct\":-"),
      ("\"correct\":", "\"correct\":9223372036854775807,\"was\":"),
      ("\"loss\":", "\"loss\":\"nan\",\"was\":"), ("\"rows\":[", "\"rows\":[],\"were\":["),
      ("\"seconds\":", "\"seconds\":\"inf\",\"was\":"),
    ] {
      var file = try SafeTensors(bytes)
      let text = try #require(file.metadata["avocet.state"])
      #expect(text.contains(from), "\(text)")
      file.metadata["avocet.state"] = text.replacing(from, with: to)
      try writeFileAtomically(file.encoded(), to: path)
      #expect(try refusal(training) != nil, "\(from) became \(to)")
    }
    for steps in ["", "-1", "6", "8", "9223372036854775807", "seven"] {
      var file = try SafeTensors(bytes)
      file.metadata["avocet.steps"] = steps
      try writeFileAtomically(file.encoded(), to: path)
      #expect(try refusal(training) != nil, "\(steps) steps")
    }
    try writeFileAtomically(bytes, to: path)
    #expect(try refusal(training) == nil)
  }

  @Test func metricsAreCutBackToTheState() throws {
    let training = try small()
    try training.stop(after: 7)
    let rows = try training.text("metrics.csv")
    #expect(rows.split(separator: "\n").count == 2)
    let metrics = training.path.appending("metrics.csv")
    try writeFileAtomically(Array((rows + "2,0.1,0.9,,,0.1,1.0,1.0\n3,0").utf8), to: metrics)
    let trainer = try training.trainer()
    try trainer.resume()
    #expect(try training.text("metrics.csv") == rows)
    // A crash between state and metrics of the last epoch is made good as well.
    try training.resume()
    let whole = try training.text("metrics.csv")
    try writeFileAtomically(Array(rows.utf8), to: metrics)
    try training.resume()
    #expect(try training.text("metrics.csv") == whole)
  }
}
