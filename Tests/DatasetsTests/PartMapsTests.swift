import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import TestSupport
import Testing

/// What a network is told of the parts lies where it sees them.
@Suite struct PartMapsTests {
  private static let aviary = Aviary(count: 12, size: 32, seed: 5)
  private static let preprocessing = Preprocessing(height: 32, width: 32)

  private static func maps(_ indices: [Int], _ preprocessing: Preprocessing = preprocessing) throws
    -> PartMaps?
  {
    let dataset = try Dataset.open("aviary:count=12,size=32,seed=5")
    return try PartMaps(
      PartSource(AviarySource(aviary), of: dataset, at: "."), indices,
      preprocessing: preprocessing, team: ThreadTeam(threads: 2))
  }

  private static func pictures(_ augmentation: Augmentation, _ parts: PartMaps?)
    -> AugmentedPictures
  {
    AugmentedPictures(
      AviarySource(aviary), preprocessing: preprocessing, augmentation: augmentation, parts: parts)
  }

  @Test func aMapBelongsToTheSceneOrToItsTwinWithoutAPart() throws {
    let maps = try #require(try Self.maps(Array(0..<12)))
    #expect(maps.names == Aviary.parts && maps.bytes == 12 * 5 * 32 * 32)
    let pictures = Self.pictures(Augmentation(), maps)
    var twins = 0
    for index in 0..<12 {
      let scene = Self.aviary.scene(index)
      for epoch in 0..<20 {
        let picture = try pictures.picture(index, seed: 1, epoch: epoch)
        let map = pictures.partMap(index, seed: 1, epoch: epoch)
        if picture == scene.image {
          #expect(map == PartMap(seen: scene.partMap))
          continue
        }
        twins += 1
        #expect(
          scene.twinParts.contains { part in
            guard let twin = Self.aviary.twin(index, removing: part) else { return false }
            let taken = scene.partMap.map { Aviary.parts[Int($0)] == part ? $0 : 0 }
            return picture == twin.image && map == PartMap(seen: twin.partMap, missing: taken)
          })
      }
    }
    #expect((70...120).contains(twins), "\(twins) of 240")
  }

  @Test func someOfThePicturesKeepTheirMaps() throws {
    let maps = try #require(try Self.maps([3, 0, 7]))
    let last = Self.pictures(Augmentation(), maps.part([2]))
    let epoch = try #require(
      (0..<20).first { last.partMap(0, seed: 1, epoch: $0)?.missing.isEmpty == true })
    #expect(last.partMap(0, seed: 1, epoch: epoch)?.seen == Self.aviary.scene(7).partMap)
    let areas = [3, 0, 7].map { Self.aviary.scene($0).partAreas }
    for part in Aviary.parts.indices {
      let share = Double(areas.reduce(0) { $0 + $1[part] }) / Double(3 * 32 * 32)
      #expect(abs(maps.shares[part] - share) < 1e-12)
    }
  }

  @Test func aMapIsMovedAndMirroredWithItsPicture() throws {
    let maps = try #require(try Self.maps(Array(0..<12)))
    let augmentation = Augmentation(shift: 5, flip: true)
    let (moving, still) = (Self.pictures(augmentation, maps), Self.pictures(Augmentation(), maps))
    var moved = 0
    for index in 0..<12 {
      for epoch in 0..<3 {
        // A picture of the map goes the way of a picture.
        let choice = augmentation.choice(seed: 9, epoch: epoch, index: index)
        func there(_ map: [UInt8]) -> [UInt8] {
          let painted = Image(width: 32, height: 32, pixels: map.flatMap { [$0, $0, $0] })
          let pixels = Augmentation().apply(choice, to: painted, blank: .black).pixels
          return stride(from: 0, to: pixels.count, by: 3).map { pixels[$0] }
        }
        let map = try #require(still.partMap(index, seed: 9, epoch: epoch))
        let shown = try #require(moving.partMap(index, seed: 9, epoch: epoch))
        #expect(shown.seen == there(map.seen))
        #expect(shown.missing == (map.missing.isEmpty ? [] : there(map.missing)))
        if shown != map { moved += 1 }
      }
    }
    #expect(moved > 24)
  }

  @Test func aViewOfAnotherSizeTakesTheMapWithIt() throws {
    let half = Preprocessing(height: 16, width: 16, shortSide: 16)
    let maps = try #require(try Self.maps([4], half))
    let pictures = AugmentedPictures(
      AviarySource(Self.aviary), preprocessing: half, augmentation: Augmentation(), parts: maps)
    let epoch = try #require(
      (0..<20).first { pictures.partMap(0, seed: 1, epoch: $0)?.missing.isEmpty == true })
    let map = try #require(pictures.partMap(0, seed: 1, epoch: epoch)).seen
    let scene = Self.aviary.scene(4)
    for row in 0..<16 {
      for column in 0..<16 {
        #expect(map[row * 16 + column] == scene.partMap[(2 * row + 1) * 32 + 2 * column + 1])
      }
    }
  }

  @Test func whereNoMapsAreKnownThereAreNone() throws {
    #expect(
      try PartMaps(
        PartSource(AviarySource(Self.aviary)), [0], preprocessing: Self.preprocessing,
        team: ThreadTeam(threads: 1)) == nil)
    #expect(Self.pictures(Augmentation(), nil).partMap(0, seed: 1, epoch: 0) == nil)
  }
}
