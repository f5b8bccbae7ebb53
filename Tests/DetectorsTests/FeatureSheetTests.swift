import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import FoundationEssentials
import Testing

@Suite struct FeatureSheetTests {
  @Test func theSheetGrowsWithItsMapsAndLevels() throws {
    let all = try features(try classifier(), bird)
    let one = try features(try classifier(), bird, levels: [.parts])
    func size(_ features: FeatureMaps, _ count: Int) -> [Int] {
      let sheet = FeatureSheet.draw(features, title: "t", top: count)
      return [sheet.width, sheet.height]
    }
    let usual = FeatureSheet.draw(all, title: "t")
    #expect([usual.width, usual.height] == [1584, 908])
    #expect(size(all, 8) == [1584, 908])
    #expect(size(all, 10) == [1584 + 2 * 148, 908])
    #expect(size(one, 8) == [1584, 724])
    // The heading needs its room, however few maps there are; 99 do not make more units.
    #expect(size(all, 1) == size(all, 0) && size(all, 1)[0] == 1036)
    #expect(size(all, 16)[0] > size(all, 10)[0])
  }

  @Test func theSameFeaturesGiveTheSameSheet() throws {
    let first = FeatureSheet.draw(try features(try classifier(), bird), title: "a bird.png")
    let second = FeatureSheet.draw(try features(try classifier(), bird), title: "a bird.png")
    let same = first == second
    #expect(same)
    let other = Aviary(count: 3, size: 32, seed: 5).scene(1).image
    let third = FeatureSheet.draw(try features(try classifier(), other), title: "a bird.png")
    let differs = third != first
    #expect(differs)
  }

  @Test func anyTitleAndNameFindsItsPlace() throws {
    let long = String(repeating: "ab\u{1F426}é\n", count: 200)
    let classifier = try classifier(names: [.edges: [0: long, 1: ""], .objects: [2: "\u{202E}x"]])
    let found = try features(classifier, bird)
    let sheet = FeatureSheet.draw(found, title: long)
    let plain = FeatureSheet.draw(found, title: "")
    #expect([sheet.width, sheet.height] == [plain.width, plain.height])
  }

  @Test func aNameOfSomeWordsIsReadToItsEnd() throws {
    func sheet(_ name: String) throws -> Image {
      let found = try features(classifier(names: [.edges: [0: name]]), bird, levels: [.edges])
      return FeatureSheet.draw(found, title: "", top: 32)
    }
    let differs = try sheet("edge at 150° 2") != sheet("edge at 150° 3")
    #expect(differs)
  }

  @Test func mapsHaveTheShapeOfTheView() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 64, 3), classes: 10)
    let wide = Classifier(
      Model(
        network: network, parameters: Parameters(initialising: network, seed: 4),
        classes: Aviary.classes, preprocessing: Preprocessing(height: 32, width: 64),
        provenance: Provenance(data: "none", recipe: "{}", licence: "none")))
    let sheet = FeatureSheet.draw(try features(wide, bird), title: "wide")
    // Below a map's upper half, and above what is written under it, the sheet is empty.
    let paper = sheet[390, 270]
    #expect(sheet[390, 170] != paper && sheet[500, 214] != paper)
    for x in 380..<512 { for y in 220..<284 { #expect(sheet[x, y] == paper) } }
  }

  @Test func picturesOfEveryShapeFit() throws {
    for (width, height) in [(1, 1), (300, 2), (2, 300), (33, 31)] {
      let image = Image(width: width, height: height, fill: RGB(9, 200, 30))
      let sheet = FeatureSheet.draw(try features(try classifier(shortSide: nil), image), title: "x")
      #expect([sheet.width, sheet.height] == [1584, 908])
    }
  }
}

@Suite struct FeatureExportTests {
  private struct Stored: Decodable {
    struct Unit: Decodable {
      struct Place: Decodable { let row, column: Int }
      struct Field: Decodable { let x, y, width, height: Double }
      let unit: Int
      let name: String?
      let maximum: Double
      let place: Place
      let field: Field
      let contribution: Double?

      enum CodingKeys: String, CodingKey {
        case unit, name, maximum, place, contribution
        case field = "receptive_field"
      }
    }
    let level: String
    let rows, columns: Int
    let units: [Unit]
  }

  @Test func theJSONHoldsEveryUnit() throws {
    for level in try features(try classifier(), bird).levels {
      let text = FeatureExport.json(level)
      let stored = try JSONDecoder().decode(Stored.self, from: Data(text.utf8))
      #expect(stored.level == level.level.rawValue)
      #expect(stored.rows == level.shape.rows && stored.columns == level.shape.columns)
      #expect(stored.units.map(\.unit) == level.maps.map(\.unit))
      for (unit, map) in zip(stored.units, level.maps) {
        #expect(unit.name == map.name && abs(unit.maximum - Double(map.maximum)) < 1e-5)
        #expect(unit.place.row == map.row && unit.place.column == map.column)
        let field = unit.field
        #expect([field.x, field.y] == [map.field.x, map.field.y])
        #expect([field.width, field.height] == [map.field.width, map.field.height])
        #expect((unit.contribution == nil) == (map.contribution == nil))
        let difference = (unit.contribution ?? 0) - Double(map.contribution ?? 0)
        #expect(abs(difference) < 1e-5)
      }
    }
  }

  @Test func theRawPictureScalesToItsPeak() throws {
    let level = try features(try classifier(), bird).levels[0]
    let peak = level.peak
    for map in level.maps {
      let image = try decodeImage(FeatureExport.picture(map, level.shape, peak: peak)).image
      #expect((image.width, image.height) == (level.shape.columns, level.shape.rows))
      for (place, value) in map.values.enumerated() {
        let expected = UInt8((max(0, value) / peak * 255).rounded())
        #expect(abs(Int(image.pixels[3 * place]) - Int(expected)) <= 1)
      }
    }
    let silent = try decodeImage(FeatureExport.picture(level.maps[0], level.shape, peak: 0)).image
    #expect(silent.pixels.allSatisfy { $0 == 0 })
  }
}
