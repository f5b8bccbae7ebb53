import AvocetImages

/// Charts as pictures: curves over steps or epochs, confusion matrices, reliability diagrams.
public struct Chart: Sendable {
  /// One curve.
  public struct Series: Sendable {
    /// The name in the legend.
    public var name: String
    /// The points in the chart's own units; not-a-number breaks the line.
    public var points: [(x: Double, y: Double)]

    /// A curve through points.
    public init(name: String, points: [(x: Double, y: Double)]) {
      (self.name, self.points) = (name, points)
    }

    /// A curve over 1, 2, 3, ...
    public init(name: String, values: [Double]) {
      self.init(
        name: name, points: values.enumerated().map { (x: Double($0.offset + 1), y: $0.element) })
    }
  }

  /// Over the drawing.
  public var title: String
  /// Under the horizontal axis.
  public var xLabel: String
  /// Over the vertical axis.
  public var yLabel: String
  /// The curves, drawn in order.
  public var series: [Series]
  /// The vertical axis' ends; nil takes them from the points.
  public var yRange: ClosedRange<Double>?
  /// The least that lies between two ticks of the horizontal axis: 1 for epochs.
  public var xStep = 0.0
  /// A place on the horizontal axis that is marked by an upright line, and what to say of it.
  public var mark: (x: Double, label: String)?

  /// A line chart.
  public init(
    title: String, xLabel: String = "", yLabel: String = "", series: [Series] = [],
    yRange: ClosedRange<Double>? = nil, mark: (x: Double, label: String)? = nil
  ) {
    (self.title, self.xLabel, self.yLabel) = (title, xLabel, yLabel)
    (self.series, self.yRange, self.mark) = (series, yRange, mark)
  }

  /// Colours for curves, told apart by lightness too.
  public static let palette = [
    RGB(31, 98, 168), RGB(214, 94, 20), RGB(34, 139, 84), RGB(150, 60, 150), RGB(200, 160, 20),
    RGB(90, 90, 90), RGB(190, 40, 60), RGB(40, 170, 190),
  ]

  static let ink = RGB(40, 40, 44)
  static let faint = RGB(224, 224, 226)

  /// Draws the line chart.
  public func image(width: Int = 720, height: Int = 420) -> Image {
    var canvas = Canvas(width: width, height: height)
    let plot = Rectangle(
      x: 62, y: 56, width: Double(max(width - 82, 40)), height: Double(max(height - 106, 30)))
    let all = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let horizontal = Axis(
      covering: all.map(\.x), given: nil, most: Int(plot.width / 70), leastStep: xStep)
    let vertical = Axis(
      covering: all.map(\.y), given: yRange, most: Int(plot.height / 36), leastStep: 0)
    canvas.text(title, at: Point(12, 22), size: 17, color: Chart.ink)
    canvas.text(yLabel, at: Point(12, 44), size: 12, color: Chart.ink)
    canvas.text(
      xLabel, at: Point(plot.x + plot.width / 2, plot.y + plot.height + 38), size: 12,
      color: Chart.ink, alignment: .center)
    for tick in vertical.ticks {
      let y = (plot.y + plot.height * (1 - vertical.share(tick))).rounded() + 0.5
      canvas.line(from: Point(plot.x, y), to: Point(plot.x + plot.width, y), Chart.faint)
      canvas.text(
        vertical.label(tick), at: Point(plot.x - 7, y + 4), size: 12, color: Chart.ink,
        alignment: .right)
    }
    for tick in horizontal.ticks {
      let x = (plot.x + plot.width * horizontal.share(tick)).rounded() + 0.5
      let bottom = plot.y + plot.height
      canvas.line(from: Point(x, bottom), to: Point(x, bottom + 5), Chart.ink)
      canvas.text(
        horizontal.label(tick), at: Point(x, bottom + 19), size: 12, color: Chart.ink,
        alignment: .center)
    }
    drawMark(plot, horizontal, vertical, &canvas)
    for (index, curve) in series.enumerated() {
      draw(curve, Chart.palette[index % Chart.palette.count], plot, horizontal, vertical, &canvas)
    }
    let (left, bottom) = (plot.x + 0.5, plot.y.rounded() + plot.height.rounded() + 0.5)
    canvas.stroke(
      .polyline([Point(left, plot.y), Point(left, bottom), Point(plot.x + plot.width, bottom)]),
      Chart.ink)
    legend(Double(width) - 14, &canvas)
    return canvas.image
  }

