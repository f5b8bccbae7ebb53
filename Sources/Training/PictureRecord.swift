import AvocetDatasets
import AvocetFiles

/// The pictures of a run in their order, each with its split, class and a checksum of its pixels: `split.csv`, and what a resume compares.
public struct PictureRecord: Sendable, Hashable {
  /// One picture.
  public struct Row: Sendable, Hashable {
    /// The name in messages.
    public var path: String
    /// `train` or `validation`.
    public var split: String
    /// The class.
    public var label: String
    /// Of the pixels; empty where nobody looked.
    public var checksum: String

    fileprivate var words: String { "\(path) (\(escapedText(label.utf8)))" }
  }

  /// The pictures.
  public private(set) var rows: [Row] = []

  /// No pictures yet.
  public init() {}

  /// Adds the pictures of a split; `checksums` is empty or has one for each.
  public mutating func add(
    _ source: any DataSource, split: String, classes: [String], checksums: [UInt32] = []
  ) {
    for i in 0..<source.count {
      rows.append(
        Row(
          path: source.identifier(i), split: split, label: classes[source.label(i)],
          checksum: i < checksums.count ? hexadecimal(checksums[i]) : ""))
    }
  }

  private static let header = "path,split,label,checksum"

  /// What a file says; nil if it is no such file.
  public init?(csv: String) {
    guard let cells = csvRows(csv), cells.first?.joined(separator: ",") == Self.header else {
      return nil
    }
    for row in cells.dropFirst() {
      guard row.count == 4 else { return nil }
      rows.append(
        Row(path: csvText(row[0]), split: row[1], label: csvText(row[2]), checksum: row[3]))
    }
  }

  /// The file.
  public var csv: String {
    let lines = rows.map {
      "\(csvCell($0.path)),\($0.split),\(csvCell($0.label)),\($0.checksum)"
    }
    return ([Self.header] + lines).joined(separator: "\n") + "\n"
  }

  /// A number that changes with the pictures, their classes and their order.
  var fingerprint: UInt32 { checksum(Array(csv.utf8)[...]) }

  /// The first thing in which these pictures differ from `previous`, or nil: one that is gone, is new, has another class, other pixels, another place.
  public func difference(from previous: PictureRecord) -> String? {
    func byPath(_ record: PictureRecord) -> [String: Row] {
      Dictionary(record.rows.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let (then, now) = (byPath(previous), byPath(self))
    let gone = previous.rows.filter { now[$0.path] == nil }
    let new = rows.filter { then[$0.path] == nil }
    // Pictures to choose by are kept in another size, so that a checksum says nothing across splits.
    let changed = rows.filter { row in
      guard let old = then[row.path] else { return false }
      return old.label != row.label || (old.split == row.split && old.checksum != row.checksum)
    }
    let count = gone.count + new.count + changed.count
    let more = count > 1 ? " (the first of \(grouped(count)) differences)" : ""
    if let row = gone.first { return "\(row.words) is gone\(more)" }
    if let row = new.first { return "\(row.words) is new\(more)" }
    if let row = changed.first, let old = then[row.path] {
      if row.label != old.label {
        return
          "\(row.path) was of class \(escapedText(old.label.utf8)), is of class \(escapedText(row.label.utf8))\(more)"
      }
      return
        "\(row.path) has changed: the checksum of its pixels was \(old.checksum), is \(row.checksum)\(more)"
    }
    for (number, pair) in zip(previous.rows, rows).enumerated() where pair.0 != pair.1 {
      return
        "picture \(grouped(number + 1)) was \(pair.0.words) of \(pair.0.split), is \(pair.1.words) of \(pair.1.split)"
    }
    if rows.count != previous.rows.count {
      return "\(grouped(previous.rows.count)) pictures then, \(grouped(rows.count)) now"
    }
    return nil
  }
}
