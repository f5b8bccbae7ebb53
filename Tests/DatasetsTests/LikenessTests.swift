import AvocetDatasets
import AvocetImages
import AvocetKernels
import Testing

/// Pictures in memory.
struct ImageSource: DataSource {
  var images: [Image]
  var labels: [Int]

  var count: Int { images.count }
  func label(_ i: Int) -> Int { labels[i] }
  func identifier(_ i: Int) -> String { "picture \(i)" }
  func image(_ i: Int) throws(ImageError) -> Image { images[i] }
}

/// A scene of the aviary: a picture with some structure, another for each number.
func scene(_ number: Int, size: Int = 96) -> Image {
  Aviary(count: 1000, size: size, seed: 5).scene(number).image
}

/// A data set of these pictures.
func dataset(_ splits: [Split: ImageSource], classes: [String] = ["a", "b"]) throws -> Dataset {
  var dataset = try Dataset.open("aviary:")
  (dataset.kind, dataset.classes, dataset.aviary) = (.folder, classes, nil)
  dataset.splits = splits
  return dataset
}

extension Image {
  /// Each channel times `gain` plus `offset`, cut off at the ends.
  func adjusted(gain: Double, offset: Double) -> Image {
    Image(
      width: width, height: height,
      pixels: pixels.map { UInt8(min(max(Double($0) * gain + offset, 0), 255)) })
  }
}

struct LikenessTests {
  private let team = ThreadTeam(threads: 2)

  private func likenesses(_ images: [Image]) throws -> [Likeness] {
    let source = ImageSource(images: images, labels: images.map { _ in 0 })
    return Survey(try dataset([.all: source]), team: team).likenesses(team: team)
  }

  @Test(arguments: [
    "encoded again", "smaller", "larger", "brighter", "darker, less contrast", "all at once",
  ])
  func copiesAreNearDuplicates(_ change: String) throws {
    for number in 0..<20 {
      let original = scene(number)
      func encodedAgain(_ image: Image, _ quality: Int) throws -> Image {
        try decodeImage(image.encodedJPEG(quality: quality)).image
      }
      let copy =
        switch change {
        case "encoded again": try encodedAgain(original, 60)
        case "smaller": original.resized(width: 41, height: 41)
        case "larger": original.resized(width: 150, height: 150)
        case "brighter": original.adjusted(gain: 1.05, offset: 8)
        case "darker, less contrast": original.adjusted(gain: 0.8, offset: 5)
        default:
          try encodedAgain(
            original.resized(width: 64, height: 64).adjusted(gain: 1.04, offset: 4), 70)
        }
      let found = try likenesses([original, copy])
      #expect(found.count == 1, "scene \(number)")
      #expect(found.first?.isExact == false)
      #expect(found.first.map { $0.similarity >= 0.97 } == true)
    }
  }

  @Test func differentPicturesAreNot() throws {
    #expect(try likenesses((0..<300).map { scene($0) }).isEmpty)
  }

  @Test func equalPixelsAreExactWhateverTheirNumber() throws {
    let found = try likenesses([scene(1), scene(2), scene(1), scene(1)])
    #expect(found.map(\.first) == [0, 0])
    #expect(found.map(\.second) == [2, 3])
    #expect(found.allSatisfy { $0.isExact && $0.similarity == 1 })
  }

  @Test func theSameBytesInAnotherShapeAreNotEqual() throws {
    let pixels = scene(3, size: 32).pixels
    #expect(
      try likenesses([
        Image(width: 64, height: 16, pixels: pixels), Image(width: 16, height: 64, pixels: pixels),
      ]).isEmpty)
  }

  @Test func picturesOfOneColourResembleNothing() throws {
    let flat = [RGB(10, 10, 10), RGB(11, 10, 10), RGB(200, 0, 0)].map {
      Image(width: 20, height: 20, fill: $0)
    }
    #expect(try likenesses(flat).isEmpty)
  }

  // What the index finds is what comparing all pairs finds.
  @Test func noPairIsLostOrFoundTwice() throws {
    let originals = (0..<60).map { scene($0, size: 48) }
    let images = originals + originals.map { $0.adjusted(gain: 0.97, offset: 3) }
    let found = try likenesses(images)
    #expect(found.map { [$0.first, $0.second] } == (0..<60).map { [$0, $0 + 60] })
    let alone = ThreadTeam(threads: 1)
    let source = ImageSource(images: images, labels: images.map { _ in 0 })
    #expect(try Survey(dataset([.all: source]), team: alone).likenesses(team: alone) == found)
  }

  @Test func groupsAreWhatHangsTogether() {
    func pair(_ a: Int, _ b: Int) -> Likeness {
      Likeness(first: a, second: b, similarity: 0.99, isExact: false)
    }
    let groups = LikenessGroups([pair(0, 4), pair(1, 2), pair(3, 4), pair(2, 6)], count: 8).groups
    #expect(groups == [[0, 3, 4], [1, 2, 6]])
    #expect(LikenessGroups([], count: 3).groups.isEmpty)
  }
}
