import KernelContract

// The transforms with eight points.

/// F(6, 3).
enum WinogradSix {
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
enum WinogradFourOfFive {
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

/// F(7, 2): strides of 2 under kernels of 3.
enum WinogradSevenOfTwo {
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Eight) -> Seven {
      let six = WinogradSix.Output.apply([
        m[0], m[1], m[2], m[3], m[4], m[5], m[6], Vector.zero,
      ])
      let last = fma(
        Vector(repeating: 64), m[3] + m[4],
        fma(Vector(repeating: 0.015625), m[5] + m[6], m[1] + m[2]))
      return [six[0], six[1], six[2], six[3], six[4], six[5], last + m[7]]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Two) -> Eight {
      @inline(__always) func at(_ a: Float, _ b: Float) -> (Vector, Vector) {
        (
          fma(Vector(repeating: a), g[0], Vector(repeating: b) * g[1]),
          fma(Vector(repeating: a), g[0], Vector(repeating: -b) * g[1])
        )
      }
      let near = at(-2.0 / 9, -2.0 / 9)
      let far = at(1.0 / 90, 1.0 / 45)
      let half = at(32.0 / 45, 16.0 / 45)
      return [g[0], near.0, near.1, far.0, far.1, half.0, half.1, g[1]]
    }
  }
}

/// F(5, 4): strides of 2 under kernels of 7.
enum WinogradFiveOfFour {
  enum Output: LineTransform {
    @inline(__always) static func apply(_ m: Eight) -> Five {
      let four = WinogradFourOfFive.Output.apply([
        m[0], m[1], m[2], m[3], m[4], m[5], m[6], Vector.zero,
      ])
      let last = fma(
        Vector(repeating: 16), m[3] + m[4],
        fma(Vector(repeating: 0.0625), m[5] + m[6], m[1] + m[2]))
      return [four[0], four[1], four[2], four[3], last + m[7]]
    }
  }
  enum Filter: LineTransform {
    @inline(__always) static func apply(_ g: Four) -> Eight {
      @inline(__always) func at(_ a: Float, _ b: Float, _ c: Float, _ d: Float) -> (Vector, Vector)
      {
        let even = fma(Vector(repeating: a), g[0], Vector(repeating: c) * g[2])
        let odd = fma(Vector(repeating: b), g[1], Vector(repeating: d) * g[3])
        return (even + odd, even - odd)
      }
      let near = at(-2.0 / 9, -2.0 / 9, -2.0 / 9, -2.0 / 9)
      let far = at(1.0 / 90, 1.0 / 45, 2.0 / 45, 4.0 / 45)
      let half = at(32.0 / 45, 16.0 / 45, 8.0 / 45, 4.0 / 45)
      return [g[0], near.0, near.1, far.0, far.1, half.0, half.1, g[3]]
    }
  }
}
