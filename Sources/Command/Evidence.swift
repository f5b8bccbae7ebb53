import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetTraining
import SystemPackage

// The report's folder, with pages that show why the most confident mistakes were made.
extension Evaluate {
  func checkEvidence() throws(Failure) {
    guard let evidence else { return }
    let most = Report.mistakesShown
    guard (0...most).contains(evidence) else {
      throw Failure("--evidence is \(evidence); 0 to \(most) pages are possible", code: 64)
    }
    if out == nil { throw Failure("--evidence needs --out", code: 64) }
  }

  // Where nobody says how many pages: so many, and none begun after so long, for a page of a large network takes seconds.
  private static let usualCount = 12
  private static let usualTime = Duration.seconds(30)

  /// Writes the report; its page comes last, so that it is a sign of the others. After a signal it leads to the evidence that was made until then.
  func write(
    _ report: Report, to folder: RunFolder, _ model: Model, _ source: any DataSource,
    _ team: ThreadTeam, _ session: Session
  ) throws(Failure) {
    var report = report
    folder.discardReport()
    try writing { () throws(FileError) in try report.writeJudgements(to: folder) }
    let wanted = report.mistakes.prefix(evidence ?? Self.usualCount)
    if !wanted.isEmpty {
      let attribution = Attribution(Classifier(model, team: team), team: team)
      report.evidence = try explain(wanted, attribution, source, folder, session)
    }
    try writing { () throws(FileError) in try report.writePage(to: folder) }
    try session.checkStop()
  }

  // Writes the page of each mistake, as `explain` with --versus would, and gives their places by the pictures' indices. What cannot be explained is said once: it
  // is the network that cannot be.
  private func explain(
    _ mistakes: ArraySlice<Mistake>, _ attribution: Attribution, _ source: any DataSource,
    _ folder: RunFolder, _ session: Session
  ) throws(Failure) -> [Int: String] {
    let progress = Progress(session, "explaining mistakes")
    defer { progress.end() }
    let start = ContinuousClock.now
    var places: [Int: String] = [:]
    for (done, mistake) in mistakes.enumerated() {
      if session.shouldStop() != nil { break }
      if evidence == nil, ContinuousClock.now - start > Self.usualTime {
        session.note(
          "evidence of \(done) mistakes took \(Self.usualTime); --evidence \(mistakes.count) makes more"
        )
        break
      }
      let judgement = mistake.judgement
      let found: Explanation
      do throws(ImageError) {
        found = try Explanation(
          attribution, source.image(judgement.index), target: judgement.predicted,
          versus: judgement.truth, shouldStop: { session.shouldStop() != nil })
      } catch {
        if error.code != "stopped" {
          session.note("\(mistake.name): no evidence of mistakes: \(error.message)")
        }
        break
      }
      let place = Report.evidencePage(done + 1)
      try writing { () throws(FileError) in
        try makeFolders(folder.path.appending(place).folder)
        try folder.write(found.page(title: mistake.name), place)
      }
      places[judgement.index] = place
      progress.update(done + 1, of: mistakes.count)
    }
    return places
  }
}
