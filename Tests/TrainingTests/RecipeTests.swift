import AvocetDatasets
import AvocetNetworks
import AvocetTraining
import TestSupport
import Testing

@Suite struct RecipeTests {
  @Test func everyNamedRecipeIsPossibleAndSurvivesItsJSON() throws {
    #expect(Set(Recipe.named.map(\.name)).count == Recipe.named.count)
    for recipe in Recipe.named {
      #expect(recipe.problem == nil, "\(recipe.name)")
      #expect(Architecture.names.contains(recipe.architecture))
      #expect(try Recipe(json: Array(recipe.json.utf8)) == recipe)
      #expect(Recipe.named(recipe.name) == recipe)
    }
    #expect(Recipe.named("none") == nil)
  }

  /// What is replaced in a recipe's JSON by what, and what is then said of it.
  static let impossible = [
    ("\"size\" : 128", "\"size\" : 0", "size is 0; 1 to 1024"),
    ("\"epochs\" : 80", "\"epochs\" : -1", "epochs is -1"),
    ("\"batch\" : 32", "\"batch\" : 0", "batch is 0"),
    ("\"batch\" : 32", "\"batch\" : 9223372036854775807", "batch is 9223372036854775807"),
    ("\"learningRate\" : 0.002", "\"learningRate\" : 0", "learningRate is 0"),
    ("\"learningRate\" : 0.002", "\"learningRate\" : 1e9", "learningRate is"),
    ("\"momentum\" : 0.9", "\"momentum\" : 1", "momentum is 1"),
    ("\"weightDecay\" : 0.05", "\"weightDecay\" : -0.1", "weightDecay is -0.1"),
    ("\"warmUp\" : 0.1", "\"warmUp\" : 1", "warmUp is 1"),
    ("\"labelSmoothing\" : 0.1", "\"labelSmoothing\" : 1", "labelSmoothing is 1"),
    ("\"shift\" : 0", "\"shift\" : -1", "shift is -1"),
    ("\"shift\" : 0", "\"shift\" : 129", "shift is 129; 0 to 128"),
    ("\"cutout\" : 0", "\"cutout\" : -2", "cutout is -2"),
    ("\"cutout\" : 0", "\"cutout\" : 9223372036854775807", "cutout is 9223372036854775807"),
    ("\"brightness\" : 0.3", "\"brightness\" : -0.1", "brightness is -0.1; 0 to 1"),
    ("\"contrast\" : 0.3", "\"contrast\" : 1e308", "contrast is"),
    ("\"saturation\" : 0.3", "\"saturation\" : 1.1", "saturation is 1.1"),
    ("0.35", "-1", "cropScale is"), ("0.35", "0", "cropScale is"), ("0.35", "1.5", "cropScale is"),
    ("0.35,", "0.35, 0.5,", "cropScale is"), ("\"views\" : 2", "\"views\" : 3", "views is 3"),
    ("\"validation\" : 0.1", "\"validation\" : 1", "validation is 1"),
    ("\"batch\" : 32", "\"batch\" : 32, \"sparsity\" : -1", "sparsity is -1.0; 0 to 1000"),
    ("\"batch\" : 32", "\"batch\" : 32, \"partLesson\" : -1", "partLesson is -1.0; 0 to 1000"),
    (
      "\"batch\" : 32", "\"batch\" : 32, \"partLesson\" : 1",
      "the maps of the parts can only be moved and mirrored"
    ),
    ("\"accumulation\" : 1", "\"accumulation\" : 0", "accumulation is 0"),
    ("\"clipNorm\" : 5", "\"clipNorm\" : 0", "clipNorm is 0"),
    ("\"averageDecay\" : 0.99", "\"averageDecay\" : 1", "averageDecay is 1"),
    ("\"batch\" : 32", "\"batch\" : 32, \"patience\" : 0", "patience is 0"),
    ("\"batch\" : 32", "\"batch\" : 32, \"storedViews\" : 0", "storedViews is 0; 1 to 1024"),
    (
      "\"momentum\" : 0.9", "\"momentum\" : 0.9, \"headFactor\" : 0",
      "headFactor is 0.0; above 0, up to 1000"
    ),
    ("\"mixup\" : 0.25", "\"mixup\" : 0.8", "mixup is 0.8 and cutmix 0.25"),
    ("\"cutmix\" : 0.25", "\"cutmix\" : -1", "mixup is 0.25 and cutmix -1"),
    (
      "\"groups\" : [", "\"groups\" : [{\"ending\":\"bias\",\"epochs\":-1}",
      "groups.0.epochs is -1"
    ),
    (
      "\"groups\" : [", "\"groups\" : [{\"ending\":\"bias\",\"learningRate\":0}",
      "groups.0.learningRate is 0"
    ),
  ]

