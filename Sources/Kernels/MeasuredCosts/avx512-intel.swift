// The costs of avx512-intel, made by Benchmarks/measure-costs on Intel(R) Xeon(R) Processor; do not edit.
// 3x3 stride 1 forward: over 54 shapes the choice takes 3.8 % longer than the best on average, 42.5 % at most.
// 3x3 stride 1 weightGradient: over 54 shapes the choice takes 1.4 % longer than the best on average, 31.6 % at most.
// 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 2 forward: over 35 shapes the choice takes 0.3 % longer than the best on average, 11.0 % at most.
// 5x5 stride 2 forward: over 35 shapes the choice takes 0.7 % longer than the best on average, 13.5 % at most.
// 7x7 stride 2 forward: over 35 shapes the choice takes 1.4 % longer than the best on average, 16.2 % at most.
// 11x11 stride 4 forward: over 34 shapes the choice takes 1.5 % longer than the best on average, 21.5 % at most.

extension MeasuredCosts {
  static let avx512Intel: [ConvolutionKernel: ConvolutionCosts] = [
    ConvolutionKernel(3, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.1022, 0.0000, 0.1186),
        .winograd(outputTile: 2): ConvolutionCost(2.2406, 2.5728, 0.2080),
        .winograd(outputTile: 4): ConvolutionCost(5.6997, 5.9280, 0.5190),
        .winograd(outputTile: 5): ConvolutionCost(7.5639, 8.8835, 0.7468),
        .winograd(outputTile: 6): ConvolutionCost(10.7829, 10.7604, 1.0210),
        .winogradRows: ConvolutionCost(0.0000, 0.7246, 0.1638),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1215),
        .winograd(outputTile: 2): ConvolutionCost(1.0512, 2.5694, 0.2659),
        .winograd(outputTile: 4): ConvolutionCost(0.5521, 6.0108, 0.7117),
        .winograd(outputTile: 5): ConvolutionCost(0.0000, 8.3343, 1.0718),
        .winograd(outputTile: 6): ConvolutionCost(7.4335, 8.7961, 1.4405),
      ]
    ),
    ConvolutionKernel(5, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4016),
        .winograd(outputTile: 4): ConvolutionCost(10.6642, 10.1970, 1.0995),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.3964),
        .winograd(outputTile: 4): ConvolutionCost(0.0000, 1.8822, 1.8130),
      ]
    ),
    ConvolutionKernel(3, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.4867, 0.0776, 0.1097),
        .winograd(outputTile: 7): ConvolutionCost(97.7161, 20.9549, 3.6455),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(5, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.2378, 0.0553, 0.3088),
        .winograd(outputTile: 2): ConvolutionCost(11.1205, 4.6326, 0.7629),
        .winograd(outputTile: 4): ConvolutionCost(29.4239, 10.5980, 1.8672),
        .winograd(outputTile: 5): ConvolutionCost(50.9838, 15.8682, 2.6097),
        .winograd(outputTile: 6): ConvolutionCost(90.5379, 19.3105, 3.4832),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(7, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.6189),
        .winograd(outputTile: 5): ConvolutionCost(88.3980, 18.4707, 3.4917),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(11, stride: 4): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.7965),
        .winograd(outputTile: 2): ConvolutionCost(92.8420, 0.9288, 4.2214),
        .winograd(outputTile: 4): ConvolutionCost(237.6260, 0.0000, 10.4060),
        .winograd(outputTile: 5): ConvolutionCost(333.4684, 0.9423, 13.8606),
        .winograd(outputTile: 6): ConvolutionCost(440.1856, 2.9758, 17.7020),
      ],
      weightGradient: [:]
    ),
  ]
}
