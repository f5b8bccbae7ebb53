import AvocetDrawing
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

extension Explanation {
  /// The explanation as one page that needs nothing else; `patches` gives the picture of a unit's strongest patches as a JPEG, if there is one.
  public func page(title: String, patches: (Level, Int) -> [UInt8]? = { _, _ in nil }) -> String {
    PageStyle.page(
      title:
        "Why \(className(target))\(versus.map { " rather than \(className($0))" } ?? "")? \(title)",
      style: Self.style,
      head:
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n",
      header: "<p class=\"sentence\">\(Markup.escaped(sentence)).</p>\n",
      main: """
        <section>
        <h2>From pixels to \(Markup.escaped(className(target)))</h2>
        <p>The units that add the most, level by level, and the strongest paths between them: a line is as thick as its share of what the unit on its right adds. Point at a unit, or choose it, to see where it looks.</p>
        <p class="wide note">The drawing is wider than this screen: push it to the side to see all of it.</p>
        <div class="scroll graph" tabindex="0" role="region" aria-label="The evidence as a graph">
        \(EvidenceGraph(explanation: self).svg { "\($0.level.rawValue)-\($0.unit)" })
        </div>
        <div id="detail" class="detail" role="status" aria-live="polite"><p>No unit chosen.</p></div>
        </section>
        \(heatSection)
        \(switchSection)
        \(faithSection)
        \(tableSection)

        """,
      end:
        "<script type=\"application/json\" id=\"units\">\(unitData(patches))</script>\n<script>\n\(Self.script)\n</script>\n"
    )
  }

  private static let style = """
    body{max-width:76rem}figure{margin:0;font-size:.9rem;line-height:1.35}.sentence{font-size:1.15rem;color:var(--ink)!important;max-width:60rem}
    .graph svg{min-width:58rem;width:100%;height:auto;display:block}.graph text{fill:var(--ink);font:600 13px system-ui,sans-serif}.graph .small{font-weight:400;font-size:12px;fill:var(--faint)}.graph .head{font-size:15px;fill:var(--bar)}.graph .big{font-size:20px}
    .graph path{fill:none;stroke:var(--bar);opacity:.38}.graph path.against{stroke:var(--bad)}.graph path.lit{opacity:.95}.graph svg.chosen path:not(.lit){opacity:.1}
    .graph .unit{cursor:pointer;outline:none}.graph .unit rect,.graph .class{fill:var(--card);stroke:var(--line);stroke-width:1.5}.graph .unit:hover rect,.graph .unit[aria-pressed=true] rect{stroke:var(--bar);stroke-width:3}.graph .unit:focus-visible rect{stroke:var(--bad);stroke-width:3.5}
    .wide{display:none}@media (max-width:60rem){.wide{display:block}}
    #place{fill:none;stroke:#ff2f6d;stroke-width:3}
    .detail{display:flex;gap:1.2rem;flex-wrap:wrap;min-height:13rem;background:var(--card);border-radius:.6rem;padding:1rem;margin:1rem 0}.detail img{width:12rem;border-radius:.4rem;image-rendering:auto}.detail div{flex:1 1 18rem}.detail figure{font-size:.85rem}
    .heat{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem}.heat img{width:100%;border-radius:.4rem}
    .swatch{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.2em}
    """

