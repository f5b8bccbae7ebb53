import AvocetClassifier
import AvocetDrawing
import AvocetFiles
import AvocetImages
import AvocetNetworks
import AvocetTraining

/// One picture's sheet: the picture and its prediction on the left, on the right a band for each level with the strongest maps.
public struct FeatureSheet {
  private let features: FeatureMaps
  private let title: String
  private let count: Int
  private var canvas: Canvas

  static let margin = 36.0
  static let leftWidth = 300.0
  static let tile = 132.0
  static let gap = 16.0
  static let bandHeight = 268.0
  static let top = 92.0
  static let paper = RGB(18, 20, 24)
  static let ink = RGB(236, 238, 240)
  static let faint = RGB(150, 156, 164)
  static let accent = RGB(252, 196, 92)

  /// Draws the sheet; each band shows the `count` strongest units.
  public static func draw(_ features: FeatureMaps, title: String, top count: Int = 8) -> Image {
    var sheet = FeatureSheet(features, title, max(1, count))
    sheet.heading()
    sheet.picture()
    for (row, level) in features.levels.enumerated() { sheet.band(level, row) }
    return sheet.canvas.image
  }

  private init(_ features: FeatureMaps, _ title: String, _ count: Int) {
    (self.features, self.title, self.count) = (features, title, count)
    let tiles = Double(count) * (Self.tile + Self.gap) - Self.gap
    let width = 2 * Self.margin + Self.leftWidth + 44 + max(tiles, 620)
    let height = Self.top + max(Double(features.levels.count) * Self.bandHeight, 620) + 12
    canvas = Canvas(width: Int(width), height: Int(height), background: Self.paper)
  }

  private var bandLeft: Double { Self.margin + Self.leftWidth + 44 }

  private mutating func heading() {
    canvas.text(
      fitted(title, 24, Double(canvas.width) - 2 * Self.margin), at: Point(Self.margin, 48),
      size: 24,
      color: Self.ink, weight: 1.3)
    canvas.text(
      "What the network saw: each small picture is one learned detector, glowing where it fires on the picture.",
      at: Point(Self.margin, 74), size: 14, color: Self.faint)
  }

  // The picture as the network sees it, and what it says.
  private mutating func picture() {
    let view = features.view
    let scale = Self.leftWidth / Double(max(view.width, view.height))
    let frame = Rectangle(
      x: Self.margin, y: Self.top + 8, width: Double(view.width) * scale,
      height: Double(view.height) * scale)
    canvas.draw(view, in: frame)
    var y = frame.y + frame.height + 22
    canvas.text(
      "as the network sees it: \(view.width) x \(view.height) pixels", at: Point(Self.margin, y),
      size: 13, color: Self.faint)
    y += 40
    canvas.text("The network says", at: Point(Self.margin, y), size: 15, color: Self.faint)
    y += 12
    for (rank, entry) in features.prediction.top(3).enumerated() {
      let bar = Rectangle(x: Self.margin, y: y, width: Self.leftWidth, height: 30)
      canvas.rectangle(bar, RGB(38, 42, 48))
      let filled = Rectangle(
        x: bar.x, y: bar.y, width: max(2, bar.width * Double(entry.probability)), height: 30)
      canvas.rectangle(filled, rank == 0 ? RGB(176, 104, 24) : RGB(74, 82, 92))
      canvas.text(
        fitted(entry.label, 16, 200), at: Point(bar.x + 10, y + 21), size: 16, color: Self.ink,
        weight: rank == 0 ? 1.4 : 1)
      canvas.text(
        "\(decimal(100 * Double(entry.probability), 1)) %",
        at: Point(bar.x + bar.width - 10, y + 21),
        size: 16, color: Self.ink, alignment: .right)
      y += 38
    }
    y += 26
    for line in legend {
      canvas.text(line, at: Point(Self.margin, y), size: 13, color: Self.faint)
      y += 20
    }
  }

  private var legend: [String] {
    let against =
      features.levels.contains { $0.baseline == .mean }
      ? ["so much to its logit, against the data's", "mean (integrated gradients)."]
      : ["so much to its logit, against the blurred", "picture (integrated gradients)."]
    return [
      "How to read a row", "Bright: the detector fires strongly there.",
      "Dark: it sees nothing of its kind.", "The frame marks its strongest place; the",
      "small cut-out shows the pixels it saw there.",
      "First those that add the most to the answer:",
    ] + against
  }

  private static func words(_ level: Level) -> (title: String, text: String) {
    switch level {
    case .edges: ("EDGES", "strokes of light, dark and colour, a few pixels wide")
    case .parts: ("PARTS", "edges put together: corners, rings, stripes, pieces of a thing")
    case .objects: ("OBJECTS", "parts put together: heads, wings, wheels, whole things")
    }
  }

  private mutating func band(_ level: LevelMaps, _ row: Int) {
    let y = Self.top + Double(row) * Self.bandHeight
    let words = Self.words(level.level)
    canvas.rectangle(
      Rectangle(x: bandLeft, y: y, width: Double(canvas.width) - Self.margin - bandLeft, height: 1),
      RGB(58, 62, 70))
    canvas.text(words.title, at: Point(bandLeft, y + 26), size: 18, color: Self.accent, weight: 1.5)
    let after = bandLeft + Canvas.textWidth(words.title, size: 18) + 22
    canvas.text(words.text, at: Point(after, y + 26), size: 14, color: Self.ink)
    let shown = Array(level.maps.prefix(count))
    let peak = max(shown.map(\.maximum).max() ?? 0, 1e-6)
    canvas.text(
      "\(grouped(level.shape.channels)) detectors, each looks at \(sees(level)); \(chosen(level, shown))",
      at: Point(bandLeft, y + 47), size: 13, color: Self.faint)
    scale(peak, y)
    for (place, map) in shown.enumerated() {
      let left = bandLeft + Double(place) * (Self.tile + Self.gap)
      draw(map, level, peak, Point(left, y + 60))
    }
  }

