import AvocetDatasets
import AvocetImages
import AvocetKernels
import Testing

@Suite struct MixingTests {
  private static let preprocessing = Preprocessing(
    height: 8, width: 8, mean: [0, 0, 0], deviation: [1, 1, 1])

  /// The batches of an epoch of grey pictures, each of whose numbers is its index.
  private static func batches(
    _ augmentation: Augmentation, count: Int = 96, batch: Int = 24, seed: UInt64 = 1,
    epoch: Int = 0
  ) throws -> [(batch: Batch, pictures: [[Float]])] {
    let loader = BatchLoader(
      AugmentedPictures(
        GreySource(count: count, side: 8), preprocessing: preprocessing,
        augmentation: augmentation),
      mixing: augmentation, batch: batch, seed: seed, epoch: epoch)
    defer { loader.stop() }
    var result: [(Batch, [[Float]])] = []
    while let batch = try loader.next() {
      let numbers = batch.pictures.array
      let size = preprocessing.count
      result.append(
        (batch, batch.indices.indices.map { Array(numbers[$0 * size..<($0 + 1) * size]) }))
    }
    return result
  }

  @Test func mixupIsAMeanOfTwoPicturesWeighedAsTheirClasses() throws {
    for (batch, pictures) in try Self.batches(Augmentation(mixup: 1)) {
      let blends = try #require(batch.blends)
      for (slot, picture) in pictures.enumerated() {
        let next = (slot + 1) % batch.indices.count
        let (own, other) = (Float(batch.indices[slot]) / 255, Float(batch.indices[next]) / 255)
        #expect(blends[slot].label == batch.labels[next])
        let expected = own + Float(blends[slot].share) * (other - own)
        #expect(picture.allSatisfy { abs($0 - expected) < 1e-6 })
      }
    }
  }

  @Test func cutmixShowsTheOtherPictureInARectangleOfItsShare() throws {
    for (batch, pictures) in try Self.batches(Augmentation(cutmix: 1)) {
      let blends = try #require(batch.blends)
      for (slot, picture) in pictures.enumerated() {
        let other = Float(batch.indices[(slot + 1) % batch.indices.count]) / 255
        let pixels = (0..<64).filter { picture[3 * $0] == other }
        #expect(abs(Double(pixels.count) / 64 - blends[slot].share) < 1e-12)
        let (rows, columns) = (Set(pixels.map { $0 / 8 }), Set(pixels.map { $0 % 8 }))
        #expect(rows.count * columns.count == pixels.count)
        let own = Float(batch.indices[slot]) / 255
        #expect(picture.count { $0 == own } == 192 - 3 * pixels.count)
      }
    }
  }

  @Test func asManyPicturesAreMixedAsTheSharesSayAndTheSameInEveryRun() throws {
    let augmentation = Augmentation(mixup: 0.3, cutmix: 0.2)
    func blends(seed: UInt64 = 1, epoch: Int = 0) throws -> [Blend] {
      try Self.batches(augmentation, count: 240, seed: seed, epoch: epoch)
        .flatMap { $0.batch.blends ?? [] }
    }
    let shares = try blends().map(\.share)
    #expect(abs(shares.count { $0 > 0 } - 120) < 30)
    #expect(shares.allSatisfy { (0...1).contains($0) } && (shares.max() ?? 0) > 0.8)
    #expect(try blends() == blends() && blends() != blends(epoch: 1))
    #expect(try blends() != blends(seed: 2))
  }

  @Test func withoutMixingThereAreNoBlendsAndAPictureAloneStaysAsItIs() throws {
    for (batch, _) in try Self.batches(Augmentation(flip: true)) { #expect(batch.blends == nil) }
    let alone = try Self.batches(Augmentation(mixup: 1), count: 1)
    #expect(alone[0].batch.blends == [Blend(label: 0, share: 0)])
    #expect(alone[0].pictures[0].allSatisfy { $0 == 0 })
  }
}

@Suite struct SamplerTests {
  /// 40 of class 0, 8 of class 1, 2 of class 5.
  private static let labels =
    [Int](repeating: 0, count: 40) + [Int](repeating: 1, count: 8) + [5, 5]

  @Test func aBalancedEpochShowsEveryClassAsOften() {
    let order = Sampler.balanced.order(Self.labels, seed: 3, epoch: 0)
    #expect(order.count == 50)
    let counts = Dictionary(grouping: order) { Self.labels[$0] }.mapValues(\.count)
    #expect(counts == [0: 17, 1: 17, 5: 16])
    // A small class is shown whole, and as evenly as possible; a large one without repetition.
    for index in 40..<48 { #expect((2...3).contains(order.count { $0 == index })) }
    #expect(Set(order.filter { $0 < 40 }).count == 17)
    #expect(order.prefix(25).contains { Self.labels[$0] == 0 })
  }

  @Test func theOrderIsAFunctionOfSeedAndEpoch() {
    for sampler in Sampler.allCases {
      let order = sampler.order(Self.labels, seed: 3, epoch: 1)
      #expect(order == sampler.order(Self.labels, seed: 3, epoch: 1))
      #expect(order != sampler.order(Self.labels, seed: 4, epoch: 1))
      #expect(order != sampler.order(Self.labels, seed: 3, epoch: 2))
      #expect(sampler.order([], seed: 1, epoch: 0).isEmpty)
    }
    #expect(Sampler.plain.order(Self.labels, seed: 3, epoch: 1).sorted() == Array(0..<50))
  }
}
