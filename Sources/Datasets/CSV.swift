/// Rows of a CSV file (RFC 4180): quoted cells may hold commas, quotes and line ends; nil if a quote is left open.
public func csvRows(_ text: String) -> [[String]]? {
  var rows: [[String]] = []
  var row: [String] = []
  var cell = String.UnicodeScalarView()
  var (isQuoted, wasQuoted) = (false, false)
  var scalars = text.unicodeScalars.makeIterator()
  var waiting: Unicode.Scalar?
  func endCell() {
    row.append(String(cell))
    cell = String.UnicodeScalarView()
    wasQuoted = false
  }
  func endRow() {
    if row.isEmpty && cell.isEmpty && !wasQuoted { return }
    endCell()
    rows.append(row)
    row = []
  }
  while let scalar = waiting ?? scalars.next() {
    waiting = nil
    if isQuoted {
      guard scalar == "\"" else {
        cell.append(scalar)
        continue
      }
      waiting = scalars.next()
      if waiting == "\"" {
        cell.append("\"")
        waiting = nil
      } else {
        isQuoted = false
      }
    } else if scalar == "\"" && cell.isEmpty && !wasQuoted {
      (isQuoted, wasQuoted) = (true, true)
    } else if scalar == "," {
      endCell()
    } else if scalar == "\n" {
      endRow()
    } else if scalar == "\r" {
      waiting = scalars.next()
      if waiting == "\n" {
        waiting = nil
        endRow()
      } else {
        cell.append(scalar)
      }
    } else {
      cell.append(scalar)
    }
  }
  endRow()
  return isQuoted ? nil : rows
}

/// A cell of a CSV file (RFC 4180); one that a spreadsheet would run as a formula begins with an apostrophe, which `csvText` takes away again.
public func csvCell(_ text: String) -> String {
  let cell = looksLikeFormula(text) ? "'" + text : text
  let needsQuotes = cell.unicodeScalars.contains { ",\"\n\r".unicodeScalars.contains($0) }
  return needsQuotes
    ? "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\"" : cell
}

/// What `csvCell` was given, from the cell that `csvRows` reads.
public func csvText(_ cell: String) -> String {
  cell.hasPrefix("'") && looksLikeFormula(cell) ? String(cell.dropFirst()) : cell
}

// A formula, or one behind apostrophes, which must not lose one of its own when it is read.
private func looksLikeFormula(_ text: String) -> Bool {
  let first = text.unicodeScalars.first { $0 != "'" }
  return first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
}
