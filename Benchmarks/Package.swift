// swift-tools-version: 6.2
import PackageDescription

// Measurements that the product itself does not need.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "avocet", path: "..")],
  targets: [
    .executableTarget(
      name: "convolution-costs", dependencies: [.product(name: "Avocet", package: "avocet")],
      path: "Sources/ConvolutionCosts")
  ])
