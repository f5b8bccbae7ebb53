import AvocetClassifier
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import Synchronization
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

private func model(seed: UInt64 = 3, views: Int = 1) throws -> Model {
  let network = try Architecture.network(named: "tiny", input: Shape(16, 16, 3), classes: 4)
  return Model(
    network: network, parameters: Parameters(initialising: network, seed: seed),
    classes: ["a", "b", "c", "d"],
    preprocessing: Preprocessing(height: 16, width: 16, shortSide: 20, views: views),
    provenance: Provenance(data: "none", recipe: "{}", licence: "none"))
}

private func picture(_ number: Int, side: Int = 24) -> Image {
  var random = CounterRandom(seed: 1, purpose: "picture", index: number)
  var image = Image(width: side + number % 5, height: side, fill: .black)
  for i in image.pixels.indices { image.pixels[i] = UInt8(truncatingIfNeeded: random.next()) }
  return image
}

/// A result as text that is equal only for equal bits.
private func text(_ file: ClassifiedFile) -> String {
  switch file.result {
  case .success(let prediction):
    "\(file.path) \(prediction.probabilities.map(\.bitPattern)) \(file.warnings)"
  case .failure(let error): "\(file.path) \(error.code) \(error.message)"
  }
}

@Suite final class ClassificationStreamTests {
  private let folder: TemporaryFolder
  private var paths: [FilePath] = []

  /// Forty files: every sixth broken in some way, every seventh large.
  init() throws {
    folder = try TemporaryFolder()
    for number in 0..<40 {
      let image = picture(number, side: number % 7 == 0 ? 150 : 24)
      var bytes = number % 2 == 0 ? image.encodedPNG() : image.encodedJPEG()
      if number % 6 == 5 { bytes = Array(bytes.prefix(number * 3)) }
      let name = (number < 10 ? "0" : "") + "\(number).png"
      paths.append(number == 11 ? folder.path.appending("gone.png") : try folder.file(name, bytes))
    }
  }

  private func run(
    _ paths: some Sequence<FilePath>, threads: Int, each: (ClassifiedFile) -> Bool = { _ in true }
  ) throws -> [ClassifiedFile] {
    var files: [ClassifiedFile] = []
    let stream = ClassificationStream(
      Classifier(try model()), paths, decoding: DecodingOptions(), threads: threads)
    stream.run { file in
      files.append(file)
      return each(file)
    }
    return files
  }

  @Test func resultsComeInTheOrderOfThePathsWhateverTheThreads() throws {
    let one = try run(paths, threads: 1)
    #expect(one.map(\.path) == paths)
    #expect(one.count { (try? $0.result.get()) != nil } == 34)
    for threads in [2, 3, 4, 16] {
      #expect(try run(paths, threads: threads).map(text) == one.map(text), "\(threads) threads")
    }
    #expect(try run(paths, threads: 0).map(text) == one.map(text))
  }

  @Test func aFilesResultDoesNotDependOnItsNeighbours() throws {
    let all = try run(paths, threads: 3).map(text)
    let reversed = try run(paths.reversed(), threads: 3).map(text)
    #expect(reversed == all.reversed())
    for number in [0, 1, 5, 11, 20] {
      #expect(try run([paths[number]], threads: 2).map(text) == [all[number]])
    }
    let twice = try run([paths[2], paths[5], paths[2]], threads: 2).map(text)
    #expect(twice == [all[2], all[5], all[2]])
  }

  @Test func aRefusedFileSaysWhyAndTheRestGoesOn() throws {
    let files = try run(paths, threads: 2)
    for number in [5, 11, 17, 23, 29, 35] {
      guard case .failure(let error) = files[number].result else {
        Issue.record("\(number) was taken")
        continue
      }
      #expect(number == 11 ? error.code == "unreadable" : error.code == "truncated", "\(number)")
      #expect(!error.message.isEmpty && !error.message.contains("\n"))
    }
  }

  @Test func onlyAFewResultsWaitForASlowReader() throws {
    // Far more paths than may wait; how many were asked for when each result is handed on?
    let asked = Atomic<Int>(0)
    var handed = 0
    let many = sequence(first: 0) { $0 + 1 }.prefix(200).lazy.map { [paths] number in
      asked.store(number + 1, ordering: .relaxed)
      return paths[number % 4]
    }
    _ = try run(many, threads: 3) { _ in
      if handed < 5 { usleep(20_000) }
      handed += 1
      let ahead = asked.load(ordering: .relaxed) - handed
      #expect(ahead <= 4 * 3, "\(ahead) ahead of the reader")
      return true
    }
    #expect(handed == 200)
  }

