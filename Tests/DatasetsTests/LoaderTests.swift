import AvocetDatasets
import AvocetImages
import AvocetKernels
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct BatchLoaderTests {
  private static let preprocessing = Preprocessing(
    height: 2, width: 2, mean: [0, 0, 0], deviation: [1, 1, 1])

  private static func loader(
    _ source: any DataSource, batch: Int = 4, seed: UInt64 = 1, epoch: Int = 0, first: Int = 0,
    _ augmentation: Augmentation = Augmentation()
  ) -> BatchLoader {
    BatchLoader(
      AugmentedPictures(source, preprocessing: preprocessing, augmentation: augmentation),
      batch: batch, seed: seed, epoch: epoch, firstBatch: first)
  }

  /// The batches that are left: their indices, labels and numbers.
  private static func rest(
    _ loader: BatchLoader, pause: UInt32 = 0
  ) throws -> [(indices: [Int], labels: [Int], numbers: [Float])] {
    var batches: [(indices: [Int], labels: [Int], numbers: [Float])] = []
    while let batch = try loader.next() {
      usleep(pause)
      let count = batch.indices.count * preprocessing.count
      batches.append((batch.indices, batch.labels, Array(batch.pictures.array[..<count])))
      loader.recycle(batch)
    }
    loader.stop()
    return batches
  }

  @Test func anEpochShowsEveryPictureOnceInItsOrder() throws {
    let batches = try Self.rest(Self.loader(GreySource(count: 11)))
    #expect(batches.map(\.indices.count) == [4, 4, 3])
    #expect(
      batches.flatMap(\.indices)
        == Sampler.plain.order(Array(repeating: 0, count: 11), seed: 1, epoch: 0))
    for (indices, labels, numbers) in batches {
      #expect(labels == indices.map { $0 % 3 })
      for (slot, index) in indices.enumerated() {
        #expect(numbers[slot * 12..<(slot + 1) * 12].allSatisfy { $0 == Float(index) / 255 })
      }
    }
  }

  @Test(arguments: [(11, 2), (12, 3), (4, 1), (3, 1), (0, 0)])
  func aLastBatchThatIsNotFullMayBeLeftOut(pictures: Int, batches: Int) throws {
    let loader = BatchLoader(
      AugmentedPictures(
        GreySource(count: pictures), preprocessing: Self.preprocessing,
        augmentation: Augmentation()),
      batch: 4, dropsLast: true, seed: 1, epoch: 0)
    let indices = try Self.rest(loader).map(\.indices)
    #expect(indices.count == batches)
    #expect(BatchLoader.batchCount(pictures, batch: 4, dropsLast: true) == batches)
    // Unless it is the only one.
    #expect(indices.allSatisfy { $0.count == min(4, pictures) })
  }

  @Test func theOrderIsAFunctionOfSeedAndEpoch() {
    let order = Sampler.plain.order(Array(repeating: 0, count: 50), seed: 1, epoch: 0)
    #expect(order.sorted() == Array(0..<50) && order != Array(0..<50))
    #expect(order == Sampler.plain.order(Array(repeating: 0, count: 50), seed: 1, epoch: 0))
    #expect(order != Sampler.plain.order(Array(repeating: 0, count: 50), seed: 2, epoch: 0))
    #expect(order != Sampler.plain.order(Array(repeating: 0, count: 50), seed: 1, epoch: 1))
  }

  @Test func whatIsInABatchDoesNotDependOnTiming() throws {
    let augmentation = Augmentation(shift: 1, flip: true, brightness: 0.5, cutout: 1)
    let quick = try Self.rest(Self.loader(GreySource(count: 30), augmentation))
    let slowSource = try Self.rest(
      Self.loader(GreySource(count: 30, slow: { UInt32($0 % 3) * 700 }), augmentation))
    let slowReader = try Self.rest(Self.loader(GreySource(count: 30), augmentation), pause: 2000)
    for other in [slowSource, slowReader] {
      #expect(other.map(\.indices) == quick.map(\.indices))
      #expect(other.map(\.numbers) == quick.map(\.numbers))
    }
    let nextEpoch = try Self.rest(Self.loader(GreySource(count: 30), epoch: 1, augmentation))
    #expect(Set(nextEpoch.flatMap(\.numbers)) != Set(quick.flatMap(\.numbers)))
  }

  @Test func theNumbersAreTheAugmentedView() throws {
    let augmentation = Augmentation(shift: 1, flip: true, brightness: 0.5, cutout: 1)
    let source = GreySource(count: 5)
    let batch = try Self.rest(Self.loader(source, batch: 5, seed: 9, epoch: 4, augmentation))[0]
    for (slot, index) in batch.indices.enumerated() {
      let choice = augmentation.choice(seed: 9, epoch: 4, index: index)
      let view = Self.preprocessing.view(of: try source.image(index))
      let expected = augmentation.apply(choice, to: view, blank: .black)
      #expect(
        batch.numbers[slot * 12..<(slot + 1) * 12].elementsEqual(
          expected.pixels.map { Float($0) / 255 }))
    }
  }

  @Test func anEpochIsTakenUpInItsMiddle() throws {
    let whole = try Self.rest(Self.loader(GreySource(count: 18)))
    for first in 0...5 {
      let rest = try Self.rest(Self.loader(GreySource(count: 18), first: first))
      #expect(rest.map(\.indices) == whole.dropFirst(first).map(\.indices))
      #expect(rest.map(\.numbers) == whole.dropFirst(first).map(\.numbers))
    }
    #expect(try Self.rest(Self.loader(GreySource(count: 18), first: 6)).isEmpty)
  }

  @Test func aPictureThatCannotBeReadIsNamed() throws {
    let place = Sampler.plain.order(Array(repeating: 0, count: 12), seed: 1, epoch: 0).firstIndex(
      of: 7
    ).map { $0 / 4 }
    let loader = Self.loader(GreySource(count: 12, broken: 7))
    for number in 0..<3 {
      if number == place {
        let error = #expect(throws: BatchError.self) { _ = try loader.next() }
        #expect(error?.description == "grey 7: broken on purpose")
      } else {
        #expect(try loader.next()?.indices.count == 4)
      }
    }
    #expect(try loader.next() == nil)
    loader.stop()
  }

  /// Counts how many pictures were read.
  private final class CountingSource: DataSource {
    let inner = GreySource(count: 100)
    let reads = Atomic<Int>(0)
    var count: Int { inner.count }
    func label(_ i: Int) -> Int { inner.label(i) }
    func identifier(_ i: Int) -> String { inner.identifier(i) }
    func image(_ i: Int) throws(ImageError) -> Image {
      reads.add(1, ordering: .relaxed)
      return try inner.image(i)
    }
  }

  @Test func noMoreThanThreeBatchesWait() throws {
    let source = CountingSource()
    let loader = Self.loader(source)
    for taken in 0..<3 {
      let expected = 4 * (taken + 3)
      for _ in 0..<5000 where source.reads.load(ordering: .relaxed) < expected { usleep(1000) }
      usleep(20_000)
      // Three wait; nothing is prepared that has no place.
      #expect(source.reads.load(ordering: .relaxed) == expected)
      _ = try loader.next()
    }
    loader.stop()
  }

  @Test func aLoaderMayBeLeftAtAnyTime() throws {
    for taken in 0..<4 {
      let loader = Self.loader(GreySource(count: 100, slow: { _ in 200 }))
      for _ in 0..<taken { _ = try loader.next() }
      if taken % 2 == 0 { loader.stop() }
    }
    #expect(try Self.rest(Self.loader(GreySource(count: 0))).isEmpty)
  }
}

