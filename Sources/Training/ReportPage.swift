import AvocetDrawing
import AvocetFiles
import AvocetModelFiles

// The page: whole in itself, without scripts, legible in light and dark and on a telephone.
extension Report {
  var page: String {
    var html = headline
    html += section(
      "How it learned", picture(pictures.curves, curvesInWords),
      "Training accuracy is measured on augmented pictures while the weights still move, so it may lie below validation."
    )
    html += comparisonSection
    html += classes
    html += section(
      "Can its confidence be trusted?", picture(pictures.reliability, reliabilityInWords),
      "Of the answers that it is 80 % sure of, 80 % should be right: the bars should reach the dashed line, and the orange mark. Bars that end below their mark: it is surer than it should be. The whiskers are 95 % intervals; a bar of few pictures says little."
    )
    html += section(
      "What is taken for what",
      confusions
        + picture(pictures.confusion, "The confusion matrix; confusion.csv holds its numbers."))
    html += mistakesSection
    html += model(facts)
    return PageStyle.page(
      title:
        "\(rows.isEmpty ? "Evaluation" : "Training") report: \(model.network.architecture)",
      style: Self.style, header: "<p>\(Markup.escaped(summary))</p>\n", main: html)
  }

  private static let style = """
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.8rem;margin:1.2rem 0;padding:0}
    .tiles div{background:var(--card);border-radius:.6rem;padding:.8rem 1rem}.tiles dt{color:var(--faint)}.tiles dd{margin:0}.tiles b{font-size:1.5rem;display:block}
    .bar{display:inline-block;width:7rem;height:.6rem;background:var(--line);border-radius:.3rem;overflow:hidden;margin-right:.6rem}.bar i{display:block;height:100%;background:var(--bar)}
    img{max-width:100%;height:auto}img.chart{background:#fff;border:1px solid var(--line);border-radius:.5rem;padding:.4rem}
    .mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem;margin:1rem 0}figure{margin:0;overflow-wrap:anywhere;font-size:.9rem;line-height:1.35}
    figure img{width:100%;image-rendering:pixelated;border-radius:.4rem;display:block;margin-bottom:.3rem}figure b{color:var(--bad)}figure a{color:var(--bar);display:block}
    pre{background:var(--card);padding:.8rem 1rem;border-radius:.5rem;overflow-x:auto;font-size:.85rem}summary{cursor:pointer;margin:.6rem 0}
    @media (max-width:40rem){.bar{display:none}}
    @media print{h2{break-after:avoid}figure,img{break-inside:avoid}}
    """

  private var summary: String {
    var text = "\(model.classes.count) classes"
    if let evaluation {
      let kind = split == "all" ? "" : "\(split) "
      text += ", judged on \(grouped(evaluation.judgements.count)) \(kind)pictures"
      if !evaluation.refused.isEmpty {
        text += " (\(grouped(evaluation.refused.count)) more could not be read)"
      }
    }
    if let best = Self.bestEpoch(rows) {
      text += "; \(rows.count) epochs of training, the weights of epoch \(best.epoch) are kept"
    }
    return text + "."
  }

  // The figures as tiles, the number large, what is said of it small.
  private var headline: String {
    guard let evaluation, !evaluation.judgements.isEmpty else {
      return "<p>\(Self.unjudged)</p>\n"
    }
    let tiles = evaluation.figures.map { name, value in
      let cut = value.firstIndex(of: "(") ?? value.endIndex
      let rest = value[cut...].dropFirst().dropLast()
      return
        "<div><dt>\(Markup.escaped(name))</dt><dd><b>\(Markup.escaped(String(value[..<cut])))</b>\(Markup.escaped(String(rest)))</dd></div>"
    }
    var html = "<dl class=\"tiles\">\n\(tiles.joined(separator: "\n"))\n</dl>\n"
    if let caveat { html += "<p class=\"note\">\(Markup.escaped(caveat))</p>\n" }
    return html
  }

  private func section(_ title: String, _ content: String, _ note: String = "") -> String {
    if content.isEmpty { return "" }
    let note = note.isEmpty ? "" : "<p>\(Markup.escaped(note))</p>\n"
    return "<section>\n<h2>\(Markup.escaped(title))</h2>\n\(note)\(content)</section>\n"
  }

  private func picture(_ png: [UInt8]?, _ words: String) -> String {
    guard let png else { return "" }
    return
      "<img class=\"chart\" alt=\"\(Markup.escaped(words))\" src=\"data:image/png;base64,\(base64(png))\">\n"
  }

  private var curvesInWords: String {
    guard let best = Self.bestEpoch(rows) else { return "" }
    var words = "Curves of accuracy, loss and learning rate over \(rows.count) epochs."
    if let top1 = best.validationTop1 {
      words += " Validation accuracy is best in epoch \(best.epoch): \(percent(top1))."
    }
    return words
  }

  private var reliabilityInWords: String {
    guard let evaluation else { return "" }
    return
      "Reliability diagram: accuracy over confidence; the expected calibration error is \(percent(Calibration(evaluation).error))."
  }

  // Tables.

