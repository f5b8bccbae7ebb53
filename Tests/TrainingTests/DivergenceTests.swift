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
    guard case .diverged(let divergence) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(divergence.epoch == 3 && [1, 2].contains(divergence.step))
    #expect(divergence.what.hasPrefix("the output of layer "))
    #expect(
      divergence.pictures.count == 8
        && divergence.pictures.allSatisfy { $0.hasPrefix("aviary:seed=3 scene ") })
    let message = error?.description ?? ""
    #expect(isOneLine(message) && message.contains(divergence.pictures[7]))
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
    let message = error?.description ?? ""
    #expect(message.contains("epoch 1, step 1: edges.weight is not finite after the update"))
    // Neither a model nor a state was written.
    #expect(try TemporaryFolder.names(in: training.path) == ["split.csv"])
  }

  @Test func aTrainingThatIsToldToStopSavesNoBrokenWeights() throws {
    var training = try SmallTraining(in: folder.path.appending("run"))
    training.recipe.optimizer.learningRate = 1e40
    let trainer = try training.trainer()
    #expect(throws: TrainingError.self) { try trainer.run(shouldStop: { true }, { _ in }) }
    #expect(try TemporaryFolder.names(in: training.path) == ["split.csv"])
  }

  // Weights that are no numbers show in the map of their own layer first, wherever that is.
  @Test func theLayerThatBeganIsNamed() throws {
    for layer in ["edges", "parts", "objects", "classes"] {
      var training = try SmallTraining(in: folder.path.appending(layer))
      training.recipe.batch = 12
      let trainer = try training.trainer { parameters in
        for slice in parameters.layout.slices where slice.name == "\(layer).weight" {
          parameters.values[slice.range.lowerBound] = .nan
        }
      }
      let error = #expect(throws: TrainingError.self) { try trainer.run { _ in } }
      let message = error?.description ?? ""
      #expect(
        message.hasPrefix(
          "training diverged in epoch 1, step 1: the output of layer \(layer) is not finite (batch: aviary:seed=3 scene "
        ), "\(message)")
      #expect(message.contains(" and 4 more, see diverged.csv); stopped before the update, "))
      #expect(try training.text("diverged.csv").split(separator: "\n").count == 13)
    }
  }
}
