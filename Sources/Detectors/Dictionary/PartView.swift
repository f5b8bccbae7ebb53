import AvocetDatasets
import AvocetImages

/// The parts of one picture where the network sees them: in pixels of the view.
package struct PartView {
  let width, height: Int
  /// One index per pixel.
  let map: [UInt8]
  /// The parts that can be seen.
  package let present: [Int]
  /// Pixels of each part, by its index.
  package let areas: [Int]
  /// Pixels from the mask, or the point, that still count as a hit: 7 % of the view's longer side.
  let reach: Double
  /// A tenth of the longer side of the object's box; nil where no box is known.
  let pointReach: Double?
  /// The middle of the object's box; of the view, where no box is known.
  package let center: (x: Double, y: Double)
  private let points: [(part: Int, x: Double, y: Double)]
  /// By part: for every pixel the distance to the part's nearest pixel of the same row, beyond `reach` anything.
  private let rowDistances: [Int: [UInt16]]

  /// A point stands for a disc of a twentieth of the box's longer side.
  private static let discShare = 0.05

  package init(_ truth: PartTruth, parts: Int, _ preprocessing: Preprocessing) {
    (width, height) = (preprocessing.width, preprocessing.height)
    func origin(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
      preprocessing.origin(x: x, y: y, width: truth.width, height: truth.height)
    }
    let (zero, unit) = (origin(0, 0), origin(1, 1))
    let (stepX, stepY) = (unit.x - zero.x, unit.y - zero.y)
    let (width, height) = (width, height)
    points = truth.places.map { place in
      (place.part, (place.x - zero.x) / stepX, (place.y - zero.y) / stepY)
    }.filter {
      $0.1 >= 0 && $0.2 >= 0 && $0.1 < Double(width) && $0.2 < Double(height)
    }
    let boxSide = max(truth.box.width / stepX, truth.box.height / stepY)
    reach = 0.07 * Double(max(width, height))
    pointReach = boxSide > 0 ? 0.1 * boxSide : nil
    center =
      boxSide > 0
      ? (
        (truth.box.x + truth.box.width / 2 - zero.x) / stepX,
        (truth.box.y + truth.box.height / 2 - zero.y) / stepY
      ) : (Double(width) / 2, Double(height) / 2)
    var map = [UInt8](repeating: 0, count: width * height)
    if truth.map.isEmpty {
      Self.drawDiscs(points, radius: max(0.6, Self.discShare * boxSide), width, height, into: &map)
    } else {
      for y in 0..<height {
        let row = Int(origin(0, Double(y) + 0.5).y.rounded(.down))
        guard (0..<truth.height).contains(row) else { continue }
        for x in 0..<width {
          let column = Int((zero.x + (Double(x) + 0.5) * stepX).rounded(.down))
          guard (0..<truth.width).contains(column) else { continue }
          map[y * width + x] = truth.map[row * truth.width + column]
        }
      }
    }
    var areas = [Int](repeating: 0, count: parts)
    for part in map { areas[Int(part)] += 1 }
    (self.map, self.areas) = (map, areas)
    present = (1..<max(1, parts)).filter { areas[$0] > 0 }
    var distances: [Int: [UInt16]] = [:]
    for part in present { distances[part] = Self.rowDistances(map, part, width) }
    rowDistances = distances
  }

  private static func drawDiscs(
    _ points: [(part: Int, x: Double, y: Double)], radius: Double, _ width: Int, _ height: Int,
    into map: inout [UInt8]
  ) {
    for point in points {
      let reach = Int(radius.rounded(.up))
      for y in max(0, Int(point.y) - reach)...min(height - 1, Int(point.y) + reach) {
        for x in max(0, Int(point.x) - reach)...min(width - 1, Int(point.x) + reach) {
          let (dx, dy) = (Double(x) + 0.5 - point.x, Double(y) + 0.5 - point.y)
          if dx * dx + dy * dy <= radius * radius { map[y * width + x] = UInt8(point.part) }
        }
      }
    }
  }

  private static func rowDistances(_ map: [UInt8], _ part: Int, _ width: Int) -> [UInt16] {
    var distances = [UInt16](repeating: 0x3FFF, count: map.count)
    for start in stride(from: 0, to: map.count, by: width) {
      var last: UInt16 = 0x3FFF
      for i in start..<start + width {
        last = map[i] == UInt8(part) ? 0 : min(0x3FFF, last + 1)
        distances[i] = last
      }
      last = 0x3FFF
      for i in stride(from: start + width - 1, through: start, by: -1) {
        last = map[i] == UInt8(part) ? 0 : min(0x3FFF, last + 1)
        distances[i] = min(distances[i], last)
      }
    }
    return distances
  }

  /// Whether a point of the view lies on the part or within `reach` of it.
  package func isHit(_ part: Int, _ x: Double, _ y: Double) -> Bool {
    guard let distances = rowDistances[part] else { return false }
    let column = min(width - 1, max(0, Int(x)))
    let middle = min(height - 1, max(0, Int(y)))
    let rows = Int(reach)
    for row in max(0, middle - rows)...min(height - 1, middle + rows) {
      let (across, along) = (Double(distances[row * width + column]), Double(row - middle))
      if across * across + along * along <= reach * reach { return true }
    }
    return false
  }

  /// Whether a point of the view lies within a tenth of the object's box of the part's point or middle; nil where it has none in the view, or
  /// no box is known.
  package func isNear(_ part: Int, _ x: Double, _ y: Double) -> Bool? {
    guard let pointReach else { return nil }
    var known = false
    for point in points where point.part == part {
      known = true
      let (dx, dy) = (point.x - x, point.y - y)
      if dx * dx + dy * dy <= pointReach * pointReach { return true }
    }
    return known ? false : nil
  }

  /// The share of the view's pixels from which a blind guess hits the part, by every fourth pixel.
  func chance(_ part: Int) -> (pointing: Double, near: Double) {
    var (hits, near, count) = (0, 0, 0)
    for y in stride(from: 1, to: height, by: 4) {
      for x in stride(from: 1, to: width, by: 4) {
        count += 1
        if isHit(part, Double(x) + 0.5, Double(y) + 0.5) { hits += 1 }
        if isNear(part, Double(x) + 0.5, Double(y) + 0.5) == true { near += 1 }
      }
    }
    let all = Double(max(1, count))
    return (Double(hits) / all, Double(near) / all)
  }
}
