import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import Synchronization

/// What a network makes of a whole split: a distribution for every picture, and what follows from them.
public struct Evaluation: Sendable {
  /// The class names.
  public let classes: [String]
  /// The pictures that could be judged.
  public let judgements: [Judgement]
  /// Pictures that could not be read, or of which the network made no number.
  public let refused: [(identifier: String, message: String)]
  /// What the logits were divided by.
  public let temperature: Double

  /// One picture's result.
  public struct Judgement: Sendable {
    /// The index in the source.
    public let index: Int
    /// The true class.
    public let truth: Int
    /// A number for each class, over all views.
    public let logits: [Float]
    /// A probability for each class: softmax(logits / temperature).
    public let probabilities: [Float]
    /// The class of the highest probability; the first of equals.
    public let predicted: Int

    /// What follows from a picture's logits.
    public init(index: Int, truth: Int, logits: [Float], temperature: Double) {
      (self.index, self.truth, self.logits) = (index, truth, logits)
      let p = Kernels.chosen.distribution(logits, temperature: Float(temperature))
      probabilities = p
      predicted = p.indices.reduce(0) { p[$1] > p[$0] ? $1 : $0 }
    }

    /// The probability of the predicted class.
    public var confidence: Double { Double(probabilities[predicted]) }
    /// Whether the prediction is the truth.
    public var isRight: Bool { predicted == truth }

    /// Whether fewer than `k` classes are more probable than the truth.
    public func isAmongTop(_ k: Int) -> Bool {
      let own = probabilities[truth]
      return probabilities.count { $0 > own } < k
    }
  }

  /// These judgements, made at this temperature.
  public init(
    classes: [String], judgements: [Judgement],
    refused: [(identifier: String, message: String)] = [], temperature: Double = 1
  ) {
    (self.classes, self.judgements) = (classes, judgements)
    (self.refused, self.temperature) = (refused, temperature)
  }

  /// Shows every picture of `source` to the network, one on each core; stopped, it lacks the rest.
  ///
  /// `labels` maps the source's classes to the network's; the pictures of a class that it maps to none are passed over.
  public init(
    _ prepared: PreparedNetwork, _ preprocessing: Preprocessing, classes: [String],
    on source: any DataSource, labels: [Int?]? = nil, team: ThreadTeam,
    shouldStop: @Sendable () -> Bool = { false }, progress: @Sendable (Int) -> Void = { _ in }
  ) {
    self.init(
      prepared, classes: classes, count: source.count,
      truth: { i in labels.map { $0[source.label(i)] } ?? source.label(i) },
      identifier: { source.identifier($0) }, team: team, shouldStop: shouldStop,
      progress: progress
    ) { i, workspace throws(ImageError) in
      try workspace.logits(try source.image(i), preprocessing)
    }
  }

  /// Shows the stored maps of every picture to what follows a frozen level; the views count as `viewWeights` says.
  init(
    _ prepared: PreparedNetwork, viewWeights: [Float], classes: [String],
    on features: StoredFeatures, team: ThreadTeam, shouldStop: @Sendable () -> Bool
  ) {
    self.init(
      prepared, classes: classes, count: features.count, truth: { features.label($0) },
      identifier: { features.identifier($0) }, team: team, shouldStop: shouldStop
    ) { i, workspace throws(ImageError) in
      try workspace.logits(over: viewWeights) { view in
        unsafe features.write(i, view: view, into: workspace.input)
      }
    }
  }

  private init(
    _ prepared: PreparedNetwork, classes: [String], count: Int,
    truth: @Sendable (Int) -> Int?, identifier: @Sendable (Int) -> String, team: ThreadTeam,
    shouldStop: @Sendable () -> Bool, progress: @Sendable (Int) -> Void = { _ in },
    logits: @Sendable (Int, InferenceWorkspace) throws(ImageError) -> [Float]
  ) {
    let results = Mutex<([Judgement], [(Int, String, String)])>(([], []))
    let workspaces = (0..<team.threadCount).map { _ in InferenceWorkspace(prepared) }
    let temperature = Double(prepared.temperature)
    let chunk = 16
    let done = Atomic<Int>(0)
    team.run((count + chunk - 1) / chunk) { task, worker in
      if shouldStop() { return }
      var (judged, failed): ([Judgement], [(Int, String, String)]) = ([], [])
      for index in task * chunk..<min(count, (task + 1) * chunk) {
        guard let truth = truth(index) else { continue }
        do throws(ImageError) {
          judged.append(
            Judgement(
              index: index, truth: truth, logits: try logits(index, workspaces[worker]),
              temperature: temperature))
        } catch {
          failed.append((index, identifier(index), error.message))
        }
      }
      results.withLock {
        $0.0 += judged
        $0.1 += failed
      }
      progress(done.add(chunk, ordering: .relaxed).newValue)
    }
    let (judged, failed) = results.withLock { $0 }
    self.init(
      classes: classes, judgements: judged.sorted { $0.index < $1.index },
      refused: failed.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }, temperature: temperature)
  }

  /// The same pictures at another temperature.
  public func at(temperature: Double) -> Evaluation {
    Evaluation(
      classes: classes,
      judgements: judgements.map {
        Judgement(
          index: $0.index, truth: $0.truth, logits: $0.logits, temperature: temperature)
      }, refused: refused, temperature: temperature)
  }
}
