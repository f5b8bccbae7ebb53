import AvocetImages

extension Chart {
  /// Pictures of about the same confidence in a reliability diagram.
  public struct ConfidenceBin: Sendable {
    /// How many they are.
    public var pictures: Int
    /// Their mean confidence and the share that is right.
    public var confidence, accuracy: Double
    /// Within which the true share probably lies.
    public var interval: (low: Double, high: Double)

    /// A bin of so many pictures.
    public init(
      pictures: Int, confidence: Double, accuracy: Double, interval: (low: Double, high: Double)
    ) {
      (self.pictures, self.confidence) = (pictures, confidence)
      (self.accuracy, self.interval) = (accuracy, interval)
    }
  }

  /// A reliability diagram (Guo et al. 2017): accuracy over confidence in bins of equal width, and below it how many pictures each bin holds.
  ///
  /// - Parameters:
  ///   - bins: from confidence 0 to confidence 1.
  ///   - notes: lines under the title.
  public static func reliability(title: String, notes: [String], bins: [ConfidenceBin]) -> Image {
    let top = 44 + 18 * Double(notes.count)
    let plot = Rectangle(x: 64, y: top + 26, width: 450, height: 360)
    let counts = Rectangle(x: 64, y: plot.y + plot.height + 62, width: 450, height: 70)
    var canvas = Canvas(width: 540, height: Int(counts.y + counts.height + 50))
    canvas.text(title, at: Point(12, 24), size: 17, color: ink)
    for (row, note) in notes.enumerated() {
      canvas.text(note, at: Point(12, 46 + 18 * Double(row)), size: 12, color: ink)
    }
    legend(at: Point(plot.x, plot.y - 10), &canvas)
    grid(plot, &canvas)
    let width = plot.width / Double(max(1, bins.count))
    let most = Double(max(1, bins.map(\.pictures).max() ?? 1))
    for (index, bin) in bins.enumerated() where bin.pictures > 0 {
      let x = plot.x + width * Double(index)
      self.bin(bin, x: x + 1, width: width - 2, plot, &canvas)
      let height = max(1, counts.height * Double(bin.pictures) / most)
      let bar = Rectangle(
        x: x + 1, y: counts.y + counts.height - height, width: width - 2, height: height)
      canvas.rectangle(bar, RGB(130, 134, 142))
      let label = "\(bin.pictures)"
      canvas.text(
        label, at: Point(x + width / 2, bar.y - 4), size: label.count > 4 ? 9 : 11, color: ink,
        alignment: .center)
    }
    diagonal(plot, &canvas)
    let base = counts.y + counts.height + 0.5
    canvas.line(from: Point(counts.x, base), to: Point(counts.x + counts.width, base), ink)
    canvas.text(
      "confidence: the probability of the answer",
      at: Point(plot.x + plot.width / 2, counts.y - 24),
      size: 12, color: ink, alignment: .center)
    canvas.text(
      "how many pictures have it", at: Point(plot.x + plot.width / 2, base + 22), size: 12,
      color: ink, alignment: .center)
    return canvas.image
  }

  // Light, so that the whiskers stand out.
  private static let barColor = RGB(134, 176, 219)

  private static func bin(
    _ bin: ConfidenceBin, x: Double, width: Double, _ plot: Rectangle, _ canvas: inout Canvas
  ) {
    func y(_ share: Double) -> Double { plot.y + plot.height * (1 - share) }
    canvas.rectangle(
      Rectangle(x: x, y: y(bin.accuracy), width: width, height: plot.height * bin.accuracy),
      barColor)
    let middle = x + width / 2
    canvas.line(
      from: Point(middle, y(bin.interval.low)), to: Point(middle, y(bin.interval.high)), ink,
      penWidth: 1.2)
    for end in [bin.interval.low, bin.interval.high] {
      canvas.line(
        from: Point(middle - 4, y(end)), to: Point(middle + 4, y(end)), ink, penWidth: 1.2)
    }
    canvas.rectangle(
      Rectangle(x: x - 1, y: y(bin.confidence) - 2, width: width + 2, height: 4), palette[1])
  }

  private static func grid(_ plot: Rectangle, _ canvas: inout Canvas) {
    for step in 0...5 {
      let share = Double(step) / 5
      let y = (plot.y + plot.height * (1 - share)).rounded() + 0.5
      canvas.line(
        from: Point(plot.x, y), to: Point(plot.x + plot.width, y), step == 0 ? ink : faint)
      canvas.text(
        "\(step * 20) %", at: Point(plot.x - 7, y + 4), size: 12, color: ink, alignment: .right)
      let x = plot.x + plot.width * share
      canvas.text(
        "\(step * 20) %", at: Point(x, plot.y + plot.height + 19), size: 12, color: ink,
        alignment: .center)
    }
  }

  private static func diagonal(_ plot: Rectangle, _ canvas: inout Canvas) {
    let dashes = 40
    for dash in stride(from: 0, to: dashes, by: 2) {
      let (from, to) = (Double(dash) / Double(dashes), Double(dash + 1) / Double(dashes))
      canvas.line(
        from: Point(plot.x + plot.width * from, plot.y + plot.height * (1 - from)),
        to: Point(plot.x + plot.width * to, plot.y + plot.height * (1 - to)), ink, penWidth: 1.5)
    }
  }

  private static func legend(at point: Point, _ canvas: inout Canvas) {
    var x = point.x
    for (name, color, height) in [
      ("share that is right", barColor, 12), ("how sure it was", palette[1], 4),
    ] as [(String, RGB, Double)] {
      canvas.rectangle(
        Rectangle(x: x, y: point.y - 4 - height / 2, width: 12, height: height), color)
      canvas.text(name, at: Point(x + 18, point.y), size: 12, color: ink)
      x += Canvas.textWidth(name, size: 12) + 38
    }
    for dash in 0..<3 {
      let start = x + 9 * Double(dash)
      canvas.line(
        from: Point(start, point.y - 4), to: Point(start + 5, point.y - 4), ink, penWidth: 1.5)
    }
    canvas.text("as often as sure", at: Point(x + 31, point.y), size: 12, color: ink)
  }
}
