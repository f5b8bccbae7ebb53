import AvocetDatasets
import AvocetDrawing
import AvocetFiles
import AvocetImages
import AvocetModelFiles

/// What is shown to people of a training or an evaluation: figures, curves, confusion, calibration, mistakes, and one page with all of it.
public struct Report {
  let model: Model
  let rows: [EpochMetrics]
  let evaluation: Evaluation?
  let source: (any DataSource)?
  let split: String
  let comparison: Comparison?
  let command: String
  let pictures: Pictures
  /// The most confident mistakes whose pictures can still be read, up to `mistakesShown`.
  public let mistakes: [Mistake]
  /// The pages, beside the report's, that show why a mistake was made, by the picture's index in the source.
  public var evidence: [Int: String] = [:]

  /// Mistakes that are shown.
  public static let mistakesShown = 24

  /// A report on a model.
  ///
  /// - Parameters:
  ///   - rows: the epochs of its training, if that is what is reported.
  ///   - evaluation: its judgement of `source`, the pictures of `split`.
  ///   - comparison: with another model, on the same pictures.
  ///   - command: what makes the report again.
  public init(
    _ model: Model, rows: [EpochMetrics], evaluation: Evaluation?, source: (any DataSource)?,
    split: String = "validation", comparison: Comparison? = nil, command: String = ""
  ) {
    (self.model, self.rows, self.evaluation) = (model, rows, evaluation)
    (self.source, self.split) = (source, split)
    (self.comparison, self.command) = (comparison, command)
    pictures = Pictures(rows, evaluation)
    mistakes = Self.mistakes(evaluation, source, model.preprocessing)
  }

  /// What pictures are called of which each was judged by a network that did not see it; see `CrossValidation`.
  public static let heldOut = "held-out"

  /// What stands in place of the figures where nothing was judged.
  static let unjudged =
    "No pictures were held out, so nothing is known of how good the model is."

  /// What the figures do not tell.
  var caveat: String? {
    switch split {
    case "validation":
      "The validation pictures chose the epoch and fitted the temperature, so these figures flatter a little; a test split that was never looked at tells more."
    case Self.heldOut:
      "Each picture was judged by a network that learned from the others; the network that is kept learned from all of them. The judgements also fitted the temperature."
    default: nil
    }
  }

  /// The pictures of a report as PNG files; what there is nothing to show of is nil.
  struct Pictures {
    let curves, confusion, reliability: [UInt8]?

    init(_ rows: [EpochMetrics], _ evaluation: Evaluation?) {
      let judged = evaluation.flatMap { $0.judgements.isEmpty ? nil : $0 }
      curves = rows.isEmpty ? nil : Report.curves(rows).encodedPNG()
      confusion = judged.map { Report.confusion($0).encodedPNG() }
      reliability = judged.map { Report.reliability($0).encodedPNG() }
    }
  }

  /// Writes the run folder's files; `report.html` comes last, so that it is a sign of the others.
  public func write(to folder: RunFolder) throws(FileError) {
    if let curves = pictures.curves { try folder.write(curves, "curves.png") }
    try writeJudgements(to: folder)
    try folder.write(card, "README.md")
    try writePage(to: folder)
  }

  /// Writes `confusion`, `classes`, `reliability`, `wrong`, `mistakes` and `compare`, as CSV or PNG, as far as there is something to show.
  public func writeJudgements(to folder: RunFolder) throws(FileError) {
    guard let evaluation else { return }
    try folder.write(Self.confusionCSV(evaluation), "confusion.csv")
    try folder.write(Self.classesCSV(evaluation), "classes.csv")
    try folder.write(wrongCSV(evaluation), "wrong.csv")
    if let picture = pictures.confusion { try folder.write(picture, "confusion.png") }
    if let picture = pictures.reliability { try folder.write(picture, "reliability.png") }
    if !mistakes.isEmpty { try folder.write(contactSheet.encodedPNG(), "mistakes.png") }
    if let comparison { try folder.write(compareCSV(comparison), "compare.csv") }
  }

  /// The place, in the report's folder, of the evidence for mistake `number`, counted from 1: `evidence/0001.html`.
  public static func evidencePage(_ number: Int) -> String {
    let digits = String(number)
    return "evidence/\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).html"
  }

  /// Writes `report.html`.
  public func writePage(to folder: RunFolder) throws(FileError) {
    try folder.write(page, "report.html")
  }

  /// The epoch whose weights are kept.
  static func bestEpoch(_ rows: [EpochMetrics]) -> EpochMetrics? {
    guard var best = rows.last, best.validationTop1 != nil else { return rows.last }
    for row in rows.reversed() where (row.validationTop1 ?? -1) >= (best.validationTop1 ?? -1) {
      best = row
    }
    return best
  }

