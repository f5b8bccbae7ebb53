import AvocetImages
import Testing

@Suite struct ResizingTests {
  struct Case: Sendable {
    let width, height: Int
    let filter: Interpolation
    let first: [UInt8]
    let hash: UInt64
    init(_ w: Int, _ h: Int, _ filter: Interpolation, _ first: [UInt8], _ hash: UInt64) {
      (width, height, self.filter, self.first, self.hash) = (w, h, filter, first, hash)
    }
  }

  // Pillow 13.0.0, Image.resize of noise(23, 17): the first bytes and the hash of all.
  static let pillow = [
    Case(7, 5, .bilinear, [99, 131, 154, 103, 147, 129], 0x781f_e74f_1637_160d),
    Case(7, 5, .bicubic, [95, 131, 158, 99, 150, 131], 0xf449_f025_9e37_65db),
    Case(40, 31, .bilinear, [0, 193, 130, 80, 181, 118], 0xa787_1230_c67d_9f41),
    Case(40, 31, .bicubic, [0, 191, 128, 74, 188, 107], 0x5596_701f_b226_f27a),
    Case(23, 9, .bilinear, [39, 205, 170, 151, 115, 162], 0xebcd_b296_a220_dc43),
    Case(23, 9, .bicubic, [30, 214, 172, 156, 113, 170], 0x190d_c011_0639_1fd1),
    Case(11, 17, .bilinear, [110, 151, 131, 123, 60, 184], 0x8446_9947_d962_c190),
    Case(11, 17, .bicubic, [109, 159, 127, 124, 53, 195], 0xbf8c_8de9_960b_b894),
    Case(1, 1, .bilinear, [122, 129, 125], 0xd162_ff19_8a0e_5a9b),
    Case(1, 1, .bicubic, [123, 128, 125], 0xc556_da19_8245_fae9),
    Case(64, 3, .bilinear, [121, 156, 160, 120, 155, 159], 0x70a0_45cf_1e2b_96ca),
    Case(64, 3, .bicubic, [122, 164, 164, 120, 160, 160], 0xc32b_06ac_8599_7b11),
  ]

  @Test(arguments: pillow) func resizingGivesPillowsBytes(expected: Case) {
    let resized = noise(23, 17).resized(
      width: expected.width, height: expected.height, interpolation: expected.filter)
    #expect(Array(resized.pixels.prefix(6)) == expected.first)
    #expect(hash(resized.pixels) == expected.hash)
  }

  @Test func resizingAPartGivesPillowsBytes() {
    let part = Rectangle(x: 2.5, y: 1.25, width: 16.5, height: 14.25)
    func resized(_ filter: Interpolation) -> UInt64 {
      hash(noise(23, 17).resized(width: 9, height: 8, interpolation: filter, part: part).pixels)
    }
    #expect(resized(.bilinear) == 0x514e_7737_037e_c093)
    #expect(resized(.bicubic) == 0x1fcb_100b_f135_afdd)
  }

  @Test(arguments: Interpolation.allCases) func oneColourStaysOneColour(filter: Interpolation) {
    let grey = Image(width: 31, height: 9, fill: RGB(7, 130, 250))
    for (width, height) in [(5, 5), (100, 40), (31, 3), (1, 1)] {
      let resized = grey.resized(width: width, height: height, interpolation: filter)
      #expect(resized == Image(width: width, height: height, fill: RGB(7, 130, 250)))
    }
    #expect(noise(31, 9).resized(width: 31, height: 9, interpolation: filter) == noise(31, 9))
  }

  @Test func croppingOutsideShowsTheBackground() {
    let image = noise(4, 3)
    let cropped = image.cropped(x: -1, y: 1, width: 3, height: 4, background: .black)
    #expect(cropped[0, 0] == .black && cropped[1, 0] == image[0, 1] && cropped[2, 1] == image[1, 2])
    #expect(cropped[1, 2] == .black)
    #expect(image.cropped(x: 1, y: 1, width: 2, height: 2)[1, 1] == image[2, 2])
    let away = image.cropped(x: 9, y: -9, width: 2, height: 2, background: .black)
    #expect(away == Image(width: 2, height: 2, fill: .black))
  }
}

