import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining
import Synchronization
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pictures of one grey each; the fifth is broken.
private struct Greys: DataSource {
  let count: Int
  func label(_ i: Int) -> Int { i % 3 }
  func identifier(_ i: Int) -> String { "=grey,\(i)" }
  func image(_ i: Int) throws(ImageError) -> Image {
    if i == 4 { throw ImageError(code: "damaged", message: "is broken") }
    return Image(width: 20, height: 16, fill: RGB(UInt8(i * 5), 100, UInt8(250 - i * 5)))
  }
}

@Suite struct EvaluationTests {
  let network: Network
  let prepared: PreparedNetwork
  let preprocessing = Preprocessing(height: 16, width: 16, shortSide: 16)

  init() throws {
    network = try Architecture.network(named: "tiny", input: Shape(16, 16, 3), classes: 4)
    prepared = PreparedNetwork(network, Parameters(initialising: network, seed: 6))
  }

  private func evaluation(_ count: Int, threads: Int = 2, labels: [Int]? = nil, views: Int = 1)
    -> Evaluation
  {
    var preprocessing = preprocessing
    preprocessing.views = views
    return Evaluation(
      prepared, preprocessing, classes: ["a", "b", "c", "d"], on: Greys(count: count),
      labels: labels, team: ThreadTeam(threads: threads))
  }

  @Test func everyPictureIsJudgedInItsOrderWhateverTheThreads() throws {
    let one = evaluation(50, threads: 1)
    #expect(one.judgements.map(\.index) == (0..<50).filter { $0 != 4 })
    #expect(one.refused.map(\.identifier) == ["=grey,4"] && one.refused[0].message == "is broken")
    for threads in 2...4 {
      let other = evaluation(50, threads: threads)
      #expect(other.judgements.map(\.probabilities) == one.judgements.map(\.probabilities))
    }
    // A picture's distribution is that of a run of its own.
    let workspace = InferenceWorkspace(prepared)
    let view = preprocessing.view(of: try Greys(count: 50).image(7))
    preprocessing.normalise(view, into: workspace.input)
    workspace.run()
    #expect(one.judgements[6].probabilities == workspace.probabilities())
  }

  @Test func labelsOfTheDataAreMappedToThoseOfTheModel() {
    let mapped = evaluation(9, labels: [3, 1, 0])
    #expect(mapped.judgements.map(\.truth) == [3, 1, 0, 3, 0, 3, 1, 0])
  }

  @Test func theFiguresFollowFromTheJudgements() {
    let found = evaluation(50)
    let right = found.judgements.filter { $0.predicted == $0.truth }.count
    #expect(found.correct == right && found.top1 == Double(right) / 49)
    #expect(found.correctTop5 == 49)  // of four classes
    let loss = found.judgements.reduce(0) { $0 - log(Double($1.probabilities[$1.truth])) } / 49
    #expect(abs(found.loss - loss) < 1e-12)
    let table = found.confusion
    #expect(table.count == 4 && table.allSatisfy { $0.count == 4 })
    #expect((0..<4).reduce(0) { $0 + table[$1][$1] } == right)
    #expect(table[3] == [0, 0, 0, 0] && table.flatMap { $0 }.reduce(0, +) == 49)
    for truth in 0..<3 {
      #expect(table[truth].reduce(0, +) == found.judgements.count { $0.truth == truth })
    }
  }

