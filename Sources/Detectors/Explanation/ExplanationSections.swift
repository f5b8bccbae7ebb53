import AvocetDrawing
import AvocetImages
import AvocetNetworks
import AvocetTraining

// What stands below the graph: heat maps, the causal check, how faithful it all is, the numbers.
extension Explanation {
  var heatSection: String {
    let own = max(1e-6, pixels.map(abs).max() ?? 0)
    let input = Shape(view.height, view.width, 1)
    var figures = [
      (view, "the picture"),
      (
        baseline,
        "the blurred picture: what \(hasMeans ? "pixels are" : "everything is") measured against"
      ),
      (view.withEvidence(pixels, input, peak: own / 2, side: 256), "pixels"),
    ]
    for level in levels {
      let peak = max(1e-6, level.map.map(abs).max() ?? 0)
      figures.append(
        (view.withEvidence(level.map, level.shape, peak: peak, side: 256), level.level.rawValue))
    }
    let html = figures.map { image, words in
      "<figure><img alt=\"\(Markup.escaped(words))\" src=\"data:image/jpeg;base64,\(base64(image.encodedJPEG(quality: 88)))\"><figcaption>\(Markup.escaped(words))</figcaption></figure>"
    }
    return """
      <section>
      <h2>Where the evidence lies</h2>
      <p>What each place adds to the logit, all units of a level together. <span class="swatch" style="background:#ff8a1a"></span>speaks for \(Markup.escaped(className(target))), <span class="swatch" style="background:#2880ff"></span>against it.</p>
      <div class="heat">\(html.joined(separator: "\n"))</div>
      </section>
      """
  }

  var switchSection: String {
    if switches.isEmpty { return "" }
    let rows = switches.map { check in
      let instead = check.instead.map { "\($0.label) \(decimal(Double($0.probability), 3))" } ?? ""
      return
        "<tr><th scope=\"row\">\(Markup.escaped(check.title))</th><td class=\"number\">\(check.units.count)</td><td class=\"number\">\(signed(check.contribution))</td><td class=\"number\">\(decimal(check.before, 3)) → \(decimal(check.after, 3))</td><td>\(Markup.escaped(instead))</td></tr>"
    }
    return """
      <section>
      <h2>What if a part were not seen?</h2>
      <p>Units of the parts level are switched off (all their values zero) and the rest of the network runs on: the probability of \(Markup.escaped(className(target))) before and after, and what the network would say then.</p>
      <div class="scroll"><table><thead><tr><th scope="col">switched off</th><th scope="col" class="number">units</th><th scope="col" class="number">adds</th><th scope="col" class="number">probability</th><th scope="col">it would say</th></tr></thead><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }

  var faithSection: String {
    let rows = deletions.map { deletion in
      let cells = [1, 2, 4, 10].map {
        "<td class=\"number\">\(decimal(deletion.probabilities[$0], 3))</td>"
      }
      return
        "<tr><th scope=\"row\">\(deletion.kind.rawValue): \(deletion.order.rawValue)</th>\(cells.joined())<td class=\"number\">\(decimal(deletion.probabilityArea, 3))</td></tr>"
    }
    return """
      <section>
      <h2>Can it be trusted?</h2>
      <p>The contributions are integrated gradients along the straight path from a baseline to the picture: at every level they must add up to the difference of the logits.\(hasMeans ? " The baseline of pixels is the blurred picture; that of a level's units is each unit's mean over the pictures that it was named on: a unit adds what it is more than usual, so the differences differ. What the lower level's means already make of a unit, beyond its own mean, comes through no link." : "")</p>
      <ul>\(accounts.map { "<li>\(Markup.escaped($0))</li>" }.joined())</ul>
      <p>Deletion: what counts most is set to its baseline first, and the class should fall fast. Its probability after 5, 10, 20 and 50 %, and on average over the whole way (less is better):</p>
      <div class="scroll"><table><thead><tr><th scope="col">order</th><th scope="col" class="number">5 %</th><th scope="col" class="number">10 %</th><th scope="col" class="number">20 %</th><th scope="col" class="number">50 %</th><th scope="col" class="number">mean</th></tr></thead><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }

  var tableSection: String {
    let tables = levels.map { level in
      let rows = level.units.prefix(Self.shown).map { unit in
        "<tr><th scope=\"row\">\(Markup.escaped(unit.title))</th><td class=\"number\">\(unit.unit)</td><td class=\"number\">\(signed(unit.contribution))</td><td>\(place(of: unit.field))</td></tr>"
      }
      return
        "<table><caption>\(level.level.rawValue)</caption><thead><tr><th scope=\"col\">unit</th><th scope=\"col\" class=\"number\">number</th><th scope=\"col\" class=\"number\">adds</th><th scope=\"col\">at</th></tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
    }
    let answers = prediction.top(5).map {
      "<li>\(Markup.escaped($0.label)) \(decimal(100 * Double($0.probability), 1)) %</li>"
    }
    return """
      <section>
      <h2>The numbers</h2>
      <p>The network says:</p><ol>\(answers.joined())</ol>
      <details><summary>The graph as tables</summary><div class="scroll">\(tables.joined())</div></details>
      </section>
      """
  }
}
