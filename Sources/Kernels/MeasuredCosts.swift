// Made by Benchmarks/measure-costs on AMD EPYC; do not edit.
// avx512, forward: over 47 shapes the choice takes 0.1 % longer than the best on average, 2.6 % at most.
// avx512, weight gradient: over 47 shapes the choice takes 0.0 % longer than the best on average, 0.5 % at most.
// avx2, forward: over 47 shapes the choice takes 0.0 % longer than the best on average, 1.6 % at most.
// avx2, weight gradient: over 47 shapes the choice takes 0.8 % longer than the best on average, 16.1 % at most.
// portable, forward: over 47 shapes the choice takes 0.0 % longer than the best on average, 0.0 % at most.
// portable, weight gradient: over 47 shapes the choice takes 0.4 % longer than the best on average, 6.6 % at most.
let measuredCosts: [String: ConvolutionCosts] = [
  "avx512": ConvolutionCosts(
    forward: [
      .direct: ConvolutionCost(0.0000, 0.0028, 0.1592),
      .winograd(outputTile: 2): ConvolutionCost(0.8804, 2.4630, 0.2992),
      .winograd(outputTile: 4): ConvolutionCost(1.9595, 5.2742, 0.6932),
      .winograd(outputTile: 6): ConvolutionCost(3.7976, 10.0289, 1.2630),
    ],
    weightGradient: [
      .direct: ConvolutionCost(0.0000, 0.0000, 0.1609),
      .winograd(outputTile: 2): ConvolutionCost(1.7552, 1.1469, 0.3220),
      .winograd(outputTile: 4): ConvolutionCost(1.8045, 2.2421, 0.8136),
      .winograd(outputTile: 6): ConvolutionCost(0.2941, 3.9012, 1.6111),
    ]
  ),
  "avx2": ConvolutionCosts(
    forward: [
      .direct: ConvolutionCost(0.0000, 0.0233, 0.2070),
      .winograd(outputTile: 2): ConvolutionCost(0.2050, 2.5589, 0.5578),
      .winograd(outputTile: 4): ConvolutionCost(0.5773, 5.2708, 1.2841),
      .winograd(outputTile: 6): ConvolutionCost(1.4013, 9.7106, 2.3334),
    ],
    weightGradient: [
      .direct: ConvolutionCost(0.0000, 0.0000, 0.1907),
      .winograd(outputTile: 2): ConvolutionCost(1.6088, 1.0358, 0.3415),
      .winograd(outputTile: 4): ConvolutionCost(2.9470, 1.9921, 0.8918),
      .winograd(outputTile: 6): ConvolutionCost(4.3097, 5.4121, 1.7134),
    ]
  ),
  "portable": ConvolutionCosts(
    forward: [
      .direct: ConvolutionCost(0.0000, 0.0579, 0.4839),
      .winograd(outputTile: 2): ConvolutionCost(1.5634, 6.0602, 0.9033),
      .winograd(outputTile: 4): ConvolutionCost(3.0045, 13.3377, 2.1045),
      .winograd(outputTile: 6): ConvolutionCost(9.6109, 24.7465, 3.8989),
    ],
    weightGradient: [
      .direct: ConvolutionCost(0.0000, 0.0000, 0.5803),
      .winograd(outputTile: 2): ConvolutionCost(2.1053, 1.4090, 0.9868),
      .winograd(outputTile: 4): ConvolutionCost(3.1890, 3.3079, 2.4346),
      .winograd(outputTile: 6): ConvolutionCost(8.1950, 10.1947, 4.5971),
    ]
  ),
]