  @Test func severalViewsAreAveraged() throws {
    let views = evaluation(3, views: 6)
    let workspace = InferenceWorkspace(prepared)
    var six = preprocessing
    six.views = 6
    var logits = [Float](repeating: 0, count: 4)
    for (view, weight) in zip(six.views(of: try Greys(count: 3).image(2)), six.viewWeights) {
      six.normalise(view, into: workspace.input)
      workspace.run()
      for i in 0..<4 { logits[i] += weight * workspace.logits[i] }
    }
    let sum = logits.reduce(0) { $0 + exp($1) }
    for (found, expected) in zip(views.judgements[2].probabilities, logits.map { exp($0) / sum }) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  @Test func amongTheTopCountsThoseThatAreMoreProbable() {
    let judgement = evaluation(1).judgements[0]
    let order = judgement.probabilities.indices.sorted {
      judgement.probabilities[$0] > judgement.probabilities[$1]
    }
    #expect(judgement.predicted == order[0])
    let rank = order.firstIndex(of: judgement.truth) ?? 9
    for k in 1...4 { #expect(judgement.isAmongTop(k) == (rank < k)) }
  }

  @Test func nothingToEvaluateIsNoDivisionByZero() {
    let none = evaluation(0)
    #expect(none.top1 == 0 && none.loss == 0 && none.judgements.isEmpty)
  }

  // Values of the closed form, computed by hand to four places.
  @Test(arguments: [
    (95, 100, 0.8882, 0.9785), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1),
    (1906, 2000, 0.9428, 0.9614),
    (0, 0, 0, 1),
  ]) func theIntervalIsWilsons(correct: Int, count: Int, low: Double, high: Double) {
    let interval = Evaluation.interval(correct, of: count)
    #expect(abs(interval.low - low) < 6e-5 && abs(interval.high - high) < 6e-5, "\(interval)")
  }

  @Test func aFirstLookFindsWhatCannotBeRead() {
    let seen = Mutex<[Int]>([])
    let found = Preparation(
      Greys(count: 30), team: ThreadTeam(threads: 2),
      progress: { count in
        seen.withLock { $0.append(count) }
      })
    #expect(found.readable == (0..<30).filter { $0 != 4 })
    #expect(found.refused.map(\.identifier) == ["=grey,4"])
    #expect(seen.withLock { $0 }.allSatisfy { (1...30).contains($0) })
  }

  @Test func meanAndDeviationAreThoseOfThePixels() {
    let statistics = preprocessing.statistics(of: Greys(count: 11))
    let reds = (0..<11).filter { $0 != 4 }.map { Double($0 * 5) / 255 }
    let mean = reds.reduce(0, +) / 10
    let deviation = (reds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 10).squareRoot()
    #expect(abs(Double(statistics.mean[0]) - mean) < 1e-6)
    #expect(abs(Double(statistics.deviation[0]) - deviation) < 1e-5)
    // Green is the same everywhere; its deviation is held above zero, so that it can divide.
    #expect(abs(statistics.mean[1] - 100.0 / 255) < 1e-6 && statistics.deviation[1] == 1e-3)
    let none = preprocessing.statistics(of: Greys(count: 0))
    #expect(none.mean == preprocessing.mean && none.deviation == preprocessing.deviation)
  }
}

@Suite final class ReportTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func aRunLeavesItsFiles() throws {
    var training = try SmallTraining(in: folder.path.appending("run"))
    training.recipe.epochs = 3
    let rows = try training.run()
    let model = try Model(try training.model)
    let source = try #require(training.validation)
    let evaluation = Evaluation(
      PreparedNetwork(model.network, model.parameters), model.preprocessing, classes: model.classes,
      on: source, team: ThreadTeam(threads: 2))
    let run = RunFolder(training.path)
    try Report(model, rows: rows, evaluation: evaluation, source: source).write(to: run)
    #expect(
      try TemporaryFolder.names(in: training.path) == [
        "README.md", "confusion.csv", "confusion.png", "curves.png", "metrics.csv",
        "model.safetensors", "report.html", "state.safetensors", "wrong.csv",
      ])
    for name in ["curves.png", "confusion.png"] {
      #expect(throws: Never.self) {
        try decodeImage(try readFile(training.path.appending(name), limit: 1 << 24))
      }
    }
    let metrics = try #require(csvRows(training.text("metrics.csv")))
    #expect(
      metrics[0].joined(separator: ",")
        == "epoch,train_loss,train_top1,validation_loss,validation_top1,learning_rate,images_per_second,seconds"
    )
    #expect(metrics.count == 4)
    for (row, cells) in zip(rows, metrics.dropFirst()) {
      let numbers = cells.compactMap(Double.init)
      #expect(numbers.count == 8 && numbers[0] == Double(row.epoch))
      #expect(abs(numbers[1] - row.trainLoss) < 1e-5 && abs(numbers[5] - row.learningRate) < 1e-7)
      #expect((0...1).contains(numbers[2]) && (0...1).contains(numbers[4]) && numbers[6] > 0)
    }
    let confusion = try #require(csvRows(training.text("confusion.csv")))
    #expect(confusion[0] == ["truth"] + Aviary.classes && confusion.count == 11)
    let wrong = try #require(csvRows(training.text("wrong.csv")))
    #expect(wrong[0] == ["path", "truth", "predicted", "probability"])
    #expect(wrong.count - 1 == 20 - evaluation.correct)
    let probabilities = wrong.dropFirst().compactMap { Double($0[3]) }
    #expect(probabilities == probabilities.sorted(by: >) && probabilities.count == wrong.count - 1)
    let page = try training.text("report.html")
    #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
    #expect(!page.contains("http://") && !page.contains("https://") && page.contains("base64,"))
  }

  @Test func withoutValidationThereIsNoConfusion() throws {
    var training = try SmallTraining(in: folder.path.appending("run"))
    (training.validation, training.recipe.epochs) = (nil, 1)
    let rows = try training.run()
    let model = try Model(try training.model)
    try Report(model, rows: rows, evaluation: nil, source: nil).write(to: RunFolder(training.path))
    let names = try TemporaryFolder.names(in: training.path)
    #expect(!names.contains("confusion.csv") && names.contains("report.html"))
    #expect(try training.text("metrics.csv").contains(",,,0."))
  }

  @Test func whatAPageShowsIsEscaped() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(16, 16, 3), classes: 3)
    let model = Model(
      network: network, parameters: Parameters(initialising: network, seed: 1),
      classes: ["<script>", "\"q\"", "a&b"], preprocessing: Preprocessing(height: 16, width: 16),
      provenance: Provenance(data: "<img src=x>", recipe: "{}", licence: "\u{1B}"))
    let evaluation = Evaluation(
      PreparedNetwork(network, model.parameters), model.preprocessing, classes: model.classes,
      on: Greys(count: 9), team: ThreadTeam(threads: 1))
    try Report(model, rows: [], evaluation: evaluation, source: Greys(count: 9))
      .write(to: RunFolder(folder.path))
    let page = String(
      decoding: try readFile(folder.path.appending("report.html"), limit: 1 << 24), as: UTF8.self)
    #expect(!page.contains("<script>") && !page.contains("<img src=x>"))
    let wrong = String(
      decoding: try readFile(folder.path.appending("wrong.csv"), limit: 1 << 20), as: UTF8.self)
    #expect(wrong.contains("\"'=grey,"))
  }

  @Test(
    arguments: [
      (0, 2, "0.00"), (1.006, 2, "1.01"), (-0.001, 2, "0.00"), (-1.5, 0, "-2"),
      (12345.678, 1, "12345.7"),
      (.nan, 2, "nan"), (1e300, 2, "1e+300"), (0.5, 3, "0.500"),
    ] as [(Double, Int, String)]) func aDecimalHasItsPlaces(
      value: Double, places: Int, text: String
    )
  {
    #expect(decimal(value, places) == text)
  }

  @Test func base64IsThatOfTheStandard() {
    let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
    for (text, code) in pairs { #expect(base64(Array(text.utf8)) == code) }
    #expect(base64([0xFB, 0xFF]) == "+/8=")
  }
}
