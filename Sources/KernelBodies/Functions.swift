// The transcendental functions as polynomials of our own, so that every lane of every table computes the same formula.

/// exp(x) to about 2 units in the last place: 2^n by exponent bits, the rest by a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2].
@inline(__always) func exponential(_ x: Vector) -> Vector {
  // 1.5 * 2^23: adding it leaves the rounded integer in the low bits.
  let magic = Vector(repeating: 12_582_912)
  var clamped = x.replacing(with: 88.02, where: x .> 88.02)
  clamped = clamped.replacing(with: -87, where: clamped .< -87)
  let shifted = fma(clamped, Vector(repeating: 1.442_695_04), magic)
  let n = shifted - magic
  var r = fma(n, Vector(repeating: -0.693_359_375), clamped)
  r = fma(n, Vector(repeating: 2.121_944_4e-4), r)
  var p = Vector(repeating: 1.987_569_15e-4)
  p = fma(p, r, Vector(repeating: 1.398_199_95e-3))
  p = fma(p, r, Vector(repeating: 8.333_451_9e-3))
  p = fma(p, r, Vector(repeating: 4.166_579_6e-2))
  p = fma(p, r, Vector(repeating: 1.666_666_55e-1))
  p = fma(p, r, Vector(repeating: 5.000_000_1e-1))
  p = fma(p, r * r, r + 1)
  let exponent = unsafeBitCast(shifted, to: IntVector.self) &<< 23
  let result = unsafeBitCast(unsafeBitCast(p, to: IntVector.self) &+ exponent, to: Vector.self)
  return result.replacing(with: 0, where: x .< -87).replacing(with: .infinity, where: x .> 88.02)
    .replacing(with: x, where: x .!= x)
}

/// erf(x) with an absolute error below 3e-7 (Abramowitz and Stegun, 7.1.26).
@inline(__always) func errorFunction(_ x: Vector) -> Vector {
  let magnitude = x.replacing(with: -x, where: x .< 0)
  let t =
    Vector(repeating: 1) / fma(Vector(repeating: 0.327_591_1), magnitude, Vector(repeating: 1))
  var p = Vector(repeating: 1.061_405_429)
  p = fma(p, t, Vector(repeating: -1.453_152_027))
  p = fma(p, t, Vector(repeating: 1.421_413_741))
  p = fma(p, t, Vector(repeating: -0.284_496_736))
  p = fma(p, t, Vector(repeating: 0.254_829_592))
  let y = 1 - p * t * exponential(-magnitude * magnitude)
  return y.replacing(with: -y, where: x .< 0)
}

@inline(__always) func sigmoid(_ x: Vector) -> Vector { 1 / (1 + exponential(-x)) }

/// Φ(x), the normal distribution's cumulative function.
@inline(__always) func normalDistribution(_ x: Vector) -> Vector {
  0.5 + 0.5 * errorFunction(x * 0.707_106_78)
}
