import CVector
import KernelContract

// A single row times packed weights, such as the dense layers of one picture. Each weight is read for a single multiply-add, so the row is done as soon as all have come, and
// those of four panels side by side come sooner than of one after the other: a processor fetches ahead in each. On a Zen 5, with both cores at it, weights that the
// third-level cache holds in part take 20 % less time; those that it holds, or that all come from memory, as much.

/// One row times so many panels that lie one after the other.
@inline(__always)
private func rowTile<let panels: Int>(
  _: InlineArray<panels, Bool>.Type, _ a: ConstFloats, depth: Int, depthBlock: Int,
  _ b: ConstFloats, _ c: Floats, _ end: TileEnd
) {
  let (panel, distance) = (depth * 2 * lanes, singleTileDistance)
  @inline(__always) func bias(_ first: Int) -> Vector {
    end.count(first) > 0 ? end.bias(first) : Vector.zero
  }
  var left = InlineArray<panels, Vector> { _ in Vector.zero }
  var right = left
  var b = b
  for from in stride(from: 0, to: max(1, depth), by: depthBlock) {
    // Where the tiles of more rows add it, so that the sums have the same bits.
    if from + depthBlock >= depth {
      for i in 0..<panels {
        left[i] = bias(2 * i * lanes) + left[i]
        right[i] = bias((2 * i + 1) * lanes) + right[i]
      }
    }
    for p in from..<min(depth, from + depthBlock) {
      let s = Vector(repeating: a[p])
      for i in 0..<panels {
        left[i] = fma(s, load(b + i * panel), left[i])
        right[i] = fma(s, load(b + i * panel + lanes), right[i])
        if distance > 0 { cv_prefetch2(b + i * panel + distance) }
      }
      b += 2 * lanes
    }
  }
  let (low, high) = (end.low, end.high)
  @inline(__always) func finish(_ sum: Vector, _ first: Int) {
    if end.count(first) > 0 { store(clamped(sum, low, high), c + first, upTo: end.count(first)) }
  }
  for i in 0..<panels {
    finish(left[i], 2 * i * lanes)
    finish(right[i], (2 * i + 1) * lanes)
  }
}

extension Bodies {
  package static func multiplyRow(
    _ a: ConstFloats, depth: Int, depthBlock: Int, _ b: ConstFloats, columns: Int, into c: Floats,
    _ epilogue: Epilogue?
  ) {
    // Returns the column after the last that is done.
    @inline(__always) func run<let panels: Int>(
      _ type: InlineArray<panels, Bool>.Type, _ column: Int
    ) -> Int {
      let end = TileEnd(
        accumulate: false, epilogue: epilogue, column: column, at: 0, columns: columns - column)
      rowTile(type, a, depth: depth, depthBlock: depthBlock, b + column * depth, c + column, end)
      return column + panels * 2 * lanes
    }
    var column = 0
    while column < columns {
      column =
        switch (columns - column + 2 * lanes - 1) / (2 * lanes) {
        case 1: run(InlineArray<1, Bool>.self, column)
        case 2, 3: run(InlineArray<2, Bool>.self, column)
        default: run(InlineArray<4, Bool>.self, column)
        }
    }
  }
}
