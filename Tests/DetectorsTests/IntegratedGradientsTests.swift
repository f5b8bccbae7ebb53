import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import Testing

@Suite struct IntegratedGradientsTests {
  @Test func contributionsAddUpAtEveryLevelOfATrainedNetwork() throws {
    let attribution = Attribution(
      try aviaryClassifier { $0.unitMeans = [:] }, team: ThreadTeam(threads: 2))
    for i in 0..<3 {
      let image = Aviary(count: 9, size: 64, seed: 40).scene(i).image
      let found = try Explanation(attribution, image)
      #expect(found.levels.allSatisfy { $0.baseline == .blurred })
      #expect(found.levels.allSatisfy { abs($0.difference - found.difference) < 1e-3 })
      let allowed = 0.01 * max(1, abs(found.difference))
      let sum = found.pixels.reduce(0) { $0 + Double($1) }
      #expect(abs(sum - found.difference) < allowed && found.pixelGap < allowed)
      for level in found.levels {
        let allowed = 0.01 * max(1, abs(level.difference))
        #expect(level.gap < allowed)
        #expect(abs(level.sum - level.difference) < allowed, "\(level.level)")
        let units = level.units.reduce(0) { $0 + $1.contribution }
        #expect(abs(units - level.sum) < 1e-3 * max(1, abs(level.sum)))
      }
      for (lower, upper) in zip(found.levels, found.levels.dropFirst()) {
        for unit in upper.units.prefix(6) {
          let links = found.links.filter { $0.level == upper.level && $0.to == unit.unit }
          #expect(links.count == lower.units.count)
          let through = links.reduce(0) { $0 + $1.contribution }
          #expect(abs(through - unit.contribution) < 0.02, "\(upper.level) \(unit.unit)")
        }
      }
    }
  }

  @Test func contributionsAddUpAgainstTheMeansOfTheUnitsToo() throws {
    let image = Aviary(count: 9, size: 64, seed: 40).scene(2).image
    let plain = try Explanation(
      Attribution(try aviaryClassifier { $0.unitMeans = [:] }, team: ThreadTeam(threads: 2)), image)
    // Whatever the means are, and at one level alone.
    let parts = plain.levels[1]
    let means = (0..<parts.shape.channels).map { Float($0 % 3) / 10 }
    let attribution = Attribution(
      try aviaryClassifier { $0.unitMeans = [.parts: means] }, team: ThreadTeam(threads: 2))
    let found = try Explanation(attribution, image)
    #expect(found.levels.map(\.baseline) == [.blurred, .mean, .blurred])
    #expect(found.difference == plain.difference && found.pixels == plain.pixels)
    #expect(abs(found.levels[1].difference - plain.difference) > 0.01)
    for level in found.levels {
      #expect(level.gap < 0.01 * max(1, abs(level.difference)), "\(level.level)")
    }
    // Through a part's unit, and through what the edges' baseline makes of it, comes all that it adds.
    for unit in found.levels[1].units.prefix(6) {
      let links = found.links.filter { $0.level == .parts && $0.to == unit.unit }
      let through = links.reduce(0) { $0 + $1.contribution }
      #expect(abs(through + found.remainder(of: unit) - unit.contribution) < 1e-9)
    }
  }

  @Test func aComparisonOfTwoClassesIsTheDifferenceOfTheirLogits() throws {
    let classifier = try aviaryClassifier()
    let attribution = Attribution(classifier, team: ThreadTeam(threads: 1))
    let image = Aviary(count: 9, size: 64, seed: 40).scene(1).image
    let plain = try Explanation(attribution, image)
    let other = (plain.target + 1) % 10
    let alone = try Explanation(attribution, image, target: other)
    let both = try Explanation(attribution, image, versus: other)
    #expect(both.target == plain.target && both.versus == other)
    #expect(abs(both.difference - (plain.difference - alone.difference)) < 1e-3)
  }

  @Test func whatCountsIsDeletedSoonerThanByOtherOrders() throws {
    let attribution = Attribution(try aviaryClassifier(), team: ThreadTeam(threads: 2))
    var areas: [String: Double] = [:]
    let pictures = 30
    for i in 0..<pictures {
      let image = Aviary(count: pictures, size: 64, seed: 41).scene(i).image
      let deletions = try Explanation(attribution, image).deletions
      for deletion in deletions {
        areas["\(deletion.kind) \(deletion.order)", default: 0] +=
          deletion.probabilityArea / Double(pictures)
        let alike = deletions.filter { $0.kind == deletion.kind }
        #expect(alike.allSatisfy { $0.scores.first == deletion.scores.first })
        #expect(alike.allSatisfy { $0.scores.last == deletion.scores.last })
      }
    }
    for kind in ["pixels", "parts"] {
      let own = try #require(areas["\(kind) contributions"])
      for (order, area) in areas where order.hasPrefix(kind) && !order.hasSuffix("contributions") {
        #expect(own < area, "\(order): \(area), ours \(own)")
      }
    }
  }

  @Test func spreadingKeepsTheSumAndTakesOutChequers() {
    let chequers = (0..<41 * 25).map { Float(($0 / 41 + $0) % 2) }
    let level = spread(chequers, columns: 41)
    #expect(abs(level.reduce(0, +) - chequers.reduce(0, +)) < 1e-2)
    for column in 10...30 { #expect(abs(level[41 * 12 + column] - 0.5) < 1e-5) }
    // At a corner as well nothing is lost, and only the places about it take part.
    let corner = spread([1] + [Float](repeating: 0, count: 41 * 25 - 1), columns: 41)
    #expect(abs(corner.reduce(0, +) - 1) < 1e-5)
    #expect(corner[10] > 0 && corner[11] == 0 && corner[41 * 10] > 0 && corner[41 * 11] == 0)
    // From the middle of a map it becomes a bell of deviation √5.
    var point = [Float](repeating: 0, count: 41 * 25)
    point[41 * 12 + 20] = 1
    let bell = spread(point, columns: 41)
    let variance = bell.enumerated().reduce(0) { sum, entry in
      let distance = Double(entry.offset % 41 - 20)
      return sum + Double(entry.element) * distance * distance
    }
    #expect(abs(variance - 5) < 1e-3)
  }

  @Test func theSentenceAndThePageHoldNoForeignMarkup() throws {
    let evil = "</script><img src=x onerror=alert(1)>"
    let classifier = try classifier(
      size: 32, names: [.parts: Dictionary(uniqueKeysWithValues: (0..<16).map { ($0, evil) })])
    let found = try Explanation(Attribution(classifier, team: ThreadTeam(threads: 1)), bird)
    let page = found.page(title: "<b>&\"bird\"")
    #expect(!page.contains("<img src=x") && !page.contains("<b>&\"bird"))
    #expect(page.components(of: "</script>") == 2)
    for word in ["http://", "https://", "url("] { #expect(!page.contains(word), "\(word)") }
    #expect(found.sentence.contains(evil))
  }

  private func aviaryClassifier(_ change: (inout Model) -> Void = { _ in }) throws -> Classifier {
    var folder = FilePath(#filePath)
    for _ in 0..<3 { folder.removeLastComponent() }
    var model = try Model.read(folder.appending("models/aviary.safetensors"))
    change(&model)
    return Classifier(model)
  }
}

extension String {
  fileprivate func components(of part: String) -> Int {
    var (count, rest) = (0, self[...])
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
