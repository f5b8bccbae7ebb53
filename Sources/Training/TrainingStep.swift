import AvocetDatasets
import AvocetKernels
import AvocetNetworks

/// One step of backpropagation: forward, loss, backward, optimiser.
public final class TrainingStep {
  /// The memory of the step.
  public let workspace: TrainingWorkspace
  let network: Network
  let gradient: Parameters
  private let part: Parameters?
  private let targets: FloatBuffer
  let losses: FloatBuffer
  private let smoothing: Float
  private let sparsity: Float
  private let teacher: PartTeacher?
  private let reduction: Recipe.Reduction
  private let team: ThreadTeam
  private let classWeights: [Float]?

  /// What came out of a step.
  public struct Result: Sendable {
    /// The sum of the pictures' losses.
    public var loss = 0.0
    /// Pictures whose largest logit was the true class, as augmented.
    public var correct = 0
    /// Pictures.
    public var count = 0
  }

  /// Where a batch stands among those whose gradients make one step.
  public struct Share: Sendable {
    /// Pictures of the whole step.
    public var pictures: Int
    /// Whether it is the step's first batch.
    public var isFirst: Bool

    /// A batch of a step of so many pictures.
    public init(pictures: Int, isFirst: Bool) {
      (self.pictures, self.isFirst) = (pictures, isFirst)
    }
  }

  /// Memory for batches of up to `batch` pictures; `accumulates` says that several may make one step.
  public init(
    _ network: Network, batch: Int, team: ThreadTeam, labelSmoothing: Double, sparsity: Double = 0,
    teacher: PartTeacher? = nil,
    reduction: Recipe.Reduction = .mean, accumulates: Bool = false, classWeights: [Float]? = nil,
    frozenThrough frozen: Int? = nil, storesStatistics: Bool = false,
    kernels: KernelTable = Kernels.chosen
  ) {
    self.network = network
    workspace = TrainingWorkspace(
      network, batch: batch, team: team, kernels: kernels, frozenThrough: frozen,
      storesStatistics: storesStatistics, keeping: teacher.map { [$0.node] } ?? [])
    gradient = Parameters(network.layout)
    part = accumulates ? Parameters(network.layout) : nil
    targets = FloatBuffer(count: batch * network.classCount)
    losses = FloatBuffer(count: batch)
    (smoothing, self.sparsity) = (Float(labelSmoothing), Float(sparsity))
    (self.reduction, self.team, self.teacher) = (reduction, team, teacher)
    self.classWeights = classWeights
  }

  /// The loss of the pictures that lie in the workspace's input, and its gradient, the mean's or the sum's; nothing is changed yet. Nil where a number is not finite.
  ///
  /// `share` is given where the step has several batches, whose gradients are added up.
  public func differentiate(
    _ parameters: Parameters, labels: [Int], blends: [Blend]? = nil, share: Share? = nil,
    partMaps: [PartMap?]? = nil
  ) -> Result? {
    let classes = network.classCount
    workspace.forward(parameters, images: labels.count)
    var result = Result(loss: 0, correct: 0, count: labels.count)
    let kernels = Kernels.chosen
    let weight = reduction == .mean ? 1 / Float(share?.pictures ?? labels.count) : 1
    for (row, label) in labels.enumerated() {
      let at = row * classes
      let classWeight = setTargets(row, label, blends?[row])
      unsafe kernels.crossEntropy(
        workspace.logits + at, targets: targets.pointer + at, losses: losses.pointer + row,
        into: workspace.logitsGradient + at, gradientScale: classWeight * weight, rows: 1,
        classes: classes)
      result.loss += Double(losses[row]) * Double(classWeight)
      var best = 0
      for c in 0..<classes where unsafe workspace.logits[at + c] > workspace.logits[at + best] {
        best = c
      }
      if best == label { result.correct += 1 }
    }
    guard result.loss.isFinite else { return nil }
    let lesson = partMaps.flatMap { teacher?.lesson($0, share: weight) }
    if let part, share?.isFirst == false {
      workspace.backward(parameters, into: part, sparsity: sparsity * weight, lesson: lesson)
      unsafe kernels.add(
        gradient.values.pointer, part.values.pointer, into: gradient.values.pointer,
        count: network.layout.count)
    } else {
      workspace.backward(parameters, into: gradient, sparsity: sparsity * weight, lesson: lesson)
    }
    return gradient.isFinite ? result : nil
  }

  // A picture's target, and what its classes weigh.
  private func setTargets(_ row: Int, _ label: Int, _ blend: Blend?) -> Float {
    let classes = network.classCount
    for c in 0..<classes { targets[row * classes + c] = smoothing / Float(classes) }
    let share = Float(blend?.share ?? 0)
    targets[row * classes + label] += (1 - smoothing) * (1 - share)
    let weight = classWeights?[label] ?? 1
    guard let blend, share > 0 else { return weight }
    targets[row * classes + blend.label] += (1 - smoothing) * share
    return weight * (1 - share) + (classWeights?[blend.label] ?? 1) * share
  }

  /// Moves parameters and statistics after `differentiate`; a gradient longer than `clipNorm` is shortened to it (nil: none is). See `Optimizer.step` for `factor`.
  public func update(
    _ parameters: Parameters, _ optimizer: Optimizer, clipNorm: Double? = nil,
    factor: (_ epochs: Int?) -> Double
  ) {
    if let clipNorm { clip(to: clipNorm) }
    optimizer.step(parameters, gradient: gradient, team: team, factor: factor)
    updateStatistics(parameters)
  }

  /// Moves batch norm's statistics alone, after a batch that is not its step's last.
  func updateStatistics(_ parameters: Parameters) { workspace.updateStatistics(parameters) }

  private func clip(to limit: Double) {
    let values = gradient.values
    var square = 0.0
    for i in 0..<values.count {
      let value = Double(unsafe values.pointer[i])
      square += value * value
    }
    let norm = square.squareRoot()
    guard norm > limit else { return }
    unsafe Kernels.chosen.scale(
      values.pointer, by: Float(limit / norm), into: values.pointer, count: values.count)
  }
}
