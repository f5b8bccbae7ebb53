import AvocetDatasets

extension Recipe {
  /// The recipes that have a name.
  public static let named: [Recipe] = [
    Recipe(
      name: "aviary", architecture: "aviary", size: 64, epochs: 12, batch: 64,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 4, flip: true)),
    Recipe(
      name: "fashion-mnist", architecture: "fashion", size: 28, epochs: 12, batch: 128,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 2, flip: true)),
    Recipe(
      name: "mnist", architecture: "fashion", size: 28, epochs: 12, batch: 128,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 2)),
    Recipe(
      name: "cifar10-94", architecture: "airbench94", size: 32, epochs: 8, batch: 2000,
      optimizer: OptimizerSettings(
        rule: .muon, learningRate: 0.24, momentum: 0.6, weightDecay: 0,
        groups: [
          ParameterGroup(ending: "whiten.weight", epochs: 0),
          ParameterGroup(
            ending: "whiten.bias", learningRate: 0.053, momentum: 0.85, weightDecay: 0.0755,
            epochs: 3),
          ParameterGroup(
            ending: "bias", learningRate: 0.053, momentum: 0.85, weightDecay: 0.0755),
          ParameterGroup(
            ending: "head.weight", learningRate: 0.67, momentum: 0.85, weightDecay: 0.00597),
        ]),
      schedule: .oneCycle, warmUp: 0, labelSmoothing: 0.2,
      augmentation: Augmentation(shift: 2, flip: true, alternatesFlip: true), reduction: .sum,
      dropsLast: true, validation: 0, views: 6),
    Recipe(
      name: "cifar100", architecture: "fashion", size: 32, epochs: 12, batch: 128,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 4, flip: true)),
    Recipe(
      name: "photos", architecture: "aviary", size: 96, epochs: 40, batch: 32,
      optimizer: OptimizerSettings(rule: .adamW, learningRate: 2e-3, weightDecay: 0.05),
      schedule: .cosine, warmUp: 0.1, labelSmoothing: 0.1,
      augmentation: Augmentation(
        cropScale: 0.35...1, flip: true, brightness: 0.3, contrast: 0.3, saturation: 0.3)),
  ]

  /// The recipe of that name.
  public static func named(_ name: String) -> Recipe? { named.first { $0.name == name } }
}
