import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import SystemPackage

/// `avocet dataset check`
struct CheckDataset: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Read every picture and say what is wrong: unreadable, doubled, rare, odd, wrongly labelled.",
    discussion:
      "Near duplicates are copies in another size, encoding or brightness. --model MODEL adds the labels that the model confidently contradicts; a model that was trained on these pictures may have learned wrong labels by heart, so take one that was not, where there is one."
  )

  @Argument(help: "The labelled pictures, as for train.") var data: PathArgument
  @Option(help: "A model that looks for wrong labels.") var model: PathArgument?
  @Option(help: "A folder for findings.csv and findings.html.") var out: PathArgument?
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let team = ThreadTeam(threads: common.threadCount)
    let judge: Model? = if let model { try readModel(model.path, team) } else { nil }
    let dataset = try openData(data, session, common)
    if let out { try prepareOutput(out.path, force: common.force) }
    let survey = try self.survey(dataset, team, session)
    let count = survey.entries.count + survey.refused.count
    for (picture, message) in survey.refused { session.complain("\(picture): \(message)") }
    guard !survey.entries.isEmpty else {
      throw Failure("\(data.path.escaped): none of \(grouped(count)) pictures could be read")
    }
    let side = judge.map { min($0.preprocessing.width, $0.preprocessing.height) } ?? 16
    let check = DatasetCheck(dataset, survey, smallestSide: side, team: team)
    var findings = Findings(data: data.path.escaped, dataset: dataset, check: check)
    if let judge { findings.labels = try doubts(judge, dataset, survey, team, session) }
    for line in findings.summary { try session.print(line) }
    if let out {
      let folder = out.path
      try writing { () throws(FileError) in
        try writeFileAtomically(Array(findings.csv.utf8), to: folder.appending("findings.csv"))
        try writeFileAtomically(Array(findings.page.utf8), to: folder.appending("findings.html"))
      }
    }
    return survey.refused.isEmpty ? 0 : 1
  }

  // What the model makes of every picture of a class that it knows.
  private func doubts(
    _ model: Model, _ dataset: Dataset, _ survey: Survey, _ team: ThreadTeam, _ session: Session
  ) throws(Failure) -> Findings.Labels {
    let numbers = Dictionary(
      model.classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    let labels = dataset.classes.map { numbers[$0] }
    let unknown = dataset.classes.filter { numbers[$0] == nil }
    guard unknown.count < dataset.classes.count else {
      throw Failure(
        "\(data.path.escaped): the model knows none of its \(dataset.classes.count) classes (\(escapedText(unknown[0].utf8)), ...); its own are \(model.classes.prefix(6).map { escapedText($0.utf8) }.joined(separator: ", "))"
      )
    }
    if !unknown.isEmpty {
      session.note(
        "avocet: the model does not know \(unknown.prefix(6).map { escapedText($0.utf8) }.joined(separator: ", ")); their labels are not looked at"
      )
    }
    var pictures = dataset
    pictures.decodeFiles(model.preprocessing.decoding(limits: common.limits))
    let prepared = model.prepared(keepsLevels: false, team: team)
    let indices = Dictionary(
      survey.entries.enumerated().map { ($1.place, $0) }, uniquingKeysWith: { a, _ in a })
    var judgements: [LabelErrors.Judgement] = []
    let progress = Progress(session, "judging labels")
    let relay = ProgressRelay(progress, total: survey.entries.count)
    let shouldStop = session.shouldStop
    for split in Split.allCases {
      guard let source = pictures.splits[split] else { continue }
      let known = (0..<source.count).filter {
        labels[source.label($0)] != nil && indices[Survey.Place(split: split, index: $0)] != nil
      }
      let before = judgements.count
      let evaluation = Evaluation(
        prepared, model.preprocessing, classes: model.classes, on: SubsetSource(source, known),
        labels: labels, team: team, shouldStop: { shouldStop() != nil }
      ) { relay.update(before + $0) }
      for judgement in evaluation.judgements {
        let place = Survey.Place(split: split, index: known[judgement.index])
        guard let index = indices[place] else { continue }
        judgements.append(
          LabelErrors.Judgement(
            index: index, label: judgement.truth, probabilities: judgement.probabilities))
      }
    }
    progress.end()
    try session.checkStop()
    return Findings.Labels(
      errors: LabelErrors(judgements, classCount: model.classes.count), classes: model.classes,
      judged: judgements.count)
  }
}

extension SessionCommand {
  /// One look at every picture, with a progress bar; throws if it was stopped.
  func survey(_ dataset: Dataset, _ team: ThreadTeam, _ session: Session) throws(Failure) -> Survey
  {
    let count = dataset.splits.values.reduce(0) { $0 + $1.count }
    let progress = Progress(session, "reading")
    let relay = ProgressRelay(progress, total: count)
    let shouldStop = session.shouldStop
    let survey = Survey(dataset, team: team, shouldStop: { shouldStop() != nil }) {
      relay.update($0)
    }
    progress.end()
    try session.checkStop()
    return survey
  }
}
