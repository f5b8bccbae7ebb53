import AvocetDatasets
import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

// Trainings beside the one that was asked for, on parts of its pictures: they say how good it will be, and whether more pictures would help.
extension Train {
  /// The shares of the pictures that a learning curve learns from, beside all.
  static let shares = [0.25, 0.5]

  /// The folder of one of them.
  static func fold(_ number: Int, in folder: RunFolder) -> RunFolder {
    RunFolder(folder.path.appending("fold-\(number)"))
  }

  /// The folder of one of them.
  static func share(_ share: Double, in folder: RunFolder) -> RunFolder {
    RunFolder(folder.path.appending("share-\(Int(100 * share))"))
  }

  /// The folders that studies may have.
  static func studies(in folder: RunFolder) -> [RunFolder] {
    (1...foldCounts.upperBound).map { fold($0, in: folder) } + shares.map { share($0, in: folder) }
  }

  private static let foldCounts = 2...20

  /// Refuses studies that these flags, this recipe or data do not allow.
  func checkStudies(_ dataset: Dataset, _ recipe: Recipe) throws(Failure) {
    if let folds, !Self.foldCounts.contains(folds) {
      throw Failure(
        "--folds is \(folds); \(Self.foldCounts.lowerBound) to \(Self.foldCounts.upperBound) are possible",
        code: 64)
    }
    if folds != nil, learningCurve {
      throw Failure("--folds and --learning-curve exclude each other", code: 64)
    }
    if folds != nil, dataset.splits[.validation] != nil {
      throw Failure(
        "\(data.path.escaped): has a val split; --folds is for data without one", code: 64)
    }
    if learningCurve, dataset.splits[.validation] == nil, recipe.validation == 0 {
      throw Failure("--learning-curve needs held-out pictures; --validation-split is 0", code: 64)
    }
  }

  /// A line where a class has so few pictures that its accuracy is mostly chance; nil else.
  func fewPictures(_ sources: Sources, _ classes: [String]) -> String? {
    var counts = [Int](repeating: 0, count: classes.count)
    for source in [sources.training] + (sources.validation.map { [$0] } ?? []) {
      for i in 0..<source.count { counts[source.label(i)] += 1 }
    }
    let few = counts.indices.filter { counts[$0] < 20 }.sorted {
      (counts[$0], $0) < (counts[$1], $1)
    }
    if few.isEmpty { return nil }
    let names = few.prefix(5).map { "\(escapedText(classes[$0].utf8)) \(counts[$0])" }
    let more = few.count > 5 ? " and \(few.count - 5) more" : ""
    let advice =
      [
        folds == nil ? "--folds 5 measures with all of them" : nil,
        from == nil ? "--from MODEL begins with what another learned" : nil,
      ]
      .compactMap { $0 }.joined(separator: ", ")
    return
      "\(data.path.escaped): fewer than 20 pictures of a class (\(names.joined(separator: ", "))\(more)): a network learns little from them, and the accuracy is mostly chance\(advice.isEmpty ? "" : "; \(advice)")"
  }

  /// Trains once without each fold and lets every network judge the pictures it did not see.
  func crossValidate(_ plan: Plan, _ sources: Sources, _ folder: RunFolder, _ session: Session)
    throws(Failure) -> CrossValidation
  {
    let labels = sources.training.labels
    let number = folds ?? 2
    let held = stratifiedFolds(labels, folds: number, seed: common.seed)
    var result = CrossValidation()
    for fold in 0..<number {
      let seen = labels.indices.filter { held[$0] != fold }
      let unseen = labels.indices.filter { held[$0] == fold }
      if unseen.isEmpty { continue }
      session.note(
        "fold \(fold + 1) of \(number): \(grouped(seen.count)) pictures, \(grouped(unseen.count)) held out"
      )
      let part = sources.part(seen)
      let place = Self.fold(fold + 1, in: folder)
      let trainer = try study(plan, part, place, session)
      try run(trainer, place, session)
      let evaluation = try judge(
        place, trainer.team, SubsetSource(sources.training, unseen), session)
      result.add(evaluation, at: unseen)
    }
    try writing { () throws(FileError) in try folder.write(result.csv, "folds.csv") }
    session.note(result.sentence)
    return result
  }

  /// Trains on a quarter and on half of the pictures.
  func trainOnShares(_ plan: Plan, _ sources: Sources, _ folder: RunFolder, _ session: Session)
    throws(Failure) -> [LearningCurve.Point]
  {
    guard let validation = sources.validation else { return [] }
    var points: [LearningCurve.Point] = []
    for share in Self.shares {
      let seen = stratifiedShare(sources.training.labels, share: share, seed: common.seed)
      session.note("\(Int(100 * share)) % of the pictures: \(grouped(seen.count))")
      let place = Self.share(share, in: folder)
      var part = sources.part(seen)
      (part.validation, part.validationSums) = (sources.validation, sources.validationSums)
      let trainer = try study(plan, part, place, session)
      try run(trainer, place, session)
      points.append(Self.point(seen.count, try judge(place, trainer.team, validation, session)))
    }
    return points
  }

  /// The learning curve with the training on all pictures, judged by `evaluation`, as its last point.
  func writeCurve(
    _ points: [LearningCurve.Point], _ evaluation: Evaluation, _ sources: Sources,
    _ folder: RunFolder, _ session: Session
  ) throws(Failure) {
    guard !points.isEmpty else { return }
    let all = Self.point(sources.training.count, evaluation)
    guard points.allSatisfy({ $0.isRight.count == all.isRight.count }), !all.isRight.isEmpty else {
      return
    }
    let curve = LearningCurve(points + [all], seed: common.seed)
    try writing { () throws(FileError) in
      try folder.write(curve.csv, "learning-curve.csv")
      try folder.write(curve.picture, "learning-curve.png")
    }
    session.note(curve.sentence)
  }

  private static func point(_ pictures: Int, _ evaluation: Evaluation) -> LearningCurve.Point {
    LearningCurve.Point(
      pictures: pictures, isRight: evaluation.judgements.map(\.isRight))
  }

  // A training on a part of the pictures, taken up where it was if there is a state.
  private func study(_ plan: Plan, _ part: Sources, _ folder: RunFolder, _ session: Session)
    throws(Failure) -> Trainer
  {
    try writing { () throws(FileError) in
      try makeFolders(folder.path)
      try removeTemporaries(in: folder.path)
    }
    let trainer = trainer(plan, try beginning(plan, part, session), part, folder)
    if resume, folder.hasState { try takeUp(trainer, session) }
    try describe(plan, folder)
    return trainer
  }

  private func judge(
    _ folder: RunFolder, _ team: ThreadTeam, _ source: any DataSource, _ session: Session
  ) throws(Failure) -> Evaluation {
    let model = try readModel(folder.modelPath, team)
    let shouldStop = session.shouldStop
    let evaluation = Evaluation(
      model.prepared(keepsLevels: false, team: team), model.preprocessing,
      classes: model.classes, on: source, team: team,
      shouldStop: { shouldStop() != nil })
    if let signal = session.shouldStop() {
      throw Failure("stopped; go on with --resume", code: 128 + signal)
    }
    return evaluation
  }
}
