import CVector

// How many rows tiles have: even ones that leave no rest.

/// Whether there are 32 vector registers, not 16.
let hasManyRegisters = tallestTile == 12

/// Rows of the tiles of a multiple of seven rows, such as the pixels of maps of 7, 14, 28 or 56 columns: they leave no rest, and they leave registers only for the weights.
private let tileOfSevens = 14

/// The depth of the panels that low tiles meet, eight rows of two vectors or five of three. While the sums of one are stored, the products of the next begin: on a Zen 5,
/// whose stores hold up multiply-adds, such layers take 4-10 % less time than with tiles twice as tall. Deeper panels would be read too often. On Intel's processors, where
/// loads are what a neighbour takes away, all tiles are tall.
private let lowDepth = cv_is_intel() == 0 ? 64 : 0

/// What tiles have beside each other: one vector of columns, two, three, or one and a half in pairs of depths.
enum TileWidth { case one, two, three, pairs }

/// The tiles, one below the other, into which so many rows fall: groups that are as tall. Three at most: tall tiles, and two lower ones for what is left.
struct TileStack {
  private typealias Group = (rows: Int, tiles: Int)

  // Each by its name: what a list in memory holds would come later than the tiles could begin.
  private let first, second, third: Group
  /// All tiles.
  let tiles: Int

  /// Those that meet panels of the given depth. Tiles of one vector are never low: they load a number for each multiply-add, and the fewer weights beside the better.
  @inline(__always) init(_ rows: Int, _ width: TileWidth, depth: Int) {
    let isLow = hasManyRegisters && depth <= lowDepth && width != .one
    @inline(__always) func next(_ left: Int) -> Group {
      left > 0 ? Self.next(left, width, isLow) : (0, 0)
    }
    first = next(rows)
    let left = rows - first.rows * first.tiles
    second = next(left)
    third = next(left - second.rows * second.tiles)
    tiles = first.tiles + second.tiles + third.tiles
  }

  var groupCount: Int { third.tiles > 0 ? 3 : second.tiles > 0 ? 2 : first.tiles > 0 ? 1 : 0 }

  /// How tall the tiles of a group are, and how many.
  @inline(__always) subscript(group: Int) -> (rows: Int, tiles: Int) {
    group == 0 ? first : group == 1 ? second : third
  }

  private static func next(_ left: Int, _ width: TileWidth, _ isLow: Bool) -> (
    rows: Int, tiles: Int
  ) {
    switch width {
    case .three: even(left, tallest: isLow ? 5 : tallestWideTile)
    case .pairs: pairTileHeight(left)
    case .one, .two: isLow ? even(left, tallest: 8) : tall(left)
    }
  }

  // All are as tall, or the last ones a row less.
  @inline(__always) private static func even(_ left: Int, tallest: Int) -> (rows: Int, tiles: Int) {
    let tiles = (left + tallest - 1) / tallest
    let missing = tiles * tallest - left
    // Without a division where there are many tiles, which have few rows less together than one each.
    let less = missing < tiles ? 0 : missing / tiles
    return (tallest - less, tiles - (missing - less * tiles))
  }

  private static func tall(_ left: Int) -> (rows: Int, tiles: Int) {
    let rows = tallHeight(left)
    if rows == tileOfSevens { return (rows, left / rows) }
    var tiles = 1
    while left > tiles * rows, tallHeight(left - tiles * rows) == rows { tiles += 1 }
    return (rows, tiles)
  }

  // Even tiles beat one tall and one flat.
  private static func tallHeight(_ left: Int) -> Int {
    switch (left, hasManyRegisters) {
    case (7, false), (8, false): 4
    case (9, true): 5
    case (11, true): 6
    case (13, true), (15, true), (16, true): 8
    case (14, true) where !repeatsNumbers: 7
    default: min(left, Bodies.tileRows(of: left))
    }
  }
}

extension Bodies {
  @inline(__always) package static func tileRows(of rows: Int) -> Int {
    repeatsNumbers && rows % 7 == 0 ? tileOfSevens : tallestTile
  }
}
