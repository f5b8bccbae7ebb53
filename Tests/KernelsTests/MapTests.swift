import AvocetKernels
import Testing

@Suite struct MapTests {
  @Test(arguments: tables.map(\.name))
  func batchNormMomentsSurviveALargeMean(_ name: String) throws {
    let table = try Kernels.named(name)
    for channels in awkwardCounts(table) where channels > 0 {
      for count in [0, 1, 63, 64, 65, 257] {
        let x = FloatBuffer(numbers(count * channels, seed: 13).map { $0 + 1000 })
        let shift = FloatBuffer([Float](repeating: 1000, count: channels))
        var sums = [Double](repeating: 0, count: channels)
        var squares = sums
        table.channelMoments(
          x.pointer, shift: shift.pointer, count: count, channels: channels, sums: &sums,
          squares: &squares)
        for c in 0..<channels {
          let column = (0..<count).map { Double(x[$0 * channels + c]) - 1000 }
          #expect(abs(sums[c] - column.reduce(0, +)) < 1e-3)
          #expect(abs(squares[c] - column.reduce(0) { $0 + $1 * $1 }) < 1e-3)
        }
      }
    }
  }

  @Test(arguments: tables.map(\.name))
  func batchNormGradientEqualsItsFormula(_ name: String) throws {
    let table = try Kernels.named(name)
    for channels in [1, table.vectorWidth, table.vectorWidth + 1, 31] {
      let count = 67
      let x = FloatBuffer(numbers(count * channels, seed: 14))
      let dy = FloatBuffer(numbers(count * channels, seed: 15))
      let mean = FloatBuffer(numbers(channels, seed: 16))
      let inverse = FloatBuffer(numbers(channels, seed: 17).map { 2 + $0 })
      let factor = FloatBuffer(numbers(channels, seed: 18))
      let scale = FloatBuffer(numbers(channels, seed: 19))
      let offset = FloatBuffer(numbers(channels, seed: 20))
      func hat(_ i: Int) -> Double {
        (Double(x[i]) - Double(mean[i % channels])) * Double(inverse[i % channels])
      }
      var (sums, products): ([Double], [Double]) = ([], [])
      for activation in [Activation?.none] + Activation.allCases.map(Optional.some) {
        (sums, products) = (
          [Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)
        )
        let d = GuardedOutput(count * channels)
        table.normGradient(
          activation, dy: dy.pointer, x: x.pointer, mean: mean.pointer,
          inverseDeviation: inverse.pointer, scale: scale.pointer, offset: offset.pointer,
          into: d.pointer, count: count, channels: channels, sums: &sums, products: &products)
        let slopes = (0..<count * channels).map { i in
          let u = Double(x[i]) * Double(scale[i % channels]) + Double(offset[i % channels])
          return Double(dy[i]) * (activation.map { Reference.activationSlope($0, u) } ?? 1)
        }
        expectClose(d, slopes, tolerance: 3e-6, "\(name) \(String(describing: activation))")
        for c in 0..<channels {
          let at = stride(from: c, to: count * channels, by: channels)
          #expect(abs(sums[c] - at.reduce(0) { $0 + slopes[$1] }) < 1e-3)
          #expect(abs(products[c] - at.reduce(0) { $0 + slopes[$1] * hat($1) }) < 1e-3)
        }
      }
      // Whatever the sums are, dx follows its formula.
      let meanDy = FloatBuffer(sums.map { Float($0 / Double(count)) })
      let meanProduct = FloatBuffer(products.map { Float($0 / Double(count)) })
      let dx = GuardedOutput(count * channels)
      table.batchNormInputGradient(
        dy: dy.pointer, x: x.pointer, mean: mean.pointer, inverseDeviation: inverse.pointer,
        factor: factor.pointer, meanDy: meanDy.pointer, meanProduct: meanProduct.pointer,
        into: dx.pointer, count: count, channels: channels)
      let expected = (0..<(count * channels)).map { i in
        let c = i % channels
        return Double(factor[c])
          * (Double(dy[i]) - Double(meanDy[c]) - hat(i) * Double(meanProduct[c]))
      }
      expectClose(dx, expected, tolerance: 1e-5, name)
    }
  }

