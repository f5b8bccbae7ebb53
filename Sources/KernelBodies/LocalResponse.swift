import KernelContract

// The squares of a pixel lie in the scratch between zeros, so that a sum near the first or last channel needs no case of its own.

@inline(__always)
private func windowSum(_ middle: Floats, _ g: LocalResponse, upTo n: Int) -> Vector {
  var sum = Vector.zero
  for d in -g.reach...g.reach { sum += load(UnsafePointer(middle + d), upTo: n) }
  return sum
}

/// s^-β.
@inline(__always) private func shrinkage(_ s: Vector, _ g: LocalResponse) -> Vector {
  let root = s.squareRoot().squareRoot()
  var power = Vector(repeating: 1)
  for _ in 0..<g.quarters { power *= root }
  return 1 / power
}

/// Where the pixel's numbers go in a zeroed part of the scratch.
@inline(__always) private func cleared(_ scratch: Floats, _ g: LocalResponse) -> Floats {
  for i in 0..<g.channels + 2 * g.reach { scratch[i] = 0 }
  return scratch + g.reach
}

@inline(__always) private func square(_ x: ConstFloats, into y: Floats, _ count: Int) {
  mapVectors(x, y, count) { $0 * $0 }
}

extension Bodies {
  package static func localResponseNorm(
    _ x: ConstFloats, into y: Floats, _ g: LocalResponse, pixels: Int, scratch: Floats
  ) {
    let squares = cleared(scratch, g)
    let (scale, offset) = (Vector(repeating: g.scale), Vector(repeating: g.offset))
    for p in 0..<pixels {
      let at = p * g.channels
      square(x + at, into: squares, g.channels)
      forChannelVectors(g.channels) { c, n in
        let s = fma(windowSum(squares + c, g, upTo: n), scale, offset)
        store(load(x + at + c, upTo: n) * shrinkage(s, g), y + at + c, upTo: n)
      }
    }
  }

  package static func localResponseNormGradient(
    dy: ConstFloats, x: ConstFloats, into dx: Floats, _ g: LocalResponse, pixels: Int,
    scratch: Floats
  ) {
    let squares = cleared(scratch, g)
    let ratios = cleared(scratch + g.channels + 2 * g.reach, g)
    let (scale, offset) = (Vector(repeating: g.scale), Vector(repeating: g.offset))
    let factor = Vector(repeating: -2 * g.scale * g.exponent)
    for p in 0..<pixels {
      let at = p * g.channels
      square(x + at, into: squares, g.channels)
      forChannelVectors(g.channels) { c, n in
        let s = fma(windowSum(squares + c, g, upTo: n), scale, offset)
        let direct = load(dy + at + c, upTo: n) * shrinkage(s, g)
        store(direct * load(x + at + c, upTo: n) / s, ratios + c, upTo: n)
        store(direct, dx + at + c, upTo: n)
      }
      forChannelVectors(g.channels) { c, n in
        let around = factor * load(x + at + c, upTo: n)
        let direct = load(UnsafePointer(dx + at + c), upTo: n)
        store(fma(around, windowSum(ratios + c, g, upTo: n), direct), dx + at + c, upTo: n)
      }
    }
  }
}
