import KernelContract

// Operations per channel over channels-last pixels. Channels run in vectors; the last, partial one is loaded and stored by lane.

@inline(__always)
func forChannelVectors(_ channels: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
  var c = 0
  while c < channels {
    body(c, min(lanes, channels - c))
    c += lanes
  }
}

@inline(__always) func load(_ p: ConstFloats, upTo count: Int) -> Vector {
  count == lanes ? load(p) : load(p, first: count)
}

@inline(__always) func store(_ v: Vector, _ p: Floats, upTo count: Int) {
  if count == lanes { store(v, p) } else { store(v, p, first: count) }
}

// Floats are summed over short runs only; the runs are added in double precision.
let sumRun = 64

extension Bodies {
  package static func channelMoments(
    _ x: ConstFloats, shift: ConstFloats, count: Int, channels: Int,
    sums: UnsafeMutablePointer<Double>, squares: UnsafeMutablePointer<Double>
  ) {
    forChannelVectors(channels) { c, n in
      for i in 0..<n { (sums[c + i], squares[c + i]) = (0, 0) }
      let s = load(shift + c, upTo: n)
      var pixel = 0
      while pixel < count {
        let end = min(count, pixel + sumRun)
        var sum = Vector.zero
        var square = Vector.zero
        for p in pixel..<end {
          let d = load(x + p * channels + c, upTo: n) - s
          sum += d
          square = fma(d, d, square)
        }
        for i in 0..<n {
          sums[c + i] += Double(sum[i])
          squares[c + i] += Double(square[i])
        }
        pixel = end
      }
    }
  }

  package static func scaleOffset(
    _ x: ConstFloats, scale: ConstFloats, offset: ConstFloats, activation: Activation?,
    into y: Floats, count: Int, channels: Int
  ) {
    switch activation {
    case nil: scaleOffset(x, scale, offset, y, count, channels) { $0 }
    case .relu: scaleOffset(x, scale, offset, y, count, channels) { activated(.relu, $0) }
    case .relu6: scaleOffset(x, scale, offset, y, count, channels) { activated(.relu6, $0) }
    case .gelu: scaleOffset(x, scale, offset, y, count, channels) { activated(.gelu, $0) }
    case .silu: scaleOffset(x, scale, offset, y, count, channels) { activated(.silu, $0) }
    }
  }

  @inline(__always)
  private static func scaleOffset(
    _ x: ConstFloats, _ scale: ConstFloats, _ offset: ConstFloats, _ y: Floats, _ count: Int,
    _ channels: Int, _ f: (Vector) -> Vector
  ) {
    for p in 0..<count {
      let from = x + p * channels
      let to = y + p * channels
      forChannelVectors(channels) { c, n in
        let v = fma(load(from + c, upTo: n), load(scale + c, upTo: n), load(offset + c, upTo: n))
        store(f(v), to + c, upTo: n)
      }
    }
  }

  package static func addBias(
    _ bias: ConstFloats, activation: Activation?, to y: Floats, count: Int, channels: Int
  ) {
    for p in 0..<count {
      let to = y + p * channels
      forChannelVectors(channels) { c, n in
        store(load(UnsafePointer(to + c), upTo: n) + load(bias + c, upTo: n), to + c, upTo: n)
      }
    }
    if let activation { activate(activation, y, into: y, count: count * channels) }
  }

  package static func channelSums(
    _ dy: ConstFloats, count: Int, channels: Int, into sums: UnsafeMutablePointer<Double>
  ) {
    forChannelVectors(channels) { c, n in
      for i in 0..<n { sums[c + i] = 0 }
      var pixel = 0
      while pixel < count {
        let end = min(count, pixel + sumRun)
        var sum = Vector.zero
        for p in pixel..<end { sum += load(dy + p * channels + c, upTo: n) }
        for i in 0..<n { sums[c + i] += Double(sum[i]) }
        pixel = end
      }
    }
  }

  package static func batchNormGradientSums(
    dy: ConstFloats, x: ConstFloats, mean: ConstFloats, inverseDeviation: ConstFloats, count: Int,
    channels: Int, sums: UnsafeMutablePointer<Double>, products: UnsafeMutablePointer<Double>
  ) {
    forChannelVectors(channels) { c, n in
      for i in 0..<n { (sums[c + i], products[c + i]) = (0, 0) }
      let m = load(mean + c, upTo: n)
      let r = load(inverseDeviation + c, upTo: n)
      var pixel = 0
      while pixel < count {
        let end = min(count, pixel + sumRun)
        var sum = Vector.zero
        var product = Vector.zero
        for p in pixel..<end {
          let d = load(dy + p * channels + c, upTo: n)
          sum += d
          product = fma(d, (load(x + p * channels + c, upTo: n) - m) * r, product)
        }
        for i in 0..<n {
          sums[c + i] += Double(sum[i])
          products[c + i] += Double(product[i])
        }
        pixel = end
      }
    }
  }

  package static func batchNormInputGradient(
    dy: ConstFloats, x: ConstFloats, mean: ConstFloats, inverseDeviation: ConstFloats,
    factor: ConstFloats, meanDy: ConstFloats, meanProduct: ConstFloats, into dx: Floats, count: Int,
    channels: Int
  ) {
    for p in 0..<count {
      let at = p * channels
      forChannelVectors(channels) { c, n in
        let normalised =
          (load(x + at + c, upTo: n) - load(mean + c, upTo: n))
          * load(inverseDeviation + c, upTo: n)
        let d = load(dy + at + c, upTo: n) - load(meanDy + c, upTo: n)
        let v = load(factor + c, upTo: n) * fma(-normalised, load(meanProduct + c, upTo: n), d)
        store(v, dx + at + c, upTo: n)
      }
    }
  }
}
