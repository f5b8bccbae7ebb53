import AvocetFiles
import AvocetModelFiles
import AvocetNetworks
import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

@Suite struct ModelTests {
  @Test func aModelComesBackWholeAndAsTheSameBytes() throws {
    let model = try smallModel()
    let bytes = model.encoded()
    let read = try Model(bytes)
    #expect(read.network == model.network)
    #expect(read.parameters.values.array == model.parameters.values.array)
    #expect(read.classes == model.classes)
    #expect(read.preprocessing == model.preprocessing)
    #expect(read.detectorNames == model.detectorNames)
    #expect(read.unitMeans == model.unitMeans)
    #expect(read.provenance == model.provenance)
    #expect(read.encoded() == bytes)
  }

  // Dense layers and deep networks of hundreds of megabytes hold nothing new.
  @Test(
    arguments: Architecture.names.filter {
      !["alexnet", "alexnet_2012", "resnet34", "resnet50", "vgg11_bn"].contains($0)
    })
  func everyArchitectureComesBack(name: String) throws {
    let network = try smallNetwork(name, classes: 2)
    var model = try smallModel()
    model.network = network
    model.parameters = Parameters(initialising: network, seed: 1)
    model.unitMeans = [:]
    let input = network.inputShape
    (model.preprocessing.height, model.preprocessing.width) = (input.rows, input.columns)
    model.preprocessing.grey = input.channels == 1
    let half = [Float](repeating: 0.5, count: input.channels)
    (model.preprocessing.mean, model.preprocessing.deviation) = (half, half)
    #expect(try Model(model.encoded()).encoded() == model.encoded())
  }

  @Test func weightsLieInTheOrderOfPyTorch() throws {
    let model = try smallModel()
    let file = try SafeTensors(model.encoded())
    #expect(file.tensors["edges.weight"]?.shape == [2, 3, 3, 3])
    #expect(file.tensors["classes.weight"]?.shape == [2, 2])
    // Memory is [row, column, in, out]: output 1, input 2, row 0, column 1.
    let slice = try #require(model.network.layout["edges.weight"])
    let inMemory = model.parameters.values[slice.range.lowerBound + ((0 * 3 + 1) * 3 + 2) * 2 + 1]
    #expect(file.tensors["edges.weight"]?.values[((1 * 3 + 2) * 3 + 0) * 3 + 1] == inMemory)
  }

