import CVector

typealias Vector = SIMD16<Float>
typealias IntVector = SIMD16<Int32>

/// Rows of the tallest register tile; with two vectors a row, the accumulators, one row of the right operand and a broadcast stay in registers.
let tallestTile = 12

/// Whether this target was compiled with its instruction set.
let compiledWithInstructionSet = cv_compiled_avx512 == 1

/// a * b + c, rounded once.
@inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { cv_fma16(a, b, c) }
