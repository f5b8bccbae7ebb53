import CVector
import KernelContract

// The register tiles. Everything that multiplies runs through three of them:
//
//   forward:   C[i, j] (+)= Σ_tap Σ_c A[tap + i * lda + c] * B[tap, c, j]     left by broadcast, right packed
//   plane:     the forward tile with one tap and nothing after it, for Winograd's products
//   outer:     C[i, j] (+)= Σ_pixel A[pixel + i] * B[pixel + j]               for weight gradients
//
// or through the forward tile's forms for three vectors (WideTiles), where the last columns do not fill two, for one or for one and a half (PairTiles), for a single row
// (RowTiles) and for pixels of which many numbers are zero (SparseTiles).
//
// i runs over `rows` (a constant, so that the accumulators stay in registers), j over two vectors. With many registers a loop's turn multiplies two depths: its own
// instructions wait for no result, but on a core that a neighbour shares they are in the way of the multiply-adds.

/// The sums of fewer products are there before their places come.
let fewestProducts = 32

/// What a forward tile begins with and how it ends. All that is added to the sums they begin with, so that at the end they are only cut off and stored. The tiles say so
/// themselves: a function that takes the sums would have them in memory, and the inner loop with it.
struct TileEnd {
  /// Whether what is there is added.
  let accumulate: Bool
  let epilogue: Epilogue?
  /// The first column's number, for the bias.
  let column: Int
  /// Where the tile lies in the residual.
  let at: Int
  /// Columns that are stored.
  let columns: Int

  /// The tile's part of the residual.
  var residual: ConstFloats? { epilogue?.residual.map { $0 + at } }

  /// The bias of a vector of columns, `first` of the tile's columns before it.
  @inline(__always) func bias(_ first: Int) -> Vector {
    biases(epilogue, column + first, count(first))
  }

  /// Columns of such a vector that are stored.
  @inline(__always) func count(_ first: Int) -> Int { min(lanes, columns - first) }

  /// What the sums are cut off at.
  var low: Vector { Vector(repeating: epilogue?.low ?? -.infinity) }
  var high: Vector { Vector(repeating: epilogue?.high ?? .infinity) }
}

/// What tiles ask for while they work: each a part of the next columns' weights, for a long panel comes from far and evenly so it comes in time, then of what else is
/// upcoming.
struct Ahead {
  /// Numbers that are asked for in steps.
  struct Stretch {
    /// What is asked for next.
    var at: ConstFloats
    let end: ConstFloats
    /// Floats to go on at each step of the depth; none beyond the end.
    var step: Int
  }
  private(set) var now: Stretch
  /// What follows; nil for nothing.
  var then: Stretch?
  /// Floats from the pixels of a tap to those that it asks for besides; 0, for its own, where none are needed.
  var pixels = 0

  init(_ first: Stretch) { now = first }

  /// A tile has asked for all before `asked`.
  @inline(__always) mutating func advance(to asked: ConstFloats) {
    now.at = asked
    if asked >= now.end { turn() }
  }

  // A call, so that all this stays in memory while tiles are at work.
  @inline(never) private mutating func turn() {
    // After the last stretch the same line again, without an end.
    now = then ?? Stretch(at: now.at, end: now.at + 1, step: 0)
    then = nil
  }
}

/// Asks for the places of a tile's sums, which come while the sums are made; with few registers the addresses would cost more.
@inline(__always)
func fetchPlaces<let rows: Int>(_: InlineArray<rows, Bool>.Type, _ c: Floats, ldc: Int) {
  guard hasManyRegisters else { return }
  for i in 0..<rows {
    cv_prefetch1(c + i * ldc)
    cv_prefetch1(c + i * ldc + lanes)
  }
}

/// Where a tile's rows lie, `step` numbers apart: beginning with every third row, from which the two after it follow as processors address memory, for a register for each
/// would be too many beside a loop's own.
@inline(__always)
func rowPlaces<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ first: ConstFloats, _ step: Int
) -> InlineArray<rows, ConstFloats> {
  InlineArray<rows, ConstFloats> { cv_place(first + 3 * $0 * step) }
}

