// How many rows tiles have: even ones that leave no rest.

/// Whether there are 32 vector registers, not 16.
let hasManyRegisters = tallestTile == 12

/// Rows of the tiles of a multiple of seven rows, such as the pixels of maps of 7, 14, 28 or 56 columns, where there are many registers: they leave no rest.
private let tileOfSevens = 14

/// How tall the next tile is when `left` rows remain: even tiles beat one tall and one flat.
@inline(__always) func tileHeight(_ left: Int) -> Int {
  switch (left, hasManyRegisters) {
  case (7, false), (8, false): return 4
  case (9, true): return 5
  case (11, true): return 6
  case (13, true), (15, true), (16, true): return 8
  default: return min(left, Bodies.tileRows(of: left))
  }
}

/// How many tiles of the height of the next one follow each other when `left` rows remain.
@inline(__always) func tileCount(_ left: Int) -> Int {
  let rows = tileHeight(left)
  if rows == tileOfSevens { return left / tileOfSevens }
  var count = 1
  while left > count * rows, tileHeight(left - count * rows) == rows { count += 1 }
  return count
}

/// Tiles in so many rows.
@inline(__always) func tilesOf(_ rows: Int) -> Int {
  let height = Bodies.tileRows(of: rows)
  return (rows + height - 1) / height
}

extension Bodies {
  @inline(__always) package static func tileRows(of rows: Int) -> Int {
    hasManyRegisters && rows % 7 == 0 ? tileOfSevens : tallestTile
  }
}
