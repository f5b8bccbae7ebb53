import CVector

// How many rows tiles have: even ones that leave no rest.

/// Whether there are 32 vector registers, not 16.
let hasManyRegisters = tallestTile == 12

/// Rows of the tiles of a multiple of seven rows, such as the pixels of maps of 7, 14, 28 or 56 columns, where there are many registers: they leave no rest.
private let tileOfSevens = 14

/// The depth of the panels that low tiles meet. While the sums of one are stored, the products of the next begin: on a Zen 5, whose stores hold up multiply-adds, such
/// layers take 4-10 % less time than with tiles that use all registers. Deeper panels are read too often. On Intel's processors tall tiles gain more, since they load less.
private let lowDepth = cv_is_intel() == 0 ? 64 : 0

/// Whether tiles need only half of the registers.
@inline(__always) func tilesAreLow(depth: Int) -> Bool { hasManyRegisters && depth <= lowDepth }

/// How tall the next tile of two vectors is when `left` rows remain, and how many of that height follow each other.
@inline(__always) func tileHeight(_ left: Int, isLow: Bool) -> (rows: Int, tiles: Int) {
  if isLow { return evenTiles(left, tallest: 8) }
  let rows = tallTileHeight(left)
  if rows == tileOfSevens { return (rows, left / rows) }
  var tiles = 1
  while left > tiles * rows, tallTileHeight(left - tiles * rows) == rows { tiles += 1 }
  return (rows, tiles)
}

// Even tiles beat one tall and one flat.
@inline(__always) private func tallTileHeight(_ left: Int) -> Int {
  switch (left, hasManyRegisters) {
  case (7, false), (8, false): return 4
  case (9, true): return 5
  case (11, true): return 6
  case (13, true), (15, true), (16, true): return 8
  default: return min(left, Bodies.tileRows(of: left))
  }
}

/// Tiles of two vectors in so many rows.
@inline(__always) func tilesOf(_ rows: Int, isLow: Bool) -> Int {
  var (count, x) = (0, 0)
  while x < rows {
    let next = tileHeight(rows - x, isLow: isLow)
    count += next.tiles
    x += next.tiles * next.rows
  }
  return count
}

/// Tiles that are all as tall, or the last ones a row less: the height of the first, and how many have it.
@inline(__always) func evenTiles(_ left: Int, tallest: Int) -> (rows: Int, tiles: Int) {
  let tiles = (left + tallest - 1) / tallest
  let rows = (left + tiles - 1) / tiles
  return (rows, left - tiles * (rows - 1))
}

extension Bodies {
  @inline(__always) package static func tileRows(of rows: Int) -> Int {
    hasManyRegisters && rows % 7 == 0 ? tileOfSevens : tallestTile
  }
}