  @Test(arguments: tables.map(\.name))
  func activationsAndSlopesEqualTheReference(_ name: String) throws {
    let table = try Kernels.named(name)
    for activation in Activation.allCases {
      for count in awkwardCounts(table) {
        let x = FloatBuffer(numbers(count, seed: 19).map { $0 * 9 })
        let dy = FloatBuffer(numbers(count, seed: 20))
        let y = GuardedOutput(count)
        table.activate(activation, x.pointer, into: y.pointer, count: count)
        expectClose(
          y, x.array.map { Reference.activation(activation, Double($0)) }, tolerance: 3e-6,
          "\(name) \(activation)")
        let dx = GuardedOutput(count)
        table.activationGradient(
          activation, dy: dy.pointer, x: x.pointer, into: dx.pointer, count: count)
        let slopes = zip(x.array, dy.array).map {
          Reference.activationSlope(activation, Double($0)) * Double($1)
        }
        expectClose(dx, slopes, tolerance: 5e-6, "\(name) \(activation) gradient")
      }
    }
  }

  @Test(arguments: tables.map(\.name))
  func localResponseNormAndGradientEqualTheReference(_ name: String) throws {
    let table = try Kernels.named(name)
    for channels in awkwardCounts(table) where channels > 0 {
      for (window, quarters) in [(5, 3), (1, 2), (9, 5)] {
        let g = LocalResponse(
          channels: channels, window: window, scale: 0.3, offset: 1.5, quarters: quarters)
        let count = 3 * channels
        let x = numbers(count, seed: 31).map { $0 * 2 }
        let dy = numbers(count, seed: 32)
        let (input, gradient) = (FloatBuffer(x), FloatBuffer(dy))
        let (y, dx) = (GuardedOutput(count), GuardedOutput(count))
        let scratch = GuardedOutput(g.scratchCount)
        table.localResponseNorm(
          input.pointer, into: y.pointer, g, pixels: 3, scratch: scratch.pointer)
        table.localResponseNormGradient(
          dy: gradient.pointer, x: input.pointer, into: dx.pointer, g, pixels: 3,
          scratch: scratch.pointer)
        let what = "\(name), \(channels) channels, window \(window)"
        expectClose(y, Reference.localResponseNorm(x, g), tolerance: 1e-6, what)
        expectClose(dx, Reference.localResponseNormGradient(dy, x, g), tolerance: 3e-6, what)
        #expect(scratch.guardsAreWhole, "\(what): wrote outside its scratch")
      }
    }
  }

  @Test(arguments: tables.map(\.name))
  func nanGoesThroughActivationsAndPooling(_ name: String) throws {
    let table = try Kernels.named(name)
    let x = FloatBuffer([1, .nan, -1, 2])
    for activation in Activation.allCases {
      let y = GuardedOutput(4)
      table.activate(activation, x.pointer, into: y.pointer, count: 4)
      #expect(y.values[1].isNaN && !y.values[0].isNaN, "\(name) \(activation)")
    }
    let g = PoolGeometry(
      inputRows: 2, inputColumns: 2, channels: 1, windowRows: 2, windowColumns: 2, rowStride: 2,
      columnStride: 2)
    let y = GuardedOutput(1)
    table.maxPool(x.pointer, into: y.pointer, argmax: nil, g, images: 1)
    #expect(y.values[0].isNaN)
  }

  @Test(arguments: tables.map(\.name))
  func pointwiseWorkEqualsItsFormula(_ name: String) throws {
    let table = try Kernels.named(name)
    for count in awkwardCounts(table) {
      let a = FloatBuffer(numbers(count, seed: 21))
      let b = FloatBuffer(numbers(count, seed: 22))
      let sum = GuardedOutput(count)
      table.add(a.pointer, b.pointer, into: sum.pointer, count: count)
      expectClose(
        sum, zip(a.array, b.array).map { Double($0) + Double($1) }, tolerance: 1e-6, name)
      let scaled = GuardedOutput(count)
      table.scale(a.pointer, by: -0.5, into: scaled.pointer, count: count)
      expectClose(scaled, a.array.map { Double($0) * -0.5 }, tolerance: 0, name)
    }
  }

  @Test(arguments: tables.map(\.name))
  func channelWorkEqualsItsFormula(_ name: String) throws {
    let table = try Kernels.named(name)
    for channels in awkwardCounts(table) where channels > 0 {
      let count = 5
      let x = FloatBuffer(numbers(count * channels, seed: 23))
      let s = FloatBuffer(numbers(channels, seed: 24))
      let o = FloatBuffer(numbers(channels, seed: 25))
      let y = GuardedOutput(count * channels)
      table.scaleOffset(
        x.pointer, scale: s.pointer, offset: o.pointer, activation: .silu, into: y.pointer,
        count: count, channels: channels)
      let expected = (0..<(count * channels)).map { i in
        Reference.activation(
          .silu, Double(x[i]) * Double(s[i % channels]) + Double(o[i % channels]))
      }
      expectClose(y, expected, tolerance: 3e-6, name)
      var sums = [Double](repeating: 0, count: channels)
      table.channelSums(x.pointer, count: count, channels: channels, into: &sums)
      for c in 0..<channels {
        let e = (0..<count).reduce(0) { $0 + Double(x[$1 * channels + c]) }
        #expect(abs(sums[c] - e) < 1e-5)
      }
    }
  }