  // Lights a unit's place and links, and shows what is known of it.
  private static let script = """
    const units=JSON.parse(document.getElementById('units').textContent),svg=document.querySelector('.graph svg'),place=document.getElementById('place'),detail=document.getElementById('detail'),nodes=[...svg.querySelectorAll('.unit')];let chosen=null;
    function light(key){const u=units[key];svg.classList.toggle('chosen',!!u);for(const p of svg.querySelectorAll('path'))p.classList.toggle('lit',!!u&&(p.dataset.from===key||p.dataset.to===key));const s=u?+place.dataset.scale:0,f=u?u.field:[0,0,0,0];place.setAttribute('x',f[0]*s);place.setAttribute('y',f[1]*s+(u?+place.dataset.top:0));place.setAttribute('width',f[2]*s);place.setAttribute('height',f[3]*s)}
    function figure(src,text){const f=document.createElement('figure'),i=document.createElement('img');i.src=src;i.alt=text;const c=document.createElement('figcaption');c.textContent=text;f.append(i,c);return f}
    function show(key){const u=units[key];if(!u)return;detail.replaceChildren(figure(u.glow,'where it speaks for or against'));if(u.patches)detail.append(figure(u.patches,'its strongest patches in the data set'));const d=document.createElement('div'),h=document.createElement('h3');h.textContent=u.title;d.append(h);for(const line of u.lines){const p=document.createElement('p');p.textContent=line;d.append(p)}detail.append(d)}
    for(const n of nodes){const key=n.dataset.key;n.addEventListener('mouseenter',()=>{light(key);show(key)});n.addEventListener('mouseleave',()=>{light(chosen);if(chosen)show(chosen)});n.addEventListener('focus',()=>{light(key);show(key)});n.addEventListener('blur',()=>light(chosen));
    const choose=()=>{chosen=chosen===key?null:key;for(const o of nodes)o.setAttribute('aria-pressed',o.dataset.key===chosen);light(chosen);show(key)};n.addEventListener('click',choose);n.addEventListener('keydown',e=>{if(e.key==='Enter'||e.key===' '){e.preventDefault();choose()}})}
    if(nodes.length){const first=nodes.find(n=>n.dataset.key.startsWith('parts'))||nodes[0];show(first.dataset.key)}
    """

  // JSON inside a page: nothing in it may end the element.
  private func unitData(_ patches: (Level, Int) -> [UInt8]?) -> String {
    let entries = levels.flatMap { level -> [String] in
      let peak = max(1e-6, level.units.first?.map.map(abs).max() ?? 0)
      return level.units.prefix(Self.shown).map { unit in
        let own = max(peak / 4, unit.map.map(abs).max() ?? 0)
        let glow = view.withEvidence(unit.map, level.shape, peak: own, side: 192)
        let field = [unit.field.x, unit.field.y, unit.field.width, unit.field.height]
        let sheet = patches(unit.level, unit.unit).map {
          ",\"patches\":\"data:image/jpeg;base64,\(base64($0))\""
        }
        let title =
          (unit.name.map { "\($0), " } ?? "") + "\(unit.level.rawValue) unit \(unit.unit)"
        return
          "\"\(unit.level.rawValue)-\(unit.unit)\":{\"title\":\(quoted(title)),\"field\":[\(field.map { decimal($0, 1) }.joined(separator: ","))],\"glow\":\"data:image/jpeg;base64,\(base64(glow.encodedJPEG(quality: 85)))\",\"lines\":[\(lines(unit, level).map { quoted($0) }.joined(separator: ","))]\(sheet ?? "")}"
      }
    }
    return "{\(entries.joined(separator: ",\n"))}".split(
      separator: "<", omittingEmptySubsequences: false
    )
    .joined(separator: "\\u003c")
  }

  private func lines(_ unit: UnitEvidence, _ level: LevelEvidence) -> [String] {
    var lines = [
      "Adds \(signed(unit.contribution)) of \(signed(level.difference)) to the logit, against \(level.baseline.rawValue).",
      "Sees \(level.fieldSize >= max(view.width, view.height) ? "the whole picture" : "\(level.fieldSize) x \(level.fieldSize) pixels"); speaks loudest at \(place(of: unit.field)).",
    ]
    func list(_ links: [(title: String, value: Double)]) -> String {
      links.sorted { abs($0.value) > abs($1.value) }.prefix(4)
        .map { "\($0.title) \(signed($0.value))" }.joined(separator: ", ")
    }
    let below = levels.prefix { $0.level != unit.level }.last
    let made = links.filter { $0.level == unit.level && $0.to == unit.unit }.map { link in
      (below?.units.first { $0.unit == link.from }?.title ?? "unit \(link.from)", link.contribution)
    }
    if let below, !made.isEmpty {
      let own = remainder(of: unit)
      let rest = abs(own) < 0.005 ? "" : "; through no unit: \(signed(own))"
      lines.append("Made of \(below.level.rawValue): \(list(made))\(rest).")
    }
    if let above = levels.drop(while: { $0.level != unit.level }).dropFirst().first {
      let goes = links.filter { $0.level == above.level && $0.from == unit.unit }.map { link in
        (above.units.first { $0.unit == link.to }?.title ?? "unit \(link.to)", link.contribution)
      }
      if !goes.isEmpty { lines.append("Goes into \(above.level.rawValue): \(list(goes)).") }
    }
    return lines
  }
}
