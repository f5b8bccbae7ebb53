import CVector
import KernelContract

/// Two vectors of columns of a plain product.
@inline(__always)
func planeTile<let rows: Int>(
  _: InlineArray<rows, Bool>.Type, _ a: ConstFloats, lda: Int, depth: Int, _ b: ConstFloats,
  _ c: Floats, ldc: Int, _ asked: ConstFloats, step: Int
) {
  fetchPlaces(InlineArray<rows, Bool>.self, c, ldc: ldc)
  var left = InlineArray<rows, Vector> { _ in Vector.zero }
  var right = InlineArray<rows, Vector> { _ in Vector.zero }
  var (b, asked) = (b, asked)
  var pixels = rowPlaces(InlineArray<rows, Bool>.self, a, lda)
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
  forDepths(depth, multiply)
  for i in 0..<rows {
    store(left[i], c + i * ldc)
    store(right[i], c + i * ldc + lanes)
  }
}

/// The plane tile of the given height.
@inline(__always)
func planeTile(
  rows: Int, _ a: ConstFloats, lda: Int, depth: Int, _ b: ConstFloats, _ c: Floats, ldc: Int,
  _ asked: ConstFloats, step: Int
) {
  @inline(__always) func run<let height: Int>(_ type: InlineArray<height, Bool>.Type) {
    planeTile(type, a, lda: lda, depth: depth, b, c, ldc: ldc, asked, step: step)
  }
  switch rows {
  case 1: run(InlineArray<1, Bool>.self)
  case 2: run(InlineArray<2, Bool>.self)
  case 3: run(InlineArray<3, Bool>.self)
  case 4: run(InlineArray<4, Bool>.self)
  case 5: run(InlineArray<5, Bool>.self)
  case 6: run(InlineArray<6, Bool>.self)
  case 7 where hasManyRegisters: run(InlineArray<7, Bool>.self)
  case 8 where hasManyRegisters: run(InlineArray<8, Bool>.self)
  case 10 where hasManyRegisters: run(InlineArray<10, Bool>.self)
  case 14 where repeatsNumbers: run(InlineArray<14, Bool>.self)
  default: if hasManyRegisters { run(InlineArray<12, Bool>.self) }
  }
}
