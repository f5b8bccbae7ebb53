import AvocetKernels

/// All pictures of a survey shared out anew, each class in the same shares, pictures that show the same always together.
///
/// Of each class a split gets its share by the method of largest remainders, and at least one picture where there are enough; a class of one picture goes to
/// `train`, of two pictures the second to the next split. Groups come first, the largest first, each to the split that lacks most of its classes; then single pictures
/// fill up. So a class may miss its share by no more than its largest group. A function of (pictures, fractions, seed).
public struct StratifiedGroupSplit: Sendable {
  /// The splits in the order of their fractions.
  public static let order: [Split] = [.train, .validation, .test]

  /// The split of each entry of the survey.
  public let splits: [Split]
  /// The groups that were kept together: indices in the survey.
  public let groups: [[Int]]

  /// Shares the entries out; `fractions` are two or three numbers from 0 that add up to 1, the first above 0.
  public init(
    _ survey: Survey, classCount: Int, fractions: [Double], seed: UInt64, team: ThreadTeam
  ) {
    let entries = survey.entries
    groups = LikenessGroups(survey.likenesses(team: team), count: entries.count).groups
    var counts = [Int](repeating: 0, count: classCount)
    for entry in entries { counts[entry.label] += 1 }
    var lacking = counts.map { Self.shares(of: $0, fractions) }

    let grouped = Set(groups.joined())
    let units = groups + entries.indices.filter { !grouped.contains($0) }.map { [$0] }
    var random = CounterRandom(seed: seed, purpose: "stratified split of groups")
    let shuffled = random.permutation(units.count).enumerated().sorted {
      (units[$1.element].count, $0.offset) < (units[$0.element].count, $1.offset)
    }
    var splits = [Split](repeating: .train, count: entries.count)
    for (_, unit) in shuffled {
      func lack(_ part: Int) -> Int {
        units[unit].reduce(0) { $0 + lacking[entries[$1].label][part] }
      }
      let part = fractions.indices.filter { fractions[$0] > 0 }.reduce(0) {
        lack($1) > lack($0) ? $1 : $0
      }
      for index in units[unit] {
        splits[index] = Self.order[part]
        lacking[entries[index].label][part] -= 1
      }
    }
    self.splits = splits
  }

  /// How many of `count` pictures each split gets.
  static func shares(of count: Int, _ fractions: [Double]) -> [Int] {
    let exact = fractions.map { $0 * Double(count) }
    // A share that is whole but for rounding is whole.
    var shares = exact.map { Int(($0 + 1e-9).rounded(.down)) }
    let byRemainder = shares.indices.sorted {
      (exact[$1] - Double(shares[$1]), $0) < (exact[$0] - Double(shares[$0]), $1)
    }
    for part in byRemainder.prefix(max(0, count - shares.reduce(0, +))) { shares[part] += 1 }
    for part in shares.indices where fractions[part] > 0 && shares[part] == 0 {
      guard let richest = shares.indices.max(by: { (shares[$0], $1) < (shares[$1], $0) }),
        shares[richest] > 1 || (part == 0 && shares[richest] == 1)
      else { continue }
      shares[richest] -= 1
      shares[part] += 1
    }
    return shares
  }
}
