import CVector

typealias Vector = SIMD4<Float>
typealias IntVector = SIMD4<Int32>
typealias ByteVector = SIMD4<UInt8>
typealias PairVector = SIMD2<UInt64>

#if arch(arm64)
  /// Rows of the tallest register tile; with two vectors a row, the accumulators, one row of the right operand and a broadcast stay in NEON's 32 registers.
  let tallestTile = 12

  /// Vectors of the widest register tile.
  let widestTile = 3
#else
  /// Rows of the tallest register tile; with two vectors a row, the accumulators, one row of the right operand and a broadcast stay in registers.
  let tallestTile = 6

  /// Vectors of the widest register tile; a product that is not fused needs a register of its own.
  let widestTile = 2
#endif

/// Whether a multiply-add repeats a number from memory in all lanes, so that the number needs no register.
let repeatsNumbers = false

/// Whether a vector is a cache line, so that it could go to memory past the caches.
let isLine = false

/// Whether this target was compiled with its instruction set.
let compiledWithInstructionSet = true

#if arch(arm64)
  /// a * b + c, rounded once.
  @inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { cv_fma4(a, b, c) }
#else
  /// a * b + c; two roundings, because a fused one would be a library call where the instruction is missing.
  @inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { a * b + c }
#endif

/// The sums of neighbours: first those of a, then those of b.
@inline(__always) func pairSums(_ a: Vector, _ b: Vector) -> Vector { cv_pair_sums4(a, b) }

/// The first `count` lanes from memory, the rest zero; nothing beyond is read.
@inline(__always) func load(_ p: UnsafePointer<Float>, first count: Int) -> Vector {
  cv_load4(p, Int32(truncatingIfNeeded: count))
}

/// The first `count` lanes to memory; nothing beyond is written.
@inline(__always) func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>, first count: Int) {
  cv_store4(p, Int32(truncatingIfNeeded: count), v)
}

/// x, cut off below and above; what is not a number stays.
@inline(__always) func clamped(_ x: Vector, _ low: Vector, _ high: Vector) -> Vector {
  cv_clamp4(x, low, high)
}

/// A bit for each lane that is not zero, from the lowest on; what is not a number is not zero.
@inline(__always) func nonzeros(_ x: Vector) -> UInt64 { UInt64(cv_nonzeros4(x)) }

/// A whole vector to memory, as any other.
@inline(__always) func stream(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { store(v, p) }
