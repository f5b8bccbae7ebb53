import CVector

typealias Vector = SIMD16<Float>
typealias IntVector = SIMD16<Int32>
typealias ByteVector = SIMD16<UInt8>
typealias PairVector = SIMD8<UInt64>

/// Rows of the tallest register tile; with two vectors a row, the accumulators, one row of the right operand and a broadcast stay in registers.
let tallestTile = 12

/// Vectors of the widest register tile.
let widestTile = 3

/// Whether a multiply-add repeats a number from memory in all lanes, so that the number needs no register.
let repeatsNumbers = true

/// Whether a vector is a cache line, so that it can go to memory past the caches.
let isLine = true

/// Whether this target was compiled with its instruction set.
let compiledWithInstructionSet = cv_compiled_avx512 == 1

/// a * b + c, rounded once.
@inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { cv_fma16(a, b, c) }

/// The sums of neighbours: first those of a, then those of b.
@inline(__always) func pairSums(_ a: Vector, _ b: Vector) -> Vector { cv_pair_sums16(a, b) }

/// The first `count` lanes from memory, the rest zero; nothing beyond is read.
@inline(__always) func load(_ p: UnsafePointer<Float>, first count: Int) -> Vector {
  cv_load16(p, Int32(truncatingIfNeeded: count))
}

/// The first `count` lanes to memory; nothing beyond is written.
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>, first count: Int) {
  cv_store16(p, Int32(truncatingIfNeeded: count), v)
}

/// x, cut off below and above; what is not a number stays.
@inline(__always) func clamped(_ x: Vector, _ low: Vector, _ high: Vector) -> Vector {
  cv_clamp16(x, low, high)
}

/// A bit for each lane that is not zero, from the lowest on; what is not a number is not zero.
@inline(__always) func nonzeros(_ x: Vector) -> UInt64 { UInt64(cv_nonzeros16(x)) }

/// A whole vector past the caches to an aligned place; others see it after `cv_end_streaming`.
@inline(__always) func stream(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { cv_stream16(p, v) }
