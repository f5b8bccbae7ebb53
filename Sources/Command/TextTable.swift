/// Rows of cells, each column as wide as its widest cell.
struct TextTable {
  /// On which side a column's cells are filled up.
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]]

  /// A table with these columns and their headings.
  init(_ columns: [(heading: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.heading)]
  }

  /// Adds a row; missing cells are empty.
  mutating func add(_ cells: [String]) { rows.append(cells) }

  /// Cuts a column's cells off, down to eight characters, so that the lines get no longer than `width`.
  mutating func shorten(column: Int, toFit width: Int) {
    let others = widths.enumerated().reduce(0) { $0 + ($1.offset == column ? 0 : $1.element) }
    let room = max(8, width - others - 2 * (alignments.count - 1))
    for row in rows.indices where column < rows[row].count && rows[row][column].count > room {
      rows[row][column] = rows[row][column].prefix(room - 1) + "…"
    }
  }

  /// The lines, the headings first, two spaces between columns, none at a line's end.
  var lines: [String] {
    let widths = widths
    return rows.map { row in
      let cells = zip(row, zip(widths, alignments)).map { cell, layout in
        padded(cell, layout.0, left: layout.1 == .right)
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private var widths: [Int] {
    alignments.indices.map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
  }
}

/// Text filled up with spaces to a width.
func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, width - text.count))
  return left ? space + text : text + space
}
