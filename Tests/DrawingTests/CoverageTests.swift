import AvocetDrawing
import AvocetImages
import Testing

@Suite struct CoverageTests {
  private func area(_ path: Path, side: Int = 64) -> Double {
    Coverage(filling: path, width: side, height: side).area
  }

  @Test(arguments: [0.0, 0.03, 0.1, 0.37])
  func polygonCoversItsArea(turn: Double) {
    let map = Affine.rotation(turns: turn).then(.translation(32.3, 31.7))
    let square = Path.polygon([Point(-9, -5), Point(9, -5), Point(9, 5), Point(-9, 5)])
    #expect(abs(area(square.transformed(map)) - 180) < 0.05)
    let triangle = Path.polygon([Point(-10, 8), Point(0, -12), Point(11, 8)])
    #expect(abs(area(triangle.transformed(map)) - 210) < 0.05)
  }

  @Test func ellipseCoversItsArea() {
    let ellipse = Path.ellipse(center: Point(30.2, 33.9), radiusX: 20, radiusY: 11)
    let expected = 3.14159265358979 * 220
    #expect(abs(area(ellipse) - expected) < expected * 0.004)
  }

  @Test func roundedRectangleLosesItsCorners() {
    let frame = Rectangle(x: 4, y: 6, width: 40, height: 20)
    let expected = 800 - (4 - 3.14159265358979) * 36
    #expect(abs(area(.rectangle(frame, radius: 6)) - expected) < 1)
  }

  @Test func coverageIsExactOnPixelParts() {
    let frame = Rectangle(x: 1.25, y: 2.5, width: 1.5, height: 1)
    let coverage = Coverage(filling: .rectangle(frame), width: 8, height: 8)
    #expect((coverage.x, coverage.y) == (1, 2))
    #expect((coverage.width, coverage.height) == (2, 2))
    #expect(coverage.values == [0.375, 0.375, 0.375, 0.375])
  }

  @Test func clippingKeepsTheVisiblePart() {
    let frame = Rectangle(x: -10, y: -10, width: 14, height: 13)
    #expect(abs(area(.rectangle(frame), side: 16) - 12) < 1e-4)
    let beyond = Rectangle(x: 20, y: 3, width: 9, height: 9)
    #expect(area(.rectangle(beyond), side: 16) == 0)
    let across = Rectangle(x: 12.5, y: -3, width: 100, height: 100)
    #expect(abs(area(.rectangle(across), side: 16) - 56) < 1e-4)
  }

  @Test func overlapsCountOnceUnderTheNonzeroRule() {
    var path = Path.rectangle(Rectangle(x: 2, y: 2, width: 10, height: 10))
    path.append(.rectangle(Rectangle(x: 7, y: 2, width: 10, height: 10)))
    #expect(abs(area(path) - 150) < 1e-4)
  }

  @Test func oppositeOrientationCutsAHole() {
    var path = Path.rectangle(Rectangle(x: 2, y: 2, width: 10, height: 10))
    path.append(.polygon([Point(4, 4), Point(4, 8), Point(8, 8), Point(8, 4)]))
    #expect(abs(area(path) - 84) < 1e-4)
  }

  @Test func strokeCoversLengthTimesWidth() {
    let line = Path.polyline([Point(10, 20), Point(50, 20)])
    let coverage = Coverage(stroking: line, penWidth: 4, width: 64, height: 64)
    #expect(abs(coverage.area - (160 + 3.14159265358979 * 4)) < 2)
  }

  @Test func infinitePointsDrawNothing() {
    #expect(area(.polygon([Point(0, 0), Point(.infinity, 3), Point(.nan, 9)])) == 0)
  }

  @Test func sineAndCosineKeepToTheCircle() {
    #expect(abs(Trigonometry.sine(turns: 1.0 / 12) - 0.5) < 1e-9)
    #expect(abs(Trigonometry.cosine(turns: -1.0 / 8) - 0.5.squareRoot()) < 1e-9)
    for step in -40...40 {
      let turns = Double(step) * 0.0371
      let (s, c) = (Trigonometry.sine(turns: turns), Trigonometry.cosine(turns: turns))
      #expect(abs(s * s + c * c - 1) < 1e-9)
    }
  }

  @Test func mapsApplyInTheOrderOfReading() {
    let map = Affine.scale(2, 3).then(.translation(1, 1)).then(.rotation(turns: 0.25))
    let place = map(Point(1, 1))
    #expect(abs(place.x - -4) < 1e-9 && abs(place.y - 3) < 1e-9)
  }
}
