import AvocetDrawing
import AvocetImages
import Testing

@Suite struct CanvasTests {
  @Test(arguments: [10.0, 13, 18, 28], [TextAlignment.left, .center, .right])
  func textStaysWithinItsBox(size: Double, alignment: TextAlignment) {
    let text = "Hxq@W|_{Agj %8$"
    var canvas = Canvas(width: 800, height: 80)
    canvas.text(text, at: Point(400, 40), size: size, alignment: alignment)
    let width = Canvas.textWidth(text, size: size)
    let shift = alignment == .left ? 0 : alignment == .center ? width / 2 : width
    let image = canvas.image
    let pen = max(1, size * 0.075)
    var inked = 0
    for y in 0..<80 {
      for x in 0..<800 where image[x, y] != .white {
        inked += 1
        #expect(Double(x) >= 400 - shift - 2 && Double(x) <= 400 - shift + width + 2)
        #expect(Double(y) >= 40 - size * 0.8 - pen - 1.5 && Double(y) <= 40 + size * 0.25 + 1.5)
      }
    }
    #expect(inked > 100)
  }

  @Test func everyPrintableCharacterHasItsOwnGlyph() {
    var pictures: Set<Image> = []
    let printable = (UInt8(33)...126).map { String(UnicodeScalar($0)) }
    // The last one is the box that stands for all others.
    for character in printable + ["°", "é"] {
      var canvas = Canvas(width: 40, height: 40)
      canvas.text(character, at: Point(8, 28), size: 24)
      pictures.insert(canvas.image)
    }
    #expect(pictures.count == 96)
  }

  @Test func whatTheFontLacksIsABox() {
    #expect(Canvas.textWidth("é", size: 12) > 0)
    #expect(Canvas.textWidth("", size: 12) == 0)
    #expect(Canvas.textWidth("nn", size: 12) > Canvas.textWidth("n", size: 12))
  }

  @Test func opacityMixesTheColours() {
    var canvas = Canvas(width: 2, height: 1, background: .black)
    canvas.rectangle(Rectangle(x: 0, y: 0, width: 1, height: 1), RGB(200, 100, 50), opacity: 0.5)
    #expect(canvas.image.pixels == [100, 50, 25, 0, 0, 0])
  }

