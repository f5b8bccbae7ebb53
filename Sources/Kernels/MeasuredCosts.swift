// Made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// avx512, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 3x3 weightGradient: over 54 shapes the choice takes 0.3 % longer than the best on average, 14.0 % at most.
// avx512, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx512, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.7 % at most.
// avx2, 3x3 weightGradient: over 54 shapes the choice takes 0.6 % longer than the best on average, 9.3 % at most.
// avx2, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// avx2, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 3x3 weightGradient: over 54 shapes the choice takes 0.2 % longer than the best on average, 2.9 % at most.
// portable, 5x5 forward: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, 5x5 weightGradient: over 54 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// By table and size of the kernel.
let measuredCosts: [String: [Int: ConvolutionCosts]] = [
  "avx512": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0070, 0.0008, 0.1572),
        .winograd(outputTile: 2): ConvolutionCost(1.1657, 2.0780, 0.2925),
        .winograd(outputTile: 4): ConvolutionCost(2.9694, 4.6177, 0.6828),
        .winograd(outputTile: 5): ConvolutionCost(4.3105, 6.9033, 0.9345),
        .winograd(outputTile: 6): ConvolutionCost(5.4500, 9.2585, 1.2238),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1595),
        .winograd(outputTile: 2): ConvolutionCost(1.8576, 1.1786, 0.3117),
        .winograd(outputTile: 4): ConvolutionCost(2.8773, 2.3444, 0.7884),
        .winograd(outputTile: 5): ConvolutionCost(1.4761, 3.3608, 1.1695),
        .winograd(outputTile: 6): ConvolutionCost(1.9756, 4.5096, 1.5443),
      ]
    ),
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4358),
        .winograd(outputTile: 4): ConvolutionCost(5.4081, 7.2566, 1.2178),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4507),
        .winograd(outputTile: 4): ConvolutionCost(0.9040, 1.9548, 1.5680),
      ]
    ),
  ],
  "avx2": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1696),
        .winograd(outputTile: 2): ConvolutionCost(1.2825, 3.0415, 0.2974),
        .winograd(outputTile: 4): ConvolutionCost(3.3910, 6.2848, 0.7021),
        .winograd(outputTile: 5): ConvolutionCost(4.8401, 9.7608, 0.9642),
        .winograd(outputTile: 6): ConvolutionCost(6.3616, 13.1504, 1.2923),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.1875),
        .winograd(outputTile: 2): ConvolutionCost(1.8213, 1.0796, 0.3286),
        .winograd(outputTile: 4): ConvolutionCost(3.8351, 2.6348, 0.8345),
        .winograd(outputTile: 5): ConvolutionCost(3.5265, 3.7661, 1.2395),
        .winograd(outputTile: 6): ConvolutionCost(5.5333, 6.6490, 1.6182),
      ]
    ),
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4743),
        .winograd(outputTile: 4): ConvolutionCost(6.1400, 10.6234, 1.2806),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5158),
        .winograd(outputTile: 4): ConvolutionCost(3.2161, 2.2342, 1.6883),
      ]
    ),
  ],
  "portable": [
    3: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.4840),
        .winograd(outputTile: 2): ConvolutionCost(2.1481, 6.2931, 0.8886),
        .winograd(outputTile: 4): ConvolutionCost(5.5210, 14.3494, 2.0607),
        .winograd(outputTile: 5): ConvolutionCost(11.5423, 21.1128, 2.8217),
        .winograd(outputTile: 6): ConvolutionCost(15.0740, 29.4018, 3.7062),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 0.5724),
        .winograd(outputTile: 2): ConvolutionCost(1.9757, 1.5279, 0.9756),
        .winograd(outputTile: 4): ConvolutionCost(3.8287, 3.9896, 2.3746),
        .winograd(outputTile: 5): ConvolutionCost(8.5724, 7.4121, 3.3381),
        .winograd(outputTile: 6): ConvolutionCost(11.5846, 13.2294, 4.3821),
      ]
    ),
    5: ConvolutionCosts(
      forward: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.3555),
        .winograd(outputTile: 4): ConvolutionCost(15.4166, 23.1663, 3.6717),
      ],
      weightGradient: [
        .direct: ConvolutionCost(0.0000, 0.0000, 1.5926),
        .winograd(outputTile: 4): ConvolutionCost(4.8178, 4.1419, 4.5597),
      ]
    ),
  ],
]
