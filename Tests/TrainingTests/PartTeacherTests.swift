import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetNetworks
import AvocetTraining
import TestSupport
import Testing

/// A parts level that is told of the parts.
@Suite struct PartTeacherTests {
  private static let aviary = Aviary(count: 60, size: 32, seed: 3)

  private static func maps(_ indices: [Int]) throws -> PartMaps {
    try #require(
      try PartMaps(
        PartSource(
          AviarySource(aviary), of: try Dataset.open("aviary:count=60,size=32,seed=3"), at: "."),
        indices, preprocessing: Preprocessing(height: 32, width: 32),
        team: ThreadTeam(threads: 2)))
  }

  private static func network(_ name: String) throws -> Network {
    try Architecture.network(named: name, input: Shape(32, 32, 3), classes: 10)
  }

  @Test func everyPartIsToldToAsManyUnits() throws {
    let maps = try Self.maps(Array(0..<60))
    let teacher = try #require(PartTeacher(try Self.network("aviary"), maps, weight: 0.5))
    let scene = Self.aviary.scene(7)
    let lesson = teacher.lesson([PartMap(seen: scene.partMap), nil], share: 0.25)
    #expect(lesson.units == 60)
    #expect(lesson.weight == 0.125 && lesson.isKnown == [true, false])
    // Eight rows and columns of places, each of four by four pixels.
    #expect(lesson.shares.count == 2 * 64 * 30)
    for (part, area) in scene.partAreas.enumerated().dropFirst() {
      let told = (0..<64).reduce(0) { $0 + Double(lesson.shares[$1 * 30 + part - 1]) * 16 }
      #expect(abs(told - Double(area)) < 1e-3, "\(Aviary.parts[part])")
    }
    #expect(lesson.shares[(64 * 30)...].allSatisfy { $0 == 0 })
    #expect(lesson.missing.allSatisfy { $0 == 0 })
    // What was taken away is told as missing where it was.
    let part = try #require(scene.twinParts.first)
    let index = try #require(Aviary.parts.firstIndex(of: part))
    let twin = try #require(Self.aviary.twin(7, removing: part))
    let taken = scene.partMap.map { Int($0) == index ? $0 : 0 }
    let without = teacher.lesson([PartMap(seen: twin.partMap, missing: taken)], share: 1)
    for place in 0..<64 {
      let at = place * 30 + index - 1
      #expect(without.missing[at] == lesson.shares[at] && without.shares[at] == 0)
    }
    #expect(without.missing.reduce(0, +) > 0)
    // The rarer a part, the more it counts.
    let (eye, body) = (
      try #require(Aviary.parts.firstIndex(of: "eye")),
      try #require(Aviary.parts.firstIndex(of: "body"))
    )
    #expect(lesson.emphasis[eye - 1] > lesson.emphasis[body - 1] && lesson.emphasis[body - 1] > 1)
  }

  @Test func aLevelOfFewerUnitsThanPartsIsNotTold() throws {
    #expect(PartTeacher(try Self.network("tiny"), try Self.maps([0]), weight: 1) == nil)
  }

  private func training(_ folder: TemporaryFolder, _ name: String, told: Bool, threads: Int = 2)
    throws -> SmallTraining
  {
    var training = try SmallTraining(in: folder.path.appending(name))
    training.recipe.architecture = "small"
    training.recipe.epochs = 1
    training.threads = threads
    if told { training.parts = try Self.maps(Array(0..<36)) }
    return training
  }

  @Test func whatIsToldIsLearnedAndTheBytesDependOnNothingElse() throws {
    let folder = try TemporaryFolder()
    let told = try training(folder, "told", told: true)
    try told.run()
    let alone = try training(folder, "alone", told: false)
    try alone.run()
    #expect(try told.model != alone.model)
    let one = try training(folder, "one", told: true, threads: 1)
    try one.run()
    let same = try one.model == told.model
    #expect(same)
    let stopped = try training(folder, "stopped", told: true)
    try stopped.stop(after: 2)
    try stopped.resume()
    let resumed = try stopped.model == told.model
    #expect(resumed)
  }

  @Test func aUnitLearnsWhereItsPartIs() throws {
    let network = try Self.network("small")
    let maps = try Self.maps(Array(0..<8))
    let teacher = try #require(PartTeacher(network, maps, weight: 1))
    let team = ThreadTeam(threads: 2)
    let parameters = Parameters(initialising: network, seed: 2)
    let step = TrainingStep(network, batch: 8, team: team, labelSmoothing: 0, teacher: teacher)
    let recipe = try #require(Recipe.named("aviary"))
    let optimizer = Optimizer(recipe.optimizer, network.layout)
    let preprocessing = Preprocessing(height: 32, width: 32)
    let scenes = (0..<8).map { Self.aviary.scene($0) }
    for _ in 0..<40 {
      for (i, scene) in scenes.enumerated() {
        unsafe preprocessing.normalise(
          scene.image, into: step.workspace.input + i * network.inputShape.count)
      }
      let result = step.differentiate(
        parameters, labels: scenes.map(\.label), partMaps: scenes.map { PartMap(seen: $0.partMap) })
      try #require(result != nil)
      step.update(parameters, optimizer) { _ in 0.3 }
    }
    // On the pictures it learned from, a unit is strongest where its part is.
    let level = try #require(network.levels[.parts])
    let shape = network.nodes[level].shape
    let lesson = teacher.lesson(scenes.map { PartMap(seen: $0.partMap) }, share: 1)
    let map = step.workspace.map(level)
    var (hits, all) = (0, 0)
    for image in 0..<8 {
      for unit in 0..<lesson.units {
        func share(_ place: Int) -> Float { lesson.shares[(image * 64 + place) * 30 + unit] }
        guard (0..<64).contains(where: { share($0) > 0.3 }) else { continue }
        let best = (0..<64).max {
          unsafe map[(image * 64 + $0) * shape.channels + unit]
            < map[(image * 64 + $1) * shape.channels + unit]
        }
        all += 1
        if share(best ?? 0) > 0 { hits += 1 }
      }
    }
    #expect(all > 20 && Double(hits) > 0.8 * Double(all), "\(hits) of \(all)")
  }
}
