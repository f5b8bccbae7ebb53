import AvocetKernels
import Testing

@Suite struct PoolingTests {
  static func pools(_ channels: Int) -> [PoolGeometry] {
    func g(
      _ rows: Int, _ columns: Int, window: Int, stride: Int, padding: Int = 0, up: Bool = false,
      counts: Bool = true
    ) -> PoolGeometry {
      PoolGeometry(
        inputRows: rows, inputColumns: columns, channels: channels, windowRows: window,
        windowColumns: window, rowStride: stride, columnStride: stride, padding: Padding(padding),
        roundsUp: up, countsPadding: counts)
    }
    return [
      g(1, 1, window: 1, stride: 1), g(4, 6, window: 2, stride: 2),
      g(5, 7, window: 2, stride: 2, up: true),
      g(7, 7, window: 3, stride: 2, padding: 1),
      g(6, 5, window: 3, stride: 1, padding: 1, counts: false),
      g(8, 5, window: 3, stride: 2, up: true, counts: false), g(5, 5, window: 5, stride: 1),
      g(3, 2, window: 3, stride: 2, up: true), g(9, 14, window: 3, stride: 2, padding: 1),
    ]
  }

  @Test(arguments: tables.map(\.name))
  func poolingAndItsGradientsEqualTheReference(_ name: String) throws {
    let table = try Kernels.named(name)
    // Four vectors and one more go through the largest numbers of a window in two ways.
    for channels in awkwardCounts(table) + [5 * table.vectorWidth] where channels > 0 {
      for g in Self.pools(channels) {
        let images = 2
        let x = FloatBuffer(numbers(images * g.inputCount, seed: 11))
        let dy = FloatBuffer(numbers(images * g.outputCount, seed: 12))
        let what = "\(name) \(g)"
        let (values, places) = Reference.maxPool(x.array, g, images: images)
        let y = GuardedOutput(images * g.outputCount)
        var argmax = [UInt8](repeating: 255, count: images * g.outputCount)
        table.maxPool(x.pointer, into: y.pointer, argmax: &argmax, g, images: images)
        let withoutPlaces = GuardedOutput(images * g.outputCount)
        table.maxPool(x.pointer, into: withoutPlaces.pointer, argmax: nil, g, images: images)
        expectClose(withoutPlaces, values, tolerance: 0, what)
        expectClose(y, values, tolerance: 0, what)
        #expect(argmax.map(Int.init) == places, "\(what)")

        let dx = GuardedOutput(images * g.inputCount)
        table.maxPoolGradient(dy.pointer, argmax: &argmax, into: dx.pointer, g, images: images)
        var sent = [Double](repeating: 0, count: images * g.inputCount)
        for (i, place) in places.enumerated() {
          let (pixel, c) = (i / channels, i % channels)
          let row = pixel / g.outputColumns % g.outputRows * g.rowStride - g.padding.top
          let column = pixel % g.outputColumns * g.columnStride - g.padding.left
          let image = pixel / (g.outputRows * g.outputColumns)
          let winner =
            (row + place / g.windowColumns) * g.inputColumns + column + place % g.windowColumns
          sent[image * g.inputCount + winner * channels + c] += Double(dy[i])
        }
        expectClose(dx, sent, tolerance: 2e-6, what)

        let mean = GuardedOutput(images * g.outputCount)
        table.averagePool(x.pointer, into: mean.pointer, g, images: images)
        expectClose(mean, Reference.averagePool(x.array, g, images: images), tolerance: 2e-6, what)
        let spread = GuardedOutput(images * g.inputCount)
        table.averagePoolGradient(dy.pointer, into: spread.pointer, g, images: images)
        expectClose(
          spread, Reference.averagePoolGradient(dy.array, g, images: images), tolerance: 2e-6, what)
      }
    }
  }

  @Test(arguments: tables.map(\.name))
  func maxPoolSendsTheGradientToTheWinner(_ name: String) throws {
    let table = try Kernels.named(name)
    let g = PoolGeometry(
      inputRows: 2, inputColumns: 4, channels: 1, windowRows: 2, windowColumns: 2, rowStride: 2,
      columnStride: 2)
    let x = FloatBuffer([1, 5, 0, 0, 2, 3, -1, 7])
    let y = GuardedOutput(2)
    var argmax: [UInt8] = [9, 9]
    table.maxPool(x.pointer, into: y.pointer, argmax: &argmax, g, images: 1)
    let dy = FloatBuffer([10, 20])
    let dx = GuardedOutput(8)
    table.maxPoolGradient(dy.pointer, argmax: &argmax, into: dx.pointer, g, images: 1)
    #expect(dx.values == [0, 10, 0, 0, 0, 0, 0, 20])
  }

  @Test(arguments: tables.map(\.name))
  func maximaPassWhatIsNotFinite(_ name: String) throws {
    let table = try Kernels.named(name)
    for channels in [table.vectorWidth + 3, 5 * table.vectorWidth] {
      let g = PoolGeometry(
        inputRows: 5, inputColumns: 7, channels: channels, windowRows: 3, windowColumns: 3,
        rowStride: 2, columnStride: 2)
      for (at, number) in [
        (0, Float.nan), (9 * channels + 2, .infinity), (30 * channels, -.infinity),
      ] {
        var values = numbers(g.inputCount, seed: 31)
        values[at] = number
        let x = FloatBuffer(values)
        let (plain, marked) = (GuardedOutput(g.outputCount), GuardedOutput(g.outputCount))
        var places = [UInt8](repeating: 0, count: g.outputCount)
        table.maxPool(x.pointer, into: plain.pointer, argmax: nil, g, images: 1)
        table.maxPool(x.pointer, into: marked.pointer, argmax: &places, g, images: 1)
        #expect(plain.guardsAreWhole)
        #expect(plain.values.map(\.bitPattern) == marked.values.map(\.bitPattern), "\(number)")
        #expect(plain.values.contains { !$0.isFinite } == (number != -.infinity))
      }
    }
  }
}