@Suite struct PreprocessingTests {
  private let square = Preprocessing(
    height: 224, width: 224, shortSide: 256, interpolation: .bicubic)

  @Test(arguments: [(300, 200), (200, 300), (224, 224), (1, 400), (3000, 2)])
  func theViewIsTheMiddleOfTheResizedPicture(width: Int, height: Int) {
    let image = noise(width, height)
    let short = min(width, height)
    let size = (256 * width / short, 256 * height / short)
    let view = square.view(of: image)
    #expect(view.width == 224 && view.height == 224)
    if size.0 * size.1 < 1_000_000 {
      let resized = image.resized(width: size.0, height: size.1, interpolation: .bicubic)
      let middle = (
        (Double(size.0 - 224) / 2).rounded(.toNearestOrEven),
        (Double(size.1 - 224) / 2).rounded(.toNearestOrEven)
      )
      #expect(view == resized.cropped(x: Int(middle.0), y: Int(middle.1), width: 224, height: 224))
    }
  }

  @Test func withoutAShortSideThePictureIsSqueezed() {
    let plan = Preprocessing(height: 8, width: 12)
    #expect(plan.view(of: noise(30, 50)) == noise(30, 50).resized(width: 12, height: 8))
    #expect(plan.view(of: noise(12, 8)) == noise(12, 8))
  }

  @Test func aPictureThatIsTooSmallStandsInTheMiddleOfTheBackground() {
    let plan = Preprocessing(height: 8, width: 8, shortSide: 4, background: [0, 0, 0])
    let view = plan.view(of: noise(4, 4))
    #expect(view[1, 1] == .black && view[2, 2] == noise(4, 4)[0, 0] && view[6, 6] == .black)
  }

