import AvocetClassifier
import AvocetDatasets
import AvocetDetectors
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks

func classifier(
  size: Int = 32, shortSide: Int? = 32, architecture: String = "tiny",
  names: [Level: [Int: String]] = [.parts: [3: "beak, \"left\"\n"]]
) throws -> Classifier {
  Classifier(try model(size: size, shortSide: shortSide, architecture: architecture, names: names))
}

func model(
  size: Int = 32, shortSide: Int? = 32, architecture: String = "tiny",
  names: [Level: [Int: String]] = [:]
) throws -> Model {
  let network = try Architecture.network(
    named: architecture, input: Shape(size, size, 3), classes: 10)
  return Model(
    network: network, parameters: Parameters(initialising: network, seed: 4),
    classes: Aviary.classes,
    preprocessing: Preprocessing(height: size, width: size, shortSide: shortSide),
    detectorNames: names, provenance: Provenance(data: "none", recipe: "{}", licence: "none"))
}

func features(
  _ classifier: Classifier, _ image: Image, levels: [Level] = Level.allCases
) throws -> FeatureMaps {
  try FeatureMaps(
    Attribution(classifier, team: ThreadTeam(threads: 2)), image, levels: levels,
    in: classifier.workspace())
}

let bird = Aviary(count: 3, size: 32, seed: 5).scene(0).image
