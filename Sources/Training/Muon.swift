import AvocetKernels

/// Muon's step (Jordan et al. 2024) for one matrix of weights, `[row, column]`, a column an output.
///
/// v = μ v + g; u = g + μ v; the weights are rescaled to a norm of √columns; then w -= rate O(u), where O makes the singular values of u nearly equal to 1.
final class Orthogonalisation: @unchecked Sendable {
  // Newton and Schulz's iteration X <- a X + b (X Xᵀ) X + c (X Xᵀ)² X with Jordan's coefficients: each singular value s becomes
  // a s + b s³ + c s⁵, which brings all between 0.02 and 1 near 1 in a few rounds.
  static let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)
  private let rows, columns: Int
  private let kernels: KernelTable
  private let update, next, gram, polynomial, scratch: FloatBuffer

  private var count: Int { rows * columns }
  private var side: Int { min(rows, columns) }

  init(rows: Int, columns: Int, _ kernels: KernelTable) {
    (self.rows, self.columns, self.kernels) = (rows, columns, kernels)
    update = FloatBuffer(count: rows * columns)
    next = FloatBuffer(count: rows * columns)
    let side = min(rows, columns)
    gram = FloatBuffer(count: side * side)
    polynomial = FloatBuffer(count: side * side)
    let (long, wide) = (max(rows, columns), columns)
    scratch = FloatBuffer(
      count: max(
        kernels.multiplyScratchCount(m: side, n: side, k: long),
        kernels.multiplyScratchCount(m: rows, n: wide, k: side)))
  }

  func step(
    weights: Floats, gradient: ConstFloats, velocity: Floats, rate: Float, momentum: Float
  ) {
    let u = unsafe update.pointer
    unsafe kernels.scale(velocity, by: momentum, into: velocity, count: count)
    unsafe kernels.add(velocity, gradient, into: velocity, count: count)
    unsafe kernels.scale(velocity, by: momentum, into: u, count: count)
    unsafe kernels.add(u, gradient, into: u, count: count)
    orthogonalise()
    let norm = unsafe Self.norm(weights, count)
    let scale = norm > 0 ? Float(Double(columns).squareRoot() / norm) : 1
    for i in 0..<count { unsafe weights[i] = scale * weights[i] - rate * u[i] }
  }

  /// Makes the singular values of `matrix` nearly 1, those that are not tiny beside the largest.
  func orthogonalise(_ matrix: Floats) {
    unsafe update.pointer.update(from: matrix, count: count)
    orthogonalise()
    unsafe matrix.update(from: update.pointer, count: count)
  }

  private func orthogonalise(rounds: Int = 3) {
    let (x, y, g, p) = unsafe (update.pointer, next.pointer, gram.pointer, polynomial.pointer)
    let isTall = columns <= rows
    unsafe kernels.scale(x, by: Float(1 / (Self.norm(x, count) + 1e-7)), into: x, count: count)
    for _ in 0..<rounds {
      // The smaller of the two products of X with itself, and b G + c G².
      unsafe kernels.multiply(
        m: side, n: side, k: max(rows, columns), x, lda: columns, transposeA: isTall, x,
        ldb: columns, transposeB: !isTall, into: g, ldc: side, scratch: scratch.pointer)
      unsafe kernels.multiply(
        m: side, n: side, k: side, g, lda: side, g, ldb: side, into: p, ldc: side,
        scratch: scratch.pointer)
      for i in 0..<side * side { unsafe p[i] = Self.b * g[i] + Self.c * p[i] }
      unsafe kernels.scale(x, by: Self.a, into: y, count: count)
      if isTall {
        unsafe kernels.multiply(
          m: rows, n: columns, k: side, x, lda: columns, p, ldb: side, into: y, ldc: columns,
          accumulate: true, scratch: scratch.pointer)
      } else {
        unsafe kernels.multiply(
          m: rows, n: columns, k: side, p, lda: side, x, ldb: columns, into: y, ldc: columns,
          accumulate: true, scratch: scratch.pointer)
      }
      unsafe x.update(from: y, count: count)
    }
  }

  private static func norm(_ x: ConstFloats, _ count: Int) -> Double {
    var sum = 0.0
    for i in 0..<count { unsafe sum += Double(x[i]) * Double(x[i]) }
    return sum.squareRoot()
  }
}
