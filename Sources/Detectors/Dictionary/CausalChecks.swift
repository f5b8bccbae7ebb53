import AvocetClassifier
import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

/// What a part's unit does where the part is taken out of the scene and all else stays.
public struct TwinFinding: Sendable {
  /// The part, and the unit that points at it best.
  public let part: String
  /// The unit's level.
  public let level: Level
  /// Its number.
  public let unit: Int
  /// Pairs of scenes on which the unit answered to the part.
  public let pairs: Int
  /// By how much the largest value inside the part's box falls, in the median, as a share: of the part's best unit in each basis.
  public let falls: [Basis: Estimate]
}

/// What becomes of the predicted class where all units of the parts level that detect a part are switched off, and where as many random ones are.
public struct SwitchFinding: Sendable {
  /// How many units, on how many pictures.
  public let units, pictures: Int
  /// By how much the class's probability falls on average.
  public let fall, randomFall: Estimate
  /// By how much more it falls than with the random ones, picture by picture.
  public let excess: Estimate
}

extension DetectorDictionary {
  /// Looks at up to `limit` twins of every part, among the scenes of odd number, on which no unit was chosen.
  static func twins(
    _ bases: Bases, _ preprocessing: Preprocessing, _ aviary: Aviary, _ parts: [PartFinding],
    team: ThreadTeam, limit: Int = 100
  ) -> [TwinFinding] {
    let workspaces = (0..<team.threadCount).map { _ in Bases.Workspaces(bases) }
    return team.map(parts.count) { task, worker in
      twins(bases, preprocessing, aviary, parts[task], limit, workspaces[worker])
    }.compactMap(\.self)
  }

  private static func twins(
    _ bases: Bases, _ preprocessing: Preprocessing, _ aviary: Aviary, _ finding: PartFinding,
    _ limit: Int, _ workspaces: Bases.Workspaces
  ) -> TwinFinding? {
    guard let index = Aviary.parts.firstIndex(of: finding.part) else { return nil }
    var falls = [[Double]](repeating: [], count: bases.bases.count)
    for i in stride(from: 1, to: aviary.count, by: 2) where falls[0].count < limit {
      guard let twin = aviary.twin(i, removing: finding.part) else { continue }
      let scene = aviary.scene(i)
      let map = GreyMap(width: aviary.size, height: aviary.size, values: scene.partMap)
      let seen = PartView(PartTruth(map: map), parts: Aviary.parts.count, preprocessing)
      let maps = [scene.image, twin.image].map {
        bases.maps(preprocessing.view(of: $0), workspaces)
      }
      for (number, basis) in bases.bases.enumerated() {
        guard let unit = finding.best[basis] else { continue }
        let (level, own) = bases.table.place(of: unit)
        let values = maps.map {
          seen.peak($0[number][level], bases.table.parts[level], own, inBoxOf: index)
        }
        if values[0] > 0 { falls[number].append(Double(1 - max(0, values[1]) / values[0])) }
      }
    }
    guard !falls[0].isEmpty else { return nil }
    let medians = zip(bases.bases, falls).compactMap { basis, falls in
      Estimate(medianOf: falls).map { (basis, $0) }
    }
    return TwinFinding(
      part: finding.part, level: finding.level, unit: finding.unit, pairs: falls[0].count,
      falls: Dictionary(uniqueKeysWithValues: medians))
  }

