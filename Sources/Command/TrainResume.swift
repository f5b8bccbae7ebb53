import AvocetFiles
import AvocetTraining

// How `train` goes on from what an earlier one left in the folder.
extension Train {
  /// What there is to go on from.
  enum Start {
    /// Nothing.
    case anew
    /// A study has a saved state, the training itself none.
    case amongStudies
    /// The training has a saved state.
    case saved
  }

  /// Makes the folder ready; nil if all is done already.
  ///
  /// A learning rate that was found before is taken from there.
  func prepare(_ folder: RunFolder, _ recipe: inout Recipe, _ session: Session) throws(Failure)
    -> Start?
  {
    try prepareOutput(folder.path, force: common.force, resume: resume)
    // Of a run that was killed.
    try writing { () throws(FileError) in try removeTemporaries(in: folder.path) }
    guard resume else { return .anew }
    let name = folder.path.escaped
    guard folder.hasState || Self.studies(in: folder).contains(where: \.hasState) else {
      session.note("\(name): no state to resume from; starting anew")
      return .anew
    }
    guard let previous = RunArguments(folder) else {
      throw Failure(
        "\(name): cannot resume: there is a state, but no arguments.json that can be read; nothing was changed (--force starts anew)"
      )
    }
    if learningRate == .automatic, previous.flags["learningRate"] == "auto" {
      recipe.optimizer = previous.recipe.optimizer
    }
    if let difference = arguments(recipe).difference(from: previous) {
      throw Failure("\(name): cannot resume: \(difference)", code: 64)
    }
    if let done = previous.epochsDone(folder), done >= recipe.epochs, folder.hasReport {
      session.note("\(name): already finished (\(done) epochs); nothing to do")
      return nil
    }
    return folder.hasState ? .saved : .amongStudies
  }

  /// Removes what would mislead a later `--resume`: states of an earlier training, and the report that is not yet true.
  func discardOld(_ folder: RunFolder, _ start: Start) {
    folder.discardReport()
    guard start == .anew else { return }
    for folder in [folder] + Self.studies(in: folder) { folder.discardStates() }
  }

  /// Goes on from a saved state.
  func takeUp(_ trainer: Trainer, _ session: Session) throws(Failure) {
    do throws(TrainingError) {
      if let warning = try trainer.resume() { session.complain(warning) }
    } catch {
      if case .unwritable(let file) = error { throw Failure(file) }
      throw Failure(error.description)
    }
    let batches = trainer.batchesDone > 0 ? ", batch \(grouped(trainer.batchesDone))" : ""
    session.note("resumed after epoch \(trainer.epochsDone)\(batches)")
  }
}
