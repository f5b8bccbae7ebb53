import ArgumentParser
import AvocetClassifier
import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetTraining
import SystemPackage

/// The forms in which predictions are written.
enum PredictionFormat: String, ExpressibleByArgument, CaseIterable { case csv, jsonl, text }

/// Turns results into lines.
struct PredictionWriter {
  let format: PredictionFormat
  let top: Int
  let threshold: Float?
  /// Whether the text may be coloured.
  let isColoured: Bool

  /// What stands before the first line.
  var header: String {
    guard format == .csv else { return "" }
    var names = ["path"]
    for i in 1...max(1, top) {
      names += i == 1 ? ["label", "probability"] : ["label\(i)", "probability\(i)"]
    }
    return (names + ["error"]).joined(separator: ",") + "\n"
  }

  /// The line of one file.
  func line(_ file: ClassifiedFile) -> [UInt8] {
    switch format {
    case .csv: csv(file)
    case .jsonl: Array(jsonl(file).utf8)
    case .text: Array(text(file).utf8)
    }
  }

  /// The name that a prediction goes by: `(unsure)` below the threshold.
  func label(_ entry: Prediction.Entry) -> String {
    if let threshold, entry.probability < threshold { return "(unsure)" }
    return entry.label
  }

  private func csv(_ file: ClassifiedFile) -> [UInt8] {
    var cells = [Array(csvCell(file.path.text).utf8)]
    switch file.result {
    case .success(let prediction):
      let entries = prediction.top(top)
      for (rank, entry) in entries.enumerated() {
        cells.append(Array(csvCell(rank == 0 ? label(entry) : entry.label).utf8))
        cells.append(Array(decimal(Double(entry.probability), 6).utf8))
      }
      for _ in entries.count..<max(entries.count, top) { cells += [[], []] }
      cells.append([])
    case .failure(let error):
      cells += [[UInt8]](repeating: [], count: 2 * top)
      cells.append(Array(csvCell(error.message).utf8))
    }
    return Array(cells.joined(separator: [UInt8(ascii: ",")])) + [UInt8(ascii: "\n")]
  }

  private func jsonl(_ file: ClassifiedFile) -> String {
    var fields = ["\"path\":\(quoted(file.path.text))"]
    if String(validating: file.path.bytes, as: UTF8.self) == nil {
      fields.append("\"path_base64\":\"\(base64(file.path.bytes))\"")
    }
    switch file.result {
    case .success(let prediction):
      let entries = prediction.top(top).enumerated().map { rank, entry in
        "{\"label\":\(quoted(rank == 0 ? label(entry) : entry.label)),\"index\":\(entry.index),\"probability\":\(decimal(Double(entry.probability), 6))}"
      }
      fields.append("\"top\":[\(entries.joined(separator: ","))]")
      fields.append("\"warnings\":[\(file.warnings.map(quoted).joined(separator: ","))]")
    case .failure(let error):
      fields.append(
        "\"error\":{\"code\":\(quoted(error.code)),\"message\":\(quoted(error.message))}")
    }
    return "{" + fields.joined(separator: ",") + "}\n"
  }

  private func text(_ file: ClassifiedFile) -> String {
    let path = file.path.escaped
    switch file.result {
    case .success(let prediction):
      let entries = prediction.top(top)
      guard let first = entries.first else { return path + "\n" }
      let percent = decimal(100 * Double(first.probability), 1)
      let filled = Int((first.probability * 10).rounded())
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 10 - filled)
      let rest = entries.dropFirst().filter { $0.probability >= 0.005 }
        .map { "\(escapedText($0.label.utf8)) \(decimal(100 * Double($0.probability), 1)) %" }
      let also = rest.isEmpty ? "" : "   (\(rest.joined(separator: ", ")))"
      let name = padded(escapedText(label(first).utf8), 12)
      let strong = isColoured ? "\u{1B}[1m\(name)\u{1B}[0m" : name
      return "\(strong) \(bar) \(padded(percent, 5, left: true)) %   \(path)\(also)\n"
    case .failure(let error):
      return
        "\(padded("(refused)", 12)) \(String(repeating: " ", count: 18))   \(path): \(error.message)\n"
    }
  }
}