  @Test func aFileIsWrittenReadAndNamedInItsErrors() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("m.safetensors")
    let model = try smallModel()
    try model.write(to: path)
    #expect(try Model.read(path).encoded() == model.encoded())
    try folder.file("m.safetensors", model.encoded().dropLast())
    let cut = #expect(throws: ModelFileError.self) { try Model.read(path) }
    #expect(cut?.description.hasPrefix("\(path): ") == true)
    let missing = #expect(throws: ModelFileError.self) {
      try Model.read(folder.path.appending("x"))
    }
    #expect(missing?.description.hasSuffix("/x: no such file or directory") == true)
  }

  private func damaged(_ change: (inout SafeTensors) -> Void) throws -> String {
    var file = try SafeTensors(try smallModel().encoded())
    change(&file)
    let message = try #require(modelRefusal(file.encoded()), "a damaged model was accepted")
    #expect(isOneLine(message))
    return message
  }

  @Test(arguments: ["network", "classes", "preprocessing", "levels", "provenance", "version"])
  func everyTextMustBeThereAndBeWhatItSays(key: String) throws {
    #expect(try damaged { $0.metadata["avocet.\(key)"] = nil }.contains("avocet.\(key)"))
    for text in ["", "{", "null", "7", "[]", "{}", "[1]", "[{}]", "\"x\"", "[[[[]]]]", "\0"] {
      let message = try damaged { $0.metadata["avocet.\(key)"] = text }
      let isShort = key == "classes" && text == "[]"
      let reason = key == "version" ? "version" : isShort ? "0 class names" : "avocet.\(key)"
      #expect(message.contains(reason), "\(text): \(message)")
    }
  }

  @Test func aModelOfAnotherVersionIsRefused() throws {
    let message = try damaged { $0.metadata["avocet.version"] = "2" }
    #expect(message == "a model of version \"2\"; this program reads version 1")
  }

  /// A text, what is replaced in it by what, and what the message must speak of.
  static let changes = [
    (
      "network", "\"groups\":1,", "\"groups\":1,\"dilation\":2,",
      "nodes.1.operation.dilation\" is unknown"
    ),
    ("network", "\"architecture\"", "\"extra\":1,\"architecture\"", "\"extra\" is unknown"),
    ("network", "\"kind\":\"convolution\"", "\"kind\":\"deconvolution\"", "kind"),
    ("network", "\"kind\":\"batchNorm\"", "\"kind\":\"batchNorm\",\"kind\":\"batchNorm\"", "twice"),
    ("network", "\"stride\":2", "\"stride\":0", "stride is 0"),
    ("network", "\"stride\":2", "\"stride\":2.5", "a number does not fit"),
    ("network", "\"stride\":2", "\"stride\":1e99", "a number does not fit"),
    ("network", "\"stride\":2", "\"stride\":9223372036854775807", "stride"),
    ("network", "\"kernelRows\":3", "\"kernelRows\":-3", "kernelRows"),
    ("network", "\"epsilon\":", "\"epsilon\":-", "epsilon"),
    ("network", "\"epsilon\":", "\"epsilon\":1e300,\"was\":", "does not fit"),
    ("network", "\"inputs\":[0]", "\"inputs\":[7]", "not before"),
    ("network", "\"inputs\":[0]", "\"inputs\":[-1]", "not before"),
    ("network", "\"inputs\":[0]", "\"inputs\":[]", "one input"),
    ("network", "\"name\":\"mean\"", "\"name\":\"edges\"", "edges"),
    ("network", "\"name\":\"mean\"", "\"name\":\"\"", "called"),
    ("network", "\"name\":\"mean\"", "\"name\":\"a\\nb\",\"oops\":0", "oops"),
    ("network", "\"name\":\"edges\"", "\"name\":\"a\\nb\\u001b\"", "a\\x0ab\\x1b"),
    ("network", "\"objects\":5", "\"objects\":99", "objects"),
    ("network", "\"objects\":5", "\"objects\":1", "out of order"),
    ("network", "\"objects\":5", "\"objects\":5,\"wholes\":5", "levels"),
    ("classes", "bird", "\\ud800", "damaged"),
    ("classes", "\"bird\",", "", "1 class names for 2"),
    ("classes", "\"bird\"", "\"\"", "class name"),
    ("classes", "\"bird\"", "\"no \\\"bird\\\", e\\u0301\"", "twice"),
    ("preprocessing", "\"height\":4", "\"height\":0", "view of 4 x 0"),
    ("preprocessing", "\"height\":4", "\"height\":8", "8x4x3"),
    ("preprocessing", "\"views\":1", "\"views\":3", "3 views"),
    ("preprocessing", "\"views\":1", "\"view\":1", "\"view\" is unknown"),
    ("preprocessing", "\"bilinear\"", "\"psychic\"", "interpolation"),
    ("preprocessing", "[0.5,", "[1e39,", "does not fit"),
    ("preprocessing", "[255,", "[256,", "does not fit"),
    ("levels", "\"level\":\"parts\"", "\"level\":\"edges\"", "each once"),
    ("levels", "\"1\":\"beak\"", "\"2\":\"beak\"", "\"2\" is no unit of the 2"),
    ("levels", "\"1\":\"beak\"", "\"-1\":\"beak\"", "\"-1\""),
    ("levels", "\"1\":\"beak\"", "\"01\":\"beak\"", "\"01\""),
    ("levels", "\"1\":\"beak\"", "\"1\":\"beak\",\"1\":\"eye\"", "twice"),
    ("levels", "\"means\":[", "\"means\":[0,", "3 means for the 2 units of parts"),
    ("levels", "\"means\":[", "\"means\":[1e39,", "does not fit"),
    ("levels", "\"means\":[", "\"means\":[NaN,", "damaged"),
    ("levels", "\"means\":[", "\"means\":[[],", "levels"),
    ("levels", "\"means\":[", "\"mean\":[", "unknown"),
    ("levels", "\"node\":\"parts\"", "\"node\":\"edges\"", "it is \"parts\""),
    ("provenance", "\"seed\":", "\"seed\":-", "does not fit"),
    ("provenance", "\"licence\"", "\"license\"", "licence"),
  ]

  @Test(arguments: changes.indices) func aTextThatIsWrongIsRefused(index: Int) throws {
    let (key, from, to, reason) = Self.changes[index]
    var wasThere = false
    let message = try damaged { file in
      let text = file.metadata["avocet.\(key)"] ?? ""
      wasThere = text.contains(from)
      file.metadata["avocet.\(key)"] = text.replacing(from, with: to, maxReplacements: 1)
    }
    #expect(wasThere, "\(key) holds no \(from)")
    #expect(message.contains(reason), "\(key) with \(to): \(message)")
  }

  @Test func aFileWithoutMeansHasNone() throws {
    var model = try smallModel()
    model.unitMeans = [:]
    let bytes = model.encoded()
    #expect(try SafeTensors(bytes).metadata["avocet.levels"]?.contains("means") == false)
    #expect(try Model(bytes).unitMeans.isEmpty)
  }

  @Test func aTemperatureIsKeptAndAFileWithoutOneMeansOne() throws {
    var model = try smallModel()
    #expect(try Model(model.encoded()).temperature == 1)
    #expect(try SafeTensors(model.encoded()).metadata["avocet.temperature"] == nil)
    model.temperature = 1.2345
    let bytes = model.encoded()
    #expect(try SafeTensors(bytes).metadata["avocet.temperature"] == "1.2345")
    #expect(try Model(bytes).temperature == 1.2345)
    #expect(try Model(bytes).encoded() == bytes)
  }

  @Test(arguments: [
    "0", "-1", "0.04", "20.5", "1e300", "1e999", "nan", "inf", "", "\"1\"", "[1]", "null", "0x1p0",
    "1 2", "\0",
  ]) func aTemperatureOutOfReasonIsRefused(text: String) throws {
    let message = try damaged { $0.metadata["avocet.temperature"] = text }
    #expect(message.contains("avocet.temperature"), "\(text): \(message)")
  }

  @Test func tensorsMustBeThoseOfTheNetwork() throws {
    func change(_ name: String, _ tensor: SafeTensors.Tensor?) throws -> String {
      try damaged { $0.tensors[name] = tensor }
    }
    #expect(try change("edges.weight", nil) == "tensor \"edges.weight\" is missing")
    let turned = SafeTensors.Tensor(shape: [3, 3, 3, 2], values: [Float](repeating: 0, count: 54))
    #expect(try change("edges.weight", turned).contains("wants [2, 3, 3, 3]"))
    let extra = SafeTensors.Tensor(shape: [1], values: [0])
    #expect(try change("edges.weights", extra).contains("belongs to no node"))
    let negative = SafeTensors.Tensor(shape: [2], values: [1, -1e-9])
    #expect(try change("edges_norm.running_var", negative).contains("negative variance"))
    let infinite = SafeTensors.Tensor(shape: [2], values: [1, .nan])
    #expect(try change("edges_norm.running_mean", infinite).contains("index 1"))
  }

  @Test func countersOfWholeNumbersAreIgnored() throws {
    let bytes = try withoutChecksum(smallModel().encoded())
    let count = Int(bytes[0]) | Int(bytes[1]) << 8
    let size = bytes.count - 8 - count
    let counter =
      "{\"edges_norm.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[\(size),\(size + 8)]},"
    let header = Array(counter.utf8) + bytes[9..<(8 + count)]
    let longer = file(header, data: bytes[(8 + count)...] + littleEndian(Int64(3)))
    #expect(try withoutChecksum(Model(longer).encoded()) == bytes)
  }

  @Test func aHugeNetworkInASmallFileIsRefusedBeforeMemoryIsTaken() throws {
    var b = NetworkBuilder("huge", input: Shape(4, 4, 3))
    let edges = b.convolution("edges", b.input, channels: 8192, kernel: 1)
    b.mark(.edges, b.activation("edges_out", edges))
    let parts = b.convolution("parts", 2, channels: 8192, kernel: 3)
    b.mark(.parts, parts)
    b.mark(.objects, b.activation("objects", parts))
    _ = b.dense("classes", b.globalAveragePool("mean", 4), channels: 2)
    let text = String(decoding: try JSONEncoder().encode(b.network()), as: UTF8.self)
    let before = peakMemory()
    let message = try damaged {
      $0.metadata["avocet.network"] = text
      $0.metadata["avocet.levels"] = $0.metadata["avocet.levels"]?.replacing(
        "{\"1\":\"beak\"}", with: "{}"
      ).replacing(",\"means\":[0.1,-2.5e-07]", with: "")
    }
    #expect(message.hasPrefix("tensor \"edges.weight\" is"))
    #expect(peakMemory() - before < 1 << 30, "of the \(8192 * 8192 * 9 * 4) bytes declared")
  }

  private func peakMemory() -> Int {
    let status = (try? readFile("/proc/self/status", limit: 1 << 16)) ?? []
    let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
    let peak = lines.first { $0.hasPrefix("VmHWM:") }?.split { !$0.isNumber }.first
    return 1024 * (peak.flatMap { Int($0) } ?? 0)
  }
}
