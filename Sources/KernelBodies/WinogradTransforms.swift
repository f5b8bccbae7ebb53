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

/// The five transforms of one size of tile.
protocol WinogradTransforms {
  associatedtype Input: LineTransform
  associatedtype Output: LineTransform
  associatedtype OutputGradient: LineTransform
  associatedtype Filter: LineTransform
  associatedtype FilterGradient: LineTransform
}

/// F(2, 3).
enum WinogradTwo: WinogradTransforms {
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
enum WinogradFour: WinogradTransforms {
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
enum WinogradFive: WinogradTransforms {
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

/// F(6, 3).
enum WinogradSix: WinogradTransforms {
  enum Input: LineTransform {
    @inline(__always) static func apply(_ d: Eight) -> Eight {
      let long = Vector(repeating: 5.25)
      let even = fma(Vector(repeating: -4.25), d[4], d[2] + d[6])
      let odd = fma(Vector(repeating: -4.25), d[3], d[1] + d[5])
      let evenFar = fma(Vector(repeating: 0.25), d[2], fma(Vector(repeating: -1.25), d[4], d[6]))
      let oddFar = fma(
        Vector(repeating: 0.5), d[1], fma(Vector(repeating: -2.5), d[3], d[5] + d[5]))
      let evenNear = fma(Vector(repeating: 4), d[2], fma(Vector(repeating: -5), d[4], d[6]))
      let oddNear = fma(
        Vector(repeating: 2), d[1],
        fma(Vector(repeating: -2.5), d[3], Vector(repeating: 0.5) * d[5]))
      return [
        fma(long, d[4] - d[2], d[0] - d[6]), even + odd, even - odd, evenFar + oddFar,
        evenFar - oddFar, evenNear + oddNear, evenNear - oddNear,
        fma(long, d[3] - d[5], d[7] - d[1]),
      ]
    }
  }
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Eight) -> Six {
      let (s, d) = (m[1] + m[2], m[1] - m[2])
      let (sFar, dFar) = (m[3] + m[4], m[3] - m[4])
      let (sNear, dNear) = (m[5] + m[6], m[5] - m[6])
      return [
        m[0] + s + sFar + sNear,
        fma(Vector(repeating: 2), dFar, fma(Vector(repeating: 0.5), dNear, d)),
        fma(Vector(repeating: 4), sFar, fma(Vector(repeating: 0.25), sNear, s)),
        fma(Vector(repeating: 8), dFar, fma(Vector(repeating: 0.125), dNear, d)),
        fma(Vector(repeating: 16), sFar, fma(Vector(repeating: 0.0625), sNear, s)),
        fma(Vector(repeating: 32), dFar, fma(Vector(repeating: 0.03125), dNear, d)) + m[7],
      ]
    }
  }
  enum OutputGradient: LineTransform {
    @inline(__always) static func apply(_ y: Six) -> Eight {
      @inline(__always) func at(_ square: Float) -> (even: Vector, odd: Vector) {
        let q = Vector(repeating: square)
        return (fma(q, fma(q, y[4], y[2]), y[0]), fma(q, fma(q, y[5], y[3]), y[1]))
      }
      let (near, far, half) = (at(1), at(4), at(0.25))
      let (farOdd, halfOdd) = (far.odd + far.odd, 0.5 * half.odd)
      return [
        y[0], near.even + near.odd, near.even - near.odd, far.even + farOdd, far.even - farOdd,
        half.even + halfOdd, half.even - halfOdd, y[5],
      ]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Three) -> Eight {
      @inline(__always) func at(_ a: Float, _ b: Float, _ c: Float) -> (Vector, Vector) {
        let outer = fma(Vector(repeating: a), g[0], Vector(repeating: c) * g[2])
        let inner = Vector(repeating: b) * g[1]
        return (outer + inner, outer - inner)
      }
      let near = at(-2.0 / 9, -2.0 / 9, -2.0 / 9)
      let far = at(1.0 / 90, 1.0 / 45, 2.0 / 45)
      let half = at(32.0 / 45, 16.0 / 45, 8.0 / 45)
      return [g[0], near.0, near.1, far.0, far.1, half.0, half.1, g[2]]
    }
  }
  enum FilterGradient: LineTransform {
    @inline(__always) static func apply(_ u: Eight) -> Three {
      let near = Vector(repeating: -2.0 / 9)
      let (s, sFar, sHalf) = (u[1] + u[2], u[3] + u[4], u[5] + u[6])
      let (d, dFar, dHalf) = (u[1] - u[2], u[3] - u[4], u[5] - u[6])
      return [
        u[0]
          + fma(
            near, s,
            fma(Vector(repeating: 1.0 / 90), sFar, Vector(repeating: 32.0 / 45) * sHalf)),
        fma(near, d, fma(Vector(repeating: 1.0 / 45), dFar, Vector(repeating: 16.0 / 45) * dHalf)),
        u[7]
          + fma(
            near, s, fma(Vector(repeating: 2.0 / 45), sFar, Vector(repeating: 8.0 / 45) * sHalf)),
      ]
    }
  }
}

/// F(4, 5).
enum WinogradFourOfFive: WinogradTransforms {
  typealias Input = WinogradSix.Input
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Eight) -> Four {
      let (s, d) = (m[1] + m[2], m[1] - m[2])
      let (sFar, dFar) = (m[3] + m[4], m[3] - m[4])
      let (sHalf, dHalf) = (m[5] + m[6], m[5] - m[6])
      return [
        m[0] + s + sFar + sHalf,
        fma(Vector(repeating: 2), dFar, fma(Vector(repeating: 0.5), dHalf, d)),
        fma(Vector(repeating: 4), sFar, fma(Vector(repeating: 0.25), sHalf, s)),
        fma(Vector(repeating: 8), dFar, fma(Vector(repeating: 0.125), dHalf, d)) + m[7],
      ]
    }
  }
  enum OutputGradient: LineTransform {
    @inline(__always) static func apply(_ y: Four) -> Eight {
      let (even, odd) = (y[0] + y[2], y[1] + y[3])
      let farEven = fma(Vector(repeating: 4), y[2], y[0])
      let farOdd = fma(Vector(repeating: 8), y[3], y[1] + y[1])
      let halfEven = fma(Vector(repeating: 0.25), y[2], y[0])
      let halfOdd = fma(Vector(repeating: 0.125), y[3], Vector(repeating: 0.5) * y[1])
      return [
        y[0], even + odd, even - odd, farEven + farOdd, farEven - farOdd, halfEven + halfOdd,
        halfEven - halfOdd, y[3],
      ]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Five) -> Eight {
      @inline(__always) func at(_ a: Float, _ b: Float, _ c: Float, _ d: Float, _ e: Float) -> (
        Vector, Vector
      ) {
        let even = fma(
          Vector(repeating: a), g[0],
          fma(Vector(repeating: c), g[2], Vector(repeating: e) * g[4]))
        let odd = fma(Vector(repeating: b), g[1], Vector(repeating: d) * g[3])
        return (even + odd, even - odd)
      }
      let near = at(-2.0 / 9, -2.0 / 9, -2.0 / 9, -2.0 / 9, -2.0 / 9)
      let far = at(1.0 / 90, 1.0 / 45, 2.0 / 45, 4.0 / 45, 8.0 / 45)
      let half = at(32.0 / 45, 16.0 / 45, 8.0 / 45, 4.0 / 45, 2.0 / 45)
      return [g[0], near.0, near.1, far.0, far.1, half.0, half.1, g[4]]
    }
  }
  enum FilterGradient: LineTransform {
    @inline(__always) static func apply(_ u: Eight) -> Five {
      let (s, sFar, sHalf) = (u[1] + u[2], u[3] + u[4], u[5] + u[6])
      let (d, dFar, dHalf) = (u[1] - u[2], u[3] - u[4], u[5] - u[6])
      @inline(__always) func sum(
        _ near: Vector, _ far: Vector, _ a: Float, _ half: Vector, _ b: Float
      )
        -> Vector
      {
        fma(
          Vector(repeating: -2.0 / 9), near,
          fma(Vector(repeating: a), far, Vector(repeating: b) * half))
      }
      return [
        u[0] + sum(s, sFar, 1.0 / 90, sHalf, 32.0 / 45), sum(d, dFar, 1.0 / 45, dHalf, 16.0 / 45),
        sum(s, sFar, 2.0 / 45, sHalf, 8.0 / 45), sum(d, dFar, 4.0 / 45, dHalf, 4.0 / 45),
        u[7] + sum(s, sFar, 8.0 / 45, sHalf, 2.0 / 45),
      ]
    }
  }
}