/// Calls `body` with the number and the place of each row, and goes on by so many numbers in each.
@inline(__always)
func forRows<let rows: Int>(
  _ places: inout InlineArray<rows, ConstFloats>, _ step: Int, by count: Int = 1,
  _ body: (Int, ConstFloats) -> Void
) {
  for j in 0..<rows / 3 {
    let p = places[j]
    body(3 * j, p)
    body(3 * j + 1, p + step)
    body(3 * j + 2, p + 2 * step)
    places[j] = cv_place(p + count)
  }
  if rows % 3 > 0 {
    let p = places[rows / 3]
    body(rows / 3 * 3, p)
    if rows % 3 > 1 { body(rows / 3 * 3 + 1, p + step) }
    places[rows / 3] = cv_place(p + count)
  }
}

/// Multiplies so many depths, two at each turn: `multiply` gets one of the two and by how many to go on.
@inline(__always)
func forDepths(_ count: Int, _ multiply: (Int, Int) -> Void) {
  for _ in 0..<count / 2 {
    multiply(0, 0)
    multiply(1, 2)
  }
  if count % 2 > 0 { multiply(0, 1) }
}

/// So many tiles, one below the other, of two vectors of columns.
@inline(__always)
func forwardTiles<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ tiles: Int, _ a: ConstFloats, lda: Int,
  taps: UnsafePointer<Int>, tapCount: Int, depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int,
  _ ahead: inout Ahead, _ end: TileEnd
) {
  let (low, high, count) = (end.low, end.high, end.count(lanes))
  let (bias0, bias1) = (end.bias(0), end.bias(lanes))
  var (a, c, residual) = (a, c, end.residual)
  let fetches = depth >= fewestProducts && hasManyRegisters
  for _ in 0..<tiles {
    var left = InlineArray<rows, Vector> { _ in bias0 }
    var right = InlineArray<rows, Vector> { _ in bias1 }
    if let place = residual {
      for i in 0..<rows { left[i] += load(place + i * ldc) }
      for i in 0..<rows { right[i] += load(place + i * ldc + lanes, first: count) }
      residual = place + rows * ldc
    }
    if end.accumulate {
      for i in 0..<rows { left[i] += load(UnsafePointer(c + i * ldc)) }
      for i in 0..<rows { right[i] += load(UnsafePointer(c + i * ldc + lanes), first: count) }
    }
    var (b, asked) = (b, ahead.now.at)
    let step = ahead.now.step
    for tap in 0..<tapCount {
      var pixels = rowPlaces(InlineArray<rows, Bool>.self, a + taps[tap], lda)
      // The products of one depth; `count` depths further lies what follows.
      @inline(__always) func multiply(_ depth: Int, by count: Int) {
        let b0 = load(b + 2 * depth * lanes)
        let b1 = load(b + (2 * depth + 1) * lanes)
        @inline(__always) func add(_ i: Int, _ pixel: ConstFloats) {
          let s = Vector(repeating: pixel[depth])
          left[i] = fma(s, b0, left[i])
          right[i] = fma(s, b1, right[i])
        }
        forRows(&pixels, lda, by: count, add)
        cv_prefetch2(asked)
        asked += step
        b += 2 * count * lanes
      }
      var rest = depth
      if fetches && tap == 0 {
        // The places of the sums, a row at a time: all at once they would hold up what the first products need.
        rest -= rows
        var place = UnsafePointer(c)
        for _ in 0..<rows {
          multiply(0, by: 1)
          cv_prefetch1(place)
          cv_prefetch1(place + lanes)
          place += ldc
        }
      }
      // At each depth as many numbers further as a tile has rows: so a tile asks for as much as it has pixels, and a single row for nothing behind its own.
      var next = a + taps[tap] + ahead.pixels
      guard hasManyRegisters else {
        for _ in 0..<rest {
          multiply(0, by: 1)
          cv_prefetch1(next)
          next += rows
        }
        continue
      }
      for _ in 0..<rest / 2 {
        multiply(0, by: 0)
        cv_prefetch1(next)
        multiply(1, by: 2)
        cv_prefetch1(next + rows)
        next += 2 * rows
      }
      if rest % 2 > 0 { multiply(0, by: 1) }
    }
    if count == lanes {
      @inline(__always) func finish(_ i: Int, _ place: ConstFloats) {
        let place = UnsafeMutablePointer(mutating: place)
        store(clamped(left[i], low, high), place)
        store(clamped(right[i], low, high), place + lanes)
      }
      var places = rowPlaces(InlineArray<rows, Bool>.self, UnsafePointer(c), ldc)
      forRows(&places, ldc, finish)
    } else {
      for i in 0..<rows { store(clamped(left[i], low, high), c + i * ldc) }
      for i in 0..<rows { store(clamped(right[i], low, high), c + i * ldc + lanes, first: count) }
    }
    ahead.advance(to: asked)
    a += rows * lda
    c += rows * ldc
  }
}