  /// A table whose first column heads the rows.
  private func table(
    _ caption: String, _ heads: [(name: String, isNumber: Bool)], _ rows: [[String]]
  )
    -> String
  {
    func style(_ column: Int) -> String { heads[column].isNumber ? " class=\"number\"" : "" }
    let head = heads.indices.map { "<th scope=\"col\"\(style($0))>\(heads[$0].name)</th>" }
    let body = rows.map { cells in
      let cells = cells.enumerated().map { column, cell in
        column == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td\(style(column))>\(cell)</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return
      "<div class=\"scroll\"><table>\n<caption>\(Markup.escaped(caption))</caption>\n<thead><tr>\(head.joined())</tr></thead>\n<tbody>\n\(body.joined(separator: "\n"))\n</tbody>\n</table></div>\n"
  }

  private var classes: String {
    guard let evaluation, !evaluation.judgements.isEmpty else { return "" }
    let worst = evaluation.worstClasses
    let heads = [
      ("class", false), ("F1", true), ("precision", true), ("recall", true), ("pictures", true),
      ("most often taken for", false),
    ]
    func rows(_ classes: some Sequence<ClassFigures>) -> [[String]] {
      classes.map { figures in
        let confusion = figures.confusedWith.map {
          "\(Markup.escaped($0.name)) (\(grouped($0.count)))"
        }
        let bar =
          "<span class=\"bar\" aria-hidden=\"true\"><i style=\"width:\(decimal(100 * figures.f1, 1))%\"></i></span>"
        return [
          Markup.escaped(figures.name), bar + percent(figures.f1), percent(figures.precision),
          percent(figures.recall), grouped(figures.pictures), confusion ?? "",
        ]
      }
    }
    var html = table("The weakest classes first", heads, rows(worst.prefix(30)))
    if worst.count > 30 {
      html +=
        "<details><summary>The other \(worst.count - 30) classes</summary>\n\(table("The stronger classes", heads, rows(worst.dropFirst(30))))</details>\n"
    }
    return section(
      "Class by class", html,
      "Precision: how many of the pictures that are called so are so. Recall: how many of the class's pictures are found. F1: the harmonic mean of both."
    )
  }

  // The most frequent confusions in words.
  private var confusions: String {
    guard let evaluation else { return "" }
    var pairs: [(truth: Int, said: Int, count: Int)] = []
    for (truth, row) in evaluation.confusion.enumerated() {
      for (said, count) in row.enumerated() where said != truth && count > 0 {
        pairs.append((truth, said, count))
      }
    }
    if pairs.isEmpty { return "<p>Nothing: every picture was right.</p>\n" }
    pairs.sort { ($1.count, $0.truth, $0.said) < ($0.count, $1.truth, $1.said) }
    let names = evaluation.classes.map(Markup.escaped)
    let items = pairs.prefix(5).map {
      "<li>\(names[$0.truth]) taken for \(names[$0.said]): \(grouped($0.count))</li>"
    }
    return "<p>Most often:</p>\n<ol>\n\(items.joined(separator: "\n"))\n</ol>\n"
  }

  private var mistakesSection: String {
    if mistakes.isEmpty { return "" }
    let before = Dictionary(
      uniqueKeysWithValues: (comparison?.rows ?? []).map { ($0.index, $0.old) })
    let figures = mistakes.map { mistake in
      let (truth, said) = (Markup.escaped(mistake.truth), Markup.escaped(mistake.said))
      let picture =
        "<img alt=\"A picture of the class \(truth) that was taken for \(said)\" src=\"data:image/png;base64,\(base64(mistake.picture.encodedPNG()))\">"
      let linked = evidence[mistake.judgement.index].map {
        "<a href=\"\($0)\">\(picture)Why \(said)?</a>"
      }
      let old = before[mistake.judgement.index].map {
        "; the old model: \($0 == mistake.truth ? "right" : Markup.escaped($0))"
      }
      return
        "<figure>\(linked ?? picture)<figcaption>\(truth), said <b>\(said)</b> (\(decimal(100 * mistake.judgement.confidence, 0)) %)\(old ?? "")<br><small>\(Markup.escaped(mistake.name))</small></figcaption></figure>"
    }
    let links =
      evidence.isEmpty
      ? ""
      : " Where a picture asks why, it leads to the evidence: what spoke for the answer rather than for the truth. Those pages lie in the folder \"evidence\" beside this one: hand on the whole folder."
    return section(
      "The most confident mistakes",
      "<div class=\"mistakes\">\n\(figures.joined(separator: "\n"))\n</div>\n",
      "Each picture as the network saw it: its class, then what the network said. Look for wrong labels here, and for what the training pictures lack. wrong.csv lists them all.\(links)"
    )
  }

  private var comparisonSection: String {
    guard let comparison else { return "" }
    let figures = comparison.figures.map {
      "<tr><th scope=\"row\">\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.value))</td></tr>"
    }
    var html = "<table class=\"facts\">\n\(figures.joined(separator: "\n"))\n</table>\n"
    let changes = comparison.changes.prefix(12)
    if !changes.isEmpty {
      html += table(
        "Classes by the change of their recall",
        [
          ("class", false), ("pictures", true), ("change in points", true), ("learned", true),
          ("forgotten", true),
        ],
        changes.map {
          [
            Markup.escaped($0.name), grouped($0.pictures), points($0.difference),
            grouped($0.learned), grouped($0.forgotten),
          ]
        })
    }
    return section(
      "Compared with the old model", html,
      "The same pictures, shown to both; compare.csv lists them.")
  }

  private func model(_ facts: [(name: String, value: String)]) -> String {
    let lines = facts.map {
      "<tr><th scope=\"row\">\(Markup.escaped($0.name))</th><td>\(Markup.escaped($0.value))</td></tr>"
    }
    var html = section(
      "What the model is", "<table class=\"facts\">\n\(lines.joined(separator: "\n"))\n</table>\n")
    let command = command.isEmpty ? "" : "<pre>\(Markup.escaped(command))</pre>\n"
    let recipe =
      "<details><summary>The recipe that trained it</summary>\n<pre>\(Markup.escaped(model.provenance.recipe))</pre>\n</details>\n"
    html += section(
      "How to make this again", command + recipe,
      rows.isEmpty
        ? "The same command on the same files gives the same figures."
        : "The same command on the same files gives the same model, whatever the number of threads."
    )
    return html
  }
}
