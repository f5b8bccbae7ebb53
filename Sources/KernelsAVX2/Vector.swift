import CVector

typealias Vector = SIMD8<Float>
typealias IntVector = SIMD8<Int32>

/// Rows of the tallest register tile; with two vectors a row, the accumulators, one row of the right operand and a broadcast stay in registers.
let tallestTile = 6

/// Whether this target was compiled with its instruction set.
let compiledWithInstructionSet = cv_compiled_avx2 == 1

/// a * b + c, rounded once.
@inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { cv_fma8(a, b, c) }
