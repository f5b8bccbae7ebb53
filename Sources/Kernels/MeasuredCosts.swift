// Made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// avx512, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.1 % at most.
// avx512, 3x3 weightGradient: over 54 shapes the choice takes 0.2 % longer than the best on average, 6.0 % at most.
// avx512, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 3x3 forward: over 54 shapes the choice takes 0.2 % longer than the best on average, 12.0 % at most.
// avx2, 3x3 weightGradient: over 54 shapes the choice takes 0.6 % longer than the best on average, 10.7 % at most.
// avx2, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 2.4 % at most.
// portable, 3x3 weightGradient: over 54 shapes the choice takes 0.3 % longer than the best on average, 4.0 % at most.
// portable, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// By table and size of the kernel.
let measuredCosts: [String: [Int: ConvolutionCosts]] = [
  "avx512": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0012, 0.1573),
        .winograd(outputTile: 2): ConvolutionCost(1.3395, 1.9736, 0.2917),
        .winograd(outputTile: 4): ConvolutionCost(2.3594, 4.6170, 0.6833),
        .winograd(outputTile: 5): ConvolutionCost(4.1191, 6.5639, 0.9417),
        .winograd(outputTile: 6): ConvolutionCost(4.8676, 8.8627, 1.2439),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1599),
        .winograd(outputTile: 2): ConvolutionCost(1.7853, 1.1046, 0.3179),
        .winograd(outputTile: 4): ConvolutionCost(2.1467, 2.1315, 0.8071),
        .winograd(outputTile: 5): ConvolutionCost(1.9695, 3.1312, 1.1737),
        .winograd(outputTile: 6): ConvolutionCost(1.5977, 3.7053, 1.5935),
      ]
    ),
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4374),
        .winograd(outputTile: 4): ConvolutionCost(4.4541, 7.2775, 1.2350),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4562),
        .winograd(outputTile: 4): ConvolutionCost(0.1669, 1.7165, 1.6037),
      ]
    ),
  ],
  "avx2": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1694),
        .winograd(outputTile: 2): ConvolutionCost(0.4352, 2.6803, 0.3172),
        .winograd(outputTile: 4): ConvolutionCost(0.5164, 5.2494, 0.7649),
        .winograd(outputTile: 5): ConvolutionCost(1.8803, 6.8301, 1.0990),
        .winograd(outputTile: 6): ConvolutionCost(0.8952, 9.2793, 1.4715),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1906),
        .winograd(outputTile: 2): ConvolutionCost(1.1639, 1.0535, 0.3472),
        .winograd(outputTile: 4): ConvolutionCost(1.4439, 1.8748, 0.9138),
        .winograd(outputTile: 5): ConvolutionCost(1.3799, 2.1206, 1.3616),
        .winograd(outputTile: 6): ConvolutionCost(3.3749, 5.3485, 1.7302),
      ]
    ),
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4794),
        .winograd(outputTile: 4): ConvolutionCost(2.3119, 7.3099, 1.4248),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5211),
        .winograd(outputTile: 4): ConvolutionCost(0.5358, 1.1084, 1.8183),
      ]
    ),
  ],
  "portable": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4803),
        .winograd(outputTile: 2): ConvolutionCost(1.5650, 5.4882, 0.8993),
        .winograd(outputTile: 4): ConvolutionCost(3.4719, 12.2545, 2.1106),
        .winograd(outputTile: 5): ConvolutionCost(6.1107, 17.2837, 2.9724),
        .winograd(outputTile: 6): ConvolutionCost(6.7924, 22.9942, 3.9236),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5811),
        .winograd(outputTile: 2): ConvolutionCost(1.7358, 1.2866, 0.9955),
        .winograd(outputTile: 4): ConvolutionCost(3.4083, 3.5757, 2.4282),
        .winograd(outputTile: 5): ConvolutionCost(7.8352, 6.2692, 3.4366),
        .winograd(outputTile: 6): ConvolutionCost(9.3268, 10.3719, 4.5508),
      ]
    ),
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.3417),
        .winograd(outputTile: 4): ConvolutionCost(9.2740, 17.3663, 3.8546),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.6236),
        .winograd(outputTile: 4): ConvolutionCost(3.0321, 2.2832, 4.6833),
      ]
    ),
  ],
]
