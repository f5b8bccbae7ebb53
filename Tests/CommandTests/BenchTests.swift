import TestSupport
import Testing

@Suite(.serialized) struct BenchTests {
  @Test func networkGivesOneLineOrOneObject() {
    let arguments = [
      "bench", "network", "--architecture", "tiny", "--size", "16", "--rounds", "1", "--batch",
    ]
    let one = avocet(arguments + ["1"])
    #expect(one.code == 0)
    #expect(one.lines.count == 1)
    #expect(
      one.lines[0].wholeMatch(
        of: /tiny 16 batch 1 fp32: [\d.]+ images\/s, [\d.]+ GFLOP\/s \(\w+, \d+ threads?\)/) != nil)
    let json = avocet(arguments + ["4", "--threads", "2", "--format", "json"])
    #expect(
      json.output.wholeMatch(
        of:
          /\{"work":"tiny 16 batch 4 fp32","images_per_second":[\d.]+,"gflops":[\d.]+,"kernels":"\w+","threads":2\}\n/
      ) != nil)
  }

  @Test func theProfileHasEveryStepAndItsSharesAreTheWhole() throws {
    let run = avocet(
      "bench", "network", "--architecture", "tiny", "--size", "16", "--batch", "4", "--train",
      "--rounds", "1", "--profile", "--threads", "1")
    #expect(run.code == 0)
    #expect(run.lines[0].hasPrefix("tiny 16 batch 4 fp32 training: "))
    // A heading, three fused blocks, the mean, the dense layer, the rest.
    #expect(run.lines.count == 1 + 1 + 5 + 1)
    #expect(run.lines[1].hasPrefix("node "))
    #expect(run.lines.last?.hasPrefix("rest ") == true)
    let shares = run.lines.dropFirst(2).compactMap { line in
      line.firstMatch(of: /([\d.]+) %/).flatMap { Double($0.1) }
    }
    #expect(shares.count == 6)
    #expect(abs(shares.reduce(0, +) - 100) < 1)
  }

  @Test func kernelsGiveAnObjectForEachWork() {
    let run = avocet("bench", "kernels", "--rounds", "1", "--format", "json", "--quiet")
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    #expect(run.lines.count == 20)
    for line in run.lines {
      #expect(
        line.wholeMatch(
          of:
            /\{"work":"[^"]+","gflops":[\d.]+,"fraction_of_limit":[\d.]+,"kernels":"\w+","threads":1\}/
        ) != nil)
    }
    #expect(run.lines[0].hasPrefix("{\"work\":\"limit in registers\","))
  }

  @Test func aNetworkThatCannotBeIsAUsageError() {
    let run = avocet("bench", "network", "--architecture", "huge", "--batch", "1")
    #expect(run.code == 64)
    #expect(
      run.errors == [
        "avocet: no architecture is called \"huge\"; there are airbench94, alexnet, aviary, fashion, mobilenet_v2, resnet9, resnet18, small, squeezenet1_1, tiny"
      ])
    let small = avocet(
      "bench", "network", "--architecture", "aviary", "--batch", "1", "--size", "4")
    #expect(small.code == 64)
    #expect(
      small.errors == [
        "avocet: architecture aviary with pictures of 4x4x3: pool2: a window of 2x2 on a map of 1x1x96"
      ])
  }

  @Test func aBatchThatNoMemoryHoldsIsRefusedBeforeItIsTaken() {
    let run = avocet(
      "bench", "network", "--architecture", "aviary", "--batch", "4096", "--size", "1024", "--train"
    )
    #expect(run.code == 64)
    #expect(run.errors.count == 1)
    #expect(run.error.contains(" GiB for aviary; this machine has "))
  }
}
