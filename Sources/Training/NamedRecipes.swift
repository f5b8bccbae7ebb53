import AvocetDatasets

extension Recipe {
  /// The recipes that have a name.
  public static let named: [Recipe] = [
    Recipe(
      name: "aviary", architecture: "aviary", size: 64, epochs: 18, batch: 64,
      optimizer: OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 5e-4),
      schedule: .oneCycle, warmUp: 0.2, labelSmoothing: 0.1,
      augmentation: Augmentation(shift: 4, flip: true), sparsity: 0.01,
      partLesson: 0.5),
    airbench(
      "fashion-mnist", size: 28, epochs: 12, batch: 1000, learningRate: 0.2, labelSmoothing: 0.1,
      validation: 0.1,
      Augmentation(shift: 2, flip: true, alternatesFlip: true, cutout: 8)),
    airbench(
      "mnist", size: 28, epochs: 8, batch: 1000, learningRate: 0.2, labelSmoothing: 0.1, views: 1,
      Augmentation(shift: 2)),
    airbench(
      "cifar10-94", size: 32, epochs: 9, batch: 2000, learningRate: 0.24, labelSmoothing: 0.2,
      Augmentation(shift: 2, flip: true, alternatesFlip: true)),
    airbench(
      "cifar100", size: 32, epochs: 16, batch: 1000, learningRate: 0.24, labelSmoothing: 0.2,
      Augmentation(shift: 2, flip: true, alternatesFlip: true)),
    Recipe(
      name: "photos", architecture: "resnet10", size: 128, epochs: 80, batch: 32,
      optimizer: OptimizerSettings(rule: .adamW, learningRate: 2e-3, weightDecay: 0.05),
      schedule: .cosine, warmUp: 0.1, labelSmoothing: 0.1,
      augmentation: Augmentation(
        cropScale: 0.35...1, flip: true, brightness: 0.3, contrast: 0.3, saturation: 0.3,
        mixup: 0.25, cutmix: 0.25), views: 2, clipNorm: 5, averageDecay: 0.99),
    Recipe(
      name: "fine-tune", architecture: "mobilenet_v2", size: 224, epochs: 10, batch: 32,
      optimizer: OptimizerSettings(
        rule: .adamW, learningRate: 1e-4, weightDecay: 0.05, headFactor: 10),
      schedule: .cosine, warmUp: 0.1, labelSmoothing: 0.1,
      augmentation: Augmentation(
        cropScale: 0.35...1, flip: true, brightness: 0.2, contrast: 0.2, saturation: 0.2),
      clipNorm: 5, averageDecay: 0.98, storedViews: 8, storesStatistics: true),
  ]

  /// The recipe of that name.
  public static func named(_ name: String) -> Recipe? { named.first { $0.name == name } }

  // The recipe of airbench94 with Muon (Jordan 2024): its rates are for the sum over a batch; biases and head decay by 2e-6 for each picture of it.
  private static func airbench(
    _ name: String, size: Int, epochs: Int, batch: Int, learningRate: Double,
    labelSmoothing: Double, validation: Double = 0, views: Int = 6, _ augmentation: Augmentation
  ) -> Recipe {
    func group(_ ending: String, _ rate: Double, epochs: Int? = nil) -> ParameterGroup {
      ParameterGroup(
        ending: ending, learningRate: rate, momentum: 0.85,
        weightDecay: 2e-6 * Double(batch) / rate, epochs: epochs)
    }
    return Recipe(
      name: name, architecture: "airbench94", size: size, epochs: epochs, batch: batch,
      optimizer: OptimizerSettings(
        rule: .muon, learningRate: learningRate, momentum: 0.6, weightDecay: 0,
        groups: [
          ParameterGroup(ending: "whiten.weight", epochs: 0),
          group("whiten.bias", 0.053, epochs: 3), group("bias", 0.053),
          group("head.weight", 0.67),
        ]),
      schedule: .oneCycle, warmUp: 0, labelSmoothing: labelSmoothing, augmentation: augmentation,
      reduction: .sum, dropsLast: true, validation: validation, views: views)
  }
}
