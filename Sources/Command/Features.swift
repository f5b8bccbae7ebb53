import ArgumentParser
import AvocetClassifier
import AvocetDetectors
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import SystemPackage

/// `avocet features`
struct Features: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw what the network sees on pictures: edges, parts, objects.")

  @Argument(help: "The model file.") var model: PathArgument
  @Argument(help: "Pictures, or folders of pictures.") var images: [PathArgument]
  @Option(help: "The folder for the sheets.") var out: PathArgument
  @Option(help: "Levels to draw, separated by commas.") var levels = "edges,parts,objects"
  @Option(help: "Maps of each level.") var top = 8
  @Flag(help: "Also write every map as a grey PNG, and a JSON of each level.") var raw = false
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    guard (1...32).contains(top) else {
      throw Failure("--top is \(top); 1 to 32 maps are possible", code: 64)
    }
    let levels = try wantedLevels()
    let team = ThreadTeam(threads: common.threadCount)
    let classifier = Classifier(try readModel(model.path, team), team: team)
    let attribution = Attribution(classifier, team: team)
    let inputs = Inputs(images, everything: false, separator: 0, streams: session.streams)
    let paths = Array(inputs)
    guard !paths.isEmpty else {
      let what = images.map(\.path.escaped).joined(separator: ", ")
      throw Failure("\(what): no pictures to draw (.png and .jpg are)")
    }
    try prepareOutput(out.path, force: common.force)
    let names = SheetNames(paths, named: images.map(\.path))
    let workspace = InferenceWorkspace(classifier.prepared, team: team)
    var refused = inputs.failures.count
    let progress = Progress(session, "drawing")
    for (number, path) in paths.enumerated() {
      do throws(ImageError) {
        let options = classifier.preprocessing.decoding(limits: common.limits)
        let picture = try readImage(path, options: options)
        let features = try FeatureMaps(attribution, picture.image, levels: levels, in: workspace)
        try draw(features, path, names, number, session)
      } catch let failure {
        if failure.code == "output" { throw Failure(failure.message, code: 5) }
        progress.end()
        session.complain("\(path.escaped): \(failure.message)")
        refused += 1
      }
      progress.update(number + 1, of: paths.count)
      try session.checkStop()
    }
    progress.end()
    for failure in inputs.failures { session.complain(failure.description) }
    if let line = inputs.skippedLine { session.note(line) }
    return refused > 0 ? 1 : 0
  }

  private func wantedLevels() throws(Failure) -> [Level] {
    var wanted: [Level] = []
    for name in levels.split(separator: ",") {
      guard let level = Level(rawValue: String(name)) else {
        throw Failure(
          "--levels: \"\(escapedText(name.utf8))\" is no level; edges, parts, objects are", code: 64
        )
      }
      wanted.append(level)
    }
    guard !wanted.isEmpty else { throw Failure("--levels names none", code: 64) }
    return Level.allCases.filter(wanted.contains)
  }

  // Writing troubles travel as the code "output".
  private func draw(
    _ features: FeatureMaps, _ path: FilePath, _ names: SheetNames, _ number: Int,
    _ session: Session
  ) throws(ImageError) {
    let (sheet, folder) = names.names(number)
    let place = out.path.pushing(sheet)
    do {
      try makeFolders(place.folder)
      let image = FeatureSheet.draw(
        features, title: path.title, top: top)
      try writeFileAtomically(image.encodedPNG(), to: place)
      if raw { try writeRaw(features, out.path.pushing(folder)) }
      try session.print(place.escaped)
    } catch let error as FileError {
      throw ImageError(code: "output", message: error.description)
    } catch let error as Failure {
      throw ImageError(code: "output", message: error.message)
    } catch { throw ImageError(code: "output", message: "\(error)") }
  }

  private func writeRaw(_ features: FeatureMaps, _ folder: FilePath) throws(FileError) {
    for level in features.levels {
      let place = folder.appending(level.level.rawValue)
      try makeFolders(place)
      let peak = level.peak
      for map in level.maps {
        let digits = String(map.unit)
        let name =
          "unit-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + ".png"
        try writeFileAtomically(
          FeatureExport.picture(map, level.shape, peak: peak), to: place.appending(name))
      }
      try writeFileAtomically(
        Array(FeatureExport.json(level).utf8),
        to: folder.appending("\(level.level.rawValue).json"))
    }
  }
}

/// Where each picture's sheet goes inside the output folder: `a/photo.jpg` becomes `a/photo.features.png`, and where two would collide,
/// `a/photo.jpg.features.png`. Of an absolute path only what lies below the named file's or folder's parent counts. No path leads out of the folder.
struct SheetNames {
  private let places: [FilePath]
  private let isAlone: [Bool]

  /// `named`: what stood on the command line.
  init(_ paths: [FilePath], named arguments: [FilePath]) {
    var taken: Set<FilePath> = []
    places = paths.map { path in
      let place = Self.place(of: path, named: arguments)
      var unique = place
      var number = 1
      while !taken.insert(unique).inserted {
        number += 1
        unique = FilePath("\(number)").appending(place.components)
      }
      return unique
    }
    var stems: [FilePath: Int] = [:]
    for place in places { stems[Self.stem(place), default: 0] += 1 }
    isAlone = places.map { stems[Self.stem($0)] == 1 }
  }

  private static func place(of path: FilePath, named arguments: [FilePath]) -> FilePath {
    var rest = path
    if path.isAbsolute, let argument = arguments.first(where: { path.starts(with: $0) }) {
      _ = rest.removePrefix(argument.removingLastComponent())
    }
    var place = FilePath("")
    for component in rest.components where component.kind == .regular { place.append(component) }
    return place.isEmpty ? FilePath("picture") : place
  }

  private static func stem(_ path: FilePath) -> FilePath {
    var stem = path
    if stem.extension != nil { stem.extension = nil }
    return stem
  }

  /// The sheet of picture `i`, and the folder of its raw maps.
  func names(_ i: Int) -> (sheet: FilePath, folder: FilePath) {
    let base = isAlone[i] ? Self.stem(places[i]) : places[i]
    return (FilePath(bytes: base.bytes + Array(".features.png".utf8)), base)
  }
}
