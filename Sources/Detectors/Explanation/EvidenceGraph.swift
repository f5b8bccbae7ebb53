import AvocetDrawing
import AvocetFiles
import AvocetImages
import AvocetNetworks
import AvocetTraining

/// The evidence as a drawing: pixels, edges, parts, objects, class from left to right; a link is as thick as its share of the whole.
struct EvidenceGraph {
  let explanation: Explanation

  private static let boxWidth = 166.0
  private static let boxHeight = 54.0
  private static let rowStep = 68.0
  private static let columnStep = 236.0
  private static let left = 300.0
  private static let pictureSide = 210.0
  private static let top = 44.0

  private var rows: Int {
    explanation.levels.map { min(Explanation.shown, $0.units.count) }.max() ?? 0
  }
  private var height: Double { Self.top + Double(max(rows, 4)) * Self.rowStep }
  private var width: Double { Self.left + 3 * Self.columnStep + 190 }

  private func corner(_ column: Int, _ row: Int) -> Point {
    Point(
      Self.left + Double(column) * Self.columnStep, Self.top + Double(row) * Self.rowStep)
  }

  private var pictureFrame: Rectangle {
    let side = max(explanation.view.width, explanation.view.height)
    let scale = Self.pictureSide / Double(side)
    return Rectangle(
      x: 0, y: Self.top, width: Double(explanation.view.width) * scale,
      height: Double(explanation.view.height) * scale)
  }

  private var classPlace: Point {
    Point(Self.left + 3 * Self.columnStep, Self.top + Double(max(rows, 4)) * Self.rowStep / 2 - 34)
  }

  private func row(_ unit: Int, _ level: LevelEvidence) -> Int? {
    level.units.prefix(Explanation.shown).firstIndex { $0.unit == unit }
  }

