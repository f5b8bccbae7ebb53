import KernelContract

// The one-dimensional transforms of Winograd's minimal filtering F(m, r) (Lavin and Gray 2016): m outputs of a filter of r taps from n = m + r - 1 products.
// With the matrices B, G and A, output = Aᵀ[(G filter) ∘ (Bᵀ input)]; for the filter's gradient, dFilter = Gᵀ[(Bᵀ input) ∘ (A dOutput)].
// Points: n = 4: 0, ±1; n = 6: 0, ±1, ±2; n = 7: 0, ±1, ±2, 1/2; n = 8: 0, ±1, ±2, ±1/2; and infinity. B depends on n alone.

/// A few vectors in registers.
protocol Line {
  static var size: Int { get }
  static var zero: Self { get }
  func vector(_ index: Int) -> Vector
  mutating func set(_ index: Int, _ vector: Vector)
}

extension InlineArray: Line where Element == Vector {
  @inline(__always) static var size: Int { count }
  @inline(__always) static var zero: Self { Self { _ in Vector.zero } }
  @inline(__always) func vector(_ index: Int) -> Vector { self[index] }
  @inline(__always) mutating func set(_ index: Int, _ vector: Vector) { self[index] = vector }
}

typealias Two = InlineArray<2, Vector>
typealias Three = InlineArray<3, Vector>
typealias Four = InlineArray<4, Vector>
typealias Five = InlineArray<5, Vector>
typealias Six = InlineArray<6, Vector>
typealias Seven = InlineArray<7, Vector>
typealias Eight = InlineArray<8, Vector>

/// A linear map of a line of vectors. A type, not a closure: only so is it surely inlined.
protocol LineTransform {
  associatedtype Input: Line
  associatedtype Output: Line
  static func apply(_ line: Input) -> Output
}

/// F(2, 3).
enum WinogradTwo {
  enum Input: LineTransform {
    @inline(__always) static func apply(_ d: Four) -> Four {
      [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]]
    }
  }
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Four) -> Two {
      [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]
    }
  }
  enum OutputGradient: LineTransform {
    @inline(__always) static func apply(_ y: Two) -> Four {
      [y[0], y[0] + y[1], y[0] - y[1], -y[1]]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Three) -> Four {
      let outer = 0.5 * (g[0] + g[2])
      let inner = 0.5 * g[1]
      return [g[0], outer + inner, outer - inner, g[2]]
    }
  }
  enum FilterGradient: LineTransform {
    @inline(__always) static func apply(_ u: Four) -> Three {
      let sum = 0.5 * (u[1] + u[2])
      return [u[0] + sum, 0.5 * (u[1] - u[2]), sum + u[3]]
    }
  }
}

/// F(4, 3).
enum WinogradFour {
  enum Input: LineTransform {
    @inline(__always) static func apply(_ d: Six) -> Six {
      let (two, four, five) = (
        Vector(repeating: 2), Vector(repeating: 4), Vector(repeating: 5)
      )
      let even = fma(-four, d[2], d[4])
      let odd = fma(-four, d[1], d[3])
      let evenHalf = d[4] - d[2]
      let oddHalf = two * (d[3] - d[1])
      return [
        fma(four, d[0], fma(-five, d[2], d[4])), even + odd, even - odd, evenHalf + oddHalf,
        evenHalf - oddHalf, fma(four, d[1], fma(-five, d[3], d[5])),
      ]
    }
  }
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Six) -> Four {
      let (sum, difference) = (m[1] + m[2], m[1] - m[2])
      let (farSum, farDifference) = (m[3] + m[4], m[3] - m[4])
      return [
        m[0] + sum + farSum, fma(Vector(repeating: 2), farDifference, difference),
        fma(Vector(repeating: 4), farSum, sum),
        fma(Vector(repeating: 8), farDifference, difference) + m[5],
      ]
    }
  }
  enum OutputGradient: LineTransform {
    @inline(__always) static func apply(_ y: Four) -> Six {
      let (even, odd) = (y[0] + y[2], y[1] + y[3])
      let farEven = fma(Vector(repeating: 4), y[2], y[0])
      let farOdd = fma(Vector(repeating: 8), y[3], y[1] + y[1])
      return [y[0], even + odd, even - odd, farEven + farOdd, farEven - farOdd, y[3]]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Three) -> Six {
      let sixth = Vector(repeating: -1.0 / 6)
      let outer = sixth * (g[0] + g[2])
      let inner = sixth * g[1]
      let far = fma(Vector(repeating: 1.0 / 24), g[0], Vector(repeating: 1.0 / 6) * g[2])
      let farInner = Vector(repeating: 1.0 / 12) * g[1]
      return [0.25 * g[0], outer + inner, outer - inner, far + farInner, far - farInner, g[2]]
    }
  }
  enum FilterGradient: LineTransform {
    @inline(__always) static func apply(_ u: Six) -> Three {
      let sixth = Vector(repeating: -1.0 / 6)
      let (near, far) = (u[1] + u[2], u[3] + u[4])
      return [
        fma(Vector(repeating: 0.25), u[0], fma(sixth, near, Vector(repeating: 1.0 / 24) * far)),
        fma(sixth, u[1] - u[2], Vector(repeating: 1.0 / 12) * (u[3] - u[4])),
        fma(sixth, near, fma(-sixth, far, u[5])),
      ]
    }
  }
}

