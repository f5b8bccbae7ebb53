import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

/// Weights as others publish them become models by name and shape.
@Suite struct PublishedWeightsTests {
  private let folder: TemporaryFolder
  private let provenance = Provenance(data: "theirs", recipe: "imported", licence: "none")

  init() throws { folder = try TemporaryFolder() }

  /// The tensors of a network, called by `rename`, and a counter as PyTorch's batch norm has.
  private func tensors(
    _ network: Network, _ parameters: Parameters, rename: (String) -> String = { $0 }
  ) -> [String: SafeTensors.Tensor] {
    Dictionary(
      uniqueKeysWithValues: network.layout.slices.map {
        (
          rename($0.name),
          SafeTensors.Tensor(shape: $0.fileShape, values: parameters.fileValues($0))
        )
      })
  }

  private func write(_ tensors: [String: SafeTensors.Tensor]) throws -> PublishedWeights {
    let path = folder.path.appending("weights.safetensors")
    try writeFileAtomically(SafeTensors(tensors: tensors).encoded(), to: path)
    return try PublishedWeights(reading: path)
  }

  private func preprocessing(_ side: Int) -> Preprocessing {
    Preprocessing(height: side, width: side)
  }

  private func refusal(_ body: () throws(ModelFileError) -> Void) -> String {
    do throws(ModelFileError) {
      try body()
      return "accepted"
    } catch { return error.description }
  }

  /// Timm's name of a node of torchvision's MobileNetV2, written out by its blocks.
  private static func timm(_ name: String) -> String {
    let parts = name.split(separator: ".").map(String.init)
    guard parts[0] == "features", let number = Int(parts[1]) else {
      return name.replacing("classifier.1", with: "classifier")
    }
    let last = parts.last ?? ""
    if number == 0 || number == 18 {
      let isConvolution = parts[2] == "0"
      return number == 0
        ? (isConvolution ? "conv_stem.\(last)" : "bn1.\(last)")
        : (isConvolution ? "conv_head.\(last)" : "bn2.\(last)")
    }
    let firsts = [1, 2, 4, 7, 11, 14, 17]
    let stage = firsts.lastIndex { $0 <= number } ?? 0
    let inner = parts[3..<parts.count - 1].joined(separator: ".")
    let names =
      number == 1
      ? ["0.0": "conv_dw", "0.1": "bn1", "1": "conv_pw", "2": "bn2"]
      : [
        "0.0": "conv_pw", "0.1": "bn1", "1.0": "conv_dw", "1.1": "bn2", "2": "conv_pwl",
        "3": "bn3",
      ]
    return "blocks.\(stage).\(number - firsts[stage]).\(names[inner] ?? "?").\(last)"
  }

  @Test func timmsNamesFitTorchvisionsNetwork() throws {
    let network = try Architecture.network(
      named: "mobilenet_v2", input: Shape(32, 32, 3), classes: 7)
    let parameters = Parameters(initialising: network, seed: 4)
    for rename in [{ $0 }, Self.timm] {
      var weights = try write(tensors(network, parameters, rename: rename))
      let found = try weights.architecture()
      #expect(found.name == "mobilenet_v2")
      let model = try weights.model(
        found, classes: nil, preprocessing: preprocessing(32), provenance: provenance)
      #expect(model.network == network)
      #expect(model.parameters.values.array == parameters.values.array)
      #expect(model.classes == (0..<7).map { "\($0)" })
    }
  }

  @Test func theNamesOfBothLitePublishersMeanTheSame() throws {
    let network = try Architecture.network(
      named: "efficientnet_lite0", input: Shape(32, 32, 3), classes: 3)
    let parameters = Parameters(initialising: network, seed: 4)
    var other = tensors(network, parameters)
    // Blocks are numbered through, norms count from 0.
    let counts = [1, 2, 2, 3, 3, 4, 1]
    for (name, tensor) in other {
      let parts = name.split(separator: ".").map(String.init)
      var new = name
      if parts[0] == "blocks", let stage = Int(parts[1]), let block = Int(parts[2]) {
        let number = counts[..<stage].reduce(0, +) + block
        let renamed = [
          "conv_pw": number == 0 ? "_project_conv" : "_expand_conv", "conv_dw": "_depthwise_conv",
          "conv_pwl": "_project_conv", "bn1": number == 0 ? "_bn1" : "_bn0",
          "bn2": number == 0 ? "_bn2" : "_bn1", "bn3": "_bn2",
        ]
        new = "_blocks.\(number).\(renamed[parts[3]] ?? "?").\(parts[4])"
      } else {
        let renamed = [
          "conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1",
          "classifier": "_fc",
        ]
        new = "\(renamed[parts[0]] ?? "?").\(parts[1])"
      }
      other[name] = nil
      other[new] = tensor
    }
    var weights = try write(other)
    let model = try weights.model(
      try weights.architecture(), classes: ["a", "b", "c"], preprocessing: preprocessing(32),
      provenance: provenance)
    #expect(model.network.architecture == "efficientnet_lite0")
    #expect(model.parameters.values.array == parameters.values.array)
    #expect(try Model(model.encoded()).classes == ["a", "b", "c"])
  }

