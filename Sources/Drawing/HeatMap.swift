import AvocetImages

extension Chart {
  /// A confusion matrix: rows are the truth, columns the answer; each row shaded by its shares.
  ///
  /// - Parameters:
  ///   - counts: `[truth][answer]`; as many rows as columns as names.
  ///   - names: the classes; long names are shortened.
  public static func confusion(title: String, names: [String], counts: [[Int]]) -> Image {
    let sums = counts.map { max(1, $0.reduce(0, +)) }
    let shares = zip(counts, sums).map { row, sum in row.map { Float($0) / Float(sum) } }
    let labels = counts.map { row in row.map { $0 == 0 ? "" : "\($0)" } }
    return heatMap(
      title: title, rows: names, columns: names, values: shares, labels: labels,
      rowTitle: "truth", columnTitle: "answer")
  }

  /// A table of colours with names at its rows and columns.
  ///
  /// - Parameters:
  ///   - values: `[row][column]` in 0...1.
  ///   - labels: a text per cell, left out where cells get too small.
  public static func heatMap(
    title: String, rows: [String], columns: [String], values: [[Float]], labels: [[String]] = [],
    rowTitle: String = "", columnTitle: String = "", scale: ColorScale = .viridis
  ) -> Image {
    let count = max(rows.count, columns.count, 1)
    let cell: Double =
      count <= 12 ? 46 : count <= 24 ? 32 : max(4, (720 / Double(count)).rounded(.down))
    let size: Double = count <= 24 ? 12 : 10
    let showsNames = cell >= 10
    let shown = { (names: [String]) in names.map { shortened($0, width: 110, size: size) } }
    let widest = shown(rows + columns).map { Canvas.textWidth($0, size: size) }.max() ?? 0
    let margin = showsNames ? widest.rounded(.up) + 18 : 24
    let (left, top) = (margin, margin + 42)
    let width = max(
      left + cell * Double(columns.count) + 16, Canvas.textWidth(title, size: 17) + 24)
    var canvas = Canvas(
      width: Int(width.rounded(.up)), height: Int(top + cell * Double(rows.count) + 16))
    canvas.text(title, at: Point(12, 22), size: 17, color: ink)
    if !rowTitle.isEmpty || !columnTitle.isEmpty {
      canvas.text(
        "rows: \(rowTitle), columns: \(columnTitle)", at: Point(12, 42), size: 11,
        color: RGB(110, 110, 114))
    }
    for (row, line) in values.enumerated() {
      for (column, value) in line.enumerated() {
        let frame = Rectangle(
          x: left + cell * Double(column), y: top + cell * Double(row), width: cell - 1,
          height: cell - 1)
        let color = scale.color(value)
        canvas.rectangle(frame, color)
        guard cell >= 30, row < labels.count, column < labels[row].count else { continue }
        let light = Int(color.red) * 3 + Int(color.green) * 6 + Int(color.blue) > 1300
        canvas.text(
          labels[row][column],
          at: Point(frame.x + cell / 2, frame.y + cell / 2 + size * 0.35), size: size,
          color: light ? .black : .white, alignment: .center)
      }
    }
    guard showsNames else { return canvas.image }
    for (row, name) in shown(rows).enumerated() {
      canvas.text(
        name, at: Point(left - 6, top + cell * (Double(row) + 0.5) + size * 0.3), size: size,
        color: ink, alignment: .right)
    }
    for (column, name) in shown(columns).enumerated() {
      canvas.verticalText(
        name, at: Point(left + cell * (Double(column) + 0.5) + size * 0.3, top - 6), size: size,
        color: ink)
    }
    return canvas.image
  }

  /// Horizontal bars with their names and values, the longest first if so given.
  public static func bars(
    title: String, names: [String], values: [Double], labels: [String] = [], width: Int = 560
  ) -> Image {
    let size = 12.0
    let shown = names.map { shortened($0, width: 180, size: size) }
    let left = (shown.map { Canvas.textWidth($0, size: size) }.max() ?? 0).rounded(.up) + 20
    let longest = max(values.filter(\.isFinite).max() ?? 1, 1e-12)
    var canvas = Canvas(width: width, height: 48 + 24 * values.count)
    canvas.text(title, at: Point(12, 24), size: 17, color: ink)
    for (index, value) in values.enumerated() {
      let y = 40 + 24 * Double(index)
      if index < shown.count {
        canvas.text(
          shown[index], at: Point(left - 8, y + 14), size: size, color: ink, alignment: .right)
      }
      let reach = max(0, Double(width) - left - 80) * max(0, value.isFinite ? value : 0) / longest
      canvas.rectangle(Rectangle(x: left, y: y, width: reach, height: 18), palette[0])
      if index < labels.count {
        canvas.text(labels[index], at: Point(left + reach + 6, y + 14), size: size, color: ink)
      }
    }
    return canvas.image
  }

  /// A text cut to a width, with two dots for what is missing.
  static func shortened(_ text: String, width: Double, size: Double) -> String {
    guard Canvas.textWidth(text, size: size) > width else { return text }
    var text = text
    while !text.isEmpty && Canvas.textWidth(text + "..", size: size) > width { text.removeLast() }
    return text + ".."
  }
}
