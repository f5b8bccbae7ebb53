import AvocetFiles
import AvocetImages
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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
      (path: place(entry.path, beside: path), label: numbers[entry.label] ?? 0)
    }
    var dataset = Dataset(
      kind: isJSON ? .jsonlManifest : .csvManifest, classes: classes,
      splits: [.all: FileSource(files, decoding: options.decoding)])
    if labelled.count < entries.count {
      dataset.warnings.append(
        "\(path.escaped): \(grouped(entries.count - labelled.count)) rows without a label skipped")
    }
    return try dataset.checked(path.escaped)
  }

  // A name that is no UTF-8 is written with escapes; they are meant where no file has them in its name.
  private static func place(_ name: String, beside file: FilePath) -> FilePath {
    let plain = file.folder.pushing(FilePath(name))
    guard name.contains("\\x"), !exists(plain), let bytes = unescapedBytes(name) else {
      return plain
    }
    return file.folder.pushing(FilePath(bytes: bytes))
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
      var name = csvText(row[pathColumn])
      if name != row[pathColumn], exists(path.folder.pushing(FilePath(row[pathColumn]))) {
        name = row[pathColumn]
      }
      entries.append((name, csvText(row[labelColumn])))
    }
    return entries
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
