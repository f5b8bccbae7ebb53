import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetImages
import AvocetKernels
import AvocetNetworks
import Testing

@Suite struct FeatureMapTests {
  @Test func theMapsAreThoseOfADirectForward() throws {
    let classifier = try classifier()
    let network = classifier.network
    let found = try features(classifier, bird)
    #expect(found.view == bird)
    #expect(try found.prediction == classifier.predict(bird))
    #expect(found.levels.map(\.level) == Level.allCases)
    // Unfolded and with stored statistics, as training would run it.
    let plain = TrainingWorkspace(
      network, batch: 1, team: ThreadTeam(threads: 1), frozenThrough: network.nodes.count - 1)
    classifier.preprocessing.normalise(bird, into: plain.input)
    plain.forward(try #require(classifier.parameters), images: 1)
    for level in found.levels {
      let node = try #require(network.levels[level.level])
      #expect(level.shape == network.nodes[node].shape)
      #expect(Set(level.maps.map(\.unit)) == Set(0..<level.shape.channels))
      for map in level.maps {
        #expect(map.values.count == level.shape.rows * level.shape.columns)
        for (place, value) in map.values.enumerated() {
          let expected = plain.map(node)[place * level.shape.channels + map.unit]
          #expect(abs(value - expected) <= 1e-5 * (1 + abs(expected)))
        }
      }
    }
  }

  // Blurred, the picture of one colour is the same, and nothing adds anything.
  @Test(arguments: [bird, Image(width: 32, height: 32, fill: RGB(200, 30, 30))])
  func thoseThatAddTheMostComeFirstThenTheStrongestAndNameTheirPlace(_ image: Image) throws {
    for level in try features(try classifier(), image).levels {
      for (map, next) in zip(level.maps, level.maps.dropFirst()) {
        let (added, less) = (try #require(map.contribution), try #require(next.contribution))
        #expect((less, next.maximum, map.unit) < (added, map.maximum, next.unit))
      }
      for map in level.maps {
        #expect(map.maximum == map.values.max())
        #expect(
          map.values.firstIndex(of: map.maximum) == map.row * level.shape.columns + map.column)
        #expect(map.name == (level.level == .parts && map.unit == 3 ? "beak, \"left\"\n" : nil))
      }
    }
  }

  @Test func contributionsOfEveryLevelAddUpToTheDifferenceOfLogits() throws {
    let classifier = try classifier()
    let found = try features(classifier, bird)
    let winner = try #require(found.prediction.top(1).first).index
    let workspace = classifier.workspace()
    func logit(_ view: Image) -> Float {
      classifier.preprocessing.normalise(view, into: workspace.input)
      workspace.run()
      return workspace.logits[winner]
    }
    let difference = logit(bird) - logit(bird.blurred(reach: 4))
    for level in found.levels {
      let sum = level.maps.reduce(0) { $0 + ($1.contribution ?? .nan) }
      #expect(abs(sum - difference) < 0.02 * max(1, abs(difference)), "\(level.level)")
    }
  }

  @Test func onlyTheLevelsAskedForAreGathered() throws {
    let found = try features(try classifier(), bird, levels: [.objects])
    #expect(found.levels.map(\.level) == [.objects])
    let whole = try features(try classifier(), bird).levels[2]
    #expect(found.levels[0].maps.map(\.values) == whole.maps.map(\.values))
  }

  // A pixel is changed: where it lies outside a unit's field, the unit must not notice; somewhere inside it must.
  @Test func aUnitNoticesPixelsOfItsFieldAlone() throws {
    let classifier = try classifier()
    let workspace = classifier.workspace()
    let attribution = Attribution(classifier, team: ThreadTeam(threads: 1))
    func seen(_ image: Image) throws -> FeatureMaps {
      try FeatureMaps(attribution, image, in: workspace)
    }
    let before = try seen(bird)
    var noticed = Set<String>()
    for y in stride(from: 0, to: 32, by: 3) {
      for x in stride(from: y % 2, to: 32, by: 3) {
        var changed = bird
        let old = changed[x, y]
        changed[x, y] = RGB(old.red ^ 0xFF, old.green ^ 0xFF, old.blue ^ 0xFF)
        let after = try seen(changed)
        for (level, other) in zip(before.levels, after.levels) {
          let values = Dictionary(uniqueKeysWithValues: other.maps.map { ($0.unit, $0.values) })
          for map in level.maps {
            let place = map.row * level.shape.columns + map.column
            guard values[map.unit]?[place] != map.maximum else { continue }
            let field = map.viewField
            let isInside =
              Double(x) >= field.x && Double(x) < field.x + field.width && Double(y) >= field.y
              && Double(y) < field.y + field.height
            #expect(isInside, "\(level.level) \(map.unit) noticed (\(x), \(y)) outside \(field)")
            noticed.insert("\(level.level) \(map.unit)")
          }
        }
      }
    }
    for level in before.levels {
      for map in level.maps where map.maximum > 0 {
        #expect(noticed.contains("\(level.level) \(map.unit)"))
      }
    }
  }

  @Test func fieldsLieInTheOriginalPictureToo() throws {
    // 64 x 96 pixels are halved to 32 x 48, of which the middle 32 rows are seen.
    let image = bird.resized(width: 64, height: 96)
    for level in try features(try classifier(), image).levels {
      for map in level.maps {
        let (seen, field) = (map.viewField, map.field)
        #expect(abs(field.x - 2 * seen.x) < 1e-9 && abs(field.width - 2 * seen.width) < 1e-9)
        // What a unit sees beyond the view's rows is padding, but in the picture there are pixels.
        #expect(field.y <= 2 * (seen.y + 8) + 1e-9)
        #expect(field.y + field.height >= 2 * (seen.y + 8 + seen.height) - 1e-9)
        #expect(field.y >= 0 && field.y + field.height <= 96)
      }
    }
  }

  @Test func anOutputThatIsNoNumberIsRefused() throws {
    let model = try model()
    let values = model.parameters.values
    for i in 0..<values.count { values[i] = 3e38 }
    let error = #expect(throws: ImageError.self) { try features(Classifier(model), bird) }
    #expect(error?.code == "not-finite")
  }
}