  @Test func nearestDrawingRepeatsPixels() {
    let picture = Image(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    var canvas = Canvas(width: 6, height: 4)
    canvas.draw(picture, in: Rectangle(x: 1, y: 1, width: 4, height: 2), sampling: .nearest)
    #expect(canvas.image[2, 2] == RGB(1, 2, 3))
    #expect(canvas.image[3, 1] == RGB(4, 5, 6))
    #expect(canvas.image[0, 1] == .white)
  }

  @Test func bilinearDrawingAtItsOwnSizeChangesNothing() {
    let picture = Image(width: 3, height: 2, pixels: (0..<18).map { UInt8($0 * 13) })
    var canvas = Canvas(width: 3, height: 2)
    canvas.draw(picture, in: Rectangle(x: 0, y: 0, width: 3, height: 2))
    #expect(canvas.image == picture)
  }

  @Test func drawingOverTheEdgeIsClipped() {
    let picture = Image(width: 2, height: 2, fill: .black)
    var canvas = Canvas(width: 3, height: 3)
    canvas.draw(picture, in: Rectangle(x: -1, y: -1, width: 2, height: 2))
    canvas.draw(picture, in: Rectangle(x: 50, y: 50, width: 2, height: 2))
    canvas.draw(picture, in: Rectangle(x: -50, y: -50, width: 2, height: 2))
    #expect(canvas.image[0, 0] == .black)
    #expect(canvas.image[1, 1] == .white)
  }
}

@Suite struct ChartTests {
  @Test(arguments: ColorScale.allCases)
  func scalesGrowLighter(scale: ColorScale) {
    let lightness = (0...20).map { step in
      let color = scale.color(Float(step) / 20)
      return Int(color.red) * 21 + Int(color.green) * 72 + Int(color.blue) * 7
    }
    for (dark, light) in zip(lightness, lightness.dropFirst()) { #expect(dark < light) }
    #expect(scale.color(.nan) == scale.color(0))
    #expect(scale.color(7) == scale.color(1))
    #expect(scale.color(-.infinity) == scale.color(0))
  }

  @Test func lineChartShowsEveryCurve() {
    let chart = Chart(
      title: "Curves", xLabel: "epoch", yLabel: "loss",
      series: [
        .init(name: "one", values: [3, 2, 1]), .init(name: "two", values: [1, .nan, 0.25]),
      ])
    let image = chart.image(width: 400, height: 300)
    #expect((image.width, image.height) == (400, 300))
    for color in Chart.palette.prefix(2) {
      let hits = (0..<400 * 300).filter { image[$0 % 400, $0 / 400] == color }
      #expect(hits.count > 40)
    }
  }

  @Test func emptyAndFlatChartsAreDrawn() {
    #expect(Chart(title: "").image(width: 200, height: 150).width == 200)
    let flat = Chart(title: "flat", series: [.init(name: "a", values: [5, 5, 5])])
    #expect(flat.image().height == 420)
    let wild = Chart(title: "wild", series: [.init(name: "a", values: [.infinity, -1e300, 1e300])])
    #expect(wild.image().height == 420)
  }

  @Test func confusionShadesEachRowByItsShare() {
    let image = Chart.confusion(title: "t", names: ["a", "b"], counts: [[10, 0], [0, 10]])
    let full = Chart.palette[0]
    let hits = (0..<image.width * image.height).filter {
      image[$0 % image.width, $0 / image.width] == full
    }
    // Two cells without the ink of their numbers, and the end of the legend.
    #expect(hits.count > 2 * 1500 && hits.count < 2 * 2026 + 132)
  }

  @Test(arguments: [1, 2, 10, 40, 100]) func aConfusionIsDrawnForAnyNumberOfClasses(count: Int) {
    let counts = (0..<count).map { row in (0..<count).map { $0 == row ? 90 : row * $0 % 7 } }
    let names = (0..<count).map { "class number \($0)" }
    let image = Chart.confusion(title: "t", names: names, counts: counts)
    #expect(image.width < 1400 && image.height < 1400)
    // Every class keeps ten pixels, enough for its name.
    #expect(image.height > 10 * count)
  }

  @Test func aReliabilityBarReachesItsAccuracy() {
    func filled(_ accuracy: Double, _ confidence: Double) -> Int {
      let bin = Chart.ConfidenceBin(
        pictures: 10, confidence: confidence, accuracy: accuracy, interval: (accuracy, accuracy))
      let image = Chart.reliability(title: "t", notes: [], bins: [bin])
      let column = image.width / 4
      return (0..<image.height).count { image[column, $0] == RGB(134, 176, 219) }
    }
    #expect(abs(filled(0.5, 0.95) - 180) < 12 && abs(filled(0.25, 0.95) - 90) < 12)
    let empty = Chart.ConfidenceBin(pictures: 0, confidence: 0, accuracy: 0, interval: (0, 1))
    #expect(Chart.reliability(title: "", notes: ["a", "b"], bins: [empty]).width > 0)
  }

  @Test func aContactSheetShowsEveryPicture() {
    let colors = (0..<9).map { RGB(UInt8(20 * $0), 255, UInt8(250 - 20 * $0)) }
    let sheet = ContactSheet(
      title: "t", note: "n",
      entries: colors.map { (Image(width: 8, height: 6, fill: $0), ["a", "b"]) }
    ).image(columns: 4, tile: 40)
    let pixels = (0..<sheet.width * sheet.height).map { sheet[$0 % sheet.width, $0 / sheet.width] }
    for color in colors { #expect(pixels.count { $0 == color } == 40 * 30) }
    #expect(ContactSheet(title: "t", note: "", entries: []).image().width > 0)
  }

  @Test func aMarkIsDrawnWithinTheAxisOnly() {
    func image(_ mark: Double?) -> Image {
      Chart(
        title: "", series: [.init(name: "a", values: [1, 2, 3])],
        mark: mark.map { ($0, "kept") }
      ).image()
    }
    #expect(image(2) != image(nil) && image(9) == image(nil) && image(.nan) == image(nil))
  }

  @Test func markupEscapesWhatReadersWouldParse() {
    #expect(Markup.escaped("a<b>&\"c'") == "a&lt;b&gt;&amp;&quot;c&#39;")
    #expect(Markup.escaped("é\u{1}\n") == "é\u{FFFD}\n")
  }
}
