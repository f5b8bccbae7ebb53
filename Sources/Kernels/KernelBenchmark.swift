/// How fast the kernels of a table are on one core, against what the core can do at best.
///
/// The limit is a loop of multiply-adds in registers. It is measured just before and after each turn of the work, and the median over the turns counts, so that
/// a noisy neighbour costs both alike. A convolution counts the operations of its direct form: Winograd's filtering needs fewer, and so does a product that leaves out zeros;
/// both can pass the limit.
public struct KernelBenchmark {
  /// One line of the result.
  public struct Row: Sendable {
    /// What was computed, such as `3x3 convolution forward 64 channels 56x56`.
    public let work: String
    /// 10^9 additions and multiplications a second.
    public let gflops: Double
    /// `gflops` over the limit measured in the same turns.
    public let fractionOfLimit: Double
    /// The share of the limit that we ask for, nil for the limit itself and for the portable table.
    public let floor: Double?
  }

  // What is asked of a work, with Winograd's filtering and without.
  private enum Floor {
    case product, convolution, weightGradient

    func share(on table: KernelTable) -> Double? {
      switch self {
      case _ where table.name == "portable": nil
      case .product: 0.9
      case _ where table.isDirect: 0.7
      case .convolution: 2.2
      case .weightGradient: 1.7
      }
    }
  }

  private let table: KernelTable
  private let rounds: Int
  private let clock = ContinuousClock()

  /// Measures `table` in so many turns.
  public init(_ table: KernelTable, rounds: Int = 15) {
    (self.table, self.rounds) = (table, rounds)
  }

  /// All rows: the limit, the matrix product, 3x3 convolutions and their gradients, and 1x1 convolutions of maps of which three in five numbers are zero.
  public func rows(_ progress: (String) -> Void = { _ in }) -> [Row] {
    var rows: [Row] = []
    rows.append(measure("matrix product 1024x1024x1024", .product, matrixProduct(1024)))
    progress(rows[0].work)
    for (channels, size) in [(64, 56), (128, 28), (256, 15), (256, 14), (256, 8), (512, 7)] {
      let g = ConvolutionGeometry(
        inputRows: size, inputColumns: size, inputChannels: channels, outputChannels: channels,
        kernelRows: 3, kernelColumns: 3, padding: Padding(1))
      let images = max(1, 4 * 56 * 56 / (size * size) / (channels / 64))
      for (name, floor, run) in convolutions(g, images) {
        let work = "3x3 convolution \(name) \(channels) channels \(size)x\(size)"
        rows.append(measure(work, floor, run))
        progress(work)
      }
    }
    for (inputs, outputs, size) in [(64, 256, 14), (576, 96, 14), (960, 320, 7)] {
      let g = ConvolutionGeometry(
        inputRows: size, inputColumns: size, inputChannels: inputs, outputChannels: outputs,
        kernelRows: 1, kernelColumns: 1, padding: Padding(0))
      let work =
        "1x1 convolution forward \(inputs) to \(outputs) channels \(size)x\(size), 60 % zeros"
      let (_, _, forward) = convolutions(g, 1, zeros: 0.6)[0]
      rows.append(measure(work, nil, forward))
      progress(work)
    }
    let best = rows.map { $0.gflops / $0.fractionOfLimit }.max() ?? 0
    rows.insert(
      Row(work: "limit in registers", gflops: best, fractionOfLimit: 1, floor: nil), at: 0)
    return rows
  }

  /// 10^9 additions and multiplications a second that the team's threads do at best, all of them at work: the loop in registers, the best of five turns.
  public func limit(on team: ThreadTeam) -> Double {
    let threads = team.threadCount
    let values = FloatBuffer([Float](repeating: 0.5, count: 64 * threads))
    var operations = 0
    let turns = withExtendedLifetime(values) {
      (0..<5).map { _ in
        rate {
          team.run(threads) { thread, _ in
            let done = turn(values.pointer + 64 * thread)
            if thread == 0 { operations = done }
          }
          return Double(threads * operations)
        }
      }
    }
    return turns.max() ?? 0
  }

