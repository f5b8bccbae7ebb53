import AvocetDrawing
import AvocetFiles
import AvocetImages
import AvocetNetworks
import AvocetTraining

extension Detector {
  /// The name of a unit's picture of patches: `unit-012.jpg`.
  public static func patchFile(_ unit: Int) -> String {
    let digits = String(unit)
    return "unit-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + ".jpg"
  }
}

extension DetectorDictionary {
  /// The dictionary as a page; the patches lie beside it in `patches/LEVEL/`.
  public func page(title: String) -> String {
    PageStyle.page(
      title: "What the units of \(title) detect", style: Self.style,
      header: """
        <p>\(grouped(pictures)) pictures were shown to the network. Each card is one unit: the nine places, on nine pictures, where it answered most strongly, cut out exactly as large as what it sees.</p>
        <p><label>Find a unit by name, part or number <input id="find" type="search" placeholder="beak"></label> <span id="count" role="status"></span></p>
        <nav aria-label="Sections">\(Level.allCases.map { "<a href=\"#\($0.rawValue)\">\($0.rawValue)</a>" }.joined(separator: " · "))\(tables.isEmpty ? "" : " · <a href=\"#found\">what was measured</a>")</nav>

        """,
      main: "\(Level.allCases.map(section).joined())\n\(findings)\n",
      end: "<script>\n\(Self.script)\n</script>\n")
  }

  private static let style = """
    body{max-width:80rem}.found{font-size:.9rem}.found td{white-space:nowrap}.units{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:1rem;list-style:none;padding:0}
    .units li{background:var(--card);border-radius:.6rem;padding:.7rem;font-size:.88rem;line-height:1.35;overflow-wrap:anywhere}
    .units img{width:100%;height:auto;border-radius:.3rem;display:block;margin-bottom:.4rem}.units img.filter{width:3rem;image-rendering:pixelated;float:right;margin:0 0 .3rem .4rem}
    .units img.preferred{width:4.2rem;float:right;clear:right;margin:0 0 .3rem .4rem}.units b{font-size:1rem}.units span{color:var(--faint);display:block}.units .none{aspect-ratio:1;display:grid;place-items:center;background:var(--line);border-radius:.3rem;margin-bottom:.4rem}
    nav a{color:var(--bar)}input{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);border-radius:.4rem;background:var(--paper);color:var(--ink)}
    """

  // Hides the cards that do not hold the words; without scripts all are there.
  private static let script = """
    const find=document.getElementById('find'),cards=[...document.querySelectorAll('.units li')],rest=[...document.querySelectorAll('details.rest')];
    find.addEventListener('input',()=>{const wanted=find.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;
    for(const card of cards){const text=card.dataset.words;const fits=wanted.every(w=>text.includes(w));card.hidden=!fits;if(fits)shown++}
    for(const more of rest)more.open=wanted.length>0;
    document.getElementById('count').textContent=wanted.length?shown+' of '+cards.length+' units':''});
    """

  // Cards that a level shows at first; a page of thousands would be slow, and nobody would look at them.
  private static let shown = 60

  private var findings: String {
    if tables.isEmpty { return "" }
    let sections = tables.map { "<h3>\(Markup.escaped($0.title))</h3>\n\($0.html)" }
    let causal = switches.map { "<p>\(Markup.escaped($0.line.capitalizedFirst)).</p>\n" } ?? ""
    return """
      <section>
      <h2 id="found">What was measured</h2>
      <p>In brackets 95 % intervals.</p>
      \(causal)\(sections.joined(separator: "\n"))
      </section>

      """
  }

  private func section(_ level: Level) -> String {
    let units = detectors.filter { $0.level == level }
    let size = units.first { !$0.patches.isEmpty }?.patches.first?.width ?? 0
    // The surest first, the silent last.
    let order = units.sorted {
      ($1.best?.iou.value ?? 0, $1.places.isEmpty ? 0 : 1, $0.unit)
        < ($0.best?.iou.value ?? 0, $0.places.isEmpty ? 0 : 1, $1.unit)
    }
    func list(_ units: some Sequence<Detector>) -> String {
      "<ul class=\"units\">\n\(units.map(\.card).joined(separator: "\n"))\n</ul>"
    }
    let rest = order.dropFirst(Self.shown)
    let more =
      rest.isEmpty
      ? ""
      : "<details class=\"rest\"><summary>The other \(grouped(rest.count)) units</summary>\n\(list(rest))\n</details>"
    return """
      <section>
      <h2 id="\(level.rawValue)">\(level.rawValue.capitalizedFirst): \(grouped(units.count)) units, each sees \(size) pixels along a side</h2>
      \(levels.isEmpty ? "" : "<p>Those first that agree best with a part. Overlap: of the pixels where the unit is active or the part is, the share where both are (intersection over union); from 0.04 on a unit counts as a detector of the part.</p>")
      \(list(order.prefix(Self.shown)))
      \(more)
      </section>

      """
  }
}

extension Detector {
  fileprivate var card: String {
    var facts: [String] = []
    if let best, best.iou.value > 0 {
      facts.append("\(best.part): overlap \(best.iou.words(3)), chance \(decimal(best.chance, 3))")
      let others = [("untrained", iouUntrained), ("rotated", iouRotated)].compactMap { name, iou in
        iou.map { "\(name) unit \($0.words(3))" }
      }
      if !others.isEmpty { facts.append(others.joined(separator: ", ")) }
      facts.append("points at it in \(best.pointing.words)")
    }
    if let selectivity = orientationSelectivity {
      facts.append("prefers a direction by \(decimal(selectivity, 2)) of 1")
    }
    if let commonClass { facts.append("seen on \(commonClass)") }
    let title = name ?? "unit \(unit)"
    let words = [title, "\(unit)", best?.part ?? "", commonClass ?? "", level.rawValue]
    let picture =
      places.isEmpty
      ? "<div class=\"none\">silent</div>"
      : "<img loading=\"lazy\" width=\"150\" height=\"150\" src=\"patches/\(level.rawValue)/\(Self.patchFile(unit))\" alt=\"\(Markup.escaped("The nine strongest patches of \(title)"))\">"
    let weights = filter.map {
      "<img class=\"filter\" src=\"\(dataAddress($0))\" alt=\"its weights\">"
    }
    let lines = ((name == nil ? [] : ["unit \(unit)"]) + facts).map {
      "<span>\(Markup.escaped($0))</span>"
    }
    let sought = preferred.map { _ in
      "<img class=\"preferred\" loading=\"lazy\" src=\"optimised/\(level.rawValue)/\(Self.patchFile(unit))\" alt=\"a picture that excites it\" title=\"a picture that excites it\">"
    }
    return
      "<li data-words=\"\(Markup.escaped(words.joined(separator: " ").lowercased()))\">\(picture)\(weights ?? "")\(sought ?? "")<b>\(Markup.escaped(title))</b>\(lines.joined())</li>"
  }
}

extension String {
  /// With a capital first letter.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