  /// The drawing as SVG; `name` gives a unit's key for the page's script.
  func svg(key: (UnitEvidence) -> String) -> String {
    var parts: [String] = []
    for (column, level) in explanation.levels.enumerated() {
      parts.append(heading(level, column))
    }
    parts += links + pixelLinks + classLinks
    parts.append(picture)
    for (column, level) in explanation.levels.enumerated() {
      for (row, unit) in level.units.prefix(Explanation.shown).enumerated() {
        parts.append(box(unit, corner(column, row), key(unit)))
      }
    }
    parts.append(classBox)
    return """
      <svg viewBox="0 0 \(Int(width)) \(Int(height))" role="group" aria-label="The evidence: pixels, edges, parts, objects and the class, with the strongest paths">
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }

  private func heading(_ level: LevelEvidence, _ column: Int) -> String {
    let at = corner(column, 0)
    let side = max(explanation.view.width, explanation.view.height)
    let sees = level.fieldSize >= side ? "all of it" : "\(level.fieldSize) pixels wide"
    return
      "<text class=\"head\" x=\"\(at.x)\" y=\"16\">\(level.level.rawValue)</text><text class=\"small\" x=\"\(at.x)\" y=\"33\">\(grouped(level.units.count)) units, each sees \(sees)</text>"
  }

  // As thick as its share of `whole`; less than a fiftieth is left out.
  private func path(
    _ from: Point, _ to: Point, _ value: Double, of whole: Double, _ title: String, _ keys: String
  ) -> String {
    let share = abs(value) / max(abs(whole), 1e-6)
    guard share >= 0.02 else { return "" }
    let thickness = max(1, min(30, 70 * share))
    let middle = (from.x + to.x) / 2
    return
      "<path class=\"\(value < 0 ? "against" : "for")\"\(keys) d=\"M\(from.x) \(from.y)C\(middle) \(from.y) \(middle) \(to.y) \(to.x) \(to.y)\" stroke-width=\"\(decimal(thickness, 1))\"><title>\(Markup.escaped(title)): \(signed(value)), \(decimal(100 * share, 0)) %</title></path>"
  }

  private var links: [String] {
    zip(explanation.levels, explanation.levels.dropFirst()).enumerated().flatMap {
      column, pair -> [String] in
      explanation.links.filter { $0.level == pair.1.level }.compactMap { link in
        guard let from = row(link.from, pair.0), let to = row(link.to, pair.1) else { return nil }
        let (a, b) = (corner(column, from), corner(column + 1, to))
        let keys =
          " data-from=\"\(pair.0.level.rawValue)-\(link.from)\" data-to=\"\(link.level.rawValue)-\(link.to)\""
        return path(
          Point(a.x + Self.boxWidth, a.y + Self.boxHeight / 2),
          Point(b.x, b.y + Self.boxHeight / 2), link.contribution,
          of: pair.1.units[to].contribution,
          "\(pair.0.units[from].title) through \(pair.1.units[to].title)", keys)
      }
    }
  }

  private var pixelLinks: [String] {
    guard let edges = explanation.levels.first else { return [] }
    let scale = pictureFrame.width / Double(explanation.view.width)
    return edges.units.prefix(Explanation.shown).enumerated().map { row, unit in
      let at = corner(0, row)
      let center = Point(
        pictureFrame.x + (unit.field.x + unit.field.width / 2) * scale,
        pictureFrame.y + (unit.field.y + unit.field.height / 2) * scale)
      return path(
        center, Point(at.x, at.y + Self.boxHeight / 2), unit.contribution,
        of: edges.difference,
        "pixels of \(unit.title)", " data-to=\"edges-\(unit.unit)\"")
    }
  }

  private var classLinks: [String] {
    guard let objects = explanation.levels.last else { return [] }
    return objects.units.prefix(Explanation.shown).enumerated().map { row, unit in
      let at = corner(2, row)
      return path(
        Point(at.x + Self.boxWidth, at.y + Self.boxHeight / 2),
        Point(classPlace.x, classPlace.y + 34), unit.contribution, of: objects.difference,
        "\(unit.title) for \(explanation.className(explanation.target))",
        " data-from=\"objects-\(unit.unit)\"")
    }
  }

  private var picture: String {
    let frame = pictureFrame
    return
      "<text class=\"head\" x=\"0\" y=\"16\">pixels</text><text class=\"small\" x=\"0\" y=\"33\">\(explanation.view.width) x \(explanation.view.height), as the network sees them</text><image href=\"\(dataAddress(explanation.view))\" x=\"\(frame.x)\" y=\"\(frame.y)\" width=\"\(frame.width)\" height=\"\(frame.height)\" preserveAspectRatio=\"none\"><title>the picture as the network sees it</title></image><rect id=\"place\" data-scale=\"\(frame.width / Double(explanation.view.width))\" data-top=\"\(frame.y)\" x=\"0\" y=\"0\" width=\"0\" height=\"0\"/>"
  }

  private func box(_ unit: UnitEvidence, _ at: Point, _ key: String) -> String {
    let words =
      "\(unit.level.rawValue) \(unit.title): adds \(signed(unit.contribution)), strongest at \(explanation.place(of: unit.field))"
    let patch = explanation.view.patch(unit.field)
    let scale = 44 / Double(max(patch.width, patch.height))
    return """
      <g class="unit" role="button" tabindex="0" aria-pressed="false" data-key="\(key)" aria-label="\(Markup.escaped(words))" transform="translate(\(at.x) \(at.y))"><title>\(Markup.escaped(words))</title><rect width="\(Self.boxWidth)" height="\(Self.boxHeight)" rx="8"/><image href="\(dataAddress(patch))" x="5" y="5" width="\(Double(patch.width) * scale)" height="\(Double(patch.height) * scale)" preserveAspectRatio="none"/><text x="56" y="23">\(Markup.escaped(Self.shortened(unit.title, 15)))</text><text class="small" x="56" y="42">\(signed(unit.contribution))</text></g>
      """
  }

  private var classBox: String {
    let name = Self.shortened(explanation.className(explanation.target), 14)
    let versus =
      explanation.versus.map { "over \(Self.shortened(explanation.className($0), 20))" } ?? ""
    let probability = decimal(
      100 * Double(explanation.prediction.probabilities[explanation.target]), 1)
    return
      "<g transform=\"translate(\(classPlace.x) \(classPlace.y))\"><rect class=\"class\" width=\"180\" height=\"\(versus.isEmpty ? 68 : 86)\" rx=\"10\"/><text class=\"big\" x=\"14\" y=\"28\">\(Markup.escaped(name))</text><text class=\"small\" x=\"14\" y=\"50\">\(probability) %, logit \(signed(explanation.difference))</text><text class=\"small\" x=\"14\" y=\"70\">\(Markup.escaped(versus))</text></g>"
  }

  private static func shortened(_ text: String, _ count: Int) -> String {
    text.count > count ? text.prefix(count - 1) + "…" : text
  }
}

/// A picture as an address that holds it.
func dataAddress(_ image: Image) -> String {
  "data:image/png;base64,\(base64(image.encodedPNG()))"
}