/// F(5, 3).
enum WinogradFive {
  enum Input: LineTransform {
    // All points but 1/2 are those of F(4, 3): their rows are its rows of x - 1/2 times the line.
    @inline(__always) static func apply(_ d: Seven) -> Seven {
      let half = Vector(repeating: -0.5)
      let four = WinogradFour.Input.apply([
        fma(half, d[0], d[1]), fma(half, d[1], d[2]), fma(half, d[2], d[3]),
        fma(half, d[3], d[4]), fma(half, d[4], d[5]), fma(half, d[5], d[6]),
      ])
      let middle = fma(Vector(repeating: 4), d[1], fma(Vector(repeating: -5), d[3], d[5]))
      return [four[0], four[1], four[2], four[3], four[4], middle, four[5]]
    }
  }
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Seven) -> Five {
      let (s, d) = (m[1] + m[2], m[1] - m[2])
      let (sFar, dFar) = (m[3] + m[4], m[3] - m[4])
      return [
        m[0] + m[5] + s + sFar,
        fma(Vector(repeating: 2), dFar, fma(Vector(repeating: 0.5), m[5], d)),
        fma(Vector(repeating: 4), sFar, fma(Vector(repeating: 0.25), m[5], s)),
        fma(Vector(repeating: 8), dFar, fma(Vector(repeating: 0.125), m[5], d)),
        fma(Vector(repeating: 16), sFar, fma(Vector(repeating: 0.0625), m[5], s)) + m[6],
      ]
    }
  }
  enum OutputGradient: LineTransform {
    @inline(__always) static func apply(_ y: Five) -> Seven {
      let (even, odd) = (y[0] + y[2] + y[4], y[1] + y[3])
      let farEven = fma(Vector(repeating: 16), y[4], fma(Vector(repeating: 4), y[2], y[0]))
      let farOdd = fma(Vector(repeating: 8), y[3], y[1] + y[1])
      let halfEven = fma(
        Vector(repeating: 0.0625), y[4], fma(Vector(repeating: 0.25), y[2], y[0]))
      let halfOdd = fma(Vector(repeating: 0.125), y[3], Vector(repeating: 0.5) * y[1])
      return [
        y[0], even + odd, even - odd, farEven + farOdd, farEven - farOdd, halfEven + halfOdd, y[4],
      ]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Three) -> Seven {
      @inline(__always) func at(_ a: Float, _ b: Float, _ c: Float) -> Vector {
        fma(
          Vector(repeating: a), g[0], fma(Vector(repeating: b), g[1], Vector(repeating: c) * g[2]))
      }
      return [
        -0.5 * g[0], at(-1.0 / 3, -1.0 / 3, -1.0 / 3), at(1.0 / 9, -1.0 / 9, 1.0 / 9),
        at(1.0 / 36, 1.0 / 18, 1.0 / 9), at(-1.0 / 60, 1.0 / 30, -1.0 / 15),
        at(32.0 / 45, 16.0 / 45, 8.0 / 45), g[2],
      ]
    }
  }
  enum FilterGradient: LineTransform {
    @inline(__always) static func apply(_ u: Seven) -> Three {
      @inline(__always) func sum(_ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float)
        -> Vector
      {
        let near = fma(Vector(repeating: a), u[1], Vector(repeating: b) * u[2])
        let far = fma(Vector(repeating: c), u[3], Vector(repeating: d) * u[4])
        return fma(Vector(repeating: e), u[5], near + far)
      }
      return [
        fma(
          Vector(repeating: -0.5), u[0], sum(-1.0 / 3, 1.0 / 9, 1.0 / 36, -1.0 / 60, 32.0 / 45)),
        sum(-1.0 / 3, -1.0 / 9, 1.0 / 18, 1.0 / 30, 16.0 / 45),
        u[6] + sum(-1.0 / 3, 1.0 / 9, 1.0 / 9, -1.0 / 15, 8.0 / 45),
      ]
    }
  }
}