  @Test func aPlaceInTheViewIsFoundInThePicture() {
    let all = Rectangle(x: 0, y: 0, width: 224, height: 224)
    let place = square.place(of: all, width: 512, height: 1024)
    #expect(place == Rectangle(x: 32, y: 288, width: 448, height: 448))
    let corner = square.place(
      of: Rectangle(x: -100, y: 0, width: 101, height: 1), width: 256, height: 256)
    #expect(corner == Rectangle(x: 0, y: 16, width: 17, height: 1))
    let squeezed = Preprocessing(height: 10, width: 20)
    #expect(
      squeezed.place(of: Rectangle(x: 5, y: 5, width: 10, height: 5), width: 40, height: 40)
        == Rectangle(x: 10, y: 20, width: 20, height: 20))
  }

  @Test func theViewsOfTheSixAreMiddleBeginningAndEndWithTheirMirrorImages() {
    var plan = Preprocessing(height: 4, width: 4, shortSide: 4, views: 6)
    let image = noise(10, 4)
    let cuts = [3, 0, 6].map { image.cropped(x: $0, y: 0, width: 4, height: 4) }
    #expect(plan.views(of: image) == cuts.flatMap { [$0, $0.mirrored] })
    // Where nothing is left beside the view, it is moved by a pixel.
    let square = noise(4, 4)
    let moved = [square, square.shifted(x: -1, y: -1), square.shifted(x: 1, y: 1)]
    #expect(moved[1][1, 1] == square[0, 0] && moved[1][0, 0] == square[1, 1])
    #expect(moved[2][2, 2] == square[3, 3] && moved[2][3, 3] == square[2, 2])
    #expect(plan.views(of: square) == moved.flatMap { [$0, $0.mirrored] })
    plan.views = 2
    #expect(plan.views(of: image) == [cuts[0], cuts[0].mirrored])
    #expect(plan.views(of: square) == [square, square.mirrored])
    plan.views = 1
    #expect(plan.views(of: image) == [cuts[0]])
  }

  @Test(arguments: [(10, 7), (300, 20), (9, 31), (5, 5), (1, 400)], [nil, 12, 16, 20])
  func aPictureResizedOnceHasTheSameViews(size: (Int, Int), shortSide: Int?) {
    let image = noise(size.0, size.1)
    for views in [1, 2, 6] {
      let plan = Preprocessing(
        height: 16, width: 16, shortSide: shortSide, interpolation: .bicubic, views: views)
      let once = plan.resized(image)
      #expect(plan.views(of: once) == plan.views(of: image))
      #expect(once.width * once.height <= max(image.width * image.height, 4 * 20 * 20))
    }
  }

  @Test(arguments: [1, 2, 6]) func everyViewHasItsWeightAndTheMiddleHalfOfAll(views: Int) {
    let plan = Preprocessing(height: 4, width: 4, views: views)
    #expect(plan.viewWeights.count == plan.views(of: noise(4, 4)).count)
    #expect(plan.viewWeights.reduce(0, +) == 1)
    if views > 1 { #expect(plan.viewWeights[0] + plan.viewWeights[1] == (views == 2 ? 1 : 0.5)) }
  }

  private func numbers(_ plan: Preprocessing, _ view: Image) -> [Float] {
    [Float](unsafeUninitializedCapacity: plan.count) { buffer, count in
      if let base = buffer.baseAddress {
        plan.normalise(view, into: base)
        count = plan.count
      }
    }
  }

  @Test func scaledDecodingShowsNearlyTheSame() throws {
    var preprocessing = Preprocessing(height: 48, width: 48, shortSide: 56)
    // Fine texture over a smooth picture: what the smaller decoding averages, resizing averages too.
    var picture = gradient(700, 500)
    let texture = noise(700, 500)
    for i in picture.pixels.indices {
      let value = Int(picture.pixels[i]) + Int(texture.pixels[i]) / 8 - 16
      picture.pixels[i] = UInt8(clamping: value)
    }
    let jpeg = picture.encodedJPEG()
    let whole = try decodeImage(jpeg, options: preprocessing.decoding())
    #expect(whole.denominator == 1)
    preprocessing.scaledDecoding = true
    let scaled = try decodeImage(jpeg, options: preprocessing.decoding())
    #expect(scaled.denominator == 4)
    let (a, b) = (preprocessing.view(of: whole.image), preprocessing.view(of: scaled.image))
    #expect(difference(a, b) <= 6)
    let sum = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    #expect(Double(sum) / Double(a.pixels.count) < 1)
    let small = try decodeImage(gradient(80, 100).encodedJPEG(), options: preprocessing.decoding())
    #expect(small.denominator == 1)
  }

  @Test func normalisingSubtractsTheMeanAndDividesByTheDeviation() {
    let view = Image(width: 2, height: 1, pixels: [0, 255, 51, 255, 0, 102])
    let plan = Preprocessing(height: 1, width: 2, mean: [0.5, 0, 0.2], deviation: [0.5, 1, 0.1])
    let values = zip(numbers(plan, view), [-1, 1, 0, 1, 0, 2] as [Float])
    #expect(values.allSatisfy { abs($0 - $1) < 1e-6 })
    let grey = Preprocessing(height: 1, width: 2, mean: [0], deviation: [1], grey: true)
    #expect(grey.channels == 1)
    #expect(numbers(grey, view) == [155 / 255, 88 / 255])
  }

  @Test func impossibleValuesAreNamed() {
    #expect(square.problem == nil)
    var wrong = square
    wrong.height = 0
    #expect(wrong.problem?.contains("224 x 0") == true)
    wrong = square
    wrong.deviation = [1, 0, 1]
    #expect(wrong.problem != nil)
    wrong = square
    wrong.grey = true
    #expect(wrong.problem == "3 means and 3 deviations for 1 channels")
    wrong = square
    wrong.views = 3
    #expect(wrong.problem != nil)
    wrong = square
    wrong.mean = [0, 3e38, 0]
    #expect(wrong.problem?.hasPrefix("a mean of 3e+38 and a deviation of 0.5: ") == true)
    wrong = square
    wrong.deviation = [1, 1, 1e-20]
    #expect(wrong.problem?.contains("pixels would become numbers above 1000000.0") == true)
  }
}
