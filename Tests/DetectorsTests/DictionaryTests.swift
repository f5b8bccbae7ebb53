import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetImages
import AvocetKernels
import AvocetNetworks
import Testing

@Suite struct DictionaryTests {
  private func dictionary(threads: Int, count: Int = 30) throws -> DetectorDictionary {
    let aviary = Aviary(count: count, size: 32, seed: 3)
    var dataset = try Dataset.open("aviary:count=\(count),size=32,seed=3")
    dataset.warnings = []
    let source = try PartSource(AviarySource(aviary), of: dataset, at: "aviary:")
    return DetectorDictionary(
      try classifier(names: [:]), on: source, classes: Aviary.classes, seed: 1,
      team: ThreadTeam(threads: threads))
  }

  @Test func theDictionaryDoesNotDependOnTheThreads() throws {
    let (one, three) = (try dictionary(threads: 1), try dictionary(threads: 3))
    #expect(one.csv == three.csv)
    #expect(one.json == three.json)
    #expect(one.detectors.map(\.patches) == three.detectors.map(\.patches))
  }

  @Test func everyUnitHasARowAndPlacesOnDifferentPictures() throws {
    let found = try dictionary(threads: 2)
    #expect(found.detectors.count == 8 + 16 + 16)
    let lines = found.csv.split(separator: "\n")
    #expect(lines.count == 41)
    #expect(
      lines[0].hasPrefix(
        "level,unit,name,best_part,iou,pointing_hit,pck,iou_untrained,iou_rotated,orientation_selectivity,"
      ))
    let cells = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }
    #expect(Set(cells).count == 1)
    for detector in found.detectors {
      #expect(Set(detector.places.map(\.picture)).count == detector.places.count)
      #expect(detector.places.count <= 9 && detector.patches.count == detector.places.count)
      #expect(detector.places.map(\.value) == detector.places.map(\.value).sorted(by: >))
      #expect((detector.orientationSelectivity != nil) == (detector.level == .edges))
      for patch in detector.patches where detector.level == .edges {
        #expect(patch.width == 3 && patch.height == 3)
      }
    }
  }

  @Test func theStrongestPlacesAreThoseOfADirectRun() throws {
    let found = try dictionary(threads: 2, count: 12)
    let classifier = try classifier(names: [:])
    var best: [Int: Float] = [:]
    for i in 0..<12 {
      let maps = try features(classifier, Aviary(count: 12, size: 32, seed: 3).scene(i).image)
      for map in maps.levels[1].maps { best[map.unit] = max(best[map.unit] ?? 0, map.maximum) }
    }
    for detector in found.detectors where detector.level == .parts {
      #expect((detector.places.first?.value ?? 0) == best[detector.unit])
    }
  }

  @Test func amongEqualPicturesThoseOfNoClassArePreferred() {
    // Pictures lie class by class, fifty of each; a unit that is cut off is as strong on all of them.
    var (forwards, backwards) = (StrongestPlaces(units: 1), StrongestPlaces(units: 1))
    for picture in 0..<500 {
      forwards.add([6], columns: 1, channels: 1, from: 0, picture: picture)
      backwards.add([6], columns: 1, channels: 1, from: 0, picture: 499 - picture)
    }
    #expect(forwards.places == backwards.places)
    let classes = forwards.places[0].map { $0.picture / 50 }
    #expect(classes.count == 9 && Set(classes).count > 4)
  }

  @Test func theThresholdIsExceededByTheShareThatWasAskedFor() {
    var histogram = ActivationHistogram(units: 2)
    let values = (0..<20_000).map { Float($0 % 2 == 0 ? $0 : -1) }
    histogram.add(values, channels: 2, from: 0)
    let threshold = histogram.threshold(0, share: 0.05, of: 10_000)
    #expect(abs(threshold - 19_000) < 100)
    #expect(histogram.threshold(1, share: 0.05, of: 10_000) == 0)
  }

  @Test func aRotationKeepsLengths() {
    let rotation = Rotation(channels: 12, seed: 4)
    let values = (0..<36).map { Float($0 * 7 % 11) - 3 }
    let turned = rotation(values)
    for place in 0..<3 {
      func length(_ v: [Float]) -> Float {
        v[place * 12..<place * 12 + 12].reduce(0) { $0 + $1 * $1 }
      }
      #expect(abs(length(values) - length(turned)) < 1e-2)
    }
    #expect(zip(values, turned).contains { abs($0 - $1) > 0.1 })
  }

  @Test func aUnitThatIsThePartAgreesWithItWholly() throws {
    var map = GreyMap(width: 32, height: 32, values: [UInt8](repeating: 0, count: 1024))
    for y in 8..<16 { for x in 16..<24 { map[x, y] = 1 } }
    let view = PartView(
      PartTruth(map: map), parts: 2, Preprocessing(height: 32, width: 32, shortSide: 32))
    #expect(view.areas == [960, 64] && view.present == [1])
    let level = UnitTable.Part(
      level: .edges, node: 1, shape: Shape(32, 32, 2),
      field: try model().network.receptiveField(of: 0), first: 0)
    var tally = PartTally(units: 2, parts: 2, thresholds: [0.5, 0.5], rankOfPart: [0, 0])
    let values = map.values.enumerated().flatMap { i, part -> [Float] in
      [Float(part), i % 32 < 8 ? 1 : 0]
    }
    tally.add(values, level, view, half: 1)
    #expect(tally.overlap(0, 1, half: 1, partPixels: 64) == 1)
    #expect(tally.overlap(1, 1, half: 1, partPixels: 64) == 0)
    for picture in 0..<5 {
      tally.add(values, level, view, half: 1)
      let measured = tally.measuredOverlap(
        0, 1, partPixels: 64 * (picture + 2), pictures: picture + 2)
      #expect(measured.value == 1)
      #expect(measured.interval == (picture < 3 ? nil : 1...1))
    }
    // Spread blindly, the 64 of 1024 active pixels meet a sixteenth of the part.
    let blind = tally.blindOverlap(0, 1, partPixels: 6 * 64, pixels: 6 * 1024)
    #expect(abs(blind - 4 / 124.0) < 1e-9)
    #expect(tally.overlap(0, 1, half: 0, partPixels: 0) == 0)
    #expect(tally.hits(0, 1, half: 1) == 6 && tally.hits(1, 1, half: 1) == 0)
    #expect(view.isHit(1, 14.5, 12.5) && !view.isHit(1, 10.5, 12.5))
    #expect(view.isNear(1, 20, 12) == true && view.isNear(1, 17, 12) == false)
    #expect(view.center == (20, 12))
  }

  @Test func theMiddleOfTheBoxIsCountedBesideTheUnits() throws {
    let found = try dictionary(threads: 2)
    for part in found.parts {
      for rate in [part.pointing, part.pck] {
        #expect(
          rate.units.count == 3 && rate.units.values.allSatisfy { $0.tries == rate.own.tries })
        #expect(rate.center.tries == rate.own.tries && (0...1).contains(rate.chance))
      }
    }
    // A body lies in the middle of its animal; a tail does not.
    func center(_ part: String) throws -> Double {
      try #require(found.parts.first { $0.part == part }).pointing.center.share
    }
    #expect(try center("body") > 0.8 && center("tail") < center("body"))
  }

  @Test func theMeansAreThoseOfADirectRun() throws {
    let found = try dictionary(threads: 3, count: 6)
    let classifier = try classifier(names: [:])
    var sums = [Double](repeating: 0, count: 16)
    for i in 0..<6 {
      let maps = try features(classifier, Aviary(count: 6, size: 32, seed: 3).scene(i).image)
      for map in maps.levels[1].maps {
        sums[map.unit] += map.values.reduce(0) { $0 + Double($1) } / Double(6 * map.values.count)
      }
    }
    let means = try #require(found.unitMeans[.parts])
    for (mean, sum) in zip(means, sums) { #expect(abs(Double(mean) - sum) < 1e-5) }
  }

  @Test func gratingsFindTheDirectionOfStripes() {
    let one = Orientation((0..<16).map { $0 == 4 ? 1 : 0 })
    // The light varies at 45 degrees downwards, so the stripes rise at 45.
    #expect(one.selectivity > 0.99 && abs(one.degrees - 45) < 3)
    let none = Orientation([Float](repeating: 0.7, count: 16))
    #expect(none.selectivity < 1e-6 && none.name == nil)
    #expect(Orientation((0..<16).map { $0 == 0 ? 1 : 0 }).name == "upright edge")
    #expect(Orientation((0..<16).map { $0 == 8 ? 1 : 0 }).name == "level edge")
  }

  @Test func aPreferredPictureExcitesItsUnitMoreThanNoise() throws {
    var found = try dictionary(threads: 2, count: 10)
    let classifier = try classifier(names: [:])
    found.optimise(
      Attribution(classifier, team: ThreadTeam(threads: 2)), steps: 24, seed: 1,
      shouldStop: { false }, progress: { _ in })
    let edges = found.detectors.filter { $0.level == .edges }
    #expect(edges.allSatisfy { $0.preferred?.width == 3 })
    #expect(found.detectors.allSatisfy { $0.preferred != nil })
    let differs = Set(edges.compactMap(\.preferred)).count
    #expect(differs > 4)
  }
}
