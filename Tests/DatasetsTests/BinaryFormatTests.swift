import AvocetDatasets
import AvocetFiles
import AvocetImages
import SystemPackage
import TestSupport
import Testing

@Suite final class BinaryFormatTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var refusal: String { whyRefused(folder.path.string) ?? "accepted" }

  /// A record of CIFAR's files: labels, then 32 x 32 bytes of red, of green, of blue.
  private func record(_ labels: [UInt8], _ red: UInt8) -> [UInt8] {
    labels + (0..<3072).map { $0 < 1024 ? red : UInt8($0 % 1024 % 32) }
  }

  @Test func theTenClassesOfCIFARAreReadFromTheirPlanes() throws {
    try folder.file("data_batch_1.bin", record([3], 10) + record([9], 11))
    try folder.file("data_batch_3.bin", record([0], 12))
    try folder.file("test_batch.bin", record([1], 13))
    let dataset = try open(folder.path)
    #expect(dataset.classes[3] == "cat" && dataset.classes.count == 10)
    #expect(dataset.splits[.train]?.labels == [3, 9, 0])
    #expect(dataset.splits[.test]?.labels == [1])
    #expect(dataset.splits[.validation] == nil)
    let image = try #require(dataset.splits[.train]).image(1)
    #expect((image.width, image.height) == (32, 32))
    #expect(image[0, 0] == RGB(11, 0, 0))
    #expect(image[31, 0] == RGB(11, 31, 31))
    #expect(image[5, 31] == RGB(11, 5, 5))
    #expect(dataset.splits[.train]?.identifier(1) == "train 1")
  }

  @Test func theNamesBesideCIFARCount() throws {
    try folder.file("data_batch_1.bin", record([1], 10))
    try folder.file("batches.meta.txt", "left\r\nright\r\n\r\n".utf8)
    #expect(try open(folder.path).classes == ["left", "right"])
    try folder.file("batches.meta.txt", "left\n".utf8)
    #expect(refusal.contains("record 0 has label 1; there are 1 classes"))
  }

  @Test func damagedCIFARIsRefusedWithItsNumbers() throws {
    try folder.file("data_batch_1.bin", record([3], 10).dropLast())
    #expect(
      refusal.contains("data_batch_1.bin: 3,072 bytes are no whole number of records of 3,073"))
    try folder.file("data_batch_1.bin")
    #expect(refusal.contains("0 bytes"))
    try folder.file("data_batch_1.bin", record([3], 10) + record([10], 10))
    #expect(refusal.contains("record 1 has label 10; there are 10 classes"))
  }

  @Test func theFineLabelOfCIFAR100Counts() throws {
    try folder.file("train.bin", record([19, 99], 10) + record([0, 4], 11))
    try folder.file("test.bin", record([5, 7], 12))
    let dataset = try open(folder.path)
    #expect(dataset.classes.count == 100)
    #expect(dataset.splits[.train]?.labels == [99, 4])
    #expect(try dataset.splits[.test]?.image(0)[31, 31] == RGB(12, 31, 31))
    try folder.file("train.bin", record([0, 100], 10))
    #expect(refusal.contains("label 100"))
  }

  private func idx(_ sizes: [UInt32], _ bytes: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(sizes.count)] + sizes.flatMap(bigEndian) + bytes
  }

  private func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private func writeIDX(_ images: [UInt8]? = nil, _ labels: [UInt8]? = nil, ending: String = "")
    throws
  {
    try folder.file("train-images-idx3-ubyte\(ending)", images ?? idx([2, 2, 3], Array(0..<12)))
    try folder.file("train-labels-idx1-ubyte\(ending)", labels ?? idx([2], [1, 0]))
  }

  @Test(arguments: [false, true]) func idxFilesAreReadPlainAndCompressed(isCompressed: Bool) throws
  {
    let images = idx([2, 2, 3], Array(0..<12))
    let labels = idx([2], [1, 0])
    try writeIDX(
      isCompressed ? gzipped(images) : images, isCompressed ? gzipped(labels) : labels,
      ending: isCompressed ? ".gz" : "")
    try folder.file("t10k-images-idx3-ubyte", idx([1, 2, 3], [9, 9, 9, 9, 9, 9]))
    try folder.file("t10k-labels-idx1-ubyte", idx([1], [2]))
    let dataset = try open(folder.path)
    #expect(dataset.isGrey && dataset.classes == ["0", "1", "2"])
    #expect(dataset.splits[.train]?.labels == [1, 0])
    #expect(dataset.splits[.test]?.labels == [2])
    let image = try #require(dataset.splits[.train]).image(1)
    #expect((image.width, image.height) == (3, 2))
    #expect(image[0, 0] == RGB(6, 6, 6) && image[2, 1] == RGB(11, 11, 11))
  }

  @Test func fashionIsKnownByItsLabelsWhateverItsFolder() throws {
    let count = 10_000
    let published: [UInt8] = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    let labels = published + [UInt8](repeating: 1, count: count - published.count)
    try writeIDX(
      idx([UInt32(count), 1, 1], [UInt8](repeating: 7, count: count)), idx([UInt32(count)], labels))
    #expect(try open(folder.path).classes.last == "Ankle boot")
    try writeIDX(
      idx([UInt32(count), 1, 1], [UInt8](repeating: 7, count: count)),
      idx([UInt32(count)], labels.reversed()))
    #expect(try open(folder.path).classes.last == "9")
  }

  @Test func damagedIDXIsRefusedWithItsNumbers() throws {
    try writeIDX(idx([2, 2, 3], Array(0..<11)))
    #expect(refusal.contains("sizes [2, 2, 3] do not match the 11 bytes"))
    try writeIDX(idx([.max, .max, .max], Array(0..<12)))
    #expect(refusal.contains("do not match the 12 bytes"))
    try writeIDX(idx([0, 2, 3], []))
    #expect(refusal.contains("sizes [0, 2, 3]"))
    try writeIDX([0, 0, 13, 3] + idx([2, 2, 3], Array(0..<12)).dropFirst(4))
    #expect(refusal.contains("magic [0, 0, 13, 3]"))
    try writeIDX(Array(idx([2, 2, 3], []).prefix(15)))
    #expect(refusal.contains("not an IDX file of bytes in 3 dimensions"))
    try writeIDX(nil, idx([3], [0, 1, 0]))
    #expect(refusal.contains("3 labels for 2 pictures"))
    try writeIDX(nil, idx([2], [0, 0]))
    #expect(refusal.contains("every picture has label 0"))
    try RealFileSystem().remove(folder.path.appending("train-labels-idx1-ubyte"))
    #expect(refusal.contains("has no train-labels-idx1-ubyte beside it"))
  }

  @Test func damagedGzipIsRefusedAtEveryByte() throws {
    try writeIDX()
    try RealFileSystem().remove(folder.path.appending("train-images-idx3-ubyte"))
    let whole = gzipped(idx([2, 2, 3], Array(0..<12)))
    for count in 2..<whole.count {
      try folder.file("train-images-idx3-ubyte.gz", whole[..<count])
      #expect(refusal.contains("gzip data are damaged or cut short"), "\(count) bytes")
    }
    try folder.file("train-images-idx3-ubyte.gz", whole + [0])
    #expect(refusal.contains("gzip data are damaged"))
    var flipped = whole
    flipped[40] ^= 1
    try folder.file("train-images-idx3-ubyte.gz", flipped)
    #expect(refusal.contains("gzip data are damaged"))
  }
}
