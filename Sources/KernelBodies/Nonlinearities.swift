import KernelContract

/// A function of one number and its derivative. A type, not a closure: only so is it surely inlined.
protocol Nonlinear {
  static func value(_ x: Vector) -> Vector
  static func slope(_ x: Vector) -> Vector
}

enum Identity: Nonlinear {
  @inline(__always) static func value(_ x: Vector) -> Vector { x }
  @inline(__always) static func slope(_ x: Vector) -> Vector { Vector(repeating: 1) }
}

enum Relu: Nonlinear {
  @inline(__always) static func value(_ x: Vector) -> Vector { x.replacing(with: 0, where: x .< 0) }
  @inline(__always) static func slope(_ x: Vector) -> Vector {
    Vector.zero.replacing(with: 1, where: x .> 0)
  }
}

enum Relu6: Nonlinear {
  @inline(__always) static func value(_ x: Vector) -> Vector {
    x.replacing(with: 0, where: x .< 0).replacing(with: 6, where: x .> 6)
  }
  @inline(__always) static func slope(_ x: Vector) -> Vector {
    Vector.zero.replacing(with: 1, where: (x .> 0) .& (x .< 6))
  }
}

enum Gelu: Nonlinear {
  @inline(__always) static func value(_ x: Vector) -> Vector { x * normalDistribution(x) }
  @inline(__always) static func slope(_ x: Vector) -> Vector {
    let density = 0.398_942_28 * exponential(-0.5 * x * x)
    return normalDistribution(x) + x * density
  }
}

enum Silu: Nonlinear {
  @inline(__always) static func value(_ x: Vector) -> Vector { x * sigmoid(x) }
  @inline(__always) static func slope(_ x: Vector) -> Vector {
    let s = sigmoid(x)
    return s * (1 + x * (1 - s))
  }
}

extension Bodies {
  package static func activate(
    _ activation: Activation, _ x: ConstFloats, into y: Floats, count: Int
  ) {
    switch activation {
    case .relu: mapVectors(x, y, count) { Relu.value($0) }
    case .relu6: mapVectors(x, y, count) { Relu6.value($0) }
    case .gelu: mapVectors(x, y, count) { Gelu.value($0) }
    case .silu: mapVectors(x, y, count) { Silu.value($0) }
    }
  }

  package static func activationGradient(
    _ activation: Activation, dy: ConstFloats, x: ConstFloats, into dx: Floats, count: Int
  ) {
    switch activation {
    case .relu: mapVectors(dy, x, dx, count) { $0 * Relu.slope($1) }
    case .relu6: mapVectors(dy, x, dx, count) { $0 * Relu6.slope($1) }
    case .gelu: mapVectors(dy, x, dx, count) { $0 * Gelu.slope($1) }
    case .silu: mapVectors(dy, x, dx, count) { $0 * Silu.slope($1) }
    }
  }

  package static func scaleOffset(
    _ x: ConstFloats, scale: ConstFloats, offset: ConstFloats, activation: Activation?,
    into y: Floats, count: Int, channels: Int
  ) {
    switch activation {
    case nil: scaleOffset(Identity.self, x, scale, offset, y, count, channels)
    case .relu: scaleOffset(Relu.self, x, scale, offset, y, count, channels)
    case .relu6: scaleOffset(Relu6.self, x, scale, offset, y, count, channels)
    case .gelu: scaleOffset(Gelu.self, x, scale, offset, y, count, channels)
    case .silu: scaleOffset(Silu.self, x, scale, offset, y, count, channels)
    }
  }

  @inline(__always)
  private static func scaleOffset<Function: Nonlinear>(
    _: Function.Type, _ x: ConstFloats, _ scale: ConstFloats, _ offset: ConstFloats, _ y: Floats,
    _ count: Int, _ channels: Int
  ) {
    for p in 0..<count {
      let from = x + p * channels
      let to = y + p * channels
      forChannelVectors(channels) { c, n in
        let v = fma(load(from + c, upTo: n), load(scale + c, upTo: n), load(offset + c, upTo: n))
        store(Function.value(v), to + c, upTo: n)
      }
    }
  }

  package static func normGradient(
    _ activation: Activation?, dy: ConstFloats, x: ConstFloats, mean: ConstFloats,
    inverseDeviation: ConstFloats, scale: ConstFloats, offset: ConstFloats, into d: Floats,
    count: Int, channels: Int, sums: UnsafeMutablePointer<Double>,
    products: UnsafeMutablePointer<Double>
  ) {
    @inline(__always) func run<Function: Nonlinear>(_: Function.Type) {
      forEachRun(count, channels) { pixels, c, n in
        let (m, r) = (load(mean + c, upTo: n), load(inverseDeviation + c, upTo: n))
        let (s, o) = (load(scale + c, upTo: n), load(offset + c, upTo: n))
        var sum = Vector.zero
        var product = Vector.zero
        for p in pixels {
          let at = p * channels + c
          let v = load(x + at, upTo: n)
          let g = load(dy + at, upTo: n) * Function.slope(fma(v, s, o))
          store(g, d + at, upTo: n)
          sum += g
          product = fma(g, (v - m) * r, product)
        }
        accumulate(sum, into: sums + c, first: n)
        accumulate(product, into: products + c, first: n)
      }
    }
    switch activation {
    case nil: run(Identity.self)
    case .relu: run(Relu.self)
    case .relu6: run(Relu6.self)
    case .gelu: run(Gelu.self)
    case .silu: run(Silu.self)
    }
  }
}
