import AvocetDetectors
import AvocetKernels
import Testing

@Suite struct EstimateTests {
  @Test(arguments: [(4, 2.776), (9, 2.262), (19, 2.093), (60, 2.000), (1000, 1.962)])
  func studentsQuantileIsThatOfTheTables(freedom: Int, quantile: Double) {
    #expect(abs(Estimate.studentQuantile(freedom) - quantile) < 0.005 * quantile)
  }

  @Test func aMeanHasStudentsInterval() throws {
    let found = try #require(Estimate(meanOf: [1, 2, 3, 4, 5]))
    #expect(found.value == 3)
    let interval = try #require(found.interval)
    #expect(abs(interval.upperBound - 3 - 2.776 * 0.7071) < 0.01)
    #expect(abs(interval.lowerBound + interval.upperBound - 6) < 1e-9)
    #expect(try #require(Estimate(meanOf: [1, 2])).interval == nil)
    #expect(Estimate(meanOf: []) == nil)
  }

  @Test func aMediansIntervalLiesBetweenTwoOfTheValues() throws {
    // Of forty values, the 14th and the 27th (tables of the sign test).
    let forty = try #require(Estimate(medianOf: (1...40).map { Double(41 - $0) }))
    #expect(forty.value == 20.5 && forty.interval == 14...27)
    #expect(try #require(Estimate(medianOf: [1, 2, 3, 4, 9, 6])).interval == 1...9)
    #expect(try #require(Estimate(medianOf: [1, 2, 3, 4, 9])).interval == nil)
    #expect(Estimate(medianOf: []) == nil)
  }

  @Test func intervalsHoldTheTruthInNineteenOfTwentyDraws() throws {
    var random = CounterRandom(seed: 5, purpose: "intervals", index: 0)
    var (means, medians, ratios) = (0, 0, 0)
    let draws = 400
    for _ in 0..<draws {
      let values = (0..<30).map { _ in random.normal() }
      if try #require(Estimate(meanOf: values)?.interval).contains(0) { means += 1 }
      if try #require(Estimate(medianOf: values)?.interval).contains(0) { medians += 1 }
      // Pictures of different size, with a quarter of each shared on average.
      var (part, whole, squares) = (0, 0, RatioSquares())
      for _ in 0..<60 {
        let size = 100 + random.integer(below: 400)
        let common = (0..<4).reduce(0) { sum, _ in sum + random.integer(below: size / 8) }
        part += common
        whole += size
        squares.add(part: common, whole: size)
      }
      let ratio = Estimate(part: part, whole: whole, squares: squares, count: 60)
      // The mean of `integer(below:)` is half of one less.
      if try #require(ratio.interval).contains(0.2422) { ratios += 1 }
    }
    for held in [means, medians, ratios] {
      #expect(Double(held) / Double(draws) > 0.92 && Double(held) / Double(draws) <= 0.99)
    }
  }

  @Test func aRatioOfNothingIsNothing() {
    let none = Estimate(part: 0, whole: 0, squares: RatioSquares(), count: 9)
    #expect(none.value == 0 && none.interval == nil)
  }
}
