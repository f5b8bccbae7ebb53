import AvocetDatasets
import AvocetImages
import AvocetKernels
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct AugmentationTests {
  private static let all = Augmentation(
    shift: 3, cropScale: 0.3...0.9, flip: true, brightness: 0.4, contrast: 0.3, saturation: 0.2,
    cutout: 2)

  /// A picture whose pixel in column x of row y is (x, y, 100).
  private static func grid(_ width: Int, _ height: Int) -> Image {
    var image = Image(width: width, height: height, fill: .black)
    for y in 0..<height { for x in 0..<width { image[x, y] = RGB(UInt8(x), UInt8(y), 100) } }
    return image
  }

  private static func still(_ augmentation: Augmentation) -> Augmentation.Choice {
    var choice = Augmentation().choice(seed: 0, epoch: 0, index: 0)
    (choice.cutoutX, choice.cutoutY) = (0, 0)
    return choice
  }

  @Test func theChoiceIsAFunctionOfSeedEpochAndIndex() {
    let choice = Self.all.choice(seed: 1, epoch: 2, index: 3)
    #expect(choice == Self.all.choice(seed: 1, epoch: 2, index: 3))
    for (seed, epoch, index) in [(2, 2, 3), (1, 3, 3), (1, 2, 4)] as [(UInt64, Int, Int)] {
      #expect(choice != Self.all.choice(seed: seed, epoch: epoch, index: index))
    }
  }

  @Test func choicesFillTheirRangesAndStayInside() {
    let choices = (0..<4000).map { Self.all.choice(seed: 5, epoch: 0, index: $0) }
    func range(_ value: (Augmentation.Choice) -> Double) -> ClosedRange<Double> {
      let values = choices.map(value)
      return (values.min() ?? 0)...(values.max() ?? 0)
    }
    #expect(Set(choices.map(\.shiftX)) == Set(-3...3) && Set(choices.map(\.shiftY)) == Set(-3...3))
    #expect(abs(choices.count(where: \.mirrored) - 2000) < 150)
    for (found, limits) in [
      (range(\.brightness), 0.6...1.4), (range(\.contrast), 0.7...1.3),
      (range(\.saturation), 0.8...1.2),
      (range(\.cutoutX), 0...1),
      (range { ($0.crop?.width ?? 0) * ($0.crop?.height ?? 0) }, 0.27...0.9),
    ] as [(ClosedRange<Double>, ClosedRange<Double>)] {
      #expect(limits.lowerBound <= found.lowerBound && found.upperBound <= limits.upperBound)
      let width = limits.upperBound - limits.lowerBound
      #expect(found.upperBound - found.lowerBound > 0.9 * width)
    }
    for choice in choices {
      let crop = choice.crop ?? Rectangle(x: -1, y: 0, width: 0, height: 0)
      #expect(crop.x >= 0 && crop.y >= 0 && crop.x + crop.width <= 1 && crop.y + crop.height <= 1)
      #expect((0.75...1.334).contains(crop.width / crop.height))
    }
  }

  @Test func anAlternatingFlipMirrorsHalfOfThePicturesAndTheOthersInTheNextEpoch() {
    let alternating = Augmentation(shift: 2, flip: true, alternatesFlip: true)
    func mirrored(_ epoch: Int, seed: UInt64 = 5) -> [Bool] {
      (0..<1000).map { alternating.choice(seed: seed, epoch: epoch, index: $0).mirrored }
    }
    #expect(abs(mirrored(0).count { $0 } - 500) < 60)
    #expect(zip(mirrored(0), mirrored(1)).allSatisfy { $0 != $1 })
    #expect(mirrored(2) == mirrored(0) && mirrored(7) == mirrored(1))
    #expect(mirrored(0, seed: 6) != mirrored(0))
    // All else is chosen as without it.
    let plain = Augmentation(shift: 2, flip: true).choice(seed: 5, epoch: 3, index: 9)
    var choice = alternating.choice(seed: 5, epoch: 3, index: 9)
    choice.mirrored = plain.mirrored
    #expect(choice == plain)
  }

  @Test func whatAFileDoesNotNameIsOff() throws {
    func read(_ json: String) throws -> Augmentation {
      try JSONDecoder().decode(Augmentation.self, from: Data(json.utf8))
    }
    #expect(try read("{}") == Augmentation())
    #expect(try read("{\"shift\": 2, \"flip\": true}") == Augmentation(shift: 2, flip: true))
    #expect(throws: DecodingError.self) { try read("{\"shift\": 2.5}") }
  }

  @Test func withoutIngredientsNothingHappens() {
    let plain = Augmentation()
    let image = Self.grid(5, 4)
    for index in 0..<50 {
      let choice = plain.choice(seed: 1, epoch: 1, index: index)
      #expect(plain.apply(choice, to: plain.cropped(image, choice), blank: .white) == image)
    }
  }

  @Test func movingAndMirroringAreExact() {
    var choice = Self.still(Augmentation())
    let image = Self.grid(4, 3)
    func columns(_ result: Image) -> [UInt8] { (0..<4).map { result[$0, 0].red } }
    func rows(_ result: Image) -> [UInt8] { (0..<3).map { result[0, $0].green } }
    func apply() -> Image { Augmentation(shift: 9).apply(choice, to: image, blank: .white) }
    choice.shiftX = 1
    #expect(columns(apply()) == [1, 2, 3, 2])  // What comes in repeats the edge mirrored.
    choice.shiftX = -2
    #expect(columns(apply()) == [2, 1, 0, 1])
    choice.mirrored = true
    #expect(columns(apply()) == [1, 2, 3, 2])
    (choice.shiftX, choice.shiftY) = (0, 2)
    #expect(columns(apply()) == [3, 2, 1, 0])
    #expect(rows(apply()) == [2, 1, 0])
    (choice.mirrored, choice.shiftY) = (false, -1)
    #expect(rows(apply()) == [1, 0, 1])
    // Further than the picture is wide: the far edge, and no reading outside.
    (choice.shiftX, choice.shiftY) = (9, -9)
    #expect(columns(apply()).allSatisfy { $0 < 4 } && rows(apply()).allSatisfy { $0 < 3 })
    #expect(
      Augmentation(shift: 1).apply(choice, to: Self.grid(1, 1), blank: .white) == Self.grid(1, 1))
  }

  @Test func coloursFollowTheirFormulas() {
    var choice = Self.still(Augmentation())
    var image = Image(width: 2, height: 1, fill: RGB(100, 50, 0))
    image[1, 0] = RGB(20, 20, 20)
    func apply() -> [RGB] {
      let result = Augmentation().apply(choice, to: image, blank: .white)
      return [result[0, 0], result[1, 0]]
    }
    choice.brightness = 1.5
    #expect(apply() == [RGB(150, 75, 0), RGB(30, 30, 30)])
    choice.brightness = 5
    #expect(apply() == [RGB(255, 250, 0), RGB(100, 100, 100)])
    choice.brightness = 0
    #expect(apply() == [.black, .black])
    // The luma of (100, 50, 0) is 59.25, rounded 59; the mean of 59 and 20 is 39.5.
    (choice.brightness, choice.saturation) = (1, 0)
    #expect(apply() == [RGB(59, 59, 59), RGB(20, 20, 20)])
    (choice.saturation, choice.contrast) = (1, 0)
    #expect(apply() == [RGB(40, 40, 40), RGB(40, 40, 40)])
    choice.contrast = 2
    #expect(apply() == [RGB(161, 61, 0), RGB(1, 1, 1)])
  }

  @Test func theBlankSquareLiesAroundItsMiddleAndInsideTheView() {
    var choice = Self.still(Augmentation())
    func blanked(_ side: Int) -> [[Int]] {
      let view = Image(width: 5, height: 4, fill: .black)
      let result = Augmentation(cutout: side).apply(choice, to: view, blank: .white)
      return (0..<4).map { y in (0..<5).filter { result[$0, y] == .white } }
    }
    (choice.cutoutX, choice.cutoutY) = (0.5, 0.5)
    #expect(blanked(2) == [[], [1, 2], [1, 2], []])
    (choice.cutoutX, choice.cutoutY) = (0, 0.99)
    #expect(blanked(2) == [[], [], [0], [0]])
    #expect(blanked(99) == [[Int]](repeating: [0, 1, 2, 3, 4], count: 4))
  }

  @Test func aCropIsThePartOfThePictureThatTheChoiceNames() {
    var choice = Self.still(Augmentation())
    choice.crop = Rectangle(x: 0.25, y: 0.5, width: 0.5, height: 0.5)
    let part = Augmentation().cropped(Self.grid(8, 6), choice)
    #expect((part.width, part.height) == (4, 3))
    #expect(part[0, 0] == RGB(2, 3, 100) && part[3, 2] == RGB(5, 5, 100))
    // Never less than a pixel, even of a picture of one.
    choice.crop = Rectangle(x: 0.99, y: 0.99, width: 0.001, height: 0.001)
    let least = Augmentation().cropped(Self.grid(8, 6), choice)
    #expect((least.width, least.height) == (1, 1))
    #expect(Augmentation().cropped(Self.grid(1, 1), choice) == Self.grid(1, 1))
  }
}
