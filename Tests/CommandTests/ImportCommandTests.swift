import AvocetCommand
import AvocetDownloads
import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage
import TestSupport
import Testing

/// `model import` and `model fetch`.
struct ImportCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of tiny's tensors as someone else would write it.
  private func weights(_ change: (inout SafeTensors) -> Void = { _ in }) throws -> [UInt8] {
    let model = try smallModel()
    var file = SafeTensors(metadata: ["format": "pt"], tensors: [:])
    for slice in model.network.layout.slices {
      file.tensors[slice.name] = .init(
        shape: slice.fileShape, values: model.parameters.fileValues(slice))
    }
    change(&file)
    return file.encoded()
  }

  private func sha256(_ bytes: [UInt8]) -> String {
    let digest = DigestStream(.sha256)
    digest?.add(bytes)
    return digest?.finish() ?? ""
  }

  private static let preprocessing =
    #"{"height":16,"width":16,"shortSide":16,"interpolation":"bilinear","mean":[0.5,0.5,0.5],"deviation":[0.5,0.5,0.5]}"#

  private func options() throws -> [String] {
    [
      "--classes", try folder.write("classes.txt", Array("ant\nbee\n=crow\n".utf8)),
      "--preprocessing", try folder.write("pre.json", Array(Self.preprocessing.utf8)), "--out",
      folder.at("m.safetensors"),
    ]
  }

  @Test func anImportedModelPredictsAsTheOriginal() throws {
    let bytes = try weights()
    let file = try folder.write("theirs.safetensors", bytes)
    let run = avocet(["model", "import", file, "--licence", "MIT"] + (try options()))
    #expect(run.code == 0)
    #expect(run.lines == [folder.at("m.safetensors")])
    let count = grouped(try smallModel().network.parameterCount)
    #expect(run.errors == ["tiny, \(count) parameters, 3 classes"])
    let read = try Model.read(FilePath(folder.at("m.safetensors")))
    #expect(read.provenance.licence == "MIT")
    #expect(read.provenance.data == "not known; weights of SHA-256 \(sha256(bytes))")
    try folder.pictures("p/1.png", "p/2.png")
    let own = avocet("classify", try folder.model(), folder.at("p"), "--format", "csv")
    let theirs = avocet("classify", folder.at("m.safetensors"), folder.at("p"), "--format", "csv")
    #expect(own.code == 0 && own.output == theirs.output)
    let again = avocet(["model", "import", file] + (try options()))
    #expect(again.code == 2)
    #expect(
      again.errors == [
        "avocet: \(folder.at("m.safetensors")): is there already; nothing was written (--force to replace a file)"
      ])
  }

  @Test func withoutNamesAndPreprocessingItSaysWhatItTook() throws {
    let file = try folder.write("theirs.safetensors", try weights())
    let run = avocet("model", "import", file, "--out", folder.at("m.safetensors"))
    #expect(run.code == 0)
    #expect(
      run.errors.dropLast() == [
        "no --classes: the classes are called by their numbers",
        "no --preprocessing: pictures are prepared as for published weights of tiny: short side 73, bilinear, mean 0.4850 0.4560 0.4060, deviation 0.2290 0.2240 0.2250",
      ])
    let read = try Model.read(FilePath(folder.at("m.safetensors")))
    #expect(read.classes == ["0", "1", "2"])
    #expect(read.preprocessing.mean == [0.485, 0.456, 0.406])
  }

  @Test func refusalsAreOneLineAndWriteNothing() throws {
    let strange = try folder.write(
      "strange.safetensors", try weights { $0.tensors["stray"] = .init(shape: [1], values: [1]) })
    let pickle = try folder.write("net.pth", [0x80, 2] + [UInt8](repeating: 0x2E, count: 40))
    let own = try folder.model()
    for (arguments, code, reason) in [
      ([strange], 2, "the nearest is tiny (1 left over: \"stray\"); nothing was imported"),
      ([strange, "--architecture", "tiny"], 2, "do not fit tiny: 1 left over: \"stray\""),
      ([strange, "--architecture", "resnet18"], 2, "do not fit resnet18: "),
      ([strange, "--architecture", "transformer"], 64, "no architecture is called"),
      ([pickle], 2, "\(pickle): a pickle of PyTorch's, which may run code when it is opened"),
      ([own], 2, "\(own): is a model of this program already; nothing to import"),
      ([folder.at("gone")], 2, "\(folder.at("gone")): no such file or directory"),
      (
        [strange, "--preprocessing", try folder.write("bad.json", Array("{\"height\":1}".utf8))], 2,
        "\(folder.at("bad.json")) is damaged"
      ),
    ] as [([String], Int32, String)] {
      let run = avocet(["model", "import"] + arguments + ["--out", folder.at("m.safetensors")])
      #expect(run.code == code, "\(arguments)")
      #expect(run.output.isEmpty)
      #expect(run.errors.count == 1 && run.error.contains(reason), "\(run.error)")
      #expect(!folder.has("m.safetensors"))
    }
  }

  @Test func publishedWeightsAreFetchedVerifiedAndImported() throws {
    let bytes = try weights()
    let server = try LoopbackServer { request, _ in .init(bytes, request) }
    var surroundings = Surroundings()
    surroundings.publishedModels = [
      PublishedModel(
        name: "tiny", title: "Tiny weights",
        file: RemoteFile(
          name: "tiny.published.safetensors", address: "http://127.0.0.1:1/x",
          length: bytes.count, checksum: Checksum(.sha256, sha256(bytes))),
        provenance: Provenance(data: "a page", recipe: "theirs", licence: "CC0"))
    ]
    surroundings.environment["AVOCET_MODEL_MIRROR"] = server.address
    let run = avocet(["model", "fetch", "tiny"] + (try options()), surroundings)
    #expect(run.code == 0)
    #expect(server.requests.map(\.path) == ["/tiny.published.safetensors"])
    #expect(run.errors.first == "Tiny weights: verified; licence: CC0")
    #expect(try folder.files().sorted() == ["classes.txt", "m.safetensors", "pre.json"])
    let read = try Model.read(FilePath(folder.at("m.safetensors")))
    #expect(
      read.provenance
        == Provenance(
          data: "a page; weights of SHA-256 \(sha256(bytes))", recipe: "theirs", licence: "CC0"))

    let wrong = try LoopbackServer { request, _ in
      var damaged = bytes
      damaged[bytes.count - 1] ^= 1
      return .init(damaged, request)
    }
    surroundings.environment["AVOCET_MODEL_MIRROR"] = wrong.address
    let bad = avocet(["model", "fetch", "tiny", "--force"] + (try options()), surroundings)
    #expect(bad.code == 2)
    #expect(bad.errors.count == 1 && bad.error.contains("was expected; it was removed"))
    #expect(try folder.files().sorted() == ["classes.txt", "m.safetensors", "pre.json"])
  }

  @Test func everyPublishedModelFitsAnArchitectureOfItsName() {
    for model in PublishedModel.all {
      #expect(Architecture.named(model.name) != nil)
      #expect(model.file.checksum.algorithm == .sha256 && model.file.checksum.digits.count == 64)
      #expect(model.file.address.hasPrefix("https://"))
    }
    let unknown = avocet("model", "fetch", "vgg", "--out", folder.at("m.safetensors"))
    #expect(unknown.code == 64)
    #expect(
      unknown.errors == [
        "avocet: no weights to fetch are called \"vgg\"; there are efficientnet_lite0, resnet18, resnet34, resnet50"
      ])
  }
}