  @Test(arguments: tables.map(\.name))
  func softmaxIsStableAndSumsToOne(_ name: String) throws {
    let table = try Kernels.named(name)
    for classes in awkwardCounts(table) where classes > 0 {
      let x = FloatBuffer(numbers(3 * classes, seed: 26).map { $0 * 80 + 500 })
      let p = GuardedOutput(3 * classes)
      table.softmax(x.pointer, into: p.pointer, rows: 3, classes: classes)
      let expected = (0..<3).flatMap {
        Reference.softmax(Array(x.array[$0 * classes..<($0 + 1) * classes]))
      }
      expectClose(p, expected, tolerance: 1e-6, name)
    }
    let withNaN = FloatBuffer([1, .nan, 2])
    let p = GuardedOutput(3)
    table.softmax(withNaN.pointer, into: p.pointer, rows: 1, classes: 3)
    #expect(p.values.allSatisfy { $0.isNaN })
  }

  @Test func crossEntropyEqualsItsDefinition() {
    let table = Kernels.chosen
    let classes = 7
    let z = FloatBuffer(numbers(2 * classes, seed: 27).map { $0 * 30 })
    var t = [Float](repeating: 0.02, count: 2 * classes)
    t[3] = 0.88
    t[classes] = 0.88
    let targets = FloatBuffer(t)
    let losses = GuardedOutput(2)
    let gradient = GuardedOutput(2 * classes)
    table.crossEntropy(
      z.pointer, targets: targets.pointer, losses: losses.pointer, into: gradient.pointer,
      gradientScale: 0.5, rows: 2, classes: classes)
    var expectedLosses: [Double] = []
    var expectedGradient: [Double] = []
    for row in 0..<2 {
      let p = Reference.softmax(Array(z.array[row * classes..<(row + 1) * classes]))
      let target = (0..<classes).map { Double(t[row * classes + $0]) }
      expectedLosses.append(-zip(p, target).reduce(0) { $0 + $1.1 * naturalLog($1.0) })
      expectedGradient += zip(p, target).map { 0.5 * ($0 - $1) }
    }
    expectClose(losses, expectedLosses, tolerance: 1e-5, "losses")
    expectClose(gradient, expectedGradient, tolerance: 1e-6, "gradient")
  }

  @Test(arguments: tables.map(\.name))
  func optimiserStepsEqualPyTorchsFormulas(_ name: String) throws {
    let table = try Kernels.named(name)
    for count in awkwardCounts(table) {
      let w = numbers(count, seed: 28)
      let g = FloatBuffer(numbers(count, seed: 29))
      let v = numbers(count, seed: 30)
      let weights = GuardedOutput(count)
      let velocity = GuardedOutput(count)
      for i in 0..<count { (weights.pointer[i], velocity.pointer[i]) = (w[i], v[i]) }
      table.nesterovStep(
        weights: weights.pointer, gradient: g.pointer, velocity: velocity.pointer, rate: 0.1,
        momentum: 0.9, decay: 0.01, count: count)
      let expected = (0..<count).map { i -> Double in
        let d = Double(g[i]) + 0.01 * Double(w[i])
        return Double(w[i]) - 0.1 * (d + 0.9 * (0.9 * Double(v[i]) + d))
      }
      expectClose(weights, expected, tolerance: 1e-6, name)

      let adam = GuardedOutput(count)
      for i in 0..<count { adam.pointer[i] = w[i] }
      let mean = FloatBuffer(count: count)
      let square = FloatBuffer(count: count)
      table.adamWStep(
        weights: adam.pointer, gradient: g.pointer, mean: mean.pointer, square: square.pointer,
        rate: 0.01, decay: 0.1, step: 1, count: count)
      let first = (0..<count).map { i -> Double in
        let d = Double(g[i])
        return Double(w[i]) * (1 - 0.01 * 0.1) - 0.01 * d / (abs(d) + 1e-8)
      }
      expectClose(adam, first, tolerance: 2e-5, name)
    }
  }
}
