// The costs of avx512, made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// 3x3 stride 1 forward: over 54 shapes the choice takes 0.1 % longer than the best on average, 3.9 % at most.
// 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.1 % longer than the best on average, 2.4 % at most.
// 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 2 forward: over 35 shapes the choice takes 0.6 % longer than the best on average, 8.6 % at most.
// 7x7 stride 2 forward: over 35 shapes the choice takes 0.7 % longer than the best on average, 8.3 % at most.
// 11x11 stride 4 forward: over 34 shapes the choice takes 0.4 % longer than the best on average, 6.2 % at most.

extension MeasuredCosts {
  static let avx512: [ConvolutionKernel: ConvolutionCosts] = [
    ConvolutionKernel(3, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.0725),
        .winograd(outputTile: 2): ConvolutionCost(1.4124, 1.2282, 0.1301),
        .winograd(outputTile: 4): ConvolutionCost(3.5652, 2.8736, 0.3018),
        .winograd(outputTile: 5): ConvolutionCost(5.1095, 4.3601, 0.4165),
        .winograd(outputTile: 6): ConvolutionCost(6.1318, 5.8325, 0.5556),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.0729),
        .winograd(outputTile: 2): ConvolutionCost(1.7245, 1.0577, 0.1415),
        .winograd(outputTile: 4): ConvolutionCost(3.7932, 2.4477, 0.3603),
        .winograd(outputTile: 5): ConvolutionCost(5.0089, 3.3561, 0.5471),
        .winograd(outputTile: 6): ConvolutionCost(5.0361, 5.3371, 0.7372),
      ]
    ),
    ConvolutionKernel(5, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.2079),
        .winograd(outputTile: 4): ConvolutionCost(5.3592, 4.6403, 0.5792),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.2105),
        .winograd(outputTile: 4): ConvolutionCost(2.3309, 3.4349, 0.7961),
      ]
    ),
    ConvolutionKernel(3, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.2989, 0.0140, 0.0712),
        .winograd(outputTile: 7): ConvolutionCost(50.5286, 11.4645, 2.0674),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(5, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.3245, 0.0047, 0.1987),
        .winograd(outputTile: 2): ConvolutionCost(10.2445, 2.7862, 0.4637),
        .winograd(outputTile: 4): ConvolutionCost(20.8681, 5.9156, 1.1666),
        .winograd(outputTile: 5): ConvolutionCost(33.9282, 8.0541, 1.5664),
        .winograd(outputTile: 6): ConvolutionCost(44.5232, 11.0582, 2.0795),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(7, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.2144, 0.0000, 0.3914),
        .winograd(outputTile: 5): ConvolutionCost(47.6796, 10.5503, 2.0479),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(11, stride: 4): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.9903),
        .winograd(outputTile: 2): ConvolutionCost(51.5844, 2.0616, 2.0199),
        .winograd(outputTile: 4): ConvolutionCost(112.2538, 3.3143, 5.1185),
        .winograd(outputTile: 5): ConvolutionCost(155.9498, 3.6741, 7.4456),
        .winograd(outputTile: 6): ConvolutionCost(207.2236, 3.1490, 10.0833),
      ],
      weightGradient: [:]
    ),
  ]
}
