import KernelContract

extension Bodies {
  package static func add(
    _ x: ConstFloats, _ y: ConstFloats, low: Float, high: Float, into z: Floats, count: Int
  ) {
    let (low, high) = (Vector(repeating: low), Vector(repeating: high))
    mapVectors(x, y, z, count) { clamped($0 + $1, low, high) }
  }

  package static func scale(_ x: ConstFloats, by s: Float, into y: Floats, count: Int) {
    mapVectors(x, y, count) { $0 * s }
  }

  package static func nesterovStep(
    weights w: Floats, gradient g: ConstFloats, velocity v: Floats, rate: Float, momentum: Float,
    decay: Float, count: Int
  ) {
    @inline(__always) func step(_ i: Int, _ w0: Vector, _ g0: Vector, _ v0: Vector) -> (
      Vector, Vector
    ) {
      let d = fma(Vector(repeating: decay), w0, g0)
      let v1 = fma(Vector(repeating: momentum), v0, d)
      let u = fma(Vector(repeating: momentum), v1, d)
      return (fma(Vector(repeating: -rate), u, w0), v1)
    }
    var i = 0
    while i + lanes <= count {
      let (w1, v1) = step(i, load(w + i), load(g + i), load(v + i))
      store(w1, w + i)
      store(v1, v + i)
      i += lanes
    }
    let n = count - i
    if n > 0 {
      let (w1, v1) = step(i, load(w + i, first: n), load(g + i, first: n), load(v + i, first: n))
      store(w1, w + i, first: n)
      store(v1, v + i, first: n)
    }
  }

  package static func adamWStep(
    weights w: Floats, gradient g: ConstFloats, mean m: Floats, square s: Floats, rate: Float,
    beta1: Float, beta2: Float, epsilon: Float, correction1: Float, correction2: Float,
    decay: Float,
    count: Int
  ) {
    @inline(__always)
    func step(_ w0: Vector, _ g0: Vector, _ m0: Vector, _ s0: Vector) -> (Vector, Vector, Vector) {
      let m1 = fma(Vector(repeating: 1 - beta1), g0 - m0, m0)
      let s1 = fma(Vector(repeating: 1 - beta2), g0 * g0 - s0, s0)
      let deviation = (s1 * correction2).squareRoot() + epsilon
      let shrunk = w0 * (1 - rate * decay)
      return (shrunk - (rate * correction1) * m1 / deviation, m1, s1)
    }
    var i = 0
    while i + lanes <= count {
      let (w1, m1, s1) = step(load(w + i), load(g + i), load(m + i), load(s + i))
      store(w1, w + i)
      store(m1, m + i)
      store(s1, s + i)
      i += lanes
    }
    let n = count - i
    if n > 0 {
      let (w1, m1, s1) = step(
        load(w + i, first: n), load(g + i, first: n), load(m + i, first: n), load(s + i, first: n))
      store(w1, w + i, first: n)
      store(m1, m + i, first: n)
      store(s1, s + i, first: n)
    }
  }

  package static func softmax(_ x: ConstFloats, into p: Floats, rows: Int, classes: Int) {
    for row in 0..<rows {
      let from = x + row * classes
      let to = p + row * classes
      var largest = -Float.infinity
      for i in 0..<classes { largest = from[i] > largest || from[i].isNaN ? from[i] : largest }
      mapVectors(from, to, classes) { exponential($0 - largest) }
      var sum: Float = 0
      for i in 0..<classes { sum += to[i] }
      let inverse = 1 / sum
      for i in 0..<classes { to[i] *= inverse }
    }
  }
}