  /// Accuracy, loss and learning rate over the epochs.
  static func curves(_ rows: [EpochMetrics]) -> Image {
    func series(_ name: String, _ value: (EpochMetrics) -> Double?) -> Chart.Series {
      Chart.Series(name: name, points: rows.map { (x: Double($0.epoch), y: value($0) ?? .nan) })
    }
    func chart(
      _ title: String, _ label: String, _ series: [Chart.Series], _ height: Int,
      from low: Double? = nil, mark: (x: Double, label: String)? = nil
    ) -> Image {
      var chart = Chart(title: title, xLabel: "epoch", yLabel: label, mark: mark)
      chart.xStep = 1
      chart.series = series.filter { $0.points.contains { $0.y.isFinite } }
      if let low { chart.yRange = low...1 }
      return chart.image(height: height)
    }
    let shares = rows.flatMap { [$0.trainTop1, $0.validationTop1 ?? 1] }.filter(\.isFinite)
    let low = min(0.8, max(0, ((shares.min() ?? 0) * 5).rounded(.down) / 5))
    let mark = rows.contains { $0.validationTop1 != nil } ? bestEpoch(rows) : nil
    return Chart.stacked([
      chart(
        "Accuracy", "share of pictures that are right",
        [
          series("training (augmented)") { $0.trainTop1 },
          series("validation") { $0.validationTop1 },
        ], 340, from: low, mark: mark.map { (Double($0.epoch), "kept: epoch \($0.epoch)") }),
      chart(
        "Loss", "cross-entropy in nats",
        [
          series("training (augmented, smoothed)") { $0.trainLoss },
          series("validation") { $0.validationLoss },
        ], 300),
      chart(
        "Learning rate", "at the epoch's end", [series("learning rate") { $0.learningRate }], 220),
    ])
  }

  // Beyond a hundred classes the fifty with the most errors.
  private static func confusion(_ evaluation: Evaluation) -> Image {
    let table = evaluation.confusion
    let count = evaluation.classes.count
    guard count > 100 else {
      return Chart.confusion(
        title: "What is taken for what", names: evaluation.classes, counts: table)
    }
    let errors = table.enumerated().map { $1.reduce(0, +) - $1[$0] }
    let worst = table.indices.sorted { (errors[$1], $0) < (errors[$0], $1) }.prefix(50).sorted()
    return Chart.confusion(
      title: "What is taken for what: the 50 of \(count) classes with the most errors",
      names: worst.map { evaluation.classes[$0] },
      counts: worst.map { row in worst.map { table[row][$0] } })
  }

  private static func reliability(_ evaluation: Evaluation) -> Image {
    let calibration = Calibration(evaluation)
    var notes = [
      "expected calibration error \(percent(calibration.error)) over \(grouped(evaluation.judgements.count)) pictures"
    ]
    if evaluation.temperature != 1 {
      let before = Calibration(evaluation.at(temperature: 1)).error
      notes.append(
        "temperature \(decimal(evaluation.temperature, 2)); without it the error is \(percent(before))"
      )
    }
    return Chart.reliability(
      title: "Is it right as often as it is sure?", notes: notes,
      bins: calibration.bins.map {
        Chart.ConfidenceBin(
          pictures: $0.pictures, confidence: $0.confidence, accuracy: $0.accuracy,
          interval: Evaluation.interval($0.correct, of: $0.pictures))
      })
  }
}

/// A picture of which the network is wrong.
public struct Mistake: Sendable {
  /// What it said, and of which picture of the source.
  public let judgement: Evaluation.Judgement
  /// The picture's name in messages.
  public let name: String
  /// The picture as the network saw it.
  let picture: Image
  /// The names of the true class and of the predicted one.
  let truth, said: String
}

extension Report {
  private static func mistakes(
    _ evaluation: Evaluation?, _ source: (any DataSource)?, _ preprocessing: Preprocessing
  ) -> [Mistake] {
    guard let evaluation, let source else { return [] }
    return evaluation.mistakes.prefix(mistakesShown).compactMap { judgement in
      guard let image = try? source.image(judgement.index) else { return nil }
      return Mistake(
        judgement: judgement, name: source.identifier(judgement.index),
        picture: preprocessing.view(of: image), truth: evaluation.classes[judgement.truth],
        said: evaluation.classes[judgement.predicted])
    }
  }

  private var contactSheet: Image {
    let all = evaluation?.mistakes.count ?? mistakes.count
    return ContactSheet(
      title: "The \(mistakes.count) most confident of \(grouped(all)) mistakes",
      note: "each picture as the network saw it: the truth, and what the network said",
      entries: mistakes.map {
        (
          $0.picture,
          ["\($0.truth)", "said \($0.said) \(decimal(100 * $0.judgement.confidence, 0)) %"]
        )
      }
    ).image()
  }
}

extension RunFolder {
  /// Draws `curves.png` anew.
  public func writeCurves(_ rows: [EpochMetrics]) throws(FileError) {
    try write(Report.curves(rows).encodedPNG(), "curves.png")
  }

  /// Removes an earlier report's page, for where there is one the work is complete, and the pages of evidence that it led to.
  public func discardReport() {
    try? fileSystem.remove(path.appending("report.html"))
    for number in 1...Report.mistakesShown {
      try? fileSystem.remove(path.appending(Report.evidencePage(number)))
    }
  }

  /// Whether the page is there.
  public var hasReport: Bool { Self.exists(path.appending("report.html")) }
}
