import KernelContract

// Operations per channel over channels-last pixels. Channels run in vectors; the last, partial one is loaded and stored by lane.

@inline(__always)
func forChannelVectors(_ channels: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
  forChannelVectors(0..<channels, body)
}

@inline(__always)
func forChannelVectors(_ channels: Range<Int>, _ body: (_ first: Int, _ count: Int) -> Void) {
  var c = channels.lowerBound
  while c + lanes <= channels.upperBound {
    body(c, lanes)
    c += lanes
  }
  if c < channels.upperBound { body(c, channels.upperBound - c) }
}

@inline(__always) func load(_ p: ConstFloats, upTo count: Int) -> Vector {
  count == lanes ? load(p) : load(p, first: count)
}

@inline(__always) func store(_ v: Vector, _ p: Floats, upTo count: Int) {
  if count == lanes { store(v, p) } else { store(v, p, first: count) }
}

// Floats are summed over short runs of pixels only, which stay in the first-level cache for all channels; the runs are added in double precision.
let sumRun = 64

/// Calls body(pixels of a run, first channel, channels) for every run and vector of channels, the runs outermost.
@inline(__always)
func forEachRun(_ count: Int, _ channels: Int, _ body: (Range<Int>, Int, Int) -> Void) {
  for first in stride(from: 0, to: count, by: sumRun) {
    for c in stride(from: 0, to: channels, by: lanes) {
      body(first..<min(count, first + sumRun), c, min(lanes, channels - c))
    }
  }
}

@inline(__always)
func accumulate(_ v: Vector, into sums: UnsafeMutablePointer<Double>, first count: Int) {
  for i in 0..<count { sums[i] += Double(v[i]) }
}

extension Bodies {
  package static func channelMoments(
    _ x: ConstFloats, shift: ConstFloats, count: Int, channels: Int,
    sums: UnsafeMutablePointer<Double>, squares: UnsafeMutablePointer<Double>
  ) {
    forEachRun(count, channels) { pixels, c, n in
      let s = load(shift + c, upTo: n)
      var sum = Vector.zero
      var square = Vector.zero
      for p in pixels {
        let d = load(x + p * channels + c, upTo: n) - s
        sum += d
        square = fma(d, d, square)
      }
      accumulate(sum, into: sums + c, first: n)
      accumulate(square, into: squares + c, first: n)
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
    forEachRun(count, channels) { pixels, c, n in
      var sum = Vector.zero
      for p in pixels { sum += load(dy + p * channels + c, upTo: n) }
      accumulate(sum, into: sums + c, first: n)
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
