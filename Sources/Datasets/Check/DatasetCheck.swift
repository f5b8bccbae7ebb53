import AvocetKernels

/// What a look at every picture of a data set finds.
public struct DatasetCheck: Sendable {
  /// A picture that is not like the others.
  public struct Oddity: Sendable {
    /// Its index in the survey.
    public let index: Int
    /// What is odd, in words.
    public let reason: String
  }

  /// Pictures that show the same.
  public struct Group: Sendable {
    /// Their indices in the survey, in order.
    public let members: [Int]
    /// Whether all pixels of all of them are equal.
    public let isExact: Bool
    /// The least similarity of the pairs that hold it together.
    public let similarity: Float
    /// Whether they lie in more than one split: what was learned from is measured with.
    public let crossesSplits: Bool
    /// Whether they have more than one class.
    public let crossesClasses: Bool
  }

  /// The splits that there are, in the order of `Split`.
  public let splits: [Split]
  /// Pictures of each class, by split; unreadable ones count.
  public let counts: [Split: [Int]]
  /// The pictures.
  public let survey: Survey
  /// Equal and nearly equal pictures: those across splits first, then those of several classes.
  public let groups: [Group]
  /// Pictures of odd sizes or colours.
  public let oddities: [Oddity]

  /// Judges what `survey` saw of `dataset`; `smallestSide` is what a network needs to see.
  public init(_ dataset: Dataset, _ survey: Survey, smallestSide: Int = 16, team: ThreadTeam) {
    splits = Split.allCases.filter { dataset.splits[$0] != nil }
    counts = dataset.splits.mapValues { source in
      var labels = [Int](repeating: 0, count: dataset.classes.count)
      for i in 0..<source.count { labels[source.label(i)] += 1 }
      return labels
    }
    self.survey = survey
    groups = Self.groups(survey, team)
    oddities = Self.oddities(survey, smallestSide)
  }

  /// Pictures of each class over all splits.
  public var total: [Int] {
    let none = [Int](repeating: 0, count: counts.values.first?.count ?? 0)
    return counts.values.reduce(none) { zip($0, $1).map(+) }
  }

  /// The smallest, the middle and the largest of the pictures' widths or heights; nil without pictures.
  public func spread(of side: KeyPath<Fingerprint.Size, Int> & Sendable) -> (
    least: Int, median: Int, most: Int
  )? {
    let sorted = survey.entries.map { $0.fingerprint.size[keyPath: side] }.sorted()
    guard let least = sorted.first, let most = sorted.last else { return nil }
    return (least, sorted[sorted.count / 2], most)
  }

  /// Of each split, how many of its pictures are exact copies of an earlier one in the same split.
  public func copies(in split: Split) -> Int {
    var seen: Set<[UInt8]> = []
    return survey.entries.count {
      $0.place.split == split && !seen.insert($0.fingerprint.digest).inserted
    }
  }

  private static func groups(_ survey: Survey, _ team: ThreadTeam) -> [Group] {
    let pairs = survey.likenesses(team: team)
    let components = LikenessGroups(pairs, count: survey.entries.count).groups
    var numbers: [Int: Int] = [:]
    for (number, members) in components.enumerated() {
      for member in members { numbers[member] = number }
    }
    var least = [Float](repeating: 1, count: components.count)
    var exact = [Bool](repeating: true, count: components.count)
    for pair in pairs {
      guard let number = numbers[pair.first] else { continue }
      least[number] = min(least[number], pair.similarity)
      exact[number] = exact[number] && pair.isExact
    }
    let all = components.enumerated().map { number, members in
      let entries = members.map { survey.entries[$0] }
      return Group(
        members: members, isExact: exact[number], similarity: least[number],
        crossesSplits: Set(entries.map(\.place.split)).count > 1,
        crossesClasses: Set(entries.map(\.label)).count > 1)
    }
    func rank(_ group: Group) -> Int {
      (group.crossesSplits ? 0 : 2) + (group.crossesClasses ? 0 : 1)
    }
    return all.sorted { (rank($0), $0.members[0]) < (rank($1), $1.members[0]) }
  }

  private static func oddities(_ survey: Survey, _ smallestSide: Int) -> [Oddity] {
    let sizes = survey.entries.map(\.fingerprint.size)
    let sides = sizes.map { min($0.width, $0.height) }.sorted()
    guard !sides.isEmpty else { return [] }
    let usual = sides[sides.count / 2]
    let greyCount = survey.entries.count { $0.fingerprint.isGrey }
    // Grey pictures are odd where nine of ten have colours.
    let isGreyOdd = greyCount > 0 && greyCount * 10 <= survey.entries.count
    return survey.entries.enumerated().flatMap { index, entry -> [Oddity] in
      let size = entry.fingerprint.size
      let (short, long) = (min(size.width, size.height), max(size.width, size.height))
      var reasons: [String] = []
      if short < smallestSide { reasons.append("a side under \(smallestSide) pixels") }
      if long > 4 * short { reasons.append("one side over four times the other") }
      if short >= smallestSide, short * 4 < usual || short > usual * 4 {
        reasons.append("four times \(short < usual ? "smaller" : "larger") than is usual here")
      }
      if isGreyOdd, entry.fingerprint.isGrey { reasons.append("grey among pictures in colour") }
      return reasons.map { Oddity(index: index, reason: $0) }
    }
  }
}