  @Test(arguments: impossible.indices) func anImpossibleNumberIsNamedWithItsRange(index: Int) throws
  {
    let (from, to, reason) = Self.impossible[index]
    let json = try #require(Recipe.named("photos")).json
    #expect(json.contains(from), "\(json)")
    let recipe = try Recipe(json: Array(json.replacing(from, with: to, maxReplacements: 1).utf8))
    let problem = try #require(recipe.problem, "\(to) is possible")
    #expect(problem.contains(reason) && isOneLine(problem), "\(problem)")
  }

  /// The recipe of a run made before groups, reductions and views came.
  private static let old = """
    {"architecture":"tiny","augmentation":{"brightness":0,"contrast":0,"cutout":0,"flip":true,"saturation":0,"shift":4},
    "batch":64,"epochs":12,"labelSmoothing":0.1,"name":"old","optimizer":{"learningRate":0.1,"momentum":0.9,"rule":"sgd",
    "weightDecay":0.0005},"schedule":"oneCycle","size":64,"warmUp":0.2}
    """

  @Test func aRecipeOfAnOlderRunMeansWhatItMeant() throws {
    let recipe = try Recipe(json: Array(Self.old.utf8))
    var expected = try #require(Recipe.named("aviary"))
    (expected.name, expected.architecture, expected.sparsity) = ("old", "tiny", nil)
    (expected.epochs, expected.partLesson) = (12, nil)
    #expect(recipe == expected && recipe.reduction == .mean && !recipe.dropsLast)
    #expect(recipe.validation == 0.1 && recipe.views == 1 && recipe.optimizer.groups.isEmpty)
  }

  @Test func aWordThatNoRecipeKnowsIsRefused() throws {
    let json = try #require(Recipe.named("photos")).json
    for (from, to) in [
      ("\"batch\"", "\"batches\" : 7, \"batch\""), ("\"flip\"", "\"flop\" : true, \"flip\""),
      ("\"batch\" : 32", "\"batch\" : 32, \"batch\" : 64"), ("\"cosine\"", "\"sine\""),
      ("\"epochs\" : 80,", ""), ("}", ""),
    ] {
      let text = json.replacing(from, with: to, maxReplacements: 1)
      #expect(throws: (any Error).self, "\(to)") { try Recipe(json: Array(text.utf8)) }
    }
  }
}

@Suite final class RunArgumentsTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func whatDiffersIsNamed() throws {
    let recipe = try #require(Recipe.named("aviary"))
    let before = RunArguments(flags: [("data", "a"), ("seed", "1")], recipe: recipe)
    func difference(_ data: String, _ change: (inout Recipe) -> Void = { _ in }) -> String? {
      var other = recipe
      change(&other)
      return RunArguments(flags: [("data", data), ("seed", "1")], recipe: other)
        .difference(from: before)
    }
    #expect(difference("a") == nil)
    #expect(difference("b") == "data was \"a\", now it is \"b\"")
    #expect(difference("a") { $0.epochs += 1 } == nil)
    #expect(difference("a") { $0.epochs -= 1 } == "epochs were 18, now they are 17")
    #expect(difference("a") { $0.batch += 1 }?.contains("recipe differs") == true)
    let more = RunArguments(flags: [("data", "a"), ("seed", "1"), ("from", "m")], recipe: recipe)
    #expect(more.difference(from: before) == "from was \"\", now it is \"m\"")
  }

  @Test func theFileComesBackAndADamagedOneIsNone() throws {
    let run = RunFolder(folder.path)
    let arguments = RunArguments(
      flags: [("data", "a/\"b\"")], recipe: try #require(Recipe.named("photos")))
    #expect(RunArguments(run) == nil)
    try run.write(arguments.json, "arguments.json")
    let read = try #require(RunArguments(run))
    #expect(read.flags == arguments.flags && read.recipe == arguments.recipe)
    #expect(read.difference(from: arguments) == nil)
    try run.write(String(arguments.json.dropLast(3)), "arguments.json")
    #expect(RunArguments(run) == nil)
  }

  @Test func epochsAreCountedInTheMetrics() throws {
    let run = RunFolder(folder.path)
    let arguments = RunArguments(flags: [], recipe: try #require(Recipe.named("aviary")))
    #expect(arguments.epochsDone(run) == nil)
    try run.write(RunFolder.metricsHeader + "\n", "metrics.csv")
    #expect(arguments.epochsDone(run) == 0)
    try run.write(RunFolder.metricsHeader + "\n1,2\n2,3\n", "metrics.csv")
    #expect(arguments.epochsDone(run) == 2)
  }
}
