import AvocetKernels
import AvocetTraining
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A judgement by its logits.
func judgement(_ index: Int, _ truth: Int, _ logits: [Float], temperature: Double = 1)
  -> Evaluation.Judgement
{
  Evaluation.Judgement(index: index, truth: truth, logits: logits, temperature: temperature)
}

@Suite struct CalibrationTests {
  /// Pictures whose true classes are drawn from softmax(z), and a network that says `boldness` times z.
  private func drawn(_ count: Int, boldness: Float) -> Evaluation {
    var random = Draw(state: 7)
    let judgements = (0..<count).map { index in
      let z = (0..<4).map { _ in 2 * random.normal() }
      let p = judgement(index, 0, z).probabilities
      var (truth, left) = (0, random.uniform() - p[0])
      while left > 0 && truth < 3 {
        truth += 1
        left -= p[truth]
      }
      return judgement(index, truth, z.map { boldness * $0 })
    }
    return Evaluation(classes: ["a", "b", "c", "d"], judgements: judgements)
  }

  @Test(arguments: [Float(3), 1, 0.4])
  func theTemperatureUndoesWhatMadeANetworkBold(boldness: Float) {
    let said = drawn(2000, boldness: boldness)
    let temperature = said.fittedTemperature()
    #expect(abs(temperature / Double(boldness) - 1) < 0.12, "\(temperature)")
    let calm = said.at(temperature: temperature)
    #expect(calm.loss <= said.loss + 1e-4)
    #expect(Calibration(calm).error < 0.035)
    if boldness != 1 { #expect(Calibration(calm).error < Calibration(said).error / 3) }
    #expect(calm.judgements.map(\.predicted) == said.judgements.map(\.predicted))
    // A fit looks at the logits only.
    #expect(calm.fittedTemperature() == temperature)
  }

  @Test func atOneNothingChanges() {
    let said = drawn(50, boldness: 2)
    #expect(
      said.at(temperature: 1).judgements.map(\.probabilities)
        == said.judgements.map(\.probabilities))
  }

  @Test func aFewPicturesThatAreRightAskForNoBoundlessConfidence() {
    let few = Evaluation(
      classes: ["a", "b"], judgements: (0..<10).map { judgement($0, 0, [2, 0]) })
    #expect((0.3...0.95).contains(few.fittedTemperature()))
    let wrong = Evaluation(
      classes: ["a", "b"], judgements: (0..<500).map { judgement($0, 1, [900, 0]) })
    #expect(wrong.fittedTemperature() == 20)
    #expect(Evaluation(classes: ["a"], judgements: []).fittedTemperature() == 1)
  }

  @Test func theErrorIsTheGapOfTheBinsByTheirWeight() {
    // Logits whose softmax gives 0.9 and 0.6.
    func sure(_ index: Int, _ p: Double, _ isRight: Bool) -> Evaluation.Judgement {
      judgement(index, isRight ? 0 : 1, [Float(log(p / (1 - p))), 0])
    }
    let said = Evaluation(
      classes: ["a", "b"],
      judgements: [
        sure(0, 0.9, true), sure(1, 0.9, true), sure(2, 0.9, false), sure(3, 0.9, true),
        sure(4, 0.6, false),
      ])
    let calibration = Calibration(said)
    #expect(calibration.bins.count == 15)
    let filled = calibration.bins.enumerated().filter { $0.element.pictures > 0 }
    // 0.6 · 15 = 9 lies at a bin's upper end, which belongs to it, or just above by rounding.
    #expect([8, 9].contains(filled[0].offset) && filled[1].offset == 13)
    #expect(filled[1].element.pictures == 4 && filled[1].element.correct == 3)
    #expect(abs(filled[1].element.confidence - 0.9) < 1e-6)
    #expect(abs(calibration.error - (0.8 * 0.15 + 0.2 * 0.6)) < 1e-6)
    #expect(Calibration(Evaluation(classes: ["a"], judgements: [])).error == 0)
  }
}

/// A small generator, so that the pictures are the same everywhere.
private struct Draw {
  var state: UInt64

  mutating func uniform() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (Float(state >> 40) + 0.5) / 16_777_216
  }

  // Irwin and Hall: twelve uniform numbers.
  mutating func normal() -> Float { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }
}