  private func drawMark(
    _ plot: Rectangle, _ horizontal: Axis, _ vertical: Axis, _ canvas: inout Canvas
  ) {
    guard let mark, (horizontal.low...horizontal.high).contains(mark.x) else { return }
    let x = (plot.x + plot.width * horizontal.share(mark.x)).rounded() + 0.5
    let grey = RGB(130, 134, 142)
    canvas.line(from: Point(x, plot.y), to: Point(x, plot.y + plot.height), grey)
    // Where the curves are not.
    let isLeft = x > plot.x + plot.width / 2
    let heights = series.flatMap(\.points).filter { $0.x == mark.x && $0.y.isFinite }
      .map { vertical.share($0.y) }
    let isLow = heights.reduce(0, +) > 0.5 * Double(heights.count)
    canvas.text(
      mark.label,
      at: Point(x + (isLeft ? -6 : 6), isLow ? plot.y + plot.height - 8 : plot.y + 14), size: 12,
      color: grey,
      alignment: isLeft ? .right : .left)
  }

  /// Pictures of one width under one another.
  public static func stacked(_ pictures: [Image]) -> Image {
    var canvas = Canvas(
      width: max(1, pictures.map(\.width).max() ?? 1),
      height: max(1, pictures.reduce(0) { $0 + $1.height }))
    var y = 0
    for picture in pictures {
      canvas.draw(
        picture,
        in: Rectangle(
          x: 0, y: Double(y), width: Double(picture.width), height: Double(picture.height)),
        sampling: .nearest)
      y += picture.height
    }
    return canvas.image
  }

  private func draw(
    _ curve: Series, _ color: RGB, _ plot: Rectangle, _ horizontal: Axis, _ vertical: Axis,
    _ canvas: inout Canvas
  ) {
    var path = Path()
    var isOpen = false
    var places: [Point] = []
    for point in curve.points {
      guard point.x.isFinite && point.y.isFinite else {
        isOpen = false
        continue
      }
      let height = min(1, max(0, vertical.share(point.y)))
      let place = Point(
        plot.x + plot.width * horizontal.share(point.x), plot.y + plot.height * (1 - height))
      if isOpen { path.line(to: place) } else { path.move(to: place) }
      isOpen = true
      places.append(place)
    }
    canvas.stroke(path, color, penWidth: 2)
    guard places.count <= 40 else { return }
    for place in places { canvas.fill(.ellipse(center: place, radiusX: 3, radiusY: 3), color) }
  }

  private func legend(_ right: Double, _ canvas: inout Canvas) {
    var right = right
    for (index, curve) in series.enumerated().reversed() {
      let width = Canvas.textWidth(curve.name, size: 12)
      canvas.text(curve.name, at: Point(right, 44), size: 12, color: Chart.ink, alignment: .right)
      let end = right - width - 6
      canvas.line(
        from: Point(end - 18, 39.5), to: Point(end, 39.5),
        Chart.palette[index % Chart.palette.count], penWidth: 3)
      right = end - 34
    }
  }
}

/// An axis: its ends and its round ticks.
struct Axis: Sendable {
  let low, high, step: Double
  let ticks: [Double]

  /// From values, or from given ends; at most about `most` ticks at multiples of 1, 2 or 5 times a power of ten, `leastStep` or more apart.
  init(covering values: [Double], given: ClosedRange<Double>?, most: Int, leastStep: Double) {
    var low = given?.lowerBound ?? values.min() ?? 0
    var high = given?.upperBound ?? values.max() ?? 1
    if !(high - low > 1e-12 * max(low.magnitude, high.magnitude, 1e-6)) {
      let margin = max(0.5, high.magnitude * 0.1)
      (low, high) = (low - margin, high + margin)
    }
    let wanted = max((high - low) / Double(max(most, 2)), leastStep)
    var power = 1.0
    while power > wanted && power > 1e-300 { power /= 10 }
    while power * 10 <= wanted { power *= 10 }
    let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= wanted } ?? power * 10
    if given == nil {
      low = (low / step).rounded(.down) * step
      high = (high / step).rounded(.up) * step
    }
    let first = (low / step).rounded(.up)
    let count = Int(min(200, max(0, ((high - low) / step + 1e-6).rounded(.down))))
    ticks = (0...count).map { (first + Double($0)) * step }.filter { $0 <= high + step * 1e-6 }
    (self.low, self.high, self.step) = (low, high, step)
  }

  /// Where a value lies, 0...1 between the ends.
  func share(_ value: Double) -> Double { (value - low) / (high - low) }

  /// A tick in as many decimals as the step needs.
  func label(_ tick: Double) -> String {
    if step >= 1 {
      guard tick.magnitude < 1e15 else { return "\(tick)" }
      return "\(Int(tick.rounded()))"
    }
    var (decimals, scale) = (0, 1.0)
    while decimals < 9 && (step * scale).rounded() < step * scale * (1 - 1e-6)
      || step * scale < 0.999 && decimals < 9
    {
      decimals += 1
      scale *= 10
    }
    guard tick.magnitude * scale < 1e15 else { return "\(tick)" }
    let whole = Int((tick.magnitude * scale).rounded())
    let digits = String(whole)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = tick < 0 && whole > 0 ? "-" : ""
    return decimals == 0
      ? sign + padded : sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}
