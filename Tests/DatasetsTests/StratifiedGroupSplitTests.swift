import AvocetDatasets
import AvocetImages
import AvocetKernels
import Testing

struct StratifiedGroupSplitTests {
  private let team = ThreadTeam(threads: 2)

  private func split(
    _ images: [Image], _ labels: [Int], fractions: [Double] = [0.8, 0.1, 0.1], seed: UInt64 = 1
  ) throws -> StratifiedGroupSplit {
    let classes = (0...(labels.max() ?? 0)).map { "class \($0)" }
    let data = try dataset([.all: ImageSource(images: images, labels: labels)], classes: classes)
    return StratifiedGroupSplit(
      Survey(data, team: team), classCount: classes.count, fractions: fractions, seed: seed,
      team: team)
  }

  /// How many pictures of a class each split has.
  private func counts(_ split: StratifiedGroupSplit, _ labels: [Int], _ label: Int) -> [Int] {
    StratifiedGroupSplit.order.map { part in
      zip(split.splits, labels).count { $0 == part && $1 == label }
    }
  }

  private let different = (0..<130).map { scene($0, size: 32) }

  @Test func everyClassIsCutInTheSameShares() throws {
    let labels = (0..<130).map { $0 < 100 ? 0 : ($0 < 120 ? 1 : 2) }
    let result = try split(different, labels)
    #expect(counts(result, labels, 0) == [80, 10, 10])
    #expect(counts(result, labels, 1) == [16, 2, 2])
    #expect(counts(result, labels, 2) == [8, 1, 1])
    let halves = try split(different, labels, fractions: [0.5, 0.5])
    #expect(counts(halves, labels, 0) == [50, 50, 0])
  }

  @Test(arguments: [
    (1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (4, [2, 1, 1]), (7, [5, 1, 1]),
    (15, [12, 2, 1]),
  ])
  func smallClassesServeTrainingFirst(_ count: Int, _ expected: [Int]) throws {
    let labels = [Int](repeating: 0, count: count)
    #expect(try counts(split(Array(different.prefix(count)), labels), labels, 0) == expected)
    let few = try split(Array(different.prefix(count)), labels, fractions: [0.1, 0.9])
    #expect(counts(few, labels, 0)[0] >= 1)
  }

  @Test func nearDuplicatesStayTogetherAndTheSharesHold() throws {
    let images = (0..<40).flatMap { [scene($0), scene($0).adjusted(gain: 0.95, offset: 5)] }
    let labels = (0..<80).map { $0 / 40 }
    let result = try split(images, labels, fractions: [0.7, 0.2, 0.1])
    #expect(result.groups.count == 40)
    for pair in 0..<40 { #expect(result.splits[2 * pair] == result.splits[2 * pair + 1]) }
    for label in 0...1 { #expect(counts(result, labels, label) == [28, 8, 4]) }
  }

  @Test func aGroupOfSeveralClassesStaysTogetherToo() throws {
    let images = Array(different.prefix(60)) + [scene(0, size: 32), scene(1, size: 32)]
    let labels = (0..<62).map { $0 % 3 }
    let result = try split(images, labels)
    #expect(result.groups == [[0, 60], [1, 61]])
    for group in result.groups { #expect(Set(group.map { result.splits[$0] }).count == 1) }
  }

  @Test func theSeedAloneDecides() throws {
    let labels = (0..<130).map { $0 % 2 }
    let first = try split(different, labels)
    #expect(try split(different, labels).splits == first.splits)
    #expect(try split(different, labels, seed: 2).splits != first.splits)
  }
}
