import AvocetKernels
import Testing

@Suite struct AviaryRandomTests {
  @Test func everyArgumentChangesTheStream() {
    var seen: Set<UInt64> = []
    for seed in 0..<4 as Range<UInt64> {
      for purpose in ["order", "flip", "crop", "noise"] as [CounterRandom.Purpose] {
        for epoch in 0..<4 {
          for index in 0..<4 {
            var random = CounterRandom(seed: seed, purpose: purpose, epoch: epoch, index: index)
            seen.insert(random.next())
          }
        }
      }
    }
    #expect(seen.count == 256)
  }

  @Test func sameArgumentsGiveTheSameNumbers() {
    var one = CounterRandom(seed: 7, purpose: "flip", epoch: 2, index: 9)
    var two = CounterRandom(seed: 7, purpose: "flip", epoch: 2, index: 9)
    var other = CounterRandom(seed: 7, purpose: "crop", epoch: 2, index: 9)
    let numbers = (0..<8).map { _ in one.next() }
    #expect(numbers == (0..<8).map { _ in two.next() })
    #expect(numbers != (0..<8).map { _ in other.next() })
  }

  @Test func numbersFillTheirRangeEvenly() {
    var random = CounterRandom(seed: 1, purpose: "even")
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<20_000 { counts[random.integer(below: 10)] += 1 }
    for count in counts { #expect(abs(count - 2000) < 220) }
    let numbers = (0..<20_000).map { _ in random.uniform(in: 2...4) }
    #expect(numbers.allSatisfy { $0 >= 2 && $0 <= 4 })
    #expect(abs(numbers.reduce(0, +) / 20_000 - 3) < 0.02)
  }

  @Test func consecutiveIndicesAreIndependent() {
    let firsts = (0..<4000).map { index in
      var random = CounterRandom(seed: 3, purpose: "order", index: index)
      return random.uniform() - 0.5
    }
    let products = zip(firsts, firsts.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / 4000
    #expect(abs(firsts.reduce(0, +) / 4000) < 0.02)
    #expect(abs(products) < 0.006)
  }

  @Test func normalNumbersHaveUnitVariance() {
    var random = CounterRandom(seed: 11, purpose: "normal")
    let numbers = (0..<20_000).map { _ in random.normal() }
    let mean = numbers.reduce(0, +) / 20_000
    let variance = numbers.reduce(0) { $0 + $1 * $1 } / 20_000
    #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.04)
  }
}
