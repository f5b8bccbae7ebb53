import AvocetImages

extension Chart {
  /// A confusion matrix: rows are the truth, columns the answer, each cell shaded by its share of the row; right answers are blue, wrong ones orange.
  ///
  /// - Parameters:
  ///   - counts: `[truth][answer]`; as many rows as columns as names.
  ///   - names: the classes; long names are shortened.
  public static func confusion(title: String, names: [String], counts: [[Int]]) -> Image {
    let count = max(names.count, 1)
    let cell: Double =
      count <= 12 ? 46 : count <= 24 ? 32 : max(10, (960 / Double(count)).rounded(.down))
    let size: Double = count <= 24 ? 12 : cell >= 14 ? 10 : 9
    let shown = names.map { shortened($0, width: 120, size: size) }
    let widest = shown.map { Canvas.textWidth($0, size: size) }.max() ?? 0
    let left = widest.rounded(.up) + 20
    let top = widest.rounded(.up) + 70
    let key = "rows: the truth, columns: the answer"
    let width = max(
      left + cell * Double(count) + 64, Canvas.textWidth(title, size: 17) + 24,
      Canvas.textWidth(key, size: 12) + 290)
    var canvas = Canvas(
      width: Int(width.rounded(.up)), height: Int(top + cell * Double(count) + 16))
    canvas.text(title, at: Point(12, 24), size: 17, color: ink)
    canvas.text(key, at: Point(12, 46), size: 12, color: ink)
    legend(at: Point(Canvas.textWidth(key, size: 12) + 32, 46), &canvas)
    for (row, line) in counts.enumerated() {
      let y = top + cell * Double(row)
      let sum = max(1, line.reduce(0, +))
      for (column, value) in line.enumerated() {
        let share = Double(value) / Double(sum)
        let frame = Rectangle(
          x: left + cell * Double(column), y: y, width: cell - 1, height: cell - 1)
        canvas.rectangle(frame, row == column ? right(share) : wrong(share))
        let label = "\(value)"
        guard value > 0, Canvas.textWidth(label, size: size) < cell - 2 else { continue }
        canvas.text(
          label, at: Point(frame.x + (cell - 1) / 2, y + cell / 2 + size * 0.35), size: size,
          color: share > 0.55 ? .white : .black, alignment: .center)
      }
      let middle = y + cell / 2 + size * 0.35
      canvas.text(
        shown[row], at: Point(left - 6, middle), size: size, color: ink, alignment: .right)
      if row < line.count, line.contains(where: { $0 > 0 }) {
        // Only a whole row is 100 %.
        let percent = min(line[row] == sum ? 100 : 99, (line[row] * 200 + sum) / (2 * sum))
        canvas.text(
          "\(percent) %",
          at: Point(left + cell * Double(count) + 44, middle), size: size, color: ink,
          alignment: .right)
      }
      canvas.verticalText(
        shown[row], at: Point(left + cell * (Double(row) + 0.5) + size * 0.3, top - 6), size: size,
        color: ink)
    }
    return canvas.image
  }

  private static func mixed(_ share: Double, _ full: RGB) -> RGB {
    let empty = RGB(241, 242, 244)
    func mix(_ from: UInt8, _ to: UInt8) -> UInt8 {
      UInt8((Double(from) + (Double(to) - Double(from)) * share).rounded())
    }
    return RGB(
      mix(empty.red, full.red), mix(empty.green, full.green), mix(empty.blue, full.blue))
  }

  /// The colour of a share of right answers.
  static func right(_ share: Double) -> RGB { mixed(share, palette[0]) }

  // The root lifts the few errors of a good model out of the ground.
  static func wrong(_ share: Double) -> RGB { mixed(share.squareRoot(), palette[1]) }

  private static func legend(at point: Point, _ canvas: inout Canvas) {
    var x = point.x
    for (name, color) in [("right", right), ("wrong", wrong)] as [(String, (Double) -> RGB)] {
      canvas.text(name, at: Point(x, point.y), size: 12, color: ink)
      x += Canvas.textWidth(name, size: 12) + 8
      for step in 0...6 {
        let frame = Rectangle(x: x, y: point.y - 11, width: 11, height: 12)
        canvas.rectangle(frame, color(Double(step) / 6))
        x += 11
      }
      x += 16
    }
  }

  /// A text cut to a width, with two dots for what is missing.
  static func shortened(_ text: String, width: Double, size: Double) -> String {
    guard Canvas.textWidth(text, size: size) > width else { return text }
    var text = text
    while !text.isEmpty && Canvas.textWidth(text + "..", size: size) > width { text.removeLast() }
    return text + ".."
  }
}
