import CVector

typealias Vector = SIMD4<Float>
typealias IntVector = SIMD4<Int32>

/// Rows of the tallest register tile; with two vectors a row, the accumulators, one row of the right operand and a broadcast stay in registers.
let tallestTile = 6

/// Whether this target was compiled with its instruction set.
let compiledWithInstructionSet = true

/// a * b + c; two roundings, because a fused one would be a library call where the instruction is missing.
@inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { a * b + c }
