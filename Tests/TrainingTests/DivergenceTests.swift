import AvocetModelFiles
import AvocetTraining
import TestSupport
import Testing

/// What is not finite never reaches a file.
@Suite final class DivergenceTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func aDivergedTrainingNamesItsBatchAndLeavesTheLastCheckpoint() throws {
    var training = try SmallTraining(in: folder.path.appending("run"))
    training.recipe.schedule = .constant
    try training.run()
    let (model, state) = (try training.model, try training.state)
    training.recipe.epochs = 4
    training.recipe.optimizer.learningRate = 1e38
    let trainer = try training.trainer()
    try trainer.resume()
    let error = #expect(throws: TrainingError.self) { try trainer.run { _ in } }
    guard case .diverged(let epoch, let step, let pictures) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((epoch, step) == (3, 2) || (epoch, step) == (3, 1))
    #expect(pictures.count == 8 && pictures[0].hasPrefix("aviary:seed=3 scene "))
    #expect(isOneLine(error?.description ?? ""))
    let same = try training.model == model && training.state == state
    #expect(same)
  }

  @Test func weightsThatOverflowInTheLastStepOfAnEpochAreNotSaved() throws {
    var training = try SmallTraining(in: folder.path.appending("run"))
    (training.recipe.batch, training.recipe.schedule) = (36, .constant)
    training.recipe.optimizer.learningRate = 1e40
    let error = #expect(throws: TrainingError.self) { try training.run() }
    guard case .diverged = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("epoch 1, step 1: a weight is not finite") == true)
    // Neither a model nor a state was written.
    #expect(try TemporaryFolder.names(in: training.path) == [])
  }

  @Test func aTrainingThatIsToldToStopSavesNoBrokenWeights() throws {
    var training = try SmallTraining(in: folder.path.appending("run"))
    training.recipe.optimizer.learningRate = 1e40
    let trainer = try training.trainer()
    #expect(throws: TrainingError.self) { try trainer.run(shouldStop: { true }, { _ in }) }
    #expect(try TemporaryFolder.names(in: training.path) == [])
  }
}
