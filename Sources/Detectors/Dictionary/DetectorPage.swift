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

extension LevelFinding {
  /// `parts: 71 of 96 units detect a part (...), 14 different ones; untrained 12, ...`.
  var line: String? {
    guard let own = detectors[.trained] else { return nil }
    let others = [Basis.untrained, .rotated].compactMap { basis in
      detectors[basis].map {
        "\(basis) \($0.hits) (\(uniqueParts[basis] ?? 0) different)"
      }
    }
    let (low, high) = own.interval
    return
      "\(level.rawValue): \(own.hits) of \(own.tries) units detect a part (\(decimal(100 * own.share, 1)) %; 95 % interval \(decimal(100 * low, 1))-\(decimal(100 * high, 1))), \(uniqueParts[.trained] ?? 0) different parts; \(others.joined(separator: ", "))"
  }
}

extension HitRate {
  /// `93.1 % (90.2-95.3 of 612)`.
  var words: String {
    let (low, high) = interval
    return
      "\(decimal(100 * share, 1)) % (\(decimal(100 * low, 1))-\(decimal(100 * high, 1)) of \(grouped(tries)))"
  }
}

extension DetectorDictionary {
  /// What the command says: a line for each level and part.
  public var summary: [String] {
    let silent = detectors.count { $0.places.isEmpty }
    var lines = [
      "\(detectors.count) units, \(detectors.count { $0.name != nil }) named, \(silent) silent on all \(grouped(pictures)) pictures"
    ]
    lines += levels.compactMap(\.line)
    if let switches { lines.append(switches.line) }
    lines += parts.map { part in
      "\(part.part): \(part.level.rawValue) unit \(part.unit) points at it in \(part.pointing.words); chance \(decimal(100 * part.chance, 1)) %, untrained \(decimal(100 * part.untrained.share, 1)), rotated \(decimal(100 * part.rotated.share, 1))\(part.pck.tries > 0 ? "; PCK@0.1 \(decimal(100 * part.pck.share, 1)) %" : "")"
    }
    return lines + twins.map(\.line)
  }

  /// The dictionary as a page; the patches lie beside it in `patches/LEVEL/`.
  public func page(title: String) -> String {
    PageStyle.page(
      title: "What the units of \(title) detect", style: Self.style,
      header: """
        <p>\(grouped(pictures)) pictures were shown to the network. Each card is one unit: the nine places, on nine pictures, where it answered most strongly, cut out exactly as large as what it sees.</p>
        <p><label>Find a unit by name, part or number <input id="find" type="search" placeholder="beak"></label> <span id="count" role="status"></span></p>
        <nav aria-label="Levels">\(Level.allCases.map { "<a href=\"#\($0.rawValue)\">\($0.rawValue)</a>" }.joined(separator: " · "))\(parts.isEmpty ? "" : " · <a href=\"#found\">how well parts are found</a>")</nav>

        """,
      main: "\(Level.allCases.map(section).joined())\n\(partTable)\n",
      end: "<script>\n\(Self.script)\n</script>\n")
  }

  private static let style = """
    body{max-width:80rem}.units{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:1rem;list-style:none;padding:0}
    .units li{background:var(--card);border-radius:.6rem;padding:.7rem;font-size:.88rem;line-height:1.35;overflow-wrap:anywhere}
    .units img{width:100%;height:auto;border-radius:.3rem;display:block;margin-bottom:.4rem}.units img.filter{width:3rem;image-rendering:pixelated;float:right;margin:0 0 .3rem .4rem}
    .units img.preferred{width:4.2rem;float:right;clear:right;margin:0 0 .3rem .4rem}.units b{font-size:1rem}.units span{color:var(--faint);display:block}.units .none{aspect-ratio:1;display:grid;place-items:center;background:var(--line);border-radius:.3rem;margin-bottom:.4rem}
    nav a{color:var(--bar)}input{font:inherit;padding:.3rem .5rem;border:1px solid var(--line);border-radius:.4rem;background:var(--paper);color:var(--ink)}
    """

  // Hides the cards that do not hold the words; without scripts all are there.
  private static let script = """
    const find=document.getElementById('find'),cards=[...document.querySelectorAll('.units li')];
    find.addEventListener('input',()=>{const wanted=find.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;
    for(const card of cards){const text=card.dataset.words;const fits=wanted.every(w=>text.includes(w));card.hidden=!fits;if(fits)shown++}
    document.getElementById('count').textContent=wanted.length?shown+' of '+cards.length+' units':''});
    """

  private func section(_ level: Level) -> String {
    let units = detectors.filter { $0.level == level }
    let size = units.first { !$0.patches.isEmpty }?.patches.first?.width ?? 0
    let line = level == .edges ? nil : levels.first { $0.level == level }?.line
    // The surest first, the silent last.
    let order = units.sorted {
      ($1.best?.iou ?? 0, $1.places.isEmpty ? 0 : 1, $0.unit)
        < ($0.best?.iou ?? 0, $0.places.isEmpty ? 0 : 1, $1.unit)
    }
    return """
      <section>
      <h2 id="\(level.rawValue)">\(level.rawValue.capitalizedFirst): \(units.count) units, each sees \(size) pixels along a side</h2>
      \(line.map { "<p>\(Markup.escaped($0)). A unit detects a part where its active pixels and the part's overlap by more than 4 % (intersection over union).</p>" } ?? "")
      <ul class="units">
      \(order.map(\.card).joined(separator: "\n"))
      </ul>
      </section>

      """
  }

  private var partTable: String {
    if parts.isEmpty { return "" }
    let rows = parts.map { part in
      let name = detectors.first { $0.level == part.level && $0.unit == part.unit }?.name
      let cells = [
        "\(part.level.rawValue) \(part.unit)\(name.map { " (\($0))" } ?? "")", part.pointing.words,
        "\(decimal(100 * part.chance, 1)) %", part.untrained.words, part.rotated.words,
        part.pck.tries > 0 ? part.pck.words : "", "\(decimal(100 * part.nearChance, 1)) %",
        "\(decimal(100 * part.share, 2)) %", "\(decimal(100 * part.quantile, 2)) %",
      ].map { "<td>\(Markup.escaped($0))</td>" }
      return "<tr><th scope=\"row\">\(Markup.escaped(part.part))</th>\(cells.joined())</tr>"
    }
    let heads = [
      "part", "best unit", "points at it", "blind guess", "best untrained unit",
      "best rotated unit", "PCK@0.1", "blind guess", "share of pixels", "active values",
    ]
    return """
      <section>
      <h2 id="found">How well parts are found</h2>
      <p>For each part the unit that points at it best, chosen on the pictures of even number and measured on the others. It points at the part where its strongest place lies within 7 % of the picture's side from it; PCK@0.1: within a tenth of the object's box of the part's middle. In brackets 95 % intervals.</p>
      <div class="scroll"><table><thead><tr>\(heads.map { "<th scope=\"col\">\($0)</th>" }.joined())</tr></thead><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>

      """
  }
}

extension Detector {
  fileprivate var card: String {
    var facts: [String] = []
    if let best, best.iou > 0 {
      facts.append("\(best.part): overlap \(decimal(best.iou, 3)), points \(best.pointing.words)")
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
