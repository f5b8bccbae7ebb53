import ArgumentParser
import AvocetDownloads
import AvocetFiles
import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

/// `avocet model import`
struct ImportModel: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a model of weights that others publish as safetensors.",
    discussion:
      "The tensors must have the names and shapes of an architecture as PyTorch's torchvision or timm call them. All must be there and none left over."
  )

  @Argument(help: "The weights: a safetensors file.") var file: PathArgument
  @OptionGroup var options: ImportOptions
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    try options.run(session, file.path, common, origin: nil)
  }
}

/// What an import needs to know beside the weights.
struct ImportOptions: ParsableArguments {
  @Option(help: "The network (default: the one that every tensor fits).") var architecture: String?
  @Option(help: "A text file with a class name a line, in the order of the head's rows.")
  var classes: PathArgument?
  @Option(
    help:
      "A JSON file like avocet.preprocessing of a model (default: as the architecture's published weights want it)."
  ) var preprocessing: PathArgument?
  @Option(help: "The licence of the weights, for the model's provenance.") var licence: String?
  @Option(help: "The model file to write.") var out: PathArgument

  /// Imports a file; `origin` is what its publisher says of it.
  func run(
    _ session: Session, _ path: FilePath, _ common: CommonOptions, origin: Provenance?
  ) throws(Failure) -> Int32 {
    try refuseExisting(out.path, force: common.force)
    let named = try architecture.map { name throws(Failure) in try namedArchitecture(name) }
    let model: Model
    do throws(ModelFileError) {
      model = try self.model(path, named, origin, session)
    } catch {
      let line = error.description
      throw Failure(line.hasPrefix(path.escaped) ? line : "\(path.escaped): \(line)")
    }
    do throws(FileError) { try model.write(to: out.path) } catch { throw Failure(error) }
    session.note(
      "\(model.network.architecture), \(grouped(model.network.parameterCount)) parameters, \(grouped(model.classes.count)) classes"
    )
    try session.print(out.path.escaped)
    return 0
  }

  private func model(
    _ path: FilePath, _ named: Architecture?, _ origin: Provenance?, _ session: Session
  ) throws(ModelFileError) -> Model {
    let given = try preprocessing.map { file throws(ModelFileError) in
      try Preprocessing.read(file.path)
    }
    let names = try classes.map { file throws(ModelFileError) in try ClassNames(reading: file.path)
    }
    var weights = try PublishedWeights(reading: path)
    if weights.isModel {
      throw ModelFileError("is a model of this program already; nothing to import")
    }
    let chosen: Architecture
    if let named {
      chosen = named
    } else {
      chosen = try weights.architecture(
        input: given.map { Shape($0.height, $0.width, $0.channels) })
    }
    var provenance =
      origin
      ?? Provenance(
        data: weights.metadata["source"] ?? "not known", recipe: "imported weights",
        licence: "not known")
    if let licence { provenance.licence = licence }
    provenance.data += "; weights of SHA-256 \(try digest(path))"
    let model = try weights.model(
      chosen, classes: names?.names, preprocessing: given ?? .published(chosen),
      provenance: provenance)
    for note in names?.notes ?? ["no --classes: the classes are called by their numbers"] {
      session.note(note)
    }
    if given == nil, origin == nil {
      let p = model.preprocessing
      session.note(
        "no --preprocessing: pictures are prepared as for published weights of \(model.network.architecture): short side \(p.shortSide ?? p.height), \(p.interpolation.rawValue), mean \(decimals(p.mean)), deviation \(decimals(p.deviation))"
      )
    }
    return model
  }

  private func digest(_ path: FilePath) throws(ModelFileError) -> String {
    guard let digest = DigestStream(.sha256) else {
      throw ModelFileError("this machine's libcrypto has no SHA-256")
    }
    do throws(FileError) { try readPieces(of: path) { digest.add($0) } } catch {
      throw ModelFileError(error.description)
    }
    return digest.finish()
  }
}
