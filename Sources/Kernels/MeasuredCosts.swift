// Made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// avx512, 3x3 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.1 % longer than the best on average, 4.5 % at most.
// avx512, 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 3x3 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 5x5 stride 2 forward: over 35 shapes the choice takes 1.7 % longer than the best on average, 30.8 % at most.
// avx512, 7x7 stride 2 forward: over 35 shapes the choice takes 0.3 % longer than the best on average, 6.1 % at most.
// avx512, 11x11 stride 4 forward: over 34 shapes the choice takes 0.4 % longer than the best on average, 5.9 % at most.
// avx2, 3x3 stride 1 forward: over 54 shapes the choice takes 0.1 % longer than the best on average, 2.7 % at most.
// avx2, 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.7 % longer than the best on average, 10.6 % at most.
// avx2, 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 3x3 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 5x5 stride 2 forward: over 35 shapes the choice takes 2.0 % longer than the best on average, 16.7 % at most.
// avx2, 7x7 stride 2 forward: over 35 shapes the choice takes 0.7 % longer than the best on average, 10.4 % at most.
// avx2, 11x11 stride 4 forward: over 34 shapes the choice takes 1.5 % longer than the best on average, 28.4 % at most.
// portable, 3x3 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 stride 1 weightGradient: over 54 shapes the choice takes 0.4 % longer than the best on average, 12.8 % at most.
// portable, 5x5 stride 1 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 5x5 stride 1 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 stride 2 forward: over 35 shapes the choice takes 0.3 % longer than the best on average, 7.2 % at most.
// portable, 5x5 stride 2 forward: over 35 shapes the choice takes 1.3 % longer than the best on average, 43.5 % at most.
// portable, 7x7 stride 2 forward: over 35 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 11x11 stride 4 forward: over 34 shapes the choice takes 0.2 % longer than the best on average, 6.6 % at most.
// By table, kernel and stride.
let measuredCosts: [String: [ConvolutionKernel: ConvolutionCosts]] = [
  "avx512": [
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
  ],
  "avx2": [
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
  ],
  "portable": [
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
  ],
]
