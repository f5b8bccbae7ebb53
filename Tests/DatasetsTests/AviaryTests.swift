import AvocetDatasets
import AvocetImages
import Testing

@Suite struct AviaryTests {
  private static let set = Aviary(count: 200, size: 64, seed: 20)

  @Test func hundredImagesHaveTheCommittedHash() {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for i in 0..<100 {
      let scene = Self.set.scene(i)
      for byte in scene.image.pixels + scene.partMap {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }
    #expect(hash == 13_216_671_346_986_599_356)
  }

  @Test func labelsAreBalancedAndShuffled() {
    var counts = [Int](repeating: 0, count: 10)
    for i in 0..<200 { counts[Self.set.label(i)] += 1 }
    #expect(counts == [Int](repeating: 20, count: 10))
    #expect((0..<10).map(Self.set.label) != (10..<20).map(Self.set.label))
  }

  @Test func sceneDependsOnSeedAndIndexOnly() {
    let other = Aviary(count: 5, size: 64, seed: 20)
    #expect(other.scene(3) == Self.set.scene(3))
    #expect(Aviary(count: 5, size: 64, seed: 21).scene(3).image != other.scene(3).image)
    #expect(other.scene(2).image != other.scene(3).image)
  }

  @Test func partMapAndBoxTellTheTruth() {
    for i in 0..<60 {
      let scene = Self.set.scene(i)
      #expect(scene.partMap.count == 64 * 64)
      #expect(scene.partMap.allSatisfy { Int($0) < Aviary.parts.count })
      #expect(scene.label == Self.set.label(i))
      let box = scene.box
      #expect(box.width > 8 && box.height > 8)
      #expect(box.x + box.width <= 64 && box.y + box.height <= 64)
      let inside = scene.partMap.enumerated().filter { $0.element > 0 }.allSatisfy {
        (box.x..<box.x + box.width).contains($0.offset % 64)
          && (box.y..<box.y + box.height).contains($0.offset / 64)
      }
      #expect(inside)
    }
  }

  @Test(arguments: [
    ("bird", ["beak", "eye", "head", "body", "wing", "tail", "leg"]),
    ("fish", ["eye", "body", "tail", "fin"]), ("butterfly", ["wing", "body", "antenna"]),
    ("cat", ["ear", "eye", "head", "whisker", "nose"]),
    ("rabbit", ["ear", "eye", "head", "tail", "leg"]), ("snail", ["shell", "horn", "body"]),
    ("flower", ["petal", "heart", "stem"]), ("house", ["wall", "roof", "door", "window"]),
    ("car", ["wheel", "cabin", "body", "window"]),
    ("aeroplane", ["fuselage", "wing", "tailplane", "window"]),
  ])
  func mainPartsAreSeenInMostScenes(name: String, wanted: [String]) {
    let scenes = (0..<200).filter { Aviary.classes[Self.set.label($0)] == name }.map(Self.set.scene)
    for part in wanted {
      let seen = scenes.filter { $0.twinParts.contains(part) }.count
      #expect(seen * 2 > scenes.count, "\(part): \(seen) of \(scenes.count)")
    }
  }

  @Test(arguments: [("bird", "beak"), ("car", "wheel"), ("cat", "ear"), ("snail", "shell")])
  func twinDiffersOnlyNearTheRemovedPart(name: String, part: String) throws {
    let set = Aviary(count: 40, size: 128, seed: 4)
    let index = try #require(Aviary.parts.firstIndex(of: part))
    var tested = 0
    for i in 0..<40 where Aviary.classes[set.label(i)] == name {
      guard let twin = set.twin(i, removing: part) else { continue }
      let scene = set.scene(i)
      #expect(!twin.twinParts.contains(part) && twin.label == scene.label)
      #expect(!twin.partMap.contains(UInt8(index)))
      // What was behind the part or in front of it may hide some of it: its box is the measure.
      let places = scene.partMap.indices.filter { scene.partMap[$0] == UInt8(index) }
      let columns = places.map { $0 % 128 }.sorted()
      let rows = places.map { $0 / 128 }.sorted()
      let (left, right) = (columns.first ?? 0, columns.last ?? 0)
      let (top, bottom) = (rows.first ?? 0, rows.last ?? 0)
      let changed = (0..<128 * 128).filter {
        scene.image[$0 % 128, $0 / 128] != twin.image[$0 % 128, $0 / 128]
      }
      let near = changed.filter {
        (left - 6...right + 6).contains($0 % 128) && (top - 6...bottom + 6).contains($0 / 128)
      }
      #expect(!changed.isEmpty && near.count * 100 >= changed.count * 98)
      tested += 1
    }
    #expect(tested > 1)
  }

  @Test func absentPartsHaveNoTwin() {
    let set = Self.set
    for i in 0..<10 {
      #expect(set.twin(i, removing: "background") == nil)
      #expect(set.twin(i, removing: "nonsense") == nil)
      if Aviary.classes[set.label(i)] == "car" { #expect(set.twin(i, removing: "beak") == nil) }
    }
  }

  @Test(arguments: [32, 128, 256])
  func sceneIsTheSameAtEverySize(size: Int) {
    let small = Self.set.scene(7)
    let other = Aviary(count: 200, size: size, seed: 20).scene(7)
    #expect(other.caption == small.caption && other.label == small.label)
    let shares = [small, other].map { scene in
      Double(scene.partMap.filter { $0 > 0 }.count) / Double(scene.partMap.count)
    }
    #expect(abs(shares[0] - shares[1]) < 0.02)
  }

  @Test func captionIsOneSentenceAboutTheClass() {
    for i in 0..<30 {
      let scene = Self.set.scene(i)
      #expect(scene.caption.contains(" \(Aviary.classes[scene.label]) with "))
    }
  }

  @Test func noColourBelongsToOneClass() {
    // The mean colour of the object's pixels must not tell the classes apart.
    let set = Aviary(count: 300, size: 32, seed: 8)
    var sums = [[Double]](repeating: [0, 0, 0], count: 10)
    for i in 0..<300 {
      let scene = set.scene(i)
      let places = scene.partMap.indices.filter { scene.partMap[$0] > 0 }
      for channel in 0..<3 {
        let total = places.reduce(0) { $0 + Double(scene.image.pixels[3 * $1 + channel]) }
        sums[scene.label][channel] += total / Double(max(1, places.count)) / 30
      }
    }
    for means in sums {
      #expect(means.allSatisfy { $0 > 60 && $0 < 180 })
    }
  }
}
