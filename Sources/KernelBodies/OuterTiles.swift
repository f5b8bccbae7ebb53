import CVector
import KernelContract

/// Floats that a processor goes on from one load to the next and still sees what comes: 2 KiB on Intel's.
private let longestStep = 512

/// Asks for two vectors of so many pixels.
@inline(__always) private func fetchColumns(_ columns: ConstFloats, _ step: Int, _ pixels: Int) {
  for x in 0..<pixels {
    cv_prefetch1(columns + x * step)
    cv_prefetch1(columns + x * step + lanes)
  }
}

/// Sums over `rowCount` runs of `pixels` pixels; run r begins at a + aRows[r] and b + bRows[r].
@inline(__always)
func outerTile<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ a: ConstFloats, aStep: Int, aRows: UnsafePointer<Int>,
  _ b: ConstFloats, bStep: Int, bRows: UnsafePointer<Int>, rowCount: Int, pixels: Int,
  _ c: Floats, ldc: Int, accumulate: Bool
) {
  var left = InlineArray<rows, Vector> { _ in Vector.zero }
  var right = InlineArray<rows, Vector> { _ in Vector.zero }
  if accumulate {
    for i in 0..<rows {
      if hasManyRegisters {
        left[i] = load(c + i * ldc)
        right[i] = load(c + i * ldc + lanes)
      } else {
        // Small tiles meet the old sums often: these are added last, and until then they have time to come.
        cv_prefetch1(c + i * ldc)
      }
    }
  }
  // The next tile's columns and the places of the sums are fetched where steps are too long for the processor to see what will be used; the columns between the pixels,
  // not among them, which would take the registers.
  let stretch = hasManyRegisters && bStep > longestStep ? 8 : max(1, pixels)
  if stretch < pixels && !accumulate { fetchPlaces(InlineArray<rows, Bool>.self, c, ldc: ldc) }
  for row in 0..<rowCount {
    var p = a + aRows[row]
    var q = b + bRows[row]
    for first in stride(from: 0, to: pixels, by: stretch) {
      let count = min(stretch, pixels - first)
      if stretch < pixels { fetchColumns(q + 2 * lanes, bStep, count) }
      for _ in 0..<count {
        let b0 = load(q)
        let b1 = load(q + lanes)
        for i in 0..<rows {
          let s = Vector(repeating: p[i])
          left[i] = fma(s, b0, left[i])
          right[i] = fma(s, b1, right[i])
        }
        p += aStep
        q += bStep
      }
    }
  }
  if accumulate && !hasManyRegisters {
    for i in 0..<rows {
      left[i] += load(c + i * ldc)
      right[i] += load(c + i * ldc + lanes)
    }
  }
  for i in 0..<rows {
    store(left[i], c + i * ldc)
    store(right[i], c + i * ldc + lanes)
  }
}

/// The outer tile of the given height.
@inline(__always)
func outerTile(
  rows: Int, _ a: ConstFloats, aStep: Int, aRows: UnsafePointer<Int>, _ b: ConstFloats, bStep: Int,
  bRows: UnsafePointer<Int>, rowCount: Int, pixels: Int, _ c: Floats, ldc: Int, accumulate: Bool
) {
  @inline(__always) func run<let height: Int>(_ type: InlineArray<height, Bool>.Type) {
    outerTile(
      type, a, aStep: aStep, aRows: aRows, b, bStep: bStep, bRows: bRows, rowCount: rowCount,
      pixels: pixels, c, ldc: ldc, accumulate: accumulate)
  }
  switch rows {
  case 1: run(InlineArray<1, Bool>.self)
  case 2: run(InlineArray<2, Bool>.self)
  case 3: run(InlineArray<3, Bool>.self)
  case 4: run(InlineArray<4, Bool>.self)
  case 8 where hasManyRegisters: run(InlineArray<8, Bool>.self)
  case 12 where hasManyRegisters: run(InlineArray<12, Bool>.self)
  default: run(InlineArray<6, Bool>.self)
  }
}

/// How tall the next outer tile is when `left` rows remain; there are the heights 1, 2, 3, 4, 6, 8, 12.
@inline(__always) func outerHeight(_ left: Int) -> Int {
  let height = min(left, tallestTile)
  switch height {
  case 5: return 4
  case 7: return 6
  case 9, 10, 11: return 8
  default: return left == 16 && hasManyRegisters ? 8 : height
  }
}
