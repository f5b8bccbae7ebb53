// Pooling, batch norm and pointwise work: the table's face for the bodies of the same names, where each formula stands.

extension KernelTable {
  /// The largest value of each window into `y`, and its place in the window (row * windowColumns + column) into `argmax`; `rows` nil: all output rows. A NaN wins.
  public func maxPool(
    _ x: ConstFloats, into y: Floats, argmax: UnsafeMutablePointer<UInt8>?, _ g: PoolGeometry,
    images: Int, rows: Range<Int>? = nil
  ) {
    precondition(g.windowRows * g.windowColumns <= 256, "maxPool: a window of more than 256 pixels")
    bodies.maxPool(
      x, into: y, argmax: argmax, g, images: images, rows: rows ?? 0..<g.outputRows)
  }

  /// Sends each window's gradient to its winner; overwrites dx.
  public func maxPoolGradient(
    _ dy: ConstFloats, argmax: UnsafePointer<UInt8>, into dx: Floats, _ g: PoolGeometry, images: Int
  ) { bodies.maxPoolGradient(dy, argmax: argmax, into: dx, g, images: images) }

  /// The mean of each window; `channels` nil: of all channels.
  public func averagePool(
    _ x: ConstFloats, into y: Floats, _ g: PoolGeometry, images: Int, channels: Range<Int>? = nil
  ) { bodies.averagePool(x, into: y, g, images: images, channels: channels ?? 0..<g.channels) }

  /// Shares each window's gradient out evenly; overwrites dx.
  public func averagePoolGradient(
    _ dy: ConstFloats, into dx: Floats, _ g: PoolGeometry, images: Int
  ) { bodies.averagePoolGradient(dy, into: dx, g, images: images) }

  /// The mean of each channel over the whole map: `[image, pixel, channel]` to `[image, channel]`.
  public func globalAveragePool(
    _ x: ConstFloats, into y: Floats, rows: Int, columns: Int, channels: Int, images: Int
  ) { averagePool(x, into: y, .whole(rows, columns, channels), images: images) }

  /// The gradient of `globalAveragePool`; overwrites dx.
  public func globalAveragePoolGradient(
    _ dy: ConstFloats, into dx: Floats, rows: Int, columns: Int, channels: Int, images: Int
  ) { averagePoolGradient(dy, into: dx, .whole(rows, columns, channels), images: images) }

  /// Per channel, Σ (x - shift) and Σ (x - shift)^2 over `count` pixels, in double precision from runs of 64, added to both. A shift
  /// inside the data keeps the variance exact when the mean is large.
  public func channelMoments(
    _ x: ConstFloats, shift: ConstFloats, count: Int, channels: Int,
    sums: UnsafeMutablePointer<Double>, squares: UnsafeMutablePointer<Double>
  ) {
    bodies.channelMoments(
      x, shift: shift, count: count, channels: channels, sums: sums, squares: squares)
  }

  /// Per channel, Σ x over `count` pixels, added to `sums`.
  public func channelSums(
    _ x: ConstFloats, count: Int, channels: Int, into sums: UnsafeMutablePointer<Double>
  ) { bodies.channelSums(x, count: count, channels: channels, into: sums) }

  /// y = f(x scale + offset) per channel; x and y may be the same.
  public func scaleOffset(
    _ x: ConstFloats, scale: ConstFloats, offset: ConstFloats, activation: Activation? = nil,
    into y: Floats, count: Int, channels: Int
  ) {
    bodies.scaleOffset(
      x, scale: scale, offset: offset, activation: activation, into: y, count: count,
      channels: channels)
  }

  /// y = f(y + bias) per channel.
  public func addBias(
    _ bias: ConstFloats, activation: Activation? = nil, to y: Floats, count: Int, channels: Int
  ) { bodies.addBias(bias, activation: activation, to: y, count: count, channels: channels) }

  /// d = dy f'(x scale + offset) per channel (Ioffe and Szegedy 2015, with the nonlinearity that follows), and Σ d and Σ d x̂, x̂ = (x - mean) inverseDeviation,
  /// added to `sums` and `products`; dy and d may be the same.
  public func normGradient(
    _ activation: Activation?, dy: ConstFloats, x: ConstFloats, mean: ConstFloats,
    inverseDeviation: ConstFloats, scale: ConstFloats, offset: ConstFloats, into d: Floats,
    count: Int, channels: Int, sums: UnsafeMutablePointer<Double>,
    products: UnsafeMutablePointer<Double>
  ) {
    bodies.normGradient(
      activation, dy: dy, x: x, mean: mean, inverseDeviation: inverseDeviation, scale: scale,
      offset: offset, into: d, count: count, channels: channels, sums: sums, products: products)
  }

  /// dx = factor (dy - meanDy - x̂ meanProduct) per channel, factor = scale inverseDeviation (Ioffe and Szegedy 2015); dy and dx may be the same.
  public func batchNormInputGradient(
    dy: ConstFloats, x: ConstFloats, mean: ConstFloats, inverseDeviation: ConstFloats,
    factor: ConstFloats, meanDy: ConstFloats, meanProduct: ConstFloats, into dx: Floats, count: Int,
    channels: Int
  ) {
    bodies.batchNormInputGradient(
      dy: dy, x: x, mean: mean, inverseDeviation: inverseDeviation, factor: factor,
      meanDy: meanDy, meanProduct: meanProduct, into: dx, count: count, channels: channels)
  }

