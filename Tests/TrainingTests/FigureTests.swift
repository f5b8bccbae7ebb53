import AvocetTraining
import Testing

@Suite struct FigureTests {
  /// Judgements of the given truths and answers, each with a probability near one.
  private func evaluation(_ classes: [String], _ pairs: [(truth: Int, said: Int)]) -> Evaluation {
    Evaluation(
      classes: classes,
      judgements: pairs.enumerated().map { index, pair in
        judgement(index, pair.truth, classes.indices.map { $0 == pair.said ? 20 : 0 })
      })
  }

  // ant: 4 pictures, 3 found; bee: 2 pictures, 1 found; crow: 1 picture, called ant; dog: none.
  private var mixed: Evaluation {
    evaluation(
      ["ant", "bee", "crow", "dog"],
      [(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (2, 0)])
  }

  @Test func everyClassHasItsPrecisionRecallAndF1() {
    let figures = mixed.classFigures
    #expect(figures.map(\.name) == ["ant", "bee", "crow", "dog"])
    #expect(figures.map(\.pictures) == [4, 2, 1, 0])
    #expect(figures.map(\.precision) == [3.0 / 5, 1.0 / 2, 0, 0])
    #expect(figures.map(\.recall) == [3.0 / 4, 1.0 / 2, 0, 0])
    #expect(figures.map(\.f1) == [6.0 / 9, 2.0 / 4, 0, 0])
    for figures in figures.prefix(2) {
      let (p, r) = (figures.precision, figures.recall)
      #expect(abs(figures.f1 - 2 * p * r / (p + r)) < 1e-12)
    }
    #expect(figures.map { $0.confusedWith?.name } == ["bee", "ant", "ant", nil])
    #expect(figures[0].confusedWith?.count == 1)
  }

  @Test func macroMeansAreOverTheClassesThatHavePictures() {
    let average = mixed.macroAverage
    #expect(abs(average.precision - (3.0 / 5 + 1.0 / 2) / 3) < 1e-12)
    #expect(abs(average.recall - (3.0 / 4 + 1.0 / 2) / 3) < 1e-12)
    #expect(abs(average.f1 - (6.0 / 9 + 2.0 / 4) / 3) < 1e-12)
    #expect(mixed.worstClasses.map(\.name) == ["crow", "bee", "ant"])
  }

  @Test func brierIsTheSquaredDistanceFromTheTruth() {
    let sure = Evaluation(classes: ["a", "b"], judgements: [judgement(0, 1, [0, 50])])
    #expect(sure.brierScore < 1e-9)
    let wrong = Evaluation(classes: ["a", "b"], judgements: [judgement(0, 0, [0, 50])])
    #expect(abs(wrong.brierScore - 2) < 1e-9)
    let torn = Evaluation(classes: ["a", "b"], judgements: [judgement(0, 0, [0, 0])])
    #expect(abs(torn.brierScore - 0.5) < 1e-6)
  }

  @Test func mistakesComeByTheirConfidence() {
    let said = Evaluation(
      classes: ["a", "b"],
      judgements: [
        judgement(0, 0, [0, 1]), judgement(1, 0, [3, 0]), judgement(2, 1, [4, 0]),
        judgement(3, 0, [0, 1]),
      ])
    #expect(said.mistakes.map(\.index) == [2, 0, 3])
  }

  @Test func learnedAndForgottenAreMatchedByPictureAndByName() throws {
    let old = evaluation(["a", "b"], [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)])
    // The same pictures by a model whose classes stand in another order and are one more; the fourth could not be read.
    let new = Evaluation(
      classes: ["c", "b", "a"],
      judgements: [(0, 2, 2), (1, 2, 2), (2, 1, 0), (4, 2, 2)].map {
        index, truth, said in judgement(index, truth, (0..<3).map { $0 == said ? 9 : 0 })
      })
    let comparison = Comparison(old: old, new: new)
    #expect(comparison.rows.map(\.index) == [0, 1, 2, 4])
    #expect(comparison.rows[2].old == "b" && comparison.rows[2].new == "c")
    #expect((comparison.oldCorrect, comparison.newCorrect) == (3, 3))
    #expect((comparison.learned, comparison.forgotten) == (1, 1))
    #expect(comparison.chance == 1)
    #expect(comparison.changes.map(\.name) == ["b", "a"])
    #expect(comparison.changes.map(\.forgotten) == [1, 0])
    #expect(comparison.changes[0].difference == -1)
  }

  @Test func theDifferenceHasItsInterval() {
    // 100 pictures, 12 learned, 4 forgotten: (12.5 - 4.5) / 102 ± 1.96 √(17 - 64 / 102) / 102.
    let old = evaluation(
      ["a", "b"], (0..<100).map { (0, $0 < 12 || $0 >= 90 ? 1 : 0) })
    let new = evaluation(
      ["a", "b"], (0..<100).map { (0, (12..<16).contains($0) || $0 >= 90 ? 1 : 0) })
    let comparison = Comparison(old: old, new: new)
    #expect((comparison.learned, comparison.forgotten) == (12, 4))
    #expect(abs(comparison.interval.low - 0.00068) < 1e-5, "\(comparison.interval)")
    #expect(abs(comparison.interval.high - 0.15618) < 1e-5, "\(comparison.interval)")
    #expect(abs(comparison.chance - 0.076813) < 1e-6)
  }

  @Test(
    arguments: [
      (0, 0, 1), (5, 5, 1), (0, 5, 0.0625), (5, 0, 0.0625), (1, 9, 0.021484375),
      (0, 2000, 0), (1000, 1001, 1),
    ] as [(Int, Int, Double)]) func theSignTestIsThatOfFairCoins(a: Int, b: Int, expected: Double)
  {
    #expect(abs(signTest(a, b) - expected) < 1e-6)
  }
}
