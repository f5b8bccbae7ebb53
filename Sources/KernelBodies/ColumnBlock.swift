import CVector
import KernelContract

/// Floats from the weights that a single tile, or a single row, meets, as quickly as they come, to those that it asks for; 0 where the processor itself fetches sooner what
/// lies in a row (AMD's Zen 5: AlexNet's dense layers take 10-14 % less time).
let singleTileDistance = cv_is_intel() == 0 ? 0 : 2_048

/// The third vector of a wide tile's columns.
struct ThirdVector {
  /// Floats from the packed weights of the pair to its own.
  let weights: Int
  /// Columns from the pair's first to its own, which may lie before the pair.
  let column: Int
}

/// The columns of a product that tiles take at once: two vectors, packed side by side, or three, the third of the panel beside.
struct ColumnBlock {
  /// The first of the columns.
  let first: Int
  /// All columns of the product.
  let columns: Int
  /// Floats of weights that a column has.
  let depth: Int
  let third: ThirdVector?

  @inline(__always) init(_ first: Int, of columns: Int, depth: Int) {
    (self.first, self.columns, self.depth) = (first, columns, depth)
    third = Self.third(first, columns - first, depth)
  }

  // Half of the second of three panels, or a panel's half that remains.
  @inline(__always)
  private static func third(_ first: Int, _ left: Int, _ depth: Int) -> ThirdVector? {
    guard widestTile == 3 else { return nil }
    let panel = depth * 2 * lanes
    if first % (2 * lanes) > 0 { return ThirdVector(weights: lanes - panel, column: -lanes) }
    let isWide = (left + lanes - 1) / lanes == 3 || hasManyRegisters && left >= 6 * lanes
    return isWide ? ThirdVector(weights: panel, column: 2 * lanes) : nil
  }

  /// Columns of whole vectors.
  @inline(__always) var width: Int { third == nil ? 2 * lanes : 3 * lanes }

  /// The first column of the pair: where the third vector lies before it, a vector later.
  @inline(__always) var pair: Int { first - min(0, third?.column ?? 0) }

  /// What its tiles have beside each other, where the last columns are in pairs of depths or not.
  @inline(__always) func tileWidth(isPaired: Bool) -> TileWidth {
    third != nil ? .three : isPaired ? .pairs : columns - first > lanes ? .two : .one
  }

  /// What its tiles ask for: the next weights in equal parts, all of them or, where they are many, the first ones; where more is upcoming, all but two, and these a part
  /// of that.
  @inline(__always)
  func ahead(_ weights: ConstFloats, tiles: Int, _ upcoming: Upcoming?) -> Ahead {
    let fetching = upcoming != nil && tiles > 2 ? tiles - 2 : tiles
    // Two wide tiles share three panels: the first asks for the last of them, the second for the next two.
    let panel = 2 * lanes
    let next = first / panel * panel + (third == nil ? panel : 2 * panel)
    let count = first % panel > 0 ? 2 * panel : panel
    let from =
      weights + depth * first
      + min(depth * (next - first), tiles > 1 ? Int.max : singleTileDistance)
    var ahead = Ahead(
      Ahead.Stretch(
        at: from, end: from + depth * count, step: (count + fetching - 1) / fetching))
    if let upcoming {
      let part = (upcoming.count * width + columns - 1) / columns
      let from = upcoming.at + upcoming.count * first / columns
      ahead.then = Ahead.Stretch(
        at: from, end: from + part, step: (part + 2 * depth - 1) / (2 * depth))
    }
    return ahead
  }
}
