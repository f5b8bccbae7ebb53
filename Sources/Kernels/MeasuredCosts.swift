// Made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// avx512, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 3x3 weightGradient: over 54 shapes the choice takes 0.1 % longer than the best on average, 4.5 % at most.
// avx512, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 3x3 forward: over 54 shapes the choice takes 0.1 % longer than the best on average, 2.7 % at most.
// avx2, 3x3 weightGradient: over 54 shapes the choice takes 0.7 % longer than the best on average, 10.6 % at most.
// avx2, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 weightGradient: over 54 shapes the choice takes 0.4 % longer than the best on average, 12.8 % at most.
// portable, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// By table and size of the kernel.
let measuredCosts: [String: [Int: ConvolutionCosts]] = [
  "avx512": [
    3: ConvolutionCosts(
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
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4361),
        .winograd(outputTile: 4): ConvolutionCost(5.4214, 4.3310, 1.2072),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4532),
        .winograd(outputTile: 4): ConvolutionCost(0.2770, 1.8091, 1.5840),
      ]
    ),
  ],
  "avx2": [
    3: ConvolutionCosts(
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
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4745),
        .winograd(outputTile: 4): ConvolutionCost(8.1548, 6.1287, 1.2628),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5136),
        .winograd(outputTile: 4): ConvolutionCost(2.8794, 2.4942, 1.6859),
      ]
    ),
  ],
  "portable": [
    3: ConvolutionCosts(
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
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.3494),
        .winograd(outputTile: 4): ConvolutionCost(17.4882, 13.4567, 3.7254),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.5909),
        .winograd(outputTile: 4): ConvolutionCost(3.0993, 3.8955, 4.6075),
      ]
    ),
  ],
]
