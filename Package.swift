// swift-tools-version: 6.2
import PackageDescription

// An instruction set is a flag of a whole target, and SwiftPM refuses such flags in a versioned dependency. So they are
// added only where this package is the root; as a dependency every body compiles with the consumer's own flags.
let checkouts = ["/.build/checkouts/", "/SourcePackages/checkouts/", "/registry/downloads/"]
let isRoot =
  Context.environment["AVOCET_UNSAFE_FLAGS"].map { $0 == "1" }
  ?? !checkouts.contains { "\(Context.packageDirectory)/".contains($0) }

let warningsAreErrors: [SwiftSetting] =
  Context.environment["AVOCET_WARNINGS_AS_ERRORS"] == "1" ? [.treatAllWarnings(as: .error)] : []
let strict: [SwiftSetting] = [.strictMemorySafety()]

/// One instruction set's copy of the kernel bodies, optimised in debug builds too.
func kernels(_ name: String, architecture: String? = nil) -> Target {
  var flags = ["-Ounchecked"]
  #if arch(x86_64)
    if let architecture { flags += ["-Xcc", "-march=\(architecture)"] }
  #endif
  return .target(
    name: name, dependencies: ["CVector", "KernelContract"],
    swiftSettings: isRoot ? [.unsafeFlags(flags)] : [],
    linkerSettings: [.linkedLibrary("m")])
}

func room(
  _ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict
) -> Target {
  .target(
    name: "Avocet" + name, dependencies: dependencies, path: "Sources/" + name,
    swiftSettings: settings + warningsAreErrors)
}

let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let rooms: [Target] = [
  .target(name: "CVector"),
  .target(name: "KernelContract", swiftSettings: warningsAreErrors),
  .systemLibrary(
    name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
  .systemLibrary(
    name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
  .systemLibrary(
    name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
  .systemLibrary(
    name: "CCurl", pkgConfig: "libcurl",
    providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
  .systemLibrary(
    name: "CCrypto", pkgConfig: "libcrypto",
    providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
  .target(name: "CCodecs", dependencies: ["CPNG", "CJPEG"]),
  .target(name: "CTransfers", dependencies: ["CCurl"]),
  kernels("KernelsPortable"),
  kernels("KernelsAVX2", architecture: "x86-64-v3"),
  kernels("KernelsAVX512", architecture: "x86-64-v4"),
  room(
    "Kernels", ["CVector", "KernelContract", "KernelsPortable", "KernelsAVX2", "KernelsAVX512"],
    settings: []),
  room("Files", ["CZlib", systemPackage]),
  room("Downloads", ["CTransfers", "CCrypto", "AvocetFiles"]),
  room("Images", ["CCodecs", "AvocetKernels", "AvocetFiles"]),
  room("Drawing", ["AvocetImages"]),
  room("Networks", ["AvocetKernels"], settings: []),
  room("ModelFiles", ["AvocetNetworks", "AvocetImages", "AvocetFiles"]),
  room("Classifier", ["AvocetModelFiles", "AvocetImages"]),
  room(
    "Datasets",
    [
      "CZlib", "AvocetKernels", "AvocetImages", "AvocetDrawing", "AvocetFiles", "AvocetDownloads",
    ]),
  room("Training", ["AvocetNetworks", "AvocetModelFiles", "AvocetDatasets", "AvocetDrawing"]),
  room("Detectors", ["AvocetClassifier", "AvocetDatasets", "AvocetTraining", "AvocetDrawing"]),
  .target(
    name: "Avocet",
    dependencies: [
      "AvocetKernels", "AvocetFiles", "AvocetDownloads", "AvocetImages", "AvocetDrawing",
      "AvocetNetworks", "AvocetModelFiles", "AvocetClassifier", "AvocetDatasets", "AvocetTraining",
      "AvocetDetectors",
    ]),
  room("Command", ["Avocet", argumentParser, systemPackage]),
  .executableTarget(name: "AvocetMain", dependencies: ["AvocetCommand"], path: "Sources/Main"),
]

let tests: [Target] = [
  "Kernels", "Files", "Downloads", "Images", "Drawing", "Networks", "ModelFiles", "Classifier",
  "Datasets", "Training", "Detectors", "Command",
].map { room in
  .testTarget(
    name: "\(room)Tests",
    dependencies: [.target(name: "Avocet\(room)"), "TestSupport"],
    exclude: ["Images", "Networks", "Training"].contains(room) ? ["Golden"] : [])
}

let package = Package(
  name: "avocet",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "avocet", targets: ["AvocetMain"]),
    .library(name: "Avocet", targets: ["Avocet"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: rooms + tests + [
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .target(
      name: "TestSupport",
      dependencies: [
        "AvocetFiles", "AvocetDownloads", "AvocetNetworks", "AvocetDatasets", "CAllocations",
        systemPackage,
      ],
      path: "Tests/TestSupport"),
  ],
  swiftLanguageModes: [.v6]
)
