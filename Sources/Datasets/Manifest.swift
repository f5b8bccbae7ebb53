import AvocetFiles
import AvocetImages
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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

extension Dataset {
  /// A CSV with the columns `path` and `label`, or a JSONL with `file_name` and `label`; paths relative to the file.
  static func openManifest(_ path: FilePath, _ options: Options) throws(DatasetError) -> Dataset {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try readFile(path, limit: 1 << 30) } catch {
      throw DatasetError(error.description)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw DatasetError("\(path.escaped): not a manifest: its text is no UTF-8")
    }
    let isJSON = text.drop(while: \.isWhitespace).first == "{"
    let entries = isJSON ? try jsonEntries(text, path) : try csvEntries(text, path)
    let labelled = entries.filter { !$0.label.isEmpty && $0.label != "(unsure)" }
    guard !labelled.isEmpty else { throw DatasetError("\(path.escaped): no row has a label") }
    let classes = Set(labelled.map(\.label)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
    let files = labelled.map { entry in
      (path: path.folder.pushing(FilePath(entry.path)), label: numbers[entry.label] ?? 0)
    }
    var dataset = Dataset(
      kind: isJSON ? "JSONL manifest" : "CSV manifest", classes: classes,
      splits: [.all: FileSource(files, decoding: options.decoding)])
    if labelled.count < entries.count {
      dataset.warnings.append(
        "\(path.escaped): \(grouped(entries.count - labelled.count)) rows without a label skipped")
    }
    return try dataset.checked(path.escaped)
  }

  private static func csvEntries(_ text: String, _ path: FilePath) throws(DatasetError) -> [(
    path: String, label: String
  )] {
    // Spreadsheets put a byte order mark first.
    let body =
      text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    guard let rows = csvRows(body) else {
      throw DatasetError("\(path.escaped): a quoted cell does not end")
    }
    let header = rows.first ?? []
    guard let pathColumn = header.firstIndex(of: "path"),
      let labelColumn = header.firstIndex(of: "label")
    else {
      let seen = header.prefix(6).map { escapedText($0.utf8.prefix(30)) }.joined(separator: ",")
      throw DatasetError(
        "\(path.escaped): not a data set: no columns path and label in its first line (\(seen))")
    }
    var entries: [(path: String, label: String)] = []
    for (number, row) in rows.enumerated().dropFirst() {
      guard row.count > max(pathColumn, labelColumn) else {
        throw DatasetError(
          "\(path.escaped): row \(number + 1) has \(row.count) cells of \(header.count)")
      }
      var name = plain(row[pathColumn])
      if name != row[pathColumn], exists(path.folder.pushing(FilePath(row[pathColumn]))) {
        name = row[pathColumn]
      }
      entries.append((name, plain(row[labelColumn])))
    }
    return entries
  }

  // A cell without the apostrophe that keeps a spreadsheet from running it as a formula.
  private static func plain(_ cell: String) -> String {
    let start = cell.unicodeScalars.prefix(2)
    guard start.count == 2, start.first == "'", let second = start.last,
      "=+-@\t\r".unicodeScalars.contains(second)
    else { return cell }
    return String(cell.unicodeScalars.dropFirst())
  }

  private struct Line: Decodable {
    let path: String
    let label: String?

    enum CodingKeys: String, CodingKey {
      case path = "file_name"
      case label
    }
  }

  private static func jsonEntries(_ text: String, _ path: FilePath) throws(DatasetError) -> [(
    path: String, label: String
  )] {
    var entries: [(path: String, label: String)] = []
    // By bytes: a string of JSON may hold line ends of other scripts as they are.
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
      // A line of a manifest is flat; anything deeper would only exhaust a decoder.
      guard line.count(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "[") }) < 64,
        let entry = try? JSONDecoder().decode(Line.self, from: Data(line))
      else {
        throw DatasetError(
          "\(path.escaped): line \(number + 1) is no JSON object with file_name and label")
      }
      entries.append((entry.path, entry.label ?? ""))
    }
    return entries
  }
}