  private func chosen(_ level: LevelMaps, _ shown: [FeatureMap]) -> String {
    guard let total = level.total else { return "the \(shown.count) strongest here" }
    if abs(total.contribution) < 0.005, shown.allSatisfy({ abs($0.contribution ?? 0) < 0.005 }) {
      return "none adds anything, against \(level.baseline.rawValue)"
    }
    let part = shown.reduce(0) { $0 + Double($1.contribution ?? 0) }
    return
      "these \(shown.count) add \(signed(part)) of \(signed(total.contribution)) to the logit of \"\(fitted(winner, 13, 120))\""
  }

  private var winner: String { features.prediction.top(1).first?.label ?? "" }

  private func sees(_ level: LevelMaps) -> String {
    let side = max(features.view.width, features.view.height)
    return level.fieldSize >= side
      ? "the whole picture" : "\(level.fieldSize) x \(level.fieldSize) pixels"
  }

  // The band's scale: the colour of a value, from 0 to the strongest.
  private mutating func scale(_ peak: Float, _ y: Double) {
    let right = Double(canvas.width) - Self.margin
    let label = decimal(Double(peak), 2)
    let start = right - Canvas.textWidth(label, size: 13) - 8 - 120
    for i in 0..<120 {
      canvas.rectangle(
        Rectangle(x: start + Double(i), y: y + 36, width: 1, height: 10),
        ColorScale.magma.color(Float(i) / 119))
    }
    canvas.text("0", at: Point(start - 8, y + 46), size: 13, color: Self.faint, alignment: .right)
    canvas.text(label, at: Point(right, y + 46), size: 13, color: Self.faint, alignment: .right)
  }

  private mutating func draw(_ map: FeatureMap, _ level: LevelMaps, _ peak: Float, _ at: Point) {
    let view = features.view
    let scale = Self.tile / Double(max(view.width, view.height))
    let frame = Rectangle(
      x: at.x, y: at.y, width: Double(view.width) * scale, height: Double(view.height) * scale)
    canvas.draw(
      view.glowing(map.values, level.shape, peak: peak, side: Int(Self.tile)), in: frame)
    let field = map.viewField
    if map.maximum > 0, field.width < Double(view.width) {
      let place = Rectangle(
        x: at.x + field.x * scale, y: at.y + field.y * scale, width: field.width * scale,
        height: field.height * scale)
      mark(place, in: frame)
    }
    let y = at.y + Self.tile + 8
    if field.width >= 1, field.height >= 1 {
      let patch = view.cropped(
        x: Int(field.x), y: Int(field.y), width: max(1, Int(field.width)),
        height: max(1, Int(field.height)))
      let side = 44 / max(field.width, field.height)
      canvas.draw(
        patch,
        in: Rectangle(x: at.x, y: y, width: field.width * side, height: field.height * side))
    }
    label(map, Point(at.x + 54, y))
  }

  // The unit's name, what it adds, how strongly it answers.
  private mutating func label(_ map: FeatureMap, _ at: Point) {
    let name = parted(map.name ?? "unit \(map.unit)", 14, Self.tile - 54)
    for (row, line) in name.enumerated() {
      canvas.text(line, at: Point(at.x, at.y + 12 + 16 * Double(row)), size: 14, color: Self.ink)
    }
    let strength = map.maximum > 0 ? "max \(decimal(Double(map.maximum), 2))" : "silent"
    let lines = [map.contribution.map { "adds \(signed(Double($0)))" }, strength].compactMap(\.self)
    for (row, line) in lines.enumerated() {
      let y = at.y + 13 + 16 * Double(name.count + row)
      canvas.text(line, at: Point(at.x, y), size: 13, color: Self.faint)
    }
  }

  // On one line, or on two, parted between words; what does not fit there is cut off.
  private func parted(_ text: String, _ size: Double, _ width: Double) -> [String] {
    let words = text.split(separator: " ")
    let fitting = words.indices.prefix {
      Canvas.textWidth(words[...$0].joined(separator: " "), size: size) <= width
    }.count
    if fitting == 0 || fitting == words.count { return [fitted(text, size, width)] }
    return [
      words[..<fitting].joined(separator: " "),
      fitted(words[fitting...].joined(separator: " "), size, width),
    ]
  }

  // The place at its exact size; four strokes point at one that is hard to find.
  private mutating func mark(_ place: Rectangle, in frame: Rectangle) {
    let color = RGB(120, 230, 255)
    canvas.stroke(.rectangle(place), color, penWidth: 1.4, opacity: 0.9)
    guard max(place.width, place.height) < 9 else { return }
    let center = Point(place.x + place.width / 2, place.y + place.height / 2)
    for (x, y) in [(-1.0, 0.0), (1, 0), (0, -1), (0, 1)] {
      let near = Point(center.x + x * 8, center.y + y * 8)
      let far = Point(center.x + x * 15, center.y + y * 15)
      guard far.x >= frame.x, far.x <= frame.x + frame.width, far.y >= frame.y,
        far.y <= frame.y + frame.height
      else { continue }
      canvas.line(from: near, to: far, color, penWidth: 1.4, opacity: 0.9)
    }
  }

  private func fitted(_ text: String, _ size: Double, _ width: Double) -> String {
    if Canvas.textWidth(text, size: size) <= width { return text }
    var short = text
    while !short.isEmpty, Canvas.textWidth(short + "...", size: size) > width { short.removeLast() }
    return short + "..."
  }
}
