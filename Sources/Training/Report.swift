import AvocetDatasets
import AvocetDrawing
import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks

/// What a run folder shows to people: curves, the confusion matrix, the wrong pictures, one page with all of it, and the model card.
public struct Report {
  let model: Model
  let rows: [EpochMetrics]
  let evaluation: Evaluation?
  let source: (any DataSource)?

  /// A report on a model, its epochs, and its judgement of `source`.
  public init(
    _ model: Model, rows: [EpochMetrics], evaluation: Evaluation?, source: (any DataSource)?
  ) {
    (self.model, self.rows) = (model, rows)
    (self.evaluation, self.source) = (evaluation, source)
  }

  /// Writes the files.
  public func write(to folder: RunFolder) throws(FileError) {
    let curves = rows.isEmpty ? nil : curves.encodedPNG()
    if let curves { try folder.write(curves, "curves.png") }
    let confusion = try writeJudgements(to: folder, of: "Validation")
    try folder.write(page(curves: curves, confusion: confusion), "report.html")
    try folder.write(card, "README.md")
  }

  /// Writes `confusion.csv`, `confusion.png` (up to 100 classes) and `wrong.csv`, and gives the picture; `name` says what was judged.
  @discardableResult
  public func writeJudgements(to folder: RunFolder, of name: String) throws(FileError) -> [UInt8]? {
    guard let evaluation else { return nil }
    try folder.write(Self.confusionCSV(evaluation), "confusion.csv")
    try folder.write(wrongCSV(evaluation), "wrong.csv")
    guard evaluation.classes.count <= 100 else { return nil }
    let picture = Chart.confusion(
      title: "\(name): rows are the truth, columns what the network said",
      names: evaluation.classes, counts: evaluation.confusion
    ).encodedPNG()
    try folder.write(picture, "confusion.png")
    return picture
  }

  var curves: Image {
    func series(_ name: String, _ value: (EpochMetrics) -> Double?) -> Chart.Series {
      Chart.Series(name: name, points: rows.map { (x: Double($0.epoch), y: value($0) ?? .nan) })
    }
    return Chart(
      title: "Top-1 accuracy by epoch", xLabel: "epoch", yLabel: "share of pictures that are right",
      series: [
        series("training (augmented)") { $0.trainTop1 }, series("validation") { $0.validationTop1 },
      ], yRange: 0...1
    ).image()
  }

  static func confusionCSV(_ evaluation: Evaluation) -> String {
    var lines = [(["truth"] + evaluation.classes).map(csvCell).joined(separator: ",")]
    for (name, row) in zip(evaluation.classes, evaluation.confusion) {
      lines.append(([csvCell(name)] + row.map { "\($0)" }).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The wrong pictures, the most confident errors first: path, truth, predicted, probability.
  func wrongCSV(_ evaluation: Evaluation) -> String {
    var lines = ["path,truth,predicted,probability"]
    for judgement in wrong(evaluation) {
      lines.append(
        [
          csvCell(source?.identifier(judgement.index) ?? "\(judgement.index)"),
          csvCell(evaluation.classes[judgement.truth]),
          csvCell(evaluation.classes[judgement.predicted]),
          decimal(Double(judgement.probabilities[judgement.predicted]), 4),
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func wrong(_ evaluation: Evaluation) -> [Evaluation.Judgement] {
    evaluation.judgements.filter { $0.predicted != $0.truth }.sorted {
      ($1.probabilities[$1.predicted], $0.index) < ($0.probabilities[$0.predicted], $1.index)
    }
  }

  private var facts: [(String, String)] {
    let network = model.network
    var facts = [
      ("Architecture", network.architecture),
      ("Input", "\(network.inputShape.description) (rows x columns x channels)"),
      ("Parameters", grouped(network.parameterCount)),
      ("Multiply-adds for a picture", grouped(network.multiplyAdds)),
      (
        "Classes",
        "\(model.classes.count): \(model.classes.prefix(20).joined(separator: ", "))\(model.classes.count > 20 ? ", ..." : "")"
      ),
      ("Data", model.provenance.data), ("Licence", model.provenance.licence),
      ("Epochs", "\(rows.count)"),
    ]
    if let evaluation, !evaluation.judgements.isEmpty {
      let (low, high) = Evaluation.interval(evaluation.correct, of: evaluation.judgements.count)
      facts.append(
        (
          "Validation top-1",
          "\(decimal(100 * evaluation.top1, 2)) % (\(grouped(evaluation.correct)) of \(grouped(evaluation.judgements.count)); 95 % interval \(decimal(100 * low, 2))-\(decimal(100 * high, 2)))"
        ))
    }
    return facts
  }

  private var card: String {
    var lines = ["# An image classifier", ""]
    for (name, value) in facts { lines.append("- \(name): \(value)") }
    lines += [
      "",
      "The validation pictures chose the epoch, so their accuracy flatters; a test split that was never looked at tells more:",
      "", "    avocet evaluate model.safetensors DATA",
      "    avocet classify model.safetensors PICTURES",
      "    avocet features model.safetensors PICTURE --out features", "", "Recipe:", "",
    ]
    lines += model.provenance.recipe.split(separator: "\n").map { "    \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }

  private func page(curves: [UInt8]?, confusion: [UInt8]?) -> String {
    func embedded(_ png: [UInt8]?, _ title: String) -> String {
      guard let png else { return "" }
      return
        "<h2>\(title)</h2>\n<img alt=\"\(title)\" src=\"data:image/png;base64,\(base64(png))\">\n"
    }
    var html = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>Training report</title>
      <style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
      table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
      img{max-width:100%}figure{display:inline-block;margin:.4rem;font-size:.8rem;max-width:9rem}figure img{width:8rem;image-rendering:pixelated}</style>
      </head><body><h1>Training report</h1>

      """
    html += "<table>"
    for (name, value) in facts {
      html += "<tr><th>\(Markup.escaped(name))</th><td>\(Markup.escaped(value))</td></tr>\n"
    }
    html += "</table>\n" + embedded(curves, "Curves")
    html += embedded(confusion, "Confusion")
    html += wrongPictures
    return html + "</body></html>\n"
  }

  private var wrongPictures: String {
    guard let evaluation, let source else { return "" }
    let worst = wrong(evaluation).prefix(24)
    if worst.isEmpty { return "<p>Every validation picture was right.</p>\n" }
    var html = "<h2>The most confident errors</h2>\n"
    for judgement in worst {
      guard let image = try? source.image(judgement.index) else { continue }
      let view = model.preprocessing.view(of: image)
      let truth = Markup.escaped(evaluation.classes[judgement.truth])
      let said = Markup.escaped(evaluation.classes[judgement.predicted])
      let percent = decimal(100 * Double(judgement.probabilities[judgement.predicted]), 0)
      html +=
        "<figure><img alt=\"\" src=\"data:image/png;base64,\(base64(view.encodedPNG()))\"><figcaption>\(truth), called \(said) (\(percent) %)<br>\(Markup.escaped(source.identifier(judgement.index)))</figcaption></figure>\n"
    }
    return html
  }
}

/// RFC 4648.
public func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let left = min(3, bytes.count - start)
    var word = 0
    for i in 0..<3 { word = word << 8 | (i < left ? Int(bytes[start + i]) : 0) }
    for i in 0..<4 {
      text.append(i <= left ? digits[word >> (18 - 6 * i) & 63] : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}