  // The operations of one turn of the loop in registers.
  private func turn(_ values: Floats) -> Int {
    table.bodies.measureLimit(repetitions: 400_000, values)
  }

  private struct Work {
    let operations: Double
    let run: () -> Void
  }

  private func measure(_ name: String, _ floor: Floor?, _ work: Work) -> Row {
    let values = FloatBuffer([Float](repeating: 0.5, count: 64))
    let limit = { rate { Double(turn(values.pointer)) } }
    work.run()
    let repetitions = max(1, Int(1e9 / work.operations))
    var (speeds, shares): ([Double], [Double]) = ([], [])
    for _ in 0..<rounds {
      let before = limit()
      let speed = rate {
        for _ in 0..<repetitions { work.run() }
        return Double(repetitions) * work.operations
      }
      speeds.append(speed)
      shares.append(speed / max(before, limit()))
    }
    return Row(
      work: name, gflops: speeds.sorted()[rounds / 2], fractionOfLimit: shares.sorted()[rounds / 2],
      floor: floor?.share(on: table))
  }

  private func rate(_ body: () -> Double) -> Double {
    let start = clock.now
    let operations = body()
    let seconds = (clock.now - start) / .seconds(1)
    return operations / seconds / 1e9
  }

  // Random numbers, a share of them zero.
  private func filled(_ count: Int, zeros share: Double = 0) -> FloatBuffer {
    var random = CounterRandom(seed: 1, purpose: .init("benchmark"))
    let buffer = FloatBuffer(count: count)
    for i in 0..<count { buffer.pointer[i] = Float(random.uniform()) - 0.5 }
    for i in 0..<count where random.uniform() < share { buffer.pointer[i] = 0 }
    return buffer
  }

  private func matrixProduct(_ n: Int) -> Work {
    let (a, b, c) = (filled(n * n), filled(n * n), FloatBuffer(count: n * n))
    let scratch = FloatBuffer(count: table.multiplyScratchCount(m: n, n: n, k: n))
    return Work(operations: 2 * Double(n) * Double(n) * Double(n)) {
      table.multiply(
        m: n, n: n, k: n, a.pointer, lda: n, b.pointer, ldb: n, into: c.pointer, ldc: n,
        scratch: scratch.pointer)
    }
  }

  private func convolutions(
    _ g: ConvolutionGeometry, _ images: Int, zeros share: Double = 0
  ) -> [(String, Floor, Work)] {
    let operations = 2 * Double(g.multiplyAdds) * Double(images)
    let (x, w, y) = (
      filled(images * g.inputCount, zeros: share), filled(g.weightCount),
      filled(images * g.outputCount)
    )
    let plan = table.plan(g)
    let scratch = FloatBuffer(count: plan.scratchCount)
    let sums = FloatBuffer(count: plan.weightSumCount)
    let forward = FloatBuffer(count: plan.packedCount)
    let backward = FloatBuffer(count: plan.packedInputGradientCount)
    plan.pack(w.pointer, into: forward.pointer, scratch: scratch.pointer)
    plan.packInputGradient(w.pointer, into: backward.pointer, scratch: scratch.pointer)
    return [
      (
        "forward", .convolution,
        Work(operations: operations) {
          plan.forward(
            x.pointer, packed: forward.pointer, into: y.pointer, images: images,
            scratch: scratch.pointer)
        }
      ),
      (
        "input gradient", .convolution,
        Work(operations: operations) {
          plan.inputGradient(
            y.pointer, packed: backward.pointer, into: x.pointer, images: images,
            scratch: scratch.pointer)
        }
      ),
      (
        "weight gradient", .weightGradient,
        Work(operations: operations) {
          plan.weightGradient(
            x.pointer, y.pointer, into: w.pointer, images: images, sums: sums.pointer,
            scratch: scratch.pointer)
        }
      ),
    ]
  }
}