/// So many tiles of one vector of columns, the first of packed pairs.
@inline(__always)
func narrowTiles<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ tiles: Int, _ a: ConstFloats, lda: Int,
  taps: UnsafePointer<Int>, tapCount: Int, depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int,
  _ end: TileEnd
) {
  let (low, high, count) = (end.low, end.high, end.count(0))
  let bias = end.bias(0)
  var (a, c, residual) = (a, c, end.residual)
  for _ in 0..<tiles {
    var sums = InlineArray<rows, Vector> { _ in bias }
    if let place = residual {
      for i in 0..<rows { sums[i] += load(place + i * ldc, first: count) }
      residual = place + rows * ldc
    }
    if end.accumulate {
      for i in 0..<rows { sums[i] += load(UnsafePointer(c + i * ldc), first: count) }
    }
    var b = b
    for tap in 0..<tapCount {
      var pixels = rowPlaces(InlineArray<rows, Bool>.self, a + taps[tap], lda)
      // The products of one depth; `count` depths further lies what follows.
      @inline(__always) func multiply(_ depth: Int, by count: Int) {
        let v = load(b + 2 * depth * lanes)
        @inline(__always) func add(_ i: Int, _ pixel: ConstFloats) {
          sums[i] = fma(Vector(repeating: pixel[depth]), v, sums[i])
        }
        forRows(&pixels, lda, by: count, add)
        b += 2 * count * lanes
      }
      forDepths(depth, multiply)
    }
    if count == lanes {
      for i in 0..<rows { store(clamped(sums[i], low, high), c + i * ldc) }
    } else {
      for i in 0..<rows { store(clamped(sums[i], low, high), c + i * ldc, first: count) }
    }
    a += rows * lda
    c += rows * ldc
  }
}

/// So many forward tiles of the given height (at most `tallestTile`).
@inline(__always)
func forwardTiles(
  rows: Int, _ tiles: Int, _ a: ConstFloats, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
  depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int, _ ahead: inout Ahead, _ end: TileEnd
) {
  @inline(__always) func run<let height: Int>(_ type: InlineArray<height, Bool>.Type) {
    if end.columns > lanes {
      forwardTiles(
        type, tiles, a, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b, c, ldc: ldc,
        &ahead, end)
    } else {
      narrowTiles(
        type, tiles, a, lda: lda, taps: taps, tapCount: tapCount, depth: depth, b, c, ldc: ldc, end)
    }
  }
  switch rows {
  case 1: run(InlineArray<1, Bool>.self)
  case 2: run(InlineArray<2, Bool>.self)
  case 3: run(InlineArray<3, Bool>.self)
  case 4: run(InlineArray<4, Bool>.self)
  case 5: run(InlineArray<5, Bool>.self)
  case 7 where hasManyRegisters: run(InlineArray<7, Bool>.self)
  case 8 where hasManyRegisters: run(InlineArray<8, Bool>.self)
  case 10 where hasManyRegisters: run(InlineArray<10, Bool>.self)
  case 12 where hasManyRegisters: run(InlineArray<12, Bool>.self)
  case 14 where repeatsNumbers: run(InlineArray<14, Bool>.self)
  default: run(InlineArray<6, Bool>.self)
  }
}