@Suite struct CachedSourceTests {
  private final class CountingSource: DataSource {
    let side: Int
    let reads = Mutex<[Int: Int]>([:])
    init(side: Int) { self.side = side }
    let count = 4
    func label(_ i: Int) -> Int { i % 2 }
    func identifier(_ i: Int) -> String { "picture \(i)" }
    func image(_ i: Int) throws(ImageError) -> Image {
      let number = reads.withLock {
        $0[i, default: 0] += 1
        return $0[i, default: 0]
      }
      if i == 3 { throw ImageError(code: "damaged", message: "try \(number)") }
      return Image(width: 2 * side, height: side, fill: RGB(UInt8(i), 9, 9))
    }
  }

  @Test func aPictureIsReadOnceAndIsTheSame() throws {
    let source = CountingSource(side: 3)
    let cached = CachedSource(source)
    for _ in 0..<3 {
      for i in 0..<3 { #expect(try cached.image(i) == source.image(i)) }
    }
    #expect(source.reads.withLock { $0 } == [0: 4, 1: 4, 2: 4])
    #expect(cached.labels == [0, 1, 0, 1] && cached.identifier(2) == "picture 2")
  }

  @Test func theLimitCountsBytesAndWhatIsOverItIsReadAgain() throws {
    let source = CountingSource(side: 10)
    let cached = CachedSource(source, limit: 2 * 600 + 599)
    for _ in 0..<3 { for i in 0..<3 { _ = try cached.image(i) } }
    #expect(source.reads.withLock { $0 } == [0: 1, 1: 1, 2: 3])
  }

  @Test func largePicturesAreMadeSmallerSmallOnesNot() throws {
    let cached = CachedSource(CountingSource(side: 100)) { $0.shrunk(toShortSide: 10) }
    let image = try cached.image(1)
    #expect((image.width, image.height) == (20, 10) && image[7, 7] == RGB(1, 9, 9))
    #expect(try cached.image(1) == image)
    #expect(Image(width: 8, height: 9, fill: .white).shrunk(toShortSide: 10).height == 9)
  }

  @Test func aFailureIsNotKept() throws {
    let cached = CachedSource(CountingSource(side: 3))
    for number in 1...3 {
      let error = #expect(throws: ImageError.self) { try cached.image(3) }
      #expect(error?.message == "try \(number)")
    }
  }
}
