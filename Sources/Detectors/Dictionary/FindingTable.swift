import AvocetDrawing

/// A table of what was found, for a terminal or a page.
public struct FindingTable: Sendable {
  /// What it is about.
  public let title: String
  /// How to read it.
  let text: String
  /// The columns' headings; the first column names the rows.
  public let heads: [String]
  /// The cells.
  public let rows: [[String]]

  /// Its markup, all but the title.
  var html: String {
    let head = heads.map { "<th scope=\"col\">\(Markup.escaped($0))</th>" }.joined()
    let body = rows.map { row in
      let cells = row.enumerated().map { number, cell in
        let text = Markup.escaped(cell)
        return number == 0 ? "<th scope=\"row\">\(text)</th>" : "<td>\(text)</td>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return
      "<p>\(Markup.escaped(text))</p>\n<div class=\"scroll found\"><table><thead><tr>\(head)</tr></thead><tbody>\n\(body.joined(separator: "\n"))\n</tbody></table></div>"
  }
}
