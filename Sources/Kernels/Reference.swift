/// The same operations written plainly in double precision: what every kernel is tested against. Never fast.
public enum Reference {
  /// C[m, n] = A[m, k] B[k, n].
  public static func multiply(_ a: [Float], _ b: [Float], m: Int, n: Int, k: Int) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for p in 0..<k {
        for j in 0..<n { c[i * n + j] += Double(a[i * k + p]) * Double(b[p * n + j]) }
      }
    }
    return c
  }

  // Calls body(input index, weight index, output index) for every multiplication of a convolution.
  private static func forEachProduct(
    _ g: ConvolutionGeometry, images: Int, _ body: (Int, Int, Int) -> Void
  ) {
    for image in 0..<images {
      for row in 0..<g.outputRows {
        for column in 0..<g.outputColumns {
          for r in 0..<g.kernelRows {
            let y = row * g.rowStride - g.padding.top + r
            guard y >= 0, y < g.inputRows else { continue }
            for s in 0..<g.kernelColumns {
              let x = column * g.columnStride - g.padding.left + s
              guard x >= 0, x < g.inputColumns else { continue }
              for k in 0..<g.outputChannels {
                let group = k / g.groupOutputs
                for c in 0..<g.groupInputs {
                  body(
                    ((image * g.inputRows + y) * g.inputColumns + x) * g.inputChannels
                      + group * g.groupInputs + c,
                    ((r * g.kernelColumns + s) * g.groupInputs + c) * g.outputChannels + k,
                    ((image * g.outputRows + row) * g.outputColumns + column) * g.outputChannels + k
                  )
                }
              }
            }
          }
        }
      }
    }
  }

  /// The convolution of `images` maps.
  public static func convolve(
    _ x: [Float], _ w: [Float], _ g: ConvolutionGeometry, images: Int
  ) -> [Double] {
    var y = [Double](repeating: 0, count: images * g.outputCount)
    forEachProduct(g, images: images) { y[$2] += Double(x[$0]) * Double(w[$1]) }
    return y
  }

  /// Its gradient with respect to the input.
  public static func convolutionInputGradient(
    _ dy: [Float], _ w: [Float], _ g: ConvolutionGeometry, images: Int
  ) -> [Double] {
    var dx = [Double](repeating: 0, count: images * g.inputCount)
    forEachProduct(g, images: images) { dx[$0] += Double(dy[$2]) * Double(w[$1]) }
    return dx
  }

  /// Its gradient with respect to the weights.
  public static func convolutionWeightGradient(
    _ x: [Float], _ dy: [Float], _ g: ConvolutionGeometry, images: Int
  ) -> [Double] {
    var dw = [Double](repeating: 0, count: g.weightCount)
    forEachProduct(g, images: images) { dw[$1] += Double(x[$0]) * Double(dy[$2]) }
    return dw
  }

  // Calls body(output index, channel, [(place in the window, input index)]) for every window and channel.
  private static func forEachWindow(
    _ g: PoolGeometry, images: Int, _ body: (Int, [(place: Int, input: Int)]) -> Void
  ) {
    for image in 0..<images {
      for row in 0..<g.outputRows {
        for column in 0..<g.outputColumns {
          for c in 0..<g.channels {
            var seen: [(place: Int, input: Int)] = []
            for r in 0..<g.windowRows {
              let y = row * g.rowStride - g.padding.top + r
              guard y >= 0, y < g.inputRows else { continue }
              for s in 0..<g.windowColumns {
                let x = column * g.columnStride - g.padding.left + s
                guard x >= 0, x < g.inputColumns else { continue }
                let input = ((image * g.inputRows + y) * g.inputColumns + x) * g.channels + c
                seen.append((r * g.windowColumns + s, input))
              }
            }
            body(
              ((image * g.outputRows + row) * g.outputColumns + column) * g.channels + c, seen)
          }
        }
      }
    }
  }

  /// The largest value of each window and its place in the window.
  public static func maxPool(
    _ x: [Float], _ g: PoolGeometry, images: Int
  ) -> (values: [Double], places: [Int]) {
    var values = [Double](repeating: -.infinity, count: images * g.outputCount)
    var places = [Int](repeating: 0, count: images * g.outputCount)
    forEachWindow(g, images: images) { output, window in
      for (place, input) in window where Double(x[input]) > values[output] {
        values[output] = Double(x[input])
        places[output] = place
      }
    }
    return (values, places)
  }

  /// The mean of each window.
  public static func averagePool(_ x: [Float], _ g: PoolGeometry, images: Int) -> [Double] {
    var y = [Double](repeating: 0, count: images * g.outputCount)
    forEachWindow(g, images: images) { output, window in
      let count = g.countsPadding ? g.windowRows * g.windowColumns : window.count
      y[output] = window.reduce(0) { $0 + Double(x[$1.input]) } / Double(count)
    }
    return y
  }

  /// The gradient of `averagePool`.
  public static func averagePoolGradient(_ dy: [Float], _ g: PoolGeometry, images: Int) -> [Double]
  {
    var dx = [Double](repeating: 0, count: images * g.inputCount)
    forEachWindow(g, images: images) { output, window in
      let count = g.countsPadding ? g.windowRows * g.windowColumns : window.count
      for (_, input) in window { dx[input] += Double(dy[output]) / Double(count) }
    }
    return dx
  }

  /// The activation at x.
  public static func activation(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .relu: x.isNaN ? x : max(0, x)
    case .relu6: x.isNaN ? x : min(6, max(0, x))
    case .gelu: x * 0.5 * (1 + errorFunction(x / 2.0.squareRoot()))
    case .silu: x / (1 + exponential(-x))
    }
  }

  /// The activation's derivative at x.
  public static func activationSlope(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .relu: return x > 0 ? 1 : 0
    case .relu6: return x > 0 && x < 6 ? 1 : 0
    case .gelu:
      let density = exponential(-x * x / 2) / (2 * Double.pi).squareRoot()
      return 0.5 * (1 + errorFunction(x / 2.0.squareRoot())) + x * density
    case .silu:
      let s = 1 / (1 + exponential(-x))
      return s * (1 + x * (1 - s))
    }
  }

  // s_c for every channel of one pixel.
  private static func responses(_ pixel: ArraySlice<Float>, _ g: LocalResponse) -> [Double] {
    let squares = pixel.map { Double($0) * Double($0) }
    return squares.indices.map { c in
      let near = squares[max(0, c - g.reach)...min(g.channels - 1, c + g.reach)]
      return Double(g.offset) + Double(g.scale) * near.reduce(0, +)
    }
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    exponential(exponent * naturalLogarithm(base))
  }

  /// Local response normalisation.
  public static func localResponseNorm(_ x: [Float], _ g: LocalResponse) -> [Double] {
    stride(from: 0, to: x.count, by: g.channels).flatMap { at in
      let pixel = x[at..<at + g.channels]
      return zip(pixel, responses(pixel, g)).map {
        Double($0) * power($1, -Double(g.exponent))
      }
    }
  }

  /// Its gradient: Σ_j dy_j ∂y_j / ∂x_c, term by term.
  public static func localResponseNormGradient(
    _ dy: [Float], _ x: [Float], _ g: LocalResponse
  ) -> [Double] {
    let beta = Double(g.exponent)
    return stride(from: 0, to: x.count, by: g.channels).flatMap { at in
      let s = responses(x[at..<at + g.channels], g)
      return (0..<g.channels).map { c in
        let near = max(0, c - g.reach)...min(g.channels - 1, c + g.reach)
        return near.reduce(0.0) { sum, j in
          let slope =
            (j == c ? power(s[j], -beta) : 0)
            - 2 * Double(g.scale) * beta * Double(x[at + j]) * Double(x[at + c])
            * power(s[j], -beta - 1)
          return sum + Double(dy[at + j]) * slope
        }
      }
    }
  }

  /// The softmax of one row.
  public static func softmax(_ row: [Float]) -> [Double] {
    let largest = Double(row.max() ?? 0)
    let powers = row.map { exponential(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
