// The costs of avx512-halves, made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// 3x3 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.1 % longer than the best on average, 4.5 % at most.
// 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 2 forward: over 35 shapes the choice takes 1.7 % longer than the best on average, 30.8 % at most.
// 7x7 stride 2 forward: over 35 shapes the choice takes 0.3 % longer than the best on average, 6.1 % at most.
// 11x11 stride 4 forward: over 34 shapes the choice takes 0.4 % longer than the best on average, 5.9 % at most.

extension MeasuredCosts {
  static let avx512Halves: [ConvolutionKernel: ConvolutionCosts] = [
    ConvolutionKernel(3, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1581),
        .winograd(outputTile: 2): ConvolutionCost(0.9846, 1.4792, 0.2968),
        .winograd(outputTile: 4): ConvolutionCost(1.6659, 2.9724, 0.6990),
        .winograd(outputTile: 5): ConvolutionCost(3.3257, 4.6442, 0.9576),
        .winograd(outputTile: 6): ConvolutionCost(4.1868, 5.9397, 1.2529),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1610),
        .winograd(outputTile: 2): ConvolutionCost(1.5269, 1.0365, 0.3274),
        .winograd(outputTile: 4): ConvolutionCost(1.6532, 2.1413, 0.8234),
        .winograd(outputTile: 5): ConvolutionCost(0.8272, 3.1717, 1.1998),
        .winograd(outputTile: 6): ConvolutionCost(0.0000, 4.3409, 1.6064),
      ]
    ),
    ConvolutionKernel(5, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4361),
        .winograd(outputTile: 4): ConvolutionCost(5.4214, 4.3310, 1.2072),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4532),
        .winograd(outputTile: 4): ConvolutionCost(0.2770, 1.8091, 1.5840),
      ]
    ),
    ConvolutionKernel(3, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.1041, 0.0229, 0.1658),
        .winograd(outputTile: 7): ConvolutionCost(79.0690, 15.3042, 4.8242),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(5, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.3052, 0.0000, 0.4457),
        .winograd(outputTile: 2): ConvolutionCost(24.7035, 3.3239, 1.0201),
        .winograd(outputTile: 4): ConvolutionCost(66.1523, 6.8142, 2.4212),
        .winograd(outputTile: 5): ConvolutionCost(90.3536, 10.4541, 3.3710),
        .winograd(outputTile: 6): ConvolutionCost(122.6721, 13.3432, 4.4709),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(7, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.2271, 0.0000, 0.8568),
        .winograd(outputTile: 5): ConvolutionCost(115.0072, 13.3122, 4.2439),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(11, stride: 4): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 2.1806),
        .winograd(outputTile: 2): ConvolutionCost(88.0600, 2.2627, 4.4926),
        .winograd(outputTile: 4): ConvolutionCost(178.4349, 2.9547, 11.6626),
        .winograd(outputTile: 5): ConvolutionCost(255.0483, 3.3832, 16.2167),
        .winograd(outputTile: 6): ConvolutionCost(358.4121, 0.8938, 21.2677),
      ],
      weightGradient: [:]
    ),
  ]
}
