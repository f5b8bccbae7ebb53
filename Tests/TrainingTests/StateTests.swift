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
    #expect(fewer.contains("other pictures (36 then, 20 now)"))
    let shuffled = try changed { $0.training = SubsetSource(scenes, (0..<36).reversed()) }
    #expect(shuffled.contains("other pictures"))
    #expect(try refusal(training) == nil)
    #expect(try refusal(try small())?.hasSuffix("no such file or directory") == true)
  }

  @Test func numbersThatCannotBeAreRefused() throws {
    let training = try small()
    try training.stop(after: 7)  // two steps into the second epoch
    let path = training.path.appending("state.safetensors")
    let bytes = try readFile(path, limit: 1 << 24)
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

  @Test func aDamagedFileIsRefusedOrTakenAndNeverATrap() throws {
    let training = try small()
    try training.stop(after: 2)
    let path = training.path.appending("state.safetensors")
    let bytes = try readFile(path, limit: 1 << 24)
    let header = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    for place in stride(from: 0, to: header, by: 3) {
      var damaged = bytes
      damaged[place] = place % 2 == 0 ? bytes[place] &+ 1 : 0xFF
      try writeFileAtomically(damaged, to: path)
      _ = try refusal(training)
    }
    for count in [0, 7, 8, 100, header, bytes.count - 1] {
      try writeFileAtomically(Array(bytes[..<count]), to: path)
      #expect(try refusal(training) != nil, "\(count) bytes")
    }
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

  // Every file of every epoch: the temporary file opened, written, flushed, renamed, the folder flushed.
  @Test(arguments: [Errno.noSpace, .ioError])
  func aFailureAtAnyStepOfSavingLosesNothing(error: Errno) throws {
    func tiny() throws -> SmallTraining {
      var training = try small()
      training.training = SubsetSource(scenes, Array(0..<8))
      training.validation = SubsetSource(scenes, Array(40..<44))
      return training
    }
    let reference = try tiny()
    let counting = FaultyFileSystem(failing: -1, largestWrite: 1 << 16)
    _ = try reference.trainer(counting).run { _ in }
    let whole = try reference.model
    #expect(counting.steps > 20)
    for step in 0..<counting.steps {
      let training = try tiny()
      let faulty = FaultyFileSystem(failing: step, error: error, largestWrite: 1 << 16)
      let trainer = try training.trainer(faulty)
      var warnings: [String] = []
      do throws(TrainingError) {
        let outcome = try trainer.run { event in
          if case .warning(let text) = event { warnings.append(text) }
        }
        // A state or metrics that could not be written: said, and training went on.
        #expect(outcome == .finished && warnings.count == 1, "step \(step)")
        let same = try? training.model == whole
        #expect(same == true, "step \(step)")
      } catch {
        guard case .unwritable(let file) = error else {
          Issue.record("step \(step): \(error)")
          continue
        }
        #expect(file.path == training.path.appending("model.safetensors"), "step \(step)")
      }
      #expect(warnings.allSatisfy { isOneLine($0) && $0.hasPrefix("\(training.path)/") })
      #expect(try TemporaryFolder.names(in: training.path).allSatisfy { !$0.hasSuffix(".tmp") })
      // Whatever is there is whole, and from it the training ends as if nothing had been.
      if RunFolder.exists(training.path.appending("model.safetensors")) {
        #expect(throws: Never.self, "step \(step)") { try Model(try training.model) }
      }
      if RunFolder.exists(training.path.appending("state.safetensors")) {
        try training.resume()
      } else {
        try training.run()
      }
      let same = try training.model == whole
      #expect(same, "step \(step)")
    }
  }
}
