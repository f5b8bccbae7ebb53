import AvocetDatasets
import AvocetFiles
import AvocetModelFiles
import AvocetTraining
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What damage, failing disks and sudden death leave of a training.
@Suite final class CheckpointTests {
  private let folder: TemporaryFolder
  private var number = 0
  init() throws { folder = try TemporaryFolder() }

  private func tiny() throws -> SmallTraining {
    number += 1
    var training = try SmallTraining(in: folder.path.appending("\(number)"))
    training.training = SubsetSource(scenes, Array(0..<8))
    training.validation = SubsetSource(scenes, Array(40..<44))
    return training
  }

  private func uninterrupted() throws -> (SmallTraining, [UInt8]) {
    let training = try tiny()
    try training.run()
    return (training, try training.model)
  }

  @Test func everyDamagedByteOfTheNewestFallsBackToThePreviousAndSaysSo() throws {
    let (training, whole) = try uninterrupted()
    let (newest, previous) = (
      training.path.appending("state.safetensors"),
      training.path.appending("state.previous.safetensors")
    )
    let (bytes, kept) = (
      try readFile(newest, limit: 1 << 24), try readFile(previous, limit: 1 << 24)
    )
    let places = Array(stride(from: 0, to: 120, by: 7)) + [bytes.count / 2, bytes.count - 1]
    for place in places {
      var damaged = bytes
      damaged[place] ^= 0x10
      try writeFileAtomically(damaged, to: newest)
      try writeFileAtomically(kept, to: previous)
      let trainer = try training.trainer()
      let warning = try #require(try trainer.resume())
      #expect(warning.hasPrefix("\(newest): damaged: "))
      #expect(warning.hasSuffix("; resumed from \(previous) instead"))
      #expect(isOneLine(warning) && trainer.epochsDone == 1)
      // The good one is the newest now; a save that dies would not lose it.
      #expect(try readFile(newest, limit: 1 << 24) == kept && !RunFolder.exists(previous))
    }
    try training.resume()
    let same = try training.model == whole
    #expect(same)
  }

  @Test func aSaveThatDiedBetweenItsTwoNamesIsTakenUp() throws {
    let (training, whole) = try uninterrupted()
    let newest = training.path.appending("state.safetensors")
    try RealFileSystem().remove(newest)
    let warning = try training.trainer().resume()
    #expect(warning?.hasPrefix("\(newest): no such file or directory; resumed from ") == true)
    try training.resume()
    let same = try training.model == whole
    #expect(same)
  }

  @Test func twoDamagedStatesAreRefusedAndStayAsTheyAre() throws {
    let (training, _) = try uninterrupted()
    for name in ["state.safetensors", "state.previous.safetensors"] {
      try writeFileAtomically([1, 2, 3], to: training.path.appending(name))
    }
    let before = try TemporaryFolder.names(in: training.path)
    let error = #expect(throws: TrainingError.self) { try training.trainer().resume() }
    let message = error?.description ?? ""
    #expect(isOneLine(message) && message.contains("nothing was changed"))
    #expect(message.contains("/state.safetensors: damaged: 3 bytes"))
    #expect(message.contains("/state.previous.safetensors: damaged: 3 bytes"))
    #expect(try TemporaryFolder.names(in: training.path) == before)
  }

  @Test func aModelThatWasLostOrComesFromALaterEpochIsPutBack() throws {
    let (training, whole) = try uninterrupted()
    for bytes in [nil, [1, 2], whole.dropLast() + [7]] as [[UInt8]?] {
      let path = training.path.appending("model.safetensors")
      try RealFileSystem().remove(path)
      if let bytes { try writeFileAtomically(bytes, to: path) }
      try training.trainer().resume()
      let same = try training.model == whole
      #expect(same)
    }
  }

  @Test func checkpointsInsideAnEpochChangeNoBit() throws {
    func often() throws -> SmallTraining {
      var training = try tiny()
      training.recipe.batch = 2
      return training
    }
    let whole = try often()
    try whole.run()
    let training = try often()
    let trainer = try training.trainer()
    trainer.checkpointInterval = .zero
    var steps: [Int] = []
    _ = try trainer.run { event in
      guard case .progress = event else { return }
      // What was saved after the step before.
      let other = try? training.trainer()
      _ = try? other?.resume()
      steps.append((other?.epochsDone ?? 0) * 4 + (other?.batchesDone ?? 0))
    }
    #expect(steps == Array(0..<8))
    let same = try training.model == whole.model
    #expect(same)
  }

