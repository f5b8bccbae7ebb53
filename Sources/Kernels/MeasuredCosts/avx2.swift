// The costs of avx2, made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// 3x3 stride 1 forward: over 54 shapes the choice takes 0.1 % longer than the best on average, 2.7 % at most.
// 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.7 % longer than the best on average, 10.6 % at most.
// 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 2 forward: over 35 shapes the choice takes 2.0 % longer than the best on average, 16.7 % at most.
// 7x7 stride 2 forward: over 35 shapes the choice takes 0.7 % longer than the best on average, 10.4 % at most.
// 11x11 stride 4 forward: over 34 shapes the choice takes 1.5 % longer than the best on average, 28.4 % at most.

extension MeasuredCosts {
  static let avx2: [ConvolutionKernel: ConvolutionCosts] = [
    ConvolutionKernel(3, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1708),
        .winograd(outputTile: 2): ConvolutionCost(0.8444, 2.1168, 0.3064),
        .winograd(outputTile: 4): ConvolutionCost(3.1811, 4.3719, 0.7078),
        .winograd(outputTile: 5): ConvolutionCost(5.0268, 6.6055, 0.9719),
        .winograd(outputTile: 6): ConvolutionCost(7.1826, 8.5784, 1.3044),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1885),
        .winograd(outputTile: 2): ConvolutionCost(1.5777, 1.1667, 0.3324),
        .winograd(outputTile: 4): ConvolutionCost(2.4834, 2.5413, 0.8633),
        .winograd(outputTile: 5): ConvolutionCost(1.9686, 3.7118, 1.2830),
        .winograd(outputTile: 6): ConvolutionCost(4.2349, 7.0970, 1.6505),
      ]
    ),
    ConvolutionKernel(5, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4745),
        .winograd(outputTile: 4): ConvolutionCost(8.1548, 6.1287, 1.2628),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5136),
        .winograd(outputTile: 4): ConvolutionCost(2.8794, 2.4942, 1.6859),
      ]
    ),
    ConvolutionKernel(3, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.1776, 0.0589, 0.1693),
        .winograd(outputTile: 7): ConvolutionCost(107.2523, 18.1179, 4.7334),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(5, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4762),
        .winograd(outputTile: 2): ConvolutionCost(16.3269, 4.5782, 1.0877),
        .winograd(outputTile: 4): ConvolutionCost(48.5165, 8.5904, 2.5730),
        .winograd(outputTile: 5): ConvolutionCost(71.7595, 12.5563, 3.4672),
        .winograd(outputTile: 6): ConvolutionCost(117.3102, 16.7600, 4.5296),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(7, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.9247),
        .winograd(outputTile: 5): ConvolutionCost(114.6677, 16.3045, 4.4233),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(11, stride: 4): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 2.4541),
        .winograd(outputTile: 2): ConvolutionCost(96.6998, 1.2774, 4.9553),
        .winograd(outputTile: 4): ConvolutionCost(191.7898, 0.7288, 12.8206),
        .winograd(outputTile: 5): ConvolutionCost(211.4583, 0.0000, 19.1893),
        .winograd(outputTile: 6): ConvolutionCost(270.2231, 0.0000, 26.9106),
      ],
      weightGradient: [:]
    ),
  ]
}
