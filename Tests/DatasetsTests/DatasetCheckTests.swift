import AvocetDatasets
import AvocetImages
import AvocetKernels
import Testing

struct DatasetCheckTests {
  private let team = ThreadTeam(threads: 2)

  private func check(_ data: Dataset, smallestSide: Int = 16) -> DatasetCheck {
    DatasetCheck(data, Survey(data, team: team), smallestSide: smallestSide, team: team)
  }

  @Test func groupsAcrossSplitsAndClassesComeFirst() throws {
    let train = ImageSource(
      images: [scene(1), scene(1), scene(2), scene(3), scene(4)], labels: [0, 0, 0, 0, 1])
    let test = ImageSource(
      images: [scene(3), scene(4).adjusted(gain: 0.95, offset: 4), scene(2)], labels: [0, 0, 0])
    let groups = check(try dataset([.train: train, .test: test])).groups
    #expect(groups.map(\.members) == [[4, 6], [2, 7], [3, 5], [0, 1]])
    #expect(groups.map(\.crossesSplits) == [true, true, true, false])
    #expect(groups.map(\.crossesClasses) == [true, false, false, false])
    #expect(groups.map(\.isExact) == [false, true, true, true])
  }

  @Test func copiesAreCountedInEachSplit() throws {
    let source = ImageSource(
      images: [scene(1), scene(2), scene(1), scene(1)], labels: [0, 0, 1, 1])
    let found = check(try dataset([.train: source, .test: source]))
    #expect(found.copies(in: .train) == 2 && found.copies(in: .test) == 2)
    #expect(found.total == [4, 4])
  }

  @Test func oddSizesAndColoursAreNamed() throws {
    var images = (0..<20).map { scene($0, size: 64) }
    images[3] = scene(3, size: 64).resized(width: 15, height: 20)
    images[5] = scene(5, size: 64).resized(width: 300, height: 60)
    images[7] = scene(7, size: 64).resized(width: 300, height: 310)
    var grey = scene(9, size: 64)
    for i in stride(from: 0, to: grey.pixels.count, by: 3) {
      (grey.pixels[i + 1], grey.pixels[i + 2]) = (grey.pixels[i], grey.pixels[i])
    }
    // A grey JPEG comes back with traces of colour at most.
    images[9] = try decodeImage(grey.encodedJPEG()).image
    let data = try dataset([.all: ImageSource(images: images, labels: images.map { _ in 0 })])
    let found = check(data).oddities.map { "\($0.index) \($0.reason)" }
    #expect(
      found == [
        "3 a side under 16 pixels", "5 one side over four times the other",
        "7 four times larger than is usual here", "9 grey among pictures in colour",
      ])
    #expect(check(data, smallestSide: 65).oddities.count { $0.reason.contains("under 65") } == 19)
  }

  @Test func greyPicturesAreNotOddAmongThemselves() throws {
    let images = (0..<10).map { i in
      Image(width: 20, height: 20, pixels: (0..<1200).map { UInt8(($0 / 3 * (i + 3)) % 200) })
    }
    let data = try dataset([.all: ImageSource(images: images, labels: images.map { _ in 0 })])
    #expect(check(data).oddities.isEmpty)
  }
}

struct LabelErrorTests {
  private func judgement(_ index: Int, _ label: Int, _ probabilities: [Float])
    -> LabelErrors.Judgement
  {
    LabelErrors.Judgement(index: index, label: label, probabilities: probabilities)
  }

  @Test func confidentContradictionsAreFoundTheClearestFirst() {
    // Thresholds: class 0 (0.9 + 0.8 + 0.1 + 0.3) / 4 = 0.525, class 1 (0.9 + 0.7) / 2 = 0.8.
    let errors = LabelErrors(
      [
        judgement(10, 0, [0.9, 0.1]), judgement(11, 0, [0.8, 0.2]),
        judgement(12, 0, [0.1, 0.9]),  // wrong
        judgement(13, 0, [0.3, 0.7]),  // unlike, but 0.7 is little for class 1
        judgement(14, 1, [0.1, 0.9]), judgement(15, 1, [0.3, 0.7]),
      ], classCount: 2)
    #expect(errors.suspects.map(\.index) == [12])
    #expect(errors.suspects.map(\.suggestion) == [1])
    #expect(errors.suspects.allSatisfy { abs($0.margin - 0.8) < 1e-6 })
  }

  @Test func theLargestMarginLeads() {
    let errors = LabelErrors(
      [
        judgement(0, 0, [0.4, 0.6]), judgement(1, 0, [0.1, 0.9]), judgement(2, 1, [0.5, 0.5]),
        judgement(3, 0, [0.2, 0.8]),
      ], classCount: 3)
    #expect(errors.suspects.map(\.index) == [1, 3, 0])
  }

  @Test func aClassWithoutPicturesSuggestsNothing() {
    let errors = LabelErrors([judgement(0, 0, [0.1, 0, 0.9])], classCount: 3)
    #expect(errors.suspects.isEmpty)
  }
}
