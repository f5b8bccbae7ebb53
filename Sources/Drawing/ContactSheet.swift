import AvocetImages

/// Pictures in rows, each with lines of text under it.
public struct ContactSheet: Sendable {
  /// Over the sheet.
  public var title: String
  /// Under the title.
  public var note: String
  /// The pictures and their lines; the first line is strong.
  public var entries: [(picture: Image, lines: [String])]

  /// A sheet of these pictures.
  public init(title: String, note: String, entries: [(picture: Image, lines: [String])]) {
    (self.title, self.note, self.entries) = (title, note, entries)
  }

  /// Draws the sheet; small pictures show their pixels, large ones are made smaller.
  public func image(columns: Int = 6, tile: Double = 144) -> Image {
    let (margin, gap, top) = (16.0, 16.0, 62.0)
    let lines = Double(entries.map(\.lines.count).max() ?? 0)
    let (stepX, stepY) = (tile + gap, tile + 8 + 16 * lines + gap)
    let columns = max(1, min(columns, entries.count))
    let rows = (entries.count + columns - 1) / columns
    let width = max(
      2 * margin + stepX * Double(columns) - gap, Canvas.textWidth(title, size: 17) + 2 * margin,
      Canvas.textWidth(note, size: 12) + 2 * margin)
    var canvas = Canvas(width: Int(width.rounded(.up)), height: Int(top + stepY * Double(rows)))
    canvas.text(title, at: Point(margin, 26), size: 17, color: Chart.ink)
    canvas.text(note, at: Point(margin, 48), size: 12, color: Chart.ink)
    for (index, entry) in entries.enumerated() {
      let x = margin + stepX * Double(index % columns)
      let y = top + stepY * Double(index / columns)
      let scale = tile / Double(max(entry.picture.width, entry.picture.height))
      let (wide, high) = (Double(entry.picture.width) * scale, Double(entry.picture.height) * scale)
      canvas.draw(
        entry.picture,
        in: Rectangle(
          x: x + ((tile - wide) / 2).rounded(), y: y + tile - high, width: wide, height: high),
        sampling: scale > 2 ? .nearest : .bilinear)
      for (row, line) in entry.lines.enumerated() {
        let size = row == 0 ? 13.0 : 12
        canvas.text(
          Chart.shortened(line, width: tile, size: size),
          at: Point(x, y + tile + 18 + 16 * Double(row)), size: size,
          color: row == 0 ? Chart.ink : RGB(96, 96, 102), weight: row == 0 ? 1.3 : 1)
      }
    }
    return canvas.image
  }
}
