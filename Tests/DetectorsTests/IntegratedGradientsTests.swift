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
    let attribution = Attribution(try aviaryClassifier(), team: ThreadTeam(threads: 2))
    for i in 0..<3 {
      let image = Aviary(count: 9, size: 64, seed: 40).scene(i).image
      let found = try Explanation(attribution, image)
      let allowed = 0.01 * max(1, abs(found.difference))
      let sum = found.pixels.reduce(0) { $0 + Double($1) }
      #expect(abs(sum - found.difference) < allowed && found.pixelGap < allowed)
      for level in found.levels {
        #expect(level.gap < allowed)
        #expect(abs(level.sum - found.difference) < allowed, "\(level.level)")
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
    let pictures = 6
    for i in 0..<pictures {
      let image = Aviary(count: 20, size: 64, seed: 41).scene(i).image
      for deletion in try Explanation(attribution, image).deletions {
        areas["\(deletion.kind) \(deletion.order)", default: 0] += deletion.area / Double(pictures)
        #expect(deletion.curve.first == 1 && deletion.curve.last == 0)
      }
    }
    for kind in ["pixels", "units"] {
      let own = try #require(areas["\(kind) these contributions"])
      for (order, area) in areas where order.hasPrefix(kind) && !order.hasSuffix("contributions") {
        #expect(own < area, "\(order): \(area), ours \(own)")
      }
    }
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

  private func aviaryClassifier() throws -> Classifier {
    var folder = FilePath(#filePath)
    for _ in 0..<3 { folder.removeLastComponent() }
    return Classifier(try Model.read(folder.appending("models/aviary.safetensors")))
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