  /// y = f(x); x and y may be the same.
  public func activate(_ activation: Activation, _ x: ConstFloats, into y: Floats, count: Int) {
    bodies.activate(activation, x, into: y, count: count)
  }

  /// dx = dy f'(x), x being the activation's input; dy and dx may be the same.
  public func activationGradient(
    _ activation: Activation, dy: ConstFloats, x: ConstFloats, into dx: Floats, count: Int
  ) { bodies.activationGradient(activation, dy: dy, x: x, into: dx, count: count) }

  /// y = the local response normalisation of x over so many pixels; `scratch` holds `scratchCount` floats. x and y may be the same.
  public func localResponseNorm(
    _ x: ConstFloats, into y: Floats, _ g: LocalResponse, pixels: Int, scratch: Floats
  ) { bodies.localResponseNorm(x, into: y, g, pixels: pixels, scratch: scratch) }

  /// The gradient of `localResponseNorm` with respect to x; dx and dy may be the same.
  public func localResponseNormGradient(
    dy: ConstFloats, x: ConstFloats, into dx: Floats, _ g: LocalResponse, pixels: Int,
    scratch: Floats
  ) {
    bodies.localResponseNormGradient(
      dy: dy, x: x, into: dx, g, pixels: pixels, scratch: scratch)
  }

  /// z = f(x + y), f nil for none; z may be x or y.
  public func add(
    _ x: ConstFloats, _ y: ConstFloats, activation: Activation? = nil, into z: Floats, count: Int
  ) {
    let bounds = activation?.bounds ?? (-.infinity, .infinity)
    bodies.add(x, y, low: bounds.low, high: bounds.high, into: z, count: count)
    if let activation, activation.bounds == nil { activate(activation, z, into: z, count: count) }
  }

  /// Copies `channels` numbers of every pixel, whose pixels lie `step` apart on either side.
  public func copyChannels(
    _ x: ConstFloats, _ channels: Int, step from: Int, into y: Floats, step to: Int, pixels: Int
  ) {
    for pixel in 0..<pixels { (y + pixel * to).update(from: x + pixel * from, count: channels) }
  }

  /// y = s x; x and y may be the same.
  public func scale(_ x: ConstFloats, by s: Float, into y: Floats, count: Int) {
    bodies.scale(x, by: s, into: y, count: count)
  }

  /// The softmax of each row of `[rows, classes]`; a row with a NaN is NaN. x and p may be the same.
  public func softmax(_ x: ConstFloats, into p: Floats, rows: Int, classes: Int) {
    bodies.softmax(x, into: p, rows: rows, classes: classes)
  }

  /// Cross-entropy of softmax(logits) against target probabilities, row by row.
  ///
  /// `losses[row]` = Σ_c t (log Σ exp(z - max) - (z - max)); `gradient` (if wanted) = scale (softmax(z) - t), so `gradientScale` = 1 / batch gives the mean's.
  /// All are `[rows, classes]` but for losses; targets sum to one.
  public func crossEntropy(
    _ logits: ConstFloats, targets: ConstFloats, losses: Floats, into gradient: Floats? = nil,
    gradientScale: Float = 1, rows: Int, classes: Int
  ) {
    for row in 0..<rows {
      let z = logits + row * classes
      let t = targets + row * classes
      var largest = z[0]
      for c in 1..<max(1, classes) { largest = z[c] > largest || z[c].isNaN ? z[c] : largest }
      var sum = 0.0
      for c in 0..<classes { sum += exponential(Double(z[c] - largest)) }
      let logarithm = naturalLogarithm(sum)
      var loss = 0.0
      for c in 0..<classes { loss += Double(t[c]) * (logarithm - Double(z[c] - largest)) }
      losses[row] = Float(loss)
      guard let gradient else { continue }
      let d = gradient + row * classes
      for c in 0..<classes {
        d[c] = gradientScale * (Float(exponential(Double(z[c] - largest)) / sum) - t[c])
      }
    }
  }

  /// One step of stochastic gradient descent with Nesterov's momentum, as PyTorch writes it: g += decay w; v = momentum v + g; w -= rate (g + momentum v).
  public func nesterovStep(
    weights: Floats, gradient: ConstFloats, velocity: Floats, rate: Float, momentum: Float,
    decay: Float, count: Int
  ) {
    bodies.nesterovStep(
      weights: weights, gradient: gradient, velocity: velocity, rate: rate, momentum: momentum,
      decay: decay, count: count)
  }

  /// One step of AdamW (Loshchilov and Hutter 2019); `step` counts from 1.
  public func adamWStep(
    weights: Floats, gradient: ConstFloats, mean: Floats, square: Floats, rate: Float,
    beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, decay: Float, step: Int,
    count: Int
  ) {
    bodies.adamWStep(
      weights: weights, gradient: gradient, mean: mean, square: square, rate: rate, beta1: beta1,
      beta2: beta2, epsilon: epsilon, correction1: Float(1 / (1 - power(Double(beta1), step))),
      correction2: Float(1 / (1 - power(Double(beta2), step))), decay: decay, count: count)
  }
}

extension PoolGeometry {
  /// One window over the whole map.
  public static func whole(_ rows: Int, _ columns: Int, _ channels: Int) -> PoolGeometry {
    PoolGeometry(
      inputRows: rows, inputColumns: columns, channels: channels, windowRows: rows,
      windowColumns: columns, rowStride: 1, columnStride: 1)
  }
}
