/// Numbers to be written.
public typealias Floats = UnsafeMutablePointer<Float>
/// Numbers to be read.
public typealias ConstFloats = UnsafePointer<Float>

/// Numbers side by side that will be read soon: work in registers asks for them meanwhile, so that they come from far in time.
package struct Upcoming {
  package let at: ConstFloats
  package let count: Int

  package init(_ at: ConstFloats, count: Int) { (self.at, self.count) = (at, count) }
}

/// What one instruction set's target offers. All functions are single-threaded and reentrant; none reads or writes outside the shapes that it is given.
package protocol KernelBodies: SendableMetatype {
  /// Floats in one vector.
  static var lanes: Int { get }
  /// Whether the target was compiled with its instruction set.
  static var isReal: Bool { get }

  /// Per channel, Σ (x - shift) and Σ (x - shift)^2 over `count` pixels, added to both.
  static func channelMoments(
    _ x: ConstFloats, shift: ConstFloats, count: Int, channels: Int,
    sums: UnsafeMutablePointer<Double>, squares: UnsafeMutablePointer<Double>
  )

  /// y = f(x scale + offset) per channel; `activation` nil leaves it linear. x and y may be the same.
  static func scaleOffset(
    _ x: ConstFloats, scale: ConstFloats, offset: ConstFloats, activation: Activation?,
    into y: Floats, count: Int, channels: Int
  )

  /// y = f(x + bias) per channel, in place.
  static func addBias(
    _ bias: ConstFloats, activation: Activation?, to y: Floats, count: Int, channels: Int
  )

  /// Per channel, Σ dy over `count` pixels, added to `sums`.
  static func channelSums(
    _ dy: ConstFloats, count: Int, channels: Int, into sums: UnsafeMutablePointer<Double>
  )

  /// d = dy f'(x scale + offset) per channel, and Σ d and Σ d x̂ with x̂ = (x - mean) inverseDeviation over `count` pixels, added to both; `activation` nil is
  /// f' = 1. dy and d may be the same.
  static func normGradient(
    _ activation: Activation?, dy: ConstFloats, x: ConstFloats, mean: ConstFloats,
    inverseDeviation: ConstFloats, scale: ConstFloats, offset: ConstFloats, into d: Floats,
    count: Int, channels: Int, sums: UnsafeMutablePointer<Double>,
    products: UnsafeMutablePointer<Double>
  )

  /// dx = factor (dy - meanDy - x̂ meanProduct) per channel, factor = scale inverseDeviation. dy and dx may be the same.
  static func batchNormInputGradient(
    dy: ConstFloats, x: ConstFloats, mean: ConstFloats, inverseDeviation: ConstFloats,
    factor: ConstFloats, meanDy: ConstFloats, meanProduct: ConstFloats, into dx: Floats, count: Int,
    channels: Int
  )

  /// y[p, c] = the epilogue of Σ_tap x[p + tap, c] w[tap, c] for some output rows and channels of one map; the pixels of y are `step` numbers apart.
  static func depthwise(
    _ x: ConstFloats, weights: ConstFloats, into y: Floats, step: Int, _ g: ConvolutionGeometry,
    rows: Range<Int>, channels: Range<Int>, _ epilogue: Epilogue?
  )

  /// dx[p + tap, c] += dy[p, c] w[tap, c]. Overwrites dx.
  static func depthwiseInputGradient(
    _ dy: ConstFloats, weights: ConstFloats, into dx: Floats, _ g: ConvolutionGeometry, images: Int
  )

  /// dw[tap, c] = Σ_p x[p + tap, c] dy[p, c]. Overwrites dw.
  static func depthwiseWeightGradient(
    _ x: ConstFloats, _ dy: ConstFloats, into dw: Floats, _ g: ConvolutionGeometry, images: Int
  )

  /// y = the local response normalisation of x; `scratch` holds `scratchCount` floats. x and y may be the same.
  static func localResponseNorm(
    _ x: ConstFloats, into y: Floats, _ g: LocalResponse, pixels: Int, scratch: Floats
  )

  /// dx_c = dy_c s_c^-β - 2 α β x_c Σ_j dy_j x_j s_j^(-β-1) over the channels j whose window holds c. dx and dy may be the same.
  static func localResponseNormGradient(
    dy: ConstFloats, x: ConstFloats, into dx: Floats, _ g: LocalResponse, pixels: Int,
    scratch: Floats
  )

  /// y = f(x).
  static func activate(_ activation: Activation, _ x: ConstFloats, into y: Floats, count: Int)

  /// dx = dy f'(x), x being the activation's input.
  static func activationGradient(
    _ activation: Activation, dy: ConstFloats, x: ConstFloats, into dx: Floats, count: Int
  )

  /// z = min(max(x + y, low), high); a NaN passes.
  static func add(
    _ x: ConstFloats, _ y: ConstFloats, low: Float, high: Float, into z: Floats, count: Int)

  /// y = s x.
  static func scale(_ x: ConstFloats, by s: Float, into y: Floats, count: Int)

  /// One step of stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013, as PyTorch writes it):
  /// g += decay w; v = momentum v + g; w -= rate (g + momentum v).
  static func nesterovStep(
    weights w: Floats, gradient g: ConstFloats, velocity v: Floats, rate: Float, momentum: Float,
    decay: Float, count: Int
  )

  /// One step of AdamW (Loshchilov and Hutter 2019): w shrinks by rate * decay, then moves by rate * m̂ / (√v̂ + ε);
  /// the corrections 1 / (1 - β^t) are the caller's.
  static func adamWStep(
    weights w: Floats, gradient g: ConstFloats, mean m: Floats, square s: Floats, rate: Float,
    beta1: Float, beta2: Float, epsilon: Float, correction1: Float, correction2: Float,
    decay: Float,
    count: Int
  )

  /// p = softmax of each row, shifted by the row's maximum; a row with a NaN is NaN.
  static func softmax(_ x: ConstFloats, into p: Floats, rows: Int, classes: Int)

  /// The largest value of each window of the given output rows, and where in the window it was (row * windowColumns + column, the first of equals). A NaN wins.
  static func maxPool(
    _ x: ConstFloats, into y: Floats, argmax: UnsafeMutablePointer<UInt8>?, _ g: PoolGeometry,
    images: Int, rows: Range<Int>
  )

  /// Each window's gradient goes to its winner; overlapping windows add. Overwrites dx.
  static func maxPoolGradient(
    _ dy: ConstFloats, argmax: UnsafePointer<UInt8>, into dx: Floats, _ g: PoolGeometry, images: Int
  )

  /// The mean of each window, of some of the channels.
  static func averagePool(
    _ x: ConstFloats, into y: Floats, _ g: PoolGeometry, images: Int, channels: Range<Int>
  )

  /// Each window's gradient is shared out evenly. Overwrites dx.
  static func averagePoolGradient(
    _ dy: ConstFloats, into dx: Floats, _ g: PoolGeometry, images: Int)

  /// Runs of pixels times packed weights: the inside of every forward product.
  ///
  /// Run r holds `pixels` pixels; pixel x reads `depth` numbers at `a + aRows[r] + x * lda + taps[t]` for each tap and writes `columns` numbers at
  /// `c + cRows[r] + x * ldc`, added to what is there where `accumulate`. `b` is packed `[block of 2 * lanes columns][tap][depth][2 * lanes]`, zero beyond
  /// `columns`; with `pairs`, the last of them in pairs of depths where `packsPairs`. The epilogue's residual lies as `c` does. `upcoming` is read soon after.
  static func multiplyRuns(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int,
    runs: Int, pixels: Int, accumulate: Bool, _ epilogue: Epilogue?, pairs: Bool,
    upcoming: Upcoming?
  )

  /// The same without the products of the pixels' zeros, where nothing is accumulated or packed in pairs. The bits are the same if the weights are finite.
  static func multiplySparse(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, _ b: ConstFloats, columns: Int, _ c: Floats, cRows: UnsafePointer<Int>, ldc: Int,
    runs: Int, pixels: Int, _ epilogue: Epilogue?
  )

  /// The share of zeros that `multiplySparse` would leave out, estimated from a few of the pixels.
  static func zeroShare(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, lda: Int, taps: UnsafePointer<Int>, tapCount: Int,
    depth: Int, columns: Int, runs: Int, pixels: Int
  ) -> Double

  /// One row of `depth` numbers times packed weights: c[j] = the epilogue of Σ a[p] b[p, j]; b is packed as for `multiplyRuns` with one tap. The bias is added to the sum
  /// before the last of blocks of `depthBlock` numbers.
  static func multiplyRow(
    _ a: ConstFloats, depth: Int, depthBlock: Int, _ b: ConstFloats, columns: Int, into c: Floats,
    _ epilogue: Epilogue?
  )

  /// Rows of the register tiles into which so many rows fall, but for the last few.
  static func tileRows(of rows: Int) -> Int

  /// Whether so few columns after the last whole block can be packed in pairs of depths, where a tap has `depth` numbers:
  /// `[tap][depth / 2][3 * lanes / 2 columns][2]`, zero beyond the columns.
  static func packsPairs(columns: Int, depth: Int) -> Bool

  /// Plain products of matrices, one for each plane: c[plane][i, j] = Σ a[plane * planeStep + i * lda + p] * b[plane, p, j] with i < `rows`, p < `depth` and
  /// 2 * lanes columns j; b is `[plane][depth][2 * lanes]`, c's planes are `sumStep` numbers apart. `next` is what is read after the first plane of b: the second, or that
  /// of the next call.
  static func multiplyPlanes(
    _ a: ConstFloats, planeStep: Int, lda: Int, planes: Int, rows: Int, depth: Int,
    _ b: ConstFloats, next: ConstFloats, into c: Floats, sumStep: Int, ldc: Int
  )

  /// Sums of outer products over runs of pixels: the inside of every weight gradient.
  ///
  /// For each tap, c[tap][i, j] (+)= Σ a[aRows[r] + taps[tap] + x * aStep + i] * b[bRows[r] + x * bStep + j] with i < `rows`, j < `columns`; `columns` is a multiple
  /// of 2 * lanes, and c is `[tap][rows][columns]`.
  static func outerProducts(
    _ a: ConstFloats, aRows: UnsafePointer<Int>, aStep: Int, taps: UnsafePointer<Int>,
    tapCount: Int,
    rows: Int, _ b: ConstFloats, bRows: UnsafePointer<Int>, bStep: Int, columns: Int, _ c: Floats,
    runs: Int, pixels: Int, accumulate: Bool
  )

  /// A chain-free loop of multiply-adds in registers: what the core can do at best. Returns the operations (two a multiply-add).
  static func measureLimit(repetitions: Int, _ values: Floats) -> Int

  /// The planes of products' factors: Bᵀ d B of every tile's block of inputs, or A d Aᵀ of its block of output gradients (`gradient`),
  /// `planes[product * planeStep + tile * tileStep + channel]`, tiles counted from the range's first; channels up to a whole vector are written (zeros).
  /// `scratch` holds `productCount * (lanes + channels, rounded up)` floats.
  static func winogradTiles(
    _ x: ConstFloats, of gradient: Bool, channels: Int, _ g: WinogradGeometry, tiles: Range<Int>,
    into planes: Floats, planeStep: Int, tileStep: Int, scratch: Floats
  )

  /// y = the epilogue of Aᵀ planes A for the output channels of the range, which begin at `planes`; `scratch` holds `productCount` vectors.
  static func winogradOutput(
    _ planes: ConstFloats, planeStep: Int, tileStep: Int, _ g: WinogradGeometry, tiles: Range<Int>,
    channels: Range<Int>, _ epilogue: Epilogue?, into y: Floats, scratch: Floats
  )

  /// G w Gᵀ of weights `[taps, taps, in, out]`, packed `[block of 2 * lanes out][product][in][2 * lanes]`; only vectors with an output are written.
  static func winogradFilter(
    _ w: ConstFloats, inputs: Int, outputs: Int, _ filter: WinogradFilter, into packed: Floats,
    scratch: Floats
  )

  /// dw = Gᵀ planes G, `[taps, taps, in, out]`, from `planes[product * planeStep + in * rowStep + out]`.
  static func winogradFilterGradient(
    _ planes: ConstFloats, planeStep: Int, rowStep: Int, inputs: Int, outputs: Int,
    _ filter: WinogradFilter,
    into dw: Floats, scratch: Floats
  )

  /// The planes of products' factors along the rows: Bᵀ d of the four inputs of every pair of outputs, `planes[product * planeStep + pair * tileStep + channel]`, pairs
  /// counted from the first of `rows`, rows of the input that may lie outside it; channels up to a whole vector are written (zeros).
  static func winogradRowTiles(
    _ x: ConstFloats, _ g: ConvolutionGeometry, rows: Range<Int>, into planes: Floats,
    planeStep: Int, tileStep: Int
  )

  /// y = the epilogue of Aᵀ planes for some output rows and channels of one map, the first of which lie at `planes`; y's pixels are `pixelStep` numbers apart.
  static func winogradRowOutput(
    _ planes: ConstFloats, planeStep: Int, tileStep: Int, _ g: ConvolutionGeometry,
    rows: Range<Int>, channels: Range<Int>, _ epilogue: Epilogue?, into y: Floats, pixelStep: Int
  )

  /// G w of each of the filter's `rows`, weights `[rows, 3, in, out]`, packed `[block of 2 * lanes out][product][row][in][2 * lanes]`; only vectors with an output are
  /// written.
  static func winogradRowFilter(
    _ w: ConstFloats, rows: Int, inputs: Int, outputs: Int, into packed: Floats
  )

  /// y[column][row] = x[row][column].
  static func transpose(_ x: ConstFloats, rows: Int, columns: Int, into y: Floats)
}