  /// Switches off the units that detect a part, and as many random ones, on up to `limit` pictures of odd number.
  static func switches(
    _ classifier: Classifier, _ source: PartSource, _ detectors: [Detector], seed: UInt64,
    team: ThreadTeam, limit: Int = 200
  ) -> SwitchFinding? {
    let units = detectors.filter { $0.level == .parts && $0.detectsPart }.map(\.unit)
    let attribution = Attribution(classifier, team: team)
    guard let node = classifier.network.levels[.parts], !units.isEmpty,
      let tail = attribution.section(from: node, to: classifier.network.nodes.count - 1)
    else { return nil }
    let channels = classifier.network.nodes[node].shape.channels
    let workspace = InferenceWorkspace(classifier.prepared, team: team)
    var (falls, randomFalls): ([Double], [Double]) = ([], [])
    for i in stride(from: 1, to: source.pictures.count, by: 2) where falls.count < limit {
      guard let image = try? source.pictures.image(i) else { continue }
      let view = classifier.preprocessing.view(of: image)
      let map = PictureMaps(view: view, classifier.preprocessing, in: workspace)[.parts]
      var random = CounterRandom(seed: seed, purpose: "random units", index: i)
      let others = Array(random.permutation(channels).prefix(units.count))
      let maps = [map, silenced(map, units, channels), silenced(map, others, channels)]
      let said = tail.values(at: maps).map { classifier.prepared.distribution($0) }
      let winner = said[0].indices.max { said[0][$0] < said[0][$1] } ?? 0
      falls.append(Double(said[0][winner] - said[1][winner]))
      randomFalls.append(Double(said[0][winner] - said[2][winner]))
    }
    guard let fall = Estimate(meanOf: falls), let randomFall = Estimate(meanOf: randomFalls),
      let excess = Estimate(meanOf: zip(falls, randomFalls).map { $0 - $1 })
    else { return nil }
    return SwitchFinding(
      units: units.count, pictures: falls.count, fall: fall, randomFall: randomFall,
      excess: excess)
  }
}

/// A map `[place, unit]` with some units silent.
func silenced(_ map: [Float], _ units: [Int], _ channels: Int) -> [Float] {
  var map = map
  for unit in units {
    for place in stride(from: unit, to: map.count, by: channels) { map[place] = 0 }
  }
  return map
}

extension PartView {
  /// The largest value of a unit at the places whose middles lie in the part's box; of a box between them, at the place nearest to its middle.
  func peak(_ values: [Float], _ level: UnitTable.Part, _ unit: Int, inBoxOf part: Int) -> Float {
    var (left, right, top, bottom) = (width, -1, height, -1)
    for (index, value) in map.enumerated() where Int(value) == part {
      let (y, x) = index.quotientAndRemainder(dividingBy: width)
      (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
    }
    guard right >= left else { return 0 }
    func positions(_ low: Int, _ high: Int, _ count: Int) -> [Int] {
      let inside = (0..<count).filter {
        level.middle($0) >= Double(low) && level.middle($0) <= Double(high + 1)
      }
      let center = Double(low + high + 1) / 2
      let nearest = (0..<count).min {
        abs(level.middle($0) - center) < abs(level.middle($1) - center)
      }
      return inside.isEmpty ? [nearest ?? 0] : inside
    }
    var peak = -Float.infinity
    for row in positions(top, bottom, level.shape.rows) {
      for column in positions(left, right, level.shape.columns) {
        let place = row * level.shape.columns + column
        peak = max(peak, values[place * level.shape.channels + unit])
      }
    }
    return peak
  }
}

extension TwinFinding {
  var json: String {
    let medians = Basis.allCases.map { falls[$0].json("median_fall\($0.suffix)") }
    return
      "{\"part\":\(quoted(part)),\"level\":\"\(level.rawValue)\",\"unit\":\(unit),\"pairs\":\(pairs),\(medians.joined(separator: ","))}"
  }
}

extension SwitchFinding {
  /// What is said of it.
  var line: String {
    "parts: with the \(units) units that detect a part off, the predicted class falls by \(fall.words(3)) on average; with as many random ones by \(randomFall.words(3)); the difference is \(excess.words(3)) (\(pictures) pictures)"
  }

  var json: String {
    "{\"units\":\(units),\"pictures\":\(pictures),\(fall.json("fall")),\(randomFall.json("random_fall")),\(excess.json("difference"))}"
  }
}
