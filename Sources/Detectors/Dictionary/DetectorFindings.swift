import AvocetDrawing
import AvocetFiles
import AvocetNetworks
import AvocetTraining

extension HitRate {
  /// `93.1 % (90.2-95.3)`; empty where nothing was tried.
  var words: String {
    let (low, high) = interval
    return tries == 0
      ? ""
      : "\(decimal(100 * share, 1)) % (\(decimal(100 * low, 1))-\(decimal(100 * high, 1)))"
  }
}

// What was found of levels and parts, in lines and in tables; in brackets the 95 % intervals.
extension DetectorDictionary {
  /// How many units there are, and what becomes of the class without those that detect a part.
  public var summary: [String] {
    let silent = detectors.count { $0.places.isEmpty }
    let first =
      "\(detectors.count) units, \(detectors.count { $0.name != nil }) named, \(silent) silent on all \(grouped(pictures)) pictures"
    return [first] + [switches?.line].compactMap(\.self)
  }

  /// What was measured; in brackets 95 % intervals.
  public var tables: [FindingTable] {
    let parts = [
      partTable(
        \.pointing, title: "Where the best unit for a part is strongest",
        text:
          "For each part the unit that points at it best: in how many pictures its strongest place lies within 7 % of the picture's side from the part. Middle of the box: a guess that knows where the object is, but not the part. Blind guess: anywhere on the picture."
      ),
      partTable(
        \.pck, title: "How near it comes: PCK@0.1",
        text:
          "The same unit's strongest place, within a tenth of the longer side of the object's box of the part's middle."
      ), twinTable, deletions?.table,
    ]
    return [levelTable].compactMap(\.self) + parts.compactMap { $0 }
  }

  /// Units that detect a part; nil where no parts are known.
  var levelTable: FindingTable? {
    if levels.isEmpty { return nil }
    let rows = levels.flatMap { level in
      Basis.allCases.compactMap { basis in
        level.detectors[basis].map { rate in
          [
            "\(level.level.rawValue), \(basis)", "\(rate.hits) of \(rate.tries)", rate.words,
            "\(level.uniqueParts[basis] ?? 0)",
          ]
        }
      }
    }
    return FindingTable(
      title: "Units that detect a part",
      text:
        "Parts are known on \(grouped(known)) of the pictures. A unit detects the part that it overlaps most where that overlap is more than 0.04: of the pixels where the unit is active or the part is, the share where both are (intersection over union). The part is chosen on the pictures of even number and the overlap measured on the others. Beside the trained units stand those of the same network before it learned anything, and random mixtures of the trained ones (rotated).",
      heads: ["level", "units", "share", "different parts"], rows: rows)
  }

  private func partTable(
    _ rate: (PartFinding) -> FindingRate, title: String, text: String
  ) -> FindingTable? {
    let rows = parts.filter { rate($0).own.tries > 0 }.map { part in
      let name = detectors.first { $0.level == part.level && $0.unit == part.unit }?.name
      let found = rate(part)
      return [
        part.part, "\(part.level.rawValue) \(part.unit)\(name.map { " (\($0))" } ?? "")",
        grouped(found.own.tries), found.own.words, found.center.words,
        found.units[.untrained]?.words ?? "", found.units[.rotated]?.words ?? "",
        "\(decimal(100 * found.chance, 1)) %", "\(decimal(100 * part.share, 2)) %",
      ]
    }
    let heads = [
      "part", "best unit", "pictures", "finds it", "middle of the box", "untrained unit",
      "rotated unit", "blind guess", "of all pixels",
    ]
    return rows.isEmpty ? nil : FindingTable(title: title, text: text, heads: heads, rows: rows)
  }

  private var twinTable: FindingTable? {
    let rows = twins.map { twin in
      [twin.part, "\(twin.level.rawValue) \(twin.unit)", "\(twin.pairs)"]
        + Basis.allCases.map { twin.falls[$0]?.percentages ?? "" }
    }
    return rows.isEmpty
      ? nil
      : FindingTable(
        title: "Parts taken away",
        text:
          "The same scene is drawn without the part, all else alike: by how much the unit's largest value inside the part's box falls, in the median.",
        heads: ["part", "best unit", "twins", "falls by", "untrained unit", "rotated unit"],
        rows: rows)
  }
}
