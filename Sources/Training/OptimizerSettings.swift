import AvocetNetworks

/// How the parameters follow their gradient.
public struct OptimizerSettings: Codable, Hashable, Sendable {
  /// The rule.
  public enum Rule: String, Codable, Sendable, CaseIterable {
    /// Stochastic gradient descent with Nesterov's momentum, as PyTorch writes it.
    case sgd
    /// AdamW (Loshchilov and Hutter 2019).
    case adamW
    /// Muon (Jordan et al. 2024) for the filters of convolutions, whose norm it keeps, so that they do not decay; `sgd` for all else.
    case muon
  }
  /// The rule.
  public var rule: Rule
  /// The peak learning rate.
  public var learningRate: Double
  /// SGD's and Muon's momentum; AdamW's first beta.
  public var momentum: Double
  /// The decay of weights (biases and batch norm do not decay).
  public var weightDecay: Double
  /// Parameters with numbers of their own.
  public var groups: [ParameterGroup]
  /// How many times as fast the head learns, the last layer with weights: it is new where the rest is not. Nil: as fast as the rest.
  public var headFactor: Double?

  /// A rule and its numbers.
  public init(
    rule: Rule, learningRate: Double, momentum: Double = 0.9, weightDecay: Double,
    groups: [ParameterGroup] = [], headFactor: Double? = nil
  ) {
    (self.rule, self.learningRate) = (rule, learningRate)
    (self.momentum, self.weightDecay, self.groups) = (momentum, weightDecay, groups)
    self.headFactor = headFactor
  }

  /// Reads the settings; `groups` and `headFactor` may be missing.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      rule: try values.decode(Rule.self, forKey: .rule),
      learningRate: try values.decode(Double.self, forKey: .learningRate),
      momentum: try values.decode(Double.self, forKey: .momentum),
      weightDecay: try values.decode(Double.self, forKey: .weightDecay),
      groups: try values.decodeIfPresent([ParameterGroup].self, forKey: .groups) ?? [],
      headFactor: try values.decodeIfPresent(Double.self, forKey: .headFactor))
  }

  /// What holds for one slice.
  struct Numbers {
    var learningRate, momentum, weightDecay: Double
    var epochs: Int?
  }

  /// The numbers of the first group that takes the slice in, or the settings' own.
  func numbers(for slice: ParameterSlice) -> Numbers {
    let group = groups.first { $0.contains(slice) }
    return Numbers(
      learningRate: group?.learningRate ?? learningRate, momentum: group?.momentum ?? momentum,
      weightDecay: group?.weightDecay ?? (slice.role == .weight ? weightDecay : 0),
      epochs: group?.epochs)
  }

  /// What a user could have written wrong, or nil.
  var problem: String? {
    func problem(_ numbers: Numbers, _ place: String) -> String? {
      let rate = numbers.learningRate
      if !(rate > 0 && rate < 1000) {
        return "\(place)learningRate is \(rate); above 0, below 1000 is allowed"
      }
      for (name, value) in [("momentum", numbers.momentum), ("weightDecay", numbers.weightDecay)]
      where !(0..<1).contains(value) {
        return "\(place)\(name) is \(value); 0 up to 1 is allowed"
      }
      if let epochs = numbers.epochs, !(0...1_000_000).contains(epochs) {
        return "\(place)epochs is \(epochs); 0 to 1,000,000 is allowed"
      }
      return nil
    }
    if let headFactor, !(headFactor > 0 && headFactor <= 1000) {
      return "headFactor is \(headFactor); above 0, up to 1000 is allowed"
    }
    let own = Numbers(learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)
    if let problem = problem(own, "") { return problem }
    for (number, group) in groups.enumerated() {
      let numbers = Numbers(
        learningRate: group.learningRate ?? learningRate, momentum: group.momentum ?? momentum,
        weightDecay: group.weightDecay ?? weightDecay, epochs: group.epochs)
      if let problem = problem(numbers, "groups.\(number).") { return problem }
    }
    return nil
  }

  /// The same settings at another peak learning rate, to which those of the groups keep their proportion.
  public func scaled(to rate: Double) -> OptimizerSettings {
    var scaled = self
    scaled.learningRate = rate
    for i in groups.indices {
      scaled.groups[i].learningRate = groups[i].learningRate.map { $0 * (rate / learningRate) }
    }
    return scaled
  }

  /// The ending of the first group that takes nothing in of the layout, or nil.
  public func idleGroup(_ layout: ParameterLayout) -> String? {
    groups.first { group in
      !layout.slices.contains { $0.role != .statistic && group.contains($0) }
    }?.ending
  }
}

/// Parameters whose names end alike, and what holds for them instead of the optimiser's own numbers.
public struct ParameterGroup: Codable, Hashable, Sendable {
  /// How the names end, such as `bias` or `head.weight`.
  public var ending: String
  /// The peak learning rate.
  public var learningRate: Double?
  /// The momentum.
  public var momentum: Double?
  /// The decay, of biases and batch norm too.
  public var weightDecay: Double?
  /// Epochs after which they stay as they are, the schedule's end for them; 0: they never learn.
  public var epochs: Int?

  /// The given numbers; what is nil is as for the others.
  public init(
    ending: String, learningRate: Double? = nil, momentum: Double? = nil,
    weightDecay: Double? = nil, epochs: Int? = nil
  ) {
    (self.ending, self.learningRate, self.momentum) = (ending, learningRate, momentum)
    (self.weightDecay, self.epochs) = (weightDecay, epochs)
  }

  func contains(_ slice: ParameterSlice) -> Bool { slice.name.hasSuffix(ending) }
}