  @Test func whatDoesNotFitIsListed() throws {
    let network = try smallNetwork("tiny")
    let parameters = Parameters(initialising: network, seed: 4)
    var changed = tensors(network, parameters)
    changed["edges.weight"] = nil
    changed["stray"] = .init(shape: [1], values: [1])
    changed["parts.weight"] = .init(
      shape: [16, 8, 1, 1], values: [Float](repeating: 0, count: 128))
    var weights = try write(changed)
    let tiny = try #require(Architecture.named("tiny"))
    let message = refusal { () throws(ModelFileError) in
      _ = try weights.model(
        tiny, classes: nil, preprocessing: preprocessing(32), provenance: provenance)
    }
    #expect(
      message
        == "the tensors do not fit tiny: 1 missing: \"edges.weight\"; 1 left over: \"stray\"; 1 of another shape: \"parts.weight\" is F32 [16, 8, 1, 1], the network wants [16, 8, 3, 3]; nothing was imported"
    )
    let guess = refusal { () throws(ModelFileError) in _ = try weights.architecture() }
    #expect(guess.hasPrefix("the tensors fit no architecture; the nearest is tiny (1 missing"))
    #expect(isOneLine(guess))
  }

  @Test func namesOfClassesMustBeAsManyAsRows() throws {
    let network = try smallNetwork("tiny", classes: 4)
    var weights = try write(tensors(network, Parameters(initialising: network, seed: 4)))
    let tiny = try weights.architecture()
    let message = refusal { () throws(ModelFileError) in
      _ = try weights.model(
        tiny, classes: ["a"], preprocessing: preprocessing(32), provenance: provenance)
    }
    #expect(message == "the head has 4 rows, 1 class names were given; nothing was imported")
  }

  @Test func aVarianceBelowZeroAndANumberThatIsNoneAreRefused() throws {
    let network = try smallNetwork("tiny")
    let tiny = try #require(Architecture.named("tiny"))
    for (value, reason) in [(Float(-1), "negative variance"), (.nan, "index 3")] {
      let parameters = Parameters(initialising: network, seed: 4)
      let slice = try #require(network.layout["edges_norm.running_var"])
      parameters.values[slice.range.lowerBound + 3] = value
      var weights = try write(tensors(network, parameters))
      let message = refusal { () throws(ModelFileError) in
        _ = try weights.model(
          tiny, classes: nil, preprocessing: preprocessing(32), provenance: provenance)
      }
      #expect(message.contains("\"edges_norm.running_var\"") && message.contains(reason))
    }
  }

  @Test func aCheckpointOfPyTorchsIsRefusedWithTheLineThatConvertsIt() throws {
    for (start, kind) in [
      ([0x50, 0x4B, 3, 4], "a ZIP archive"), ([0x80, 2], "a pickle"),
    ] as [([UInt8], String)] {
      let path = folder.path.appending("net.pth")
      try writeFileAtomically(start + [UInt8](repeating: 0x2E, count: 60), to: path)
      let message = refusal { () throws(ModelFileError) in
        _ = try PublishedWeights(reading: path)
      }
      #expect(message.hasPrefix("\(path): \(kind) of PyTorch's, which may run code"))
      #expect(message.contains("python -c \"import sys, torch; "))
      #expect(message.hasSuffix(" '\(path)' '\(path).safetensors'"))
    }
  }

  @Test func twoClassesOfOneNameGetTheirNumbers() throws {
    let path = folder.path.appending("classes.txt")
    try writeFileAtomically(Array("crane\ncat\ncrane\n".utf8), to: path)
    let read = try ClassNames(reading: path)
    #expect(read.names == ["crane (0)", "cat", "crane (2)"])
    #expect(read.notes.count == 2)
    for (text, reason) in [
      ("a\n\nb\n", "line 2"), ("a\u{7}\n", "line 1"), ("a\na (0)\na\n", "twice"),
    ] {
      try writeFileAtomically(Array(text.utf8), to: path)
      #expect(
        refusal { () throws(ModelFileError) in _ = try ClassNames(reading: path) }.contains(reason))
    }
    try writeFileAtomically([0xFF, 0x0A], to: path)
    #expect(
      refusal { () throws(ModelFileError) in _ = try ClassNames(reading: path) }.contains("UTF-8"))
  }

  @Test func eachPublisherPreparesPicturesInItsOwnWay() throws {
    let lite = Preprocessing.published(.efficientNetLite0)
    #expect(lite.height == 272 && lite.width == 272 && lite.shortSide == 272)
    #expect(lite.interpolation == .bicubic)
    #expect(lite.mean == [0.5, 0.5, 0.5] && lite.deviation == lite.mean)
    let resnet = Preprocessing.published(try #require(Architecture.named("resnet18")))
    #expect(resnet.shortSide == 256 && resnet.interpolation == .bilinear)
    #expect(resnet.mean == [0.485, 0.456, 0.406])
    #expect(Architecture.all.allSatisfy { Preprocessing.published($0).problem == nil })
  }
}
