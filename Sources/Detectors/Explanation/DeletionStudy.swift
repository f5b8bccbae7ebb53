import AvocetDatasets
import AvocetImages
import AvocetNetworks

/// How fast the predicted class falls, on average over pictures, where what counts is deleted first: the areas under the curves of `Deletion`.
public struct DeletionStudy: Sendable {
  /// One order of one kind.
  public struct Area: Sendable {
    /// What is deleted, and by which order.
    public let kind: Deletion.Kind
    /// What comes first.
    public let order: Deletion.Order
    /// What the deleted is set to.
    public let baseline: Baseline
    /// The mean, over the pictures, of the class's mean probability along the curve.
    public let probability: Estimate
    /// The same of its logit, less the baseline's.
    public let logit: Estimate
    /// By how much the probability's area is larger than that of the contributions, picture by picture.
    public let excess: Estimate
    /// The same of the logit's.
    public let logitExcess: Estimate
  }

  /// Pictures that were taken.
  public let pictures: Int
  /// The areas: kind by kind, the contributions first.
  public let areas: [Area]

  /// Takes the first pictures of `source`, at most `limit`; those that cannot be read, and those of which the network makes no number, are left out. `progress` hears
  /// how many are done.
  public init(
    _ attribution: Attribution, on source: any DataSource, limit: Int, shouldStop: () -> Bool,
    progress: (Int) -> Void
  ) {
    var samples: [Key: Samples] = [:]
    var pictures = 0
    for index in 0..<min(limit, source.count) {
      if shouldStop() { break }
      if let image = try? source.image(index), let task = try? EvidenceTask(attribution, image) {
        for deletion in task.deletions(number: index) {
          samples[Key(kind: deletion.kind, order: deletion.order), default: Samples()]
            .add(deletion)
        }
        pictures += 1
      }
      progress(index + 1)
    }
    self.pictures = pictures
    areas = Deletion.Kind.allCases.flatMap { kind in
      Deletion.Order.allCases.compactMap { order in
        guard let own = samples[Key(kind: kind, order: .contributions)],
          let these = samples[Key(kind: kind, order: order)]
        else { return nil }
        return Area(
          kind: kind, order: order,
          baseline: kind.level.map(attribution.baseline) ?? .blurred, these, own: own)
      }
    }
  }

  private struct Key: Hashable {
    let kind: Deletion.Kind
    let order: Deletion.Order
  }

  /// One order's areas, picture by picture.
  fileprivate struct Samples {
    var probabilities: [Double] = []
    var logits: [Double] = []

    mutating func add(_ deletion: Deletion) {
      probabilities.append(deletion.probabilityArea)
      logits.append(deletion.scoreArea)
    }
  }
}

extension DeletionStudy.Area {
  fileprivate init?(
    kind: Deletion.Kind, order: Deletion.Order, baseline: Baseline, _ these: DeletionStudy.Samples,
    own: DeletionStudy.Samples
  ) {
    func difference(_ a: [Double], _ b: [Double]) -> Estimate? {
      Estimate(meanOf: zip(a, b).map { $0 - $1 })
    }
    guard let probability = Estimate(meanOf: these.probabilities),
      let logit = Estimate(meanOf: these.logits),
      let excess = difference(these.probabilities, own.probabilities),
      let logitExcess = difference(these.logits, own.logits)
    else { return nil }
    (self.kind, self.order, self.baseline) = (kind, order, baseline)
    (self.probability, self.logit) = (probability, logit)
    (self.excess, self.logitExcess) = (excess, logitExcess)
  }
}

extension EvidenceTask {
  /// Of every kind that can be taken apart.
  fileprivate func deletions(number: Int) -> [Deletion] {
    Deletion.Kind.allCases.flatMap { kind -> [Deletion] in
      let ours =
        if let level = kind.level {
          self.level(level)?.evidence.worth
        } else {
          pixels().map(pixelMap)
        }
      return ours.map { deletions(of: kind, ours: $0, number: number) } ?? []
    }
  }
}

extension DetectorDictionary {
  /// Also measures how fast the class falls, on the first pictures, at most `limit`.
  public mutating func measureDeletions(
    _ attribution: Attribution, on source: any DataSource, limit: Int, shouldStop: () -> Bool,
    progress: (Int) -> Void
  ) {
    deletions = DeletionStudy(
      attribution, on: source, limit: limit, shouldStop: shouldStop, progress: progress)
  }
}

// What is said of it.
extension DeletionStudy {
  var json: String {
    let rows = areas.map { area in
      "{\"deleted\":\"\(area.kind.rawValue)\",\"order\":\"\(area.order)\",\"baseline\":\"\(area.baseline)\",\(area.probability.json("probability")),\(area.excess.json("probability_excess")),\(area.logit.json("logit")),\(area.logitExcess.json("logit_excess"))}"
    }
    return "{\"pictures\":\(pictures),\"areas\":[\n\(rows.joined(separator: ",\n"))\n]}"
  }

  var table: FindingTable {
    let rows = areas.map { area in
      let isOwn = area.order == .contributions
      return [
        area.kind.rawValue, area.order.rawValue, area.baseline.rawValue, area.probability.words(3),
        isOwn ? "" : area.excess.words(3), area.logit.words(2),
        isOwn ? "" : area.logitExcess.words(2),
      ]
    }
    return FindingTable(
      title: "Do the contributions name what counts?",
      text:
        "On \(pictures) pictures, pixels (or whole units of a level) were set to a baseline's values one after the other, those first that an order names first, and the predicted class was watched: the less is left of it, on average over the whole way, the better the order. Probability: the class's; logit: over the baseline's; more: than with the contributions, picture by picture.",
      heads: [
        "deleted", "in the order of", "set to", "mean probability", "more", "mean logit", "more",
      ], rows: rows)
  }
}
