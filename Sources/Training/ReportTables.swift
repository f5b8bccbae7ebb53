import AvocetDatasets
import AvocetFiles
import AvocetModelFiles

// The tables of a report, and the model card.
extension Report {
  private static func csv(_ header: String, _ lines: [[String]]) -> String {
    ([header] + lines.map { $0.joined(separator: ",") }).joined(separator: "\n") + "\n"
  }

  static func confusionCSV(_ evaluation: Evaluation) -> String {
    let header = (["truth"] + evaluation.classes).map(csvCell).joined(separator: ",")
    return csv(
      header,
      zip(evaluation.classes, evaluation.confusion).map { [csvCell($0)] + $1.map { "\($0)" } })
  }

  /// A line for each class: how many pictures it has, how well they are found, what they are most often taken for.
  static func classesCSV(_ evaluation: Evaluation) -> String {
    csv(
      "class,pictures,precision,recall,f1,most_confused_with",
      evaluation.classFigures.map {
        [
          csvCell($0.name), "\($0.pictures)", decimal($0.precision, 4), decimal($0.recall, 4),
          decimal($0.f1, 4), csvCell($0.confusedWith?.name ?? ""),
        ]
      })
  }

  /// The wrong pictures, the most confident errors first: path, truth, predicted, probability.
  func wrongCSV(_ evaluation: Evaluation) -> String {
    Self.csv(
      "path,truth,predicted,probability",
      evaluation.mistakes.map {
        [
          csvCell(name(of: $0.index)), csvCell(evaluation.classes[$0.truth]),
          csvCell(evaluation.classes[$0.predicted]), decimal($0.confidence, 4),
        ]
      })
  }

  /// A line for each picture that both models judged.
  func compareCSV(_ comparison: Comparison) -> String {
    Self.csv(
      "path,truth,old,new",
      comparison.rows.map { [name(of: $0.index), $0.truth, $0.old, $0.new].map(csvCell) })
  }

  private func name(of index: Int) -> String { source?.identifier(index) ?? "\(index)" }

  /// What the model is, in lines of a name and a value.
  var facts: [(name: String, value: String)] {
    let (network, preprocessing) = (model.network, model.preprocessing)
    let names = model.classes.prefix(20).joined(separator: ", ")
    var facts = [
      ("Architecture", network.architecture),
      ("Parameters", grouped(network.parameterCount)),
      ("Multiply-adds for a picture", grouped(network.multiplyAdds)),
      (
        "Pictures",
        "\(preprocessing.height) x \(preprocessing.width) pixels, \(preprocessing.grey ? "grey" : "colour"), \(preprocessing.views) \(preprocessing.views == 1 ? "view" : "views")"
      ),
      ("Classes", "\(model.classes.count): \(names)\(model.classes.count > 20 ? ", ..." : "")"),
      ("Temperature of its probabilities", decimal(model.temperature, 4)),
      ("Data", model.provenance.data), ("Licence", model.provenance.licence),
    ]
    if let seed = model.provenance.seed { facts.append(("Seed", "\(seed)")) }
    if let best = Self.bestEpoch(rows) {
      facts.append(("Epochs", "\(rows.count), of which number \(best.epoch) is kept"))
    }
    return facts
  }

  /// The model card, in Markdown.
  var card: String {
    func line(_ name: String, _ value: String) -> String {
      "- \(name): \(escapedText(value.utf8).replacing("<", with: "&lt;"))"
    }
    var lines = ["# An image classifier", ""] + facts.map { line($0.name, $0.value) }
    if let evaluation, !evaluation.judgements.isEmpty {
      lines += ["", "On \(grouped(evaluation.judgements.count)) \(split) pictures:", ""]
      lines += evaluation.figures.map { line($0.name, $0.value) }
      if let caveat { lines += ["", caveat] }
    } else {
      lines += ["", Self.unjudged]
    }
    lines += [
      "", "    avocet evaluate model.safetensors DATA",
      "    avocet classify model.safetensors PICTURES",
      "    avocet features model.safetensors PICTURE --out features", "", "Recipe:", "",
    ]
    lines += model.provenance.recipe.split(separator: "\n").map { "    \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
