import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetTraining
import Testing

/// Cross-validation, learning curve, and the record of the pictures.
struct StudyTests {
  private struct Listed: DataSource {
    let rows: [(String, Int)]
    var count: Int { rows.count }
    func label(_ i: Int) -> Int { rows[i].1 }
    func identifier(_ i: Int) -> String { rows[i].0 }
    func image(_ i: Int) throws(ImageError) -> Image { try scenes.image(i) }
  }

  private func record(_ rows: [(String, Int)], _ checksums: [UInt32] = []) -> PictureRecord {
    var record = PictureRecord()
    record.add(
      Listed(rows: rows), split: "train", classes: ["cat", "do,g"], checksums: checksums)
    return record
  }

  @Test func theFirstDifferenceOfTwoDataSetsIsNamed() {
    let then = record([("a/b.jpg", 0), ("a/c.jpg", 0), ("d/e.jpg", 1)], [1, 2, 3])
    #expect(then.difference(from: then) == nil)
    #expect(
      record([("a/b.jpg", 0), ("d/e.jpg", 1)], [1, 3]).difference(from: then)
        == "a/c.jpg (cat) is gone")
    #expect(
      record([("a/b.jpg", 0), ("a/x.jpg", 0), ("d/e.jpg", 1)], [1, 2, 9]).difference(from: then)
        == "a/c.jpg (cat) is gone (the first of 3 differences)")
    #expect(
      record([("a/b.jpg", 0), ("a/c.jpg", 0), ("d/e.jpg", 1), ("d/f.jpg", 1)], [1, 2, 3, 4])
        .difference(from: then) == "d/f.jpg (do,g) is new")
    #expect(
      record([("a/b.jpg", 1), ("a/c.jpg", 0), ("d/e.jpg", 1)], [1, 2, 3]).difference(from: then)
        == "a/b.jpg was of class cat, is of class do,g")
    #expect(
      record([("a/b.jpg", 0), ("a/c.jpg", 0), ("d/e.jpg", 1)], [1, 0xA2, 3]).difference(from: then)
        == "a/c.jpg has changed: the checksum of its pixels was 00000002, is 000000a2")
    #expect(
      record([("a/c.jpg", 0), ("a/b.jpg", 0), ("d/e.jpg", 1)], [2, 1, 3]).difference(from: then)
        == "picture 1 was a/b.jpg (cat) of train, is a/c.jpg (cat) of train")
  }

  @Test func aRecordIsWhatItsFileSays() {
    let written = record([("a, \"b\"\n.jpg", 0), ("=c.jpg", 1)], [0, 0xFFFF_FFFF])
    #expect(PictureRecord(csv: written.csv) == written)
    #expect(PictureRecord(csv: "path,split\na,train\n") == nil)
    #expect(PictureRecord(csv: "path,split,label,checksum\na,train\n") == nil)
  }

  @Test func checksumsFollowPixelsAndWidth() throws {
    var image = Image(width: 4, height: 2, fill: .black)
    let (before, turned) = (image.checksum, Image(width: 2, height: 4, fill: .black).checksum)
    image[3, 1] = RGB(0, 0, 1)
    #expect(Set([before, turned, image.checksum]).count == 3)
    #expect(checksum(Array("123456789".utf8)[...]) == 0xCBF4_3926)
    let head = checksum(Array("1234".utf8)[...])
    #expect(checksum(Array("56789".utf8)[...], after: head) == 0xCBF4_3926)
  }

  @Test func everyPictureIsHeldOutOnceAndEveryFoldHasItsShareOfEachClass() {
    let labels = (0..<103).map { $0 < 50 ? 0 : $0 < 90 ? 1 : $0 < 102 ? 2 : 3 }
    for folds in 2...5 {
      let held = stratifiedFolds(labels, folds: folds, seed: 1)
      #expect(held[102] == nil && held[..<102].allSatisfy { $0 != nil })
      for label in 0..<3 {
        let counts = (0..<folds).map { fold in
          labels.indices.count { held[$0] == fold && labels[$0] == label }
        }
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
      }
      let sizes = (0..<folds).map { fold in held.count { $0 == fold } }
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
    #expect(
      stratifiedFolds(labels, folds: 3, seed: 1) != stratifiedFolds(labels, folds: 3, seed: 2))
  }

  @Test func aSmallerShareIsAPartOfALargerOne() {
    let labels = (0..<60).map { $0 % 3 == 0 ? 0 : 1 } + [2]
    let (quarter, half) = (
      stratifiedShare(labels, share: 0.25, seed: 4), stratifiedShare(labels, share: 0.5, seed: 4)
    )
    #expect(quarter.count == 5 + 10 + 1 && half.count == 10 + 20 + 1)
    #expect(Set(quarter).isSubset(of: half))
    #expect(quarter == quarter.sorted() && quarter.contains(60))
    #expect(stratifiedShare(labels, share: 1, seed: 4) == Array(0..<61))
  }

  private func point(_ pictures: Int, wrong: Int, of count: Int) -> LearningCurve.Point {
    // The wrong ones of a better training are among those of a worse one, as it is with pictures.
    LearningCurve.Point(pictures: pictures, isRight: (0..<count).map { $0 >= wrong })
  }

  @Test func aPowerLawIsFoundAgainAndAnInventedGainIsNot() {
    // error = 4 / sqrt(pictures): 40 %, 28.3 %, 20 %, and 14.1 % with twice as many.
    let curve = LearningCurve(
      [
        point(100, wrong: 400, of: 1000), point(200, wrong: 283, of: 1000),
        point(400, wrong: 200, of: 1000),
      ], seed: 1)
    #expect(abs(curve.gain.middle - 0.0586) < 0.001)
    #expect(curve.gain.low > 0.045 && curve.gain.high < 0.075)
    #expect(curve.gain.low < curve.gain.middle && curve.gain.middle < curve.gain.high)
    #expect(
      curve.sentence.hasPrefix(
        "twice as many pictures would bring about +5.9 points (95 % interval"))
    let flat = LearningCurve(
      [10, 20, 40].map { size in
        LearningCurve.Point(pictures: size, isRight: (0..<50).map { ($0 + size / 10) % 5 > 0 })
      }, seed: 1)
    #expect(flat.gain.low <= 0 && flat.gain.high >= 0)
    #expect(flat.sentence.hasPrefix("more pictures might not help"))
  }

  @Test func aCurveWithoutErrorsOrWithNothingRightIsFinite() throws {
    for wrong in [0, 3] {
      let curve = LearningCurve(
        [point(2, wrong: wrong, of: 3), point(4, wrong: wrong, of: 3)], seed: 1)
      #expect(curve.gain.middle.isFinite && abs(curve.gain.middle) < 0.5)
      #expect(curve.csv.split(separator: "\n").count == 3)
      #expect(curve.picture.starts(with: [0x89, 0x50]))
    }
  }
}