  @Test func aStreamEndsWhenItsReaderHasEnough() throws {
    let asked = Atomic<Int>(0)
    let endless = sequence(first: 0) { $0 + 1 }.lazy.map { [paths] number in
      asked.store(number + 1, ordering: .relaxed)
      return paths[number % 40]
    }
    var handed = 0
    let files = try run(endless, threads: 3) { _ in
      handed += 1
      return handed < 7
    }
    #expect(files.count == 7)
    #expect(asked.load(ordering: .relaxed) <= 7 + 12)
  }

  @Test func anErrorOfTheReaderComesOut() throws {
    struct Full: Error {}
    let stream = ClassificationStream(
      Classifier(try model()), paths, decoding: DecodingOptions(), threads: 2)
    var handed = 0
    #expect(throws: Full.self) {
      try stream.run { _ in
        handed += 1
        if handed == 3 { throw Full() }
        return true
      }
    }
    #expect(handed == 3)
  }

  @Test func noPathsGiveNoResults() throws {
    #expect(try run([FilePath](), threads: 4).isEmpty)
  }

  @Test func theLimitsOfDecodingHold() throws {
    var files: [ClassifiedFile] = []
    let decoding = DecodingOptions(limits: DecodingLimits(maxPixels: 1000))
    ClassificationStream(Classifier(try model()), paths.prefix(2), decoding: decoding, threads: 1)
      .run { file in
        files.append(file)
        return true
      }
    guard case .failure(let error) = files[0].result, case .success = files[1].result else {
      Issue.record("\(files.map(text))")
      return
    }
    #expect(error.code == "too-large")
  }
}

@Suite struct ClassifierTests {
  @Test func aPredictionIsADistributionInTheOrderOfTheClasses() throws {
    let prediction = try Classifier(try model()).predict(picture(1))
    #expect(prediction.classes == ["a", "b", "c", "d"])
    #expect(abs(prediction.probabilities.reduce(0, +) - 1) < 1e-6)
    let top = prediction.top(9)
    #expect(top.map(\.probability) == prediction.probabilities.sorted(by: >))
    for entry in top {
      #expect(entry.label == prediction.classes[entry.index])
      #expect(entry.probability == prediction.probabilities[entry.index])
    }
    #expect(prediction.top(2).count == 2 && prediction.top(0).isEmpty)
  }

  @Test func ofEqualsTheFirstComesFirst() {
    let prediction = Prediction(
      classes: ["a", "b", "c", "d"], probabilities: [0.1, 0.4, 0.1, 0.4])
    #expect(prediction.top(4).map(\.label) == ["b", "d", "a", "c"])
  }

  @Test(arguments: [1, 2, 6]) func theViewsOfAPictureAreAveraged(views: Int) throws {
    let plain = try model()
    let classifier = Classifier(plain, views: views)
    #expect(classifier.preprocessing.views == views && plain.preprocessing.views == 1)
    let workspace = classifier.workspace()
    var logits = [Float](repeating: 0, count: 4)
    let preprocessing = classifier.preprocessing
    for (view, weight) in zip(preprocessing.views(of: picture(3)), preprocessing.viewWeights) {
      preprocessing.normalise(view, into: workspace.input)
      workspace.run()
      for i in 0..<4 { logits[i] += weight * workspace.logits[i] }
    }
    let found = try classifier.predict(picture(3)).probabilities
    let expected = logits.withUnsafeBufferPointer { logits in
      logits.baseAddress.map { workspace.softmax($0) } ?? []
    }
    for (p, q) in zip(found, expected) { #expect(abs(p - q) < 1e-6) }
  }

  @Test func theModelsOwnViewsCountWhereNoneAreAskedFor() throws {
    let six = try Classifier(try model(views: 6)).predict(picture(3))
    #expect(try six == Classifier(try model(), views: 6).predict(picture(3)))
    #expect(try six != Classifier(try model()).predict(picture(3)))
  }

  @Test func aWorkspaceKeepsNothingOfThePictureBefore() throws {
    let classifier = Classifier(try model())
    let workspace = classifier.workspace()
    let fresh = try (0..<6).map { try classifier.predict(picture($0)) }
    for number in [3, 0, 5, 3, 1] {
      #expect(try classifier.predict(picture(number), in: workspace) == fresh[number])
    }
  }

  @Test func anOutputThatIsNoNumberIsAnErrorAndNoClass() throws {
    let overflowing = try model()
    for i in 0..<overflowing.parameters.values.count { overflowing.parameters.values[i] = 3e38 }
    let error = #expect(throws: ImageError.self) {
      try Classifier(overflowing).predict(picture(1))
    }
    #expect(error?.code == "not-finite")
  }
}
