// The costs of portable, made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// 3x3 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.4 % longer than the best on average, 12.8 % at most.
// 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 3x3 stride 2 forward: over 35 shapes the choice takes 0.3 % longer than the best on average, 7.2 % at most.
// 5x5 stride 2 forward: over 35 shapes the choice takes 1.3 % longer than the best on average, 43.5 % at most.
// 7x7 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// 11x11 stride 4 forward: over 34 shapes the choice takes 0.2 % longer than the best on average, 6.6 % at most.

extension MeasuredCosts {
  static let portable: [ConvolutionKernel: ConvolutionCosts] = [
    ConvolutionKernel(3, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4812),
        .winograd(outputTile: 2): ConvolutionCost(1.9858, 4.3637, 0.9033),
        .winograd(outputTile: 4): ConvolutionCost(7.2551, 9.4101, 2.0632),
        .winograd(outputTile: 5): ConvolutionCost(12.9037, 14.7889, 2.8401),
        .winograd(outputTile: 6): ConvolutionCost(14.9339, 19.5910, 3.7530),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5707),
        .winograd(outputTile: 2): ConvolutionCost(2.3801, 1.7489, 0.9601),
        .winograd(outputTile: 4): ConvolutionCost(5.1449, 4.6438, 2.3315),
        .winograd(outputTile: 5): ConvolutionCost(7.8765, 7.7686, 3.3431),
        .winograd(outputTile: 6): ConvolutionCost(11.1973, 13.9863, 4.3489),
      ]
    ),
    ConvolutionKernel(5, stride: 1): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.3494),
        .winograd(outputTile: 4): ConvolutionCost(17.4882, 13.4567, 3.7254),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.5909),
        .winograd(outputTile: 4): ConvolutionCost(3.0993, 3.8955, 4.6075),
      ]
    ),
    ConvolutionKernel(3, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.1731, 0.4991),
        .winograd(outputTile: 7): ConvolutionCost(197.0607, 31.3596, 15.2365),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(5, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0942, 1.3791),
        .winograd(outputTile: 2): ConvolutionCost(47.5847, 7.8738, 3.3608),
        .winograd(outputTile: 4): ConvolutionCost(120.4063, 16.2400, 7.7739),
        .winograd(outputTile: 5): ConvolutionCost(182.4827, 21.3691, 10.7503),
        .winograd(outputTile: 6): ConvolutionCost(244.5484, 27.8550, 14.1142),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(7, stride: 2): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0120, 2.6716),
        .winograd(outputTile: 5): ConvolutionCost(217.7996, 26.0673, 14.8202),
      ],
      weightGradient: [:]
    ),
    ConvolutionKernel(11, stride: 4): ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 6.6801),
        .winograd(outputTile: 2): ConvolutionCost(76.2276, 5.9227, 15.0466),
        .winograd(outputTile: 4): ConvolutionCost(234.8634, 3.0313, 36.4859),
        .winograd(outputTile: 5): ConvolutionCost(282.3368, 5.0763, 51.5621),
        .winograd(outputTile: 6): ConvolutionCost(429.4047, 0.6037, 69.0782),
      ],
      weightGradient: [:]
    ),
  ]
}