  @Test func aCheckpointComesAfterAWholeStepOnly() throws {
    func accumulating() throws -> SmallTraining {
      var training = try tiny()
      (training.recipe.batch, training.recipe.accumulation) = (2, 2)
      training.recipe.averageDecay = 0.5
      return training
    }
    let (whole, training) = (try accumulating(), try accumulating())
    try whole.run()
    let trainer = try training.trainer()
    trainer.checkpointInterval = .zero
    var saved: [Int] = []
    _ = try trainer.run { event in
      guard case .progress = event, RunFolder(training.path).hasState else { return }
      let other = try? training.trainer()
      _ = try? other?.resume()
      saved.append((other?.epochsDone ?? 0) * 4 + (other?.batchesDone ?? 0))
    }
    // Nothing after the first batches, then after the second and the fourth of each epoch.
    #expect(saved == [2, 2, 4, 4, 6, 6])
    let same = try training.model == whole.model && training.state == whole.state
    #expect(same)
  }

  // At every operation of the whole run: the disk fails once and goes on.
  @Test(arguments: [Errno.noSpace, .ioError])
  func aFailureAtAnyStepOfSavingLosesNothing(error: Errno) throws {
    let (_, whole) = try uninterrupted()
    let counting = FaultyFileSystem(failing: -1, largestWrite: 1 << 16)
    _ = try tiny().trainer(counting).run { _ in }
    #expect(counting.steps > 30)
    // The first operations write split.csv: without it no training begins.
    for step in 5..<counting.steps {
      let training = try tiny()
      let faulty = FaultyFileSystem(failing: step, error: error, largestWrite: 1 << 16)
      var warnings: [String] = []
      let trainer = try training.trainer(faulty)
      let outcome = try trainer.run { event in
        if case .warning(let text) = event { warnings.append(text) }
      }
      #expect(outcome == .finished && warnings.count == 1, "step \(step)")
      #expect(warnings.allSatisfy { isOneLine($0) && $0.hasPrefix("\(training.path)/") })
      #expect(warnings.allSatisfy { $0.hasSuffix("this checkpoint is skipped, training goes on") })
      #expect(try TemporaryFolder.names(in: training.path).allSatisfy { !$0.hasSuffix(".tmp") })
      let same = try training.model == whole
      #expect(same, "step \(step)")
      // Only a failure of the last save is one of the whole run.
      #expect(trainer.isSaved || step > counting.steps / 2, "step \(step)")
      try training.resume()
      let again = try training.model == whole
      #expect(again, "step \(step)")
    }
  }

  // At every operation of the whole run: the process is killed in the middle of it.
  @Test func aDeathAtAnyStepOfSavingLosesNoMoreThanTheStepsSinceTheLastCheckpoint() throws {
    let (_, whole) = try uninterrupted()
    var step = 0
    while true {
      let training = try tiny()
      let dying = FaultyFileSystem(failing: step, largestWrite: 1 << 15, forever: true)
      let trainer = try training.trainer(dying)
      trainer.checkpointInterval = .zero
      _ = try? trainer.run(shouldStop: { dying.isDead }) { _ in }
      if !dying.isDead { break }
      let last = try training.trainer()
      if RunFolder(training.path).hasState {
        try last.resume()
        let names = try TemporaryFolder.names(in: training.path)
        #expect(names.allSatisfy { !$0.hasSuffix(".tmp") }, "step \(step)")
      }
      #expect(try last.run { _ in } == .finished)
      let same = try training.model == whole
      #expect(same, "step \(step)")
      #expect(try training.text("metrics.csv").split(separator: "\n").count == 3, "step \(step)")
      step += 1
    }
    #expect(step > 40)
  }

  @Test func aDiskThatStaysFullLetsTheTrainingEndAndSaysSo() throws {
    let training = try tiny()
    let full = FaultyFileSystem(failing: 5, error: .noSpace, forever: true)
    let trainer = try training.trainer(full)
    var warnings = 0
    let error = #expect(throws: TrainingError.self) {
      try trainer.run { if case .warning = $0 { warnings += 1 } }
    }
    #expect(warnings == 2 && trainer.epochsDone == 2 && !trainer.isSaved)
    #expect(
      error?.description == "\(training.path)/model.safetensors: no space left on device")
  }
}
