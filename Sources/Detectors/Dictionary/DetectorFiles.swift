import AvocetDatasets
import AvocetDrawing
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

extension DetectorDictionary {
  /// A row per unit: `level,unit,name,best_part,iou,pointing_hit,pck,iou_untrained,iou_rotated,orientation_selectivity`, then the ends of the 95 % intervals of what
  /// was measured and the overlap that chance would reach; empty where not measured.
  public var csv: String {
    func cell(_ value: Double?) -> String { value.map { decimal($0, 4) } ?? "" }
    func ends(_ estimate: Estimate?) -> [Double?] {
      [estimate?.interval?.lowerBound, estimate?.interval?.upperBound]
    }
    func ends(_ rate: HitRate?) -> [Double?] {
      guard let rate, rate.tries > 0 else { return [nil, nil] }
      return [rate.interval.low, rate.interval.high]
    }
    let rows = detectors.map { d in
      let words = [
        d.level.rawValue, "\(d.unit)", csvCell(d.name ?? ""), csvCell(d.best?.part ?? ""),
      ]
      let numbers: [Double?] = [
        d.best?.iou.value, d.best?.pointing.measured, d.best?.pck.measured, d.iouUntrained?.value,
        d.iouRotated?.value, d.orientationSelectivity,
      ]
      let intervals =
        ends(d.best?.iou) + ends(d.best?.pointing) + ends(d.best?.pck) + ends(d.iouUntrained)
        + ends(d.iouRotated)
      return (words + (numbers + intervals + [d.best?.chance]).map(cell)).joined(separator: ",")
    }
    let ends = ["iou", "pointing_hit", "pck", "iou_untrained", "iou_rotated"].flatMap {
      ["\($0)_low", "\($0)_high"]
    }
    let header =
      "level,unit,name,best_part,iou,pointing_hit,pck,iou_untrained,iou_rotated,orientation_selectivity,"
      + ends.joined(separator: ",") + ",iou_chance"
    return ([header] + rows).joined(separator: "\n") + "\n"
  }

  /// The same with the patches' places, and what was found of levels and parts.
  public var json: String {
    let units = detectors.map(\.json).joined(separator: ",\n")
    let levels = levels.map(\.json).joined(separator: ",\n")
    let parts = parts.map(\.json).joined(separator: ",\n")
    let twins = twins.map(\.json).joined(separator: ",\n")
    return
      "{\"pictures\":\(pictures),\"with_parts\":\(known),\n\"levels\":[\n\(levels)\n],\n\"parts\":[\n\(parts)\n],\n\"twins\":[\n\(twins)\n],\n\"switched_off\":\(switches?.json ?? "null"),\n\"deletions\":\(deletions?.json ?? "null"),\n\"units\":[\n\(units)\n]}\n"
  }
}

extension HitRate {
  /// The share, where something was tried.
  var measured: Double? { tries > 0 ? share : nil }

  fileprivate var json: String {
    let (low, high) = interval
    return
      "{\"share\":\(decimal(share, 4)),\"low\":\(decimal(low, 4)),\"high\":\(decimal(high, 4)),\"of\":\(tries)}"
  }
}

extension Optional where Wrapped == Double {
  fileprivate var json: String { map { decimal($0, 4) } ?? "null" }
}

extension Detector {
  fileprivate var json: String {
    let name = name.map { quoted($0) } ?? "null"
    let best = best.map {
      "{\"part\":\(quoted($0.part)),\($0.iou.json("iou")),\"iou_chance\":\(decimal($0.chance, 4)),\"pointing\":\($0.pointing.json),\"pck\":\($0.pck.json)}"
    }
    let patches = zip(pictures, places).map { picture, place in
      "{\"picture\":\(quoted(picture)),\"row\":\(place.row),\"column\":\(place.column),\"value\":\(decimal(Double(place.value), 4))}"
    }
    return
      "{\"level\":\"\(level.rawValue)\",\"unit\":\(unit),\"name\":\(name),\"best\":\(best ?? "null"),\(iouUntrained.json("iou_untrained")),\(iouRotated.json("iou_rotated")),\"orientation_selectivity\":\(orientationSelectivity.json),\"patches\":[\(patches.joined(separator: ","))]}"
  }

  /// The strongest patches as one picture, three by three, `side` pixels each; nil for a unit that was silent everywhere.
  public func patchSheet(side: Int = 48) -> Image? {
    guard !patches.isEmpty else { return nil }
    let step = side + 3
    var canvas = Canvas(
      width: 3 * step - 3, height: 3 * step - 3, background: RGB(128, 128, 128))
    for (rank, patch) in patches.prefix(9).enumerated() {
      let frame = Rectangle(
        x: Double(rank % 3 * step), y: Double(rank / 3 * step), width: Double(side),
        height: Double(side))
      let isSmall = 2 * patch.width <= side
      canvas.draw(
        isSmall ? patch : patch.resized(width: side, height: side), in: frame,
        sampling: isSmall ? .nearest : .bilinear)
    }
    return canvas.image
  }
}

extension LevelFinding {
  fileprivate var json: String {
    let detectors = Basis.allCases.compactMap { basis in
      self.detectors[basis].map {
        "\"\(basis)\":{\"detectors\":\($0.json),\"unique_parts\":\(uniqueParts[basis] ?? 0)}"
      }
    }
    return "{\"level\":\"\(level.rawValue)\",\(detectors.joined(separator: ","))}"
  }
}

extension Basis {
  /// What follows a measure's name where it is not the trained network's.
  var suffix: String { self == .trained ? "" : "_\(self)" }
}

extension FindingRate {
  fileprivate func json(_ name: String) -> String {
    let rates = Basis.allCases.compactMap { basis in
      units[basis].map { "\"\(name)\(basis.suffix)\":\($0.json)" }
    }
    return
      "\(rates.joined(separator: ",")),\"\(name)_center\":\(center.json),\"\(name)_chance\":\(decimal(chance, 4))"
  }
}

extension PartFinding {
  fileprivate var json: String {
    "{\"part\":\(quoted(part)),\"share\":\(decimal(share, 6)),\"quantile\":\(decimal(quantile, 6)),\"level\":\"\(level.rawValue)\",\"unit\":\(unit),\(pointing.json("pointing")),\(pck.json("pck"))}"
  }
}
