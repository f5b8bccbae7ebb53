// Made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// avx512, forward: over 47 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, weight gradient: over 47 shapes the choice takes 0.4 % longer than the best on average, 7.7 % at most.
// avx2, forward: over 47 shapes the choice takes 0.2 % longer than the best on average, 5.4 % at most.
// avx2, weight gradient: over 47 shapes the choice takes 1.1 % longer than the best on average, 15.0 % at most.
// portable, forward: over 47 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, weight gradient: over 47 shapes the choice takes 0.6 % longer than the best on average, 9.9 % at most.
let measuredCosts: [String: [Int: ConvolutionCosts]] = [
  "avx512": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0238, 0.0000, 0.1567),
        .winograd(outputTile: 2): ConvolutionCost(1.2087, 2.0906, 0.2904),
        .winograd(outputTile: 4): ConvolutionCost(2.6036, 4.6084, 0.6728),
        .winograd(outputTile: 6): ConvolutionCost(5.2367, 8.9607, 1.2206),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1595),
        .winograd(outputTile: 2): ConvolutionCost(2.0183, 1.2234, 0.3086),
        .winograd(outputTile: 4): ConvolutionCost(2.4202, 2.3694, 0.7896),
        .winograd(outputTile: 6): ConvolutionCost(1.2945, 4.3097, 1.5645),
      ]
    )
  ],
  "avx2": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1709),
        .winograd(outputTile: 2): ConvolutionCost(0.3935, 2.6165, 0.3233),
        .winograd(outputTile: 4): ConvolutionCost(0.2464, 5.5786, 0.7630),
        .winograd(outputTile: 6): ConvolutionCost(0.9918, 9.3319, 1.4752),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1893),
        .winograd(outputTile: 2): ConvolutionCost(1.1819, 0.8663, 0.3536),
        .winograd(outputTile: 4): ConvolutionCost(1.3017, 1.8698, 0.9237),
        .winograd(outputTile: 6): ConvolutionCost(3.0769, 4.4501, 1.7677),
      ]
    )
  ],
  "portable": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4844),
        .winograd(outputTile: 2): ConvolutionCost(1.3578, 5.4484, 0.9038),
        .winograd(outputTile: 4): ConvolutionCost(2.3424, 11.9895, 2.1288),
        .winograd(outputTile: 6): ConvolutionCost(5.8247, 22.8033, 3.9218),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5791),
        .winograd(outputTile: 2): ConvolutionCost(1.6208, 1.3686, 0.9946),
        .winograd(outputTile: 4): ConvolutionCost(2.5858, 3.2132, 2.4476),
        .winograd(outputTile: 6): ConvolutionCost(5.9201, 10.0697, 4.6136),
      ]
    )
  ],
]
