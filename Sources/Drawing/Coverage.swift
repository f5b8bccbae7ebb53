/// How much of each pixel of a small window a shape covers, 0...1: what painting multiplies with.
public struct Coverage: Sendable {
  /// The window's left column in the raster it was made for.
  public private(set) var x = 0
  /// The window's top row.
  public private(set) var y = 0
  /// Columns of the window; 0 where nothing is covered.
  public private(set) var width = 0
  /// Rows of the window.
  public private(set) var height = 0
  /// Row by row, `width * height` shares.
  public private(set) var values: [Float] = []

  /// The covered area in pixels.
  public var area: Double { values.reduce(0) { $0 + Double($1) } }

  /// The exact area coverage of a filled path, nonzero rule, on a raster of the given size.
  ///
  /// Signed areas are accumulated per pixel and summed along the row (as in font rasterisers).
  public init(filling path: Path, width rasterWidth: Int, height rasterHeight: Int) {
    let pieces = path.flattened()
    guard frame(pieces, margin: 0, rasterWidth, rasterHeight) else { return }
    let stride = width + 2
    var sums = [Double](repeating: 0, count: stride * height)
    let origin = Point(Double(x), Double(y))
    for piece in pieces {
      guard var last = piece.last else { continue }
      last = last - origin
      for point in piece {
        let next = point - origin
        accumulate(last, next, stride, &sums)
        last = next
      }
    }
    values = [Float](repeating: 0, count: width * height)
    for row in 0..<height {
      var sum = 0.0
      for column in 0..<width {
        sum += sums[row * stride + column]
        let share = min(1, sum.magnitude)
        values[row * width + column] = share < 0.002 ? 0 : Float(share)
      }
    }
  }

  /// The coverage of a path drawn with a round pen of the given width in pixels.
  ///
  /// A pixel's share falls linearly over one pixel about the pen's edge; a pen thinner than one
  /// pixel is drawn paler.
  public init(
    stroking path: Path, penWidth: Double, width rasterWidth: Int, height rasterHeight: Int
  ) {
    let pieces = path.flattened()
    let reach = max(penWidth, 1) / 2 + 0.5
    guard frame(pieces, margin: reach, rasterWidth, rasterHeight) else { return }
    values = [Float](repeating: 0, count: width * height)
    let strength = min(1, penWidth)
    let origin = Point(Double(x) + 0.5, Double(y) + 0.5)
    for piece in pieces {
      for index in 1..<piece.count {
        touch(piece[index - 1] - origin, piece[index] - origin, reach, strength)
      }
    }
  }

  private mutating func frame(
    _ pieces: [[Point]], margin: Double, _ rasterWidth: Int, _ rasterHeight: Int
  ) -> Bool {
    var (left, top) = (Double.infinity, Double.infinity)
    var (right, bottom) = (-Double.infinity, -Double.infinity)
    for piece in pieces {
      for point in piece {
        guard point.x.isFinite && point.y.isFinite else { return false }
        left = min(left, point.x)
        right = max(right, point.x)
        top = min(top, point.y)
        bottom = max(bottom, point.y)
      }
    }
    let firstColumn = max(0, (left - margin).rounded(.down))
    let firstRow = max(0, (top - margin).rounded(.down))
    let endColumn = min(Double(rasterWidth), (right + margin).rounded(.up))
    let endRow = min(Double(rasterHeight), (bottom + margin).rounded(.up))
    guard firstColumn < endColumn && firstRow < endRow else { return false }
    (x, y) = (Int(firstColumn), Int(firstRow))
    (width, height) = (Int(endColumn) - x, Int(endRow) - y)
    return true
  }

  private func accumulate(_ from: Point, _ to: Point, _ stride: Int, _ sums: inout [Double]) {
    guard from.y != to.y else { return }
    let (direction, top, bottom) = from.y < to.y ? (1.0, from, to) : (-1.0, to, from)
    guard bottom.y > 0 && top.y < Double(height) else { return }
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    let limit = Double(width)
    let firstRow = max(0, Int(top.y.rounded(.down)))
    let endRow = min(height, Int(bottom.y.rounded(.up)))
    guard firstRow < endRow else { return }
    for row in firstRow..<endRow {
      let upper = max(Double(row), top.y)
      let lower = min(Double(row + 1), bottom.y)
      let entry = min(limit, max(0, top.x + (upper - top.y) * slope))
      let exit = min(limit, max(0, top.x + (lower - top.y) * slope))
      Coverage.add(
        min(entry, exit), max(entry, exit), (lower - upper) * direction, row * stride, &sums)
    }
  }

  /// Spreads a line's height within one row over the pixels it crosses.
  private static func add(
    _ left: Double, _ right: Double, _ weight: Double, _ start: Int, _ sums: inout [Double]
  ) {
    let first = Int(left)
    let end = Int(right.rounded(.up))
    if end <= first + 1 {
      let share = (left + right) / 2 - Double(first)
      sums[start + first] += weight * (1 - share)
      sums[start + first + 1] += weight * share
      return
    }
    // The share of each column to the right of the line, as a running integral of the ramp.
    let scale = weight / (right - left)
    var before = 0.0
    for column in first..<end {
      let low = max(left, Double(column)) - Double(column)
      let high = min(right, Double(column + 1)) - Double(column)
      let share = scale * (high - low)
      let inside = share * (1 - (low + high) / 2)
      sums[start + column] += inside + before
      before = share - inside
    }
    sums[start + end] += before
  }

  private mutating func touch(_ from: Point, _ to: Point, _ reach: Double, _ strength: Double) {
    let firstColumn = max(0, Int((min(from.x, to.x) - reach).rounded(.up)))
    let lastColumn = min(width - 1, Int((max(from.x, to.x) + reach).rounded(.down)))
    let firstRow = max(0, Int((min(from.y, to.y) - reach).rounded(.up)))
    let lastRow = min(height - 1, Int((max(from.y, to.y) + reach).rounded(.down)))
    guard firstColumn <= lastColumn && firstRow <= lastRow else { return }
    let along = to - from
    let square = along.x * along.x + along.y * along.y
    let inverse = square > 0 ? 1 / square : 0
    for row in firstRow...lastRow {
      for column in firstColumn...lastColumn {
        let offset = Point(Double(column), Double(row)) - from
        let t = min(1, max(0, (offset.x * along.x + offset.y * along.y) * inverse))
        let gap = offset - along * t
        let squared = gap.x * gap.x + gap.y * gap.y
        guard squared < reach * reach else { continue }
        let share = Float(min(1, reach - squared.squareRoot()) * strength)
        if share > values[row * width + column] { values[row * width + column] = share }
      }
    }
  }
}
