import AvocetDatasets
import Testing

@Suite struct AviaryArgumentTests {
  @Test func whatIsNotSaidIsTheDefault() throws {
    let plain = try Dataset.open("aviary:")
    #expect(plain.aviary?.count == 6000 && plain.aviary?.size == 64 && plain.aviary?.seed == 1)
    #expect(Array(plain.splits.keys) == [.all] && plain.classes == Aviary.classes)
    let sized = try Dataset.open("aviary:count=30", Dataset.Options(aviarySize: 48))
    #expect(sized.aviary?.size == 48)
    #expect(try Dataset.open("aviary:size=32", .init(aviarySize: 48)).aviary?.size == 32)
  }

  @Test func everyFieldIsTaken() throws {
    let dataset = try Dataset.open("aviary:split=val,seed=18446744073709551615,size=256,count=7")
    #expect(dataset.aviary?.seed == .max && dataset.aviary?.size == 256)
    let source = try #require(dataset.splits[.validation])
    #expect(source.count == 7 && dataset.splits.count == 1)
    #expect(
      source.labels == (0..<7).map(Aviary(count: 7, size: 32, seed: .max, split: .validation).label)
    )
    for (name, split) in [("train", Split.train), ("test", .test), ("all", .all)] {
      #expect(try Dataset.open("aviary:split=\(name),count=1").splits[split]?.count == 1)
    }
  }

  @Test func theSplitsOfASeedAreDifferentScenes() {
    let first = [Split.train, .validation, .test].map {
      Aviary(count: 1, size: 32, seed: 5, split: $0).scene(0).image
    }
    #expect(Set(first).count == 3)
    #expect(first[0] == Aviary(count: 1, size: 32, seed: 5).scene(0).image)
  }

  @Test(arguments: [
    ("count=0", "count is 0; 1 to 10,000,000"), ("count=10000001", "count is 10000001"),
    ("count=-1", "count is -1"), ("count=ten", "count is ten"), ("count=", "not name=value"),
    ("count", "not name=value"), ("=5", "not name=value"), ("count=1e3", "count is 1e3"),
    ("count=99999999999999999999", "count is 9999"), ("size=31", "size is 31; 32 to 256 pixels"),
    ("size=257", "size is 257"), ("seed=-1", "seed is -1"), ("seed=1.5", "seed is 1.5"),
    ("seed=18446744073709551616", "seed is 18446744073709551616"),
    ("split=dev", "no split is called dev"), ("colour=red", "\"colour\" is not known"),
    ("count=1,count=2", "\"count\" stands twice"), ("count=1, size=64", "\" size\" is not known"),
    ("count=1\nsize=3", "count is 1\\x0asize=3"), ("\u{1B}[2J=1", "\\x1b"),
  ]) func aWrongFieldIsNamedInOneLine(fields: String, reason: String) throws {
    let message = try #require(whyRefused("aviary:" + fields), "accepted: \(fields)")
    #expect(message.hasPrefix("aviary:"))
    #expect(message.contains(reason), "\(message)")
    #expect(isOneLine(message))
  }
}

@Suite struct StratifiedSplitTests {
  // 40 of class 0, 10 of class 1, 3 of class 2, 2 of class 3, 1 of class 4.
  private static let labels = (0..<56).map {
    $0 < 40 ? 0 : $0 < 50 ? 1 : $0 < 53 ? 2 : $0 < 55 ? 3 : 4
  }

  private static func held(_ split: (training: [Int], validation: [Int])) -> [Int] {
    (0..<5).map { label in split.validation.count { labels[$0] == label } }
  }

  @Test func everyClassGivesItsShareAndKeepsOne() {
    let split = stratifiedSplit(Self.labels, fraction: 0.1, seed: 1)
    #expect(Self.held(split) == [4, 1, 1, 1, 0])
    #expect(Self.held(stratifiedSplit(Self.labels, fraction: 0.5, seed: 1)) == [20, 5, 2, 1, 0])
    #expect(Self.held(stratifiedSplit(Self.labels, fraction: 0.99, seed: 1)) == [39, 9, 2, 1, 0])
    #expect(Self.held(stratifiedSplit(Self.labels, fraction: 0, seed: 1)) == [0, 0, 0, 0, 0])
  }

  @Test func everyPictureIsInOnePartInItsOrder() {
    let split = stratifiedSplit(Self.labels, fraction: 0.3, seed: 2)
    #expect(Set(split.training).isDisjoint(with: split.validation))
    #expect((split.training + split.validation).sorted() == Array(0..<56))
    #expect(split.training == split.training.sorted())
    #expect(split.validation == split.validation.sorted())
    #expect(stratifiedSplit([], fraction: 0.5, seed: 1).training.isEmpty)
  }

  @Test func theSplitIsAFunctionOfLabelsFractionAndSeed() {
    let split = stratifiedSplit(Self.labels, fraction: 0.3, seed: 7)
    #expect(split.validation == stratifiedSplit(Self.labels, fraction: 0.3, seed: 7).validation)
    #expect(split.validation != stratifiedSplit(Self.labels, fraction: 0.3, seed: 8).validation)
    // The members of one class do not depend on another class.
    let fewer = stratifiedSplit(Array(Self.labels[..<50]), fraction: 0.3, seed: 7)
    #expect(fewer.validation == split.validation.filter { $0 < 50 })
  }

  @Test func testIsNeverLearnedFromOrChosenBy() throws {
    let source = GreySource(count: 30)
    var dataset = try Dataset.open("aviary:")
    dataset.splits = [.train: source]
    dataset.splits[.test] = GreySource(count: 5)
    let parts = dataset.trainingSplits(validationFraction: 0.1, seed: 3)
    #expect(parts.training.count == 27 && parts.validation?.count == 3)
    #expect(parts.heldOut == parts.validation?.indices)
    #expect((parts.validation?.labels ?? []).sorted() == [0, 1, 2])
    dataset.splits[.validation] = GreySource(count: 4)
    let given = dataset.trainingSplits(validationFraction: 0.1, seed: 3)
    #expect(given.training.count == 30 && given.validation?.count == 4 && given.heldOut.isEmpty)
    dataset.splits[.validation] = nil
    #expect(dataset.trainingSplits(validationFraction: 0, seed: 3).validation == nil)
  }

  @Test func evaluationTakesTestThenValidationThenAll() throws {
    var dataset = try Dataset.open("aviary:")
    dataset.splits = [:]
    #expect(dataset.evaluationSplit()?.0 == nil)
    for (split, count) in [(Split.train, 1), (.all, 2), (.validation, 3), (.test, 4)] {
      dataset.splits[split] = GreySource(count: count)
      #expect(dataset.evaluationSplit()?.0 == split && dataset.evaluationSplit()?.1.count == count)
    }
    #expect(dataset.evaluationSplit(.train)?.1.count == 1)
    dataset.splits[.validation] = nil
    #expect(dataset.evaluationSplit(.validation)?.0 == nil)
  }
}
