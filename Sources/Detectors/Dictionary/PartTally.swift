import AvocetNetworks

/// Counts, over pictures, how well the units of one basis agree with the parts; the pictures of even and of odd number are counted apart, so that what is chosen
/// on the ones can be measured on the others.
package struct PartTally: Sendable {
  let units, parts: Int
  /// The values from which a unit counts as active, rising, `[unit, rank]`.
  let thresholds: [Float]
  /// Distinct shares of active values, falling, and which of them belongs to each part.
  let ranks: Int
  let rankOfPart: [Int]

  /// Pixels where unit and part meet, `[half, unit, part]`.
  private var meetings: [Int]
  /// Active pixels, `[half, unit, rank]`.
  private var active: [Int]
  /// Pictures where the unit's maximum lies at the part, and near its point, `[half, unit, part]`.
  private var hits, near: [Int]
  /// Over the pictures of odd number: what the overlap's two areas spread, `[unit, part]`.
  private var squares: [RatioSquares]

  package init(units: Int, parts: Int, thresholds: [Float], rankOfPart: [Int]) {
    (self.units, self.parts, self.thresholds) = (units, parts, thresholds)
    self.rankOfPart = rankOfPart
    ranks = thresholds.count / max(1, units)
    let zeros = [Int](repeating: 0, count: 2 * units * parts)
    (meetings, hits, near) = (zeros, zeros, zeros)
    active = [Int](repeating: 0, count: 2 * units * ranks)
    squares = [RatioSquares](repeating: RatioSquares(), count: units * parts)
  }

  /// Adds another's counts.
  mutating func add(_ other: PartTally) {
    for i in meetings.indices {
      meetings[i] += other.meetings[i]
      hits[i] += other.hits[i]
      near[i] += other.near[i]
    }
    for i in active.indices { active[i] += other.active[i] }
    for i in squares.indices { squares[i].add(other.squares[i]) }
  }

  /// Adds one picture: the maps of a level, brought to the view's pixels between the middles of the fields.
  package mutating func add(_ values: [Float], _ level: UnitTable.Part, _ view: PartView, half: Int)
  {
    let (rows, columns, channels) = (level.shape.rows, level.shape.columns, level.shape.channels)
    let vertical = Steps(level, rows, view.height)
    let horizontal = Steps(level, columns, view.width)
    var grid = [Float](repeating: 0, count: rows * columns)
    var met = Meeting(ranks: ranks, parts: parts)
    for channel in 0..<channels {
      let unit = level.first + channel
      var best = 0
      for place in grid.indices {
        grid[place] = values[place * channels + channel]
        if grid[place] > grid[best] { best = place }
      }
      point(unit, level, best, view, half)
      let lowest = thresholds[unit * ranks]
      if grid[best] > lowest {
        count(grid, columns, unit, lowest, vertical, horizontal, view, into: &met)
        take(&met, unit, view, half)
      } else if half == 1 {
        for part in view.present {
          squares[unit * parts + part].add(part: 0, whole: view.areas[part])
        }
      }
    }
  }

  /// What one unit's active pixels are on one picture: how many rise above each of its thresholds but no higher one, and how many lie on each part.
  private struct Meeting {
    var active, common: [Int]

    init(ranks: Int, parts: Int) {
      active = [Int](repeating: 0, count: ranks)
      common = [Int](repeating: 0, count: parts)
    }

    /// Makes them how many rise above each threshold.
    mutating func accumulate() {
      for rank in active.indices.dropLast().reversed() { active[rank] += active[rank + 1] }
    }

    mutating func clear() {
      for rank in active.indices { active[rank] = 0 }
      for part in common.indices { common[part] = 0 }
    }
  }

  // Adds what one unit's active pixels are on one picture, and clears it for the next.
  private mutating func take(_ met: inout Meeting, _ unit: Int, _ view: PartView, _ half: Int) {
    for rank in 0..<ranks { active[(half * units + unit) * ranks + rank] += met.active[rank] }
    met.accumulate()
    for part in 1..<max(1, parts) {
      let common = met.common[part]
      meetings[(half * units + unit) * parts + part] += common
      guard half == 1 else { continue }
      let union = met.active[rankOfPart[part]] + view.areas[part] - common
      squares[unit * parts + part].add(part: common, whole: union)
    }
    met.clear()
  }

  private mutating func point(
    _ unit: Int, _ level: UnitTable.Part, _ best: Int, _ view: PartView, _ half: Int
  ) {
    let (row, column) = best.quotientAndRemainder(dividingBy: level.shape.columns)
    let (x, y) = (level.middle(column), level.middle(row))
    for part in view.present {
      let at = (half * units + unit) * parts + part
      if view.isHit(part, x, y) { hits[at] += 1 }
      if view.isNear(part, x, y) == true { near[at] += 1 }
    }
  }

  private func count(
    _ grid: [Float], _ columns: Int, _ unit: Int, _ lowest: Float, _ vertical: Steps,
    _ horizontal: Steps, _ view: PartView, into met: inout Meeting
  ) {
    let peaks = stride(from: 0, to: grid.count, by: columns).map {
      grid[$0..<$0 + columns].max() ?? 0
    }
    for (y, row) in vertical.steps.enumerated() {
      if max(peaks[row.first], peaks[row.second]) <= lowest { continue }
      let (upper, lower) = (row.first * columns, row.second * columns)
      for (x, column) in horizontal.steps.enumerated() {
        let a = grid[upper + column.first]
        let b = grid[upper + column.second]
        let c = grid[lower + column.first]
        let d = grid[lower + column.second]
        // Between four values lies none larger than all.
        if max(max(a, b), max(c, d)) <= lowest { continue }
        let top = a + (b - a) * column.share
        let value = top + (c + (d - c) * column.share - top) * row.share
        guard value > lowest else { continue }
        var rank = 1
        while rank < ranks, value > thresholds[unit * ranks + rank] { rank += 1 }
        met.active[rank - 1] += 1
        let part = Int(view.map[y * view.width + x])
        if part > 0, rankOfPart[part] < rank { met.common[part] += 1 }
      }
    }
  }

  /// Intersection over union of a unit and a part, given the part's pixels in that half.
  package func overlap(_ unit: Int, _ part: Int, half: Int, partPixels: Int) -> Double {
    let (common, area) = areas(unit, part, half)
    let union = area + partPixels - common
    return union > 0 ? Double(common) / Double(union) : 0
  }

  /// The same on the pictures of odd number, of which there are `pictures`, with its interval.
  package func measuredOverlap(_ unit: Int, _ part: Int, partPixels: Int, pictures: Int) -> Estimate
  {
    let (common, area) = areas(unit, part, 1)
    return Estimate(
      part: common, whole: area + partPixels - common, squares: squares[unit * parts + part],
      count: pictures)
  }

  /// What the overlap there would be if the unit's active pixels were spread blindly over all `pixels`.
  package func blindOverlap(_ unit: Int, _ part: Int, partPixels: Int, pixels: Int) -> Double {
    let area = Double(areas(unit, part, 1).area)
    let common = area * Double(partPixels) / Double(max(1, pixels))
    let union = area + Double(partPixels) - common
    return union > 0 ? common / union : 0
  }

  // The pixels where both meet, and those where the unit is active by the part's threshold.
  private func areas(_ unit: Int, _ part: Int, _ half: Int) -> (common: Int, area: Int) {
    let first = (half * units + unit) * ranks
    return (
      meetings[(half * units + unit) * parts + part],
      active[first + rankOfPart[part]..<first + ranks].reduce(0, +)
    )
  }

  /// Pictures where the unit's maximum hit the part.
  package func hits(_ unit: Int, _ part: Int, half: Int) -> Int {
    hits[(half * units + unit) * parts + part]
  }

  /// Pictures where it lay near the part's point.
  func near(_ unit: Int, _ part: Int, half: Int) -> Int {
    near[(half * units + unit) * parts + part]
  }

  /// For each pixel along one side of the view, the two positions of a map it lies between.
  private struct Steps {
    let steps: [(first: Int, second: Int, share: Float)]

    init(_ level: UnitTable.Part, _ count: Int, _ pixels: Int) {
      let (start, stride) = (level.middle(0), Double(level.field.stride))
      steps = (0..<pixels).map { pixel in
        let position = min(Double(count - 1), max(0, (Double(pixel) + 0.5 - start) / stride))
        let first = min(count - 1, Int(position))
        return (first, min(count - 1, first + 1), Float(position - Double(first)))
      }
    }
  }
}
