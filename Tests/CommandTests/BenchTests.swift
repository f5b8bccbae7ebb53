import AvocetNetworks
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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
    // The limit, a heading, three fused blocks, the mean and the dense layer there and back, the rest.
    #expect(run.lines.count == 1 + 2 + 2 * 5 + 1)
    #expect(
      run.lines[1].wholeMatch(
        of: /in registers at best [\d.]+ GFLOP\/s; of that the whole reaches [\d.]+ %/) != nil)
    #expect(run.lines[2].hasPrefix("node "))
    #expect(run.lines[2].hasSuffix("GFLOP/s  of limit  GB/s  FLOP/B"))
    // Time, share, operations, bytes, speed, share of the limit, traffic, intensity.
    #expect(
      run.lines[3].wholeMatch(
        of:
          /edges +convolution 3x3.* direct +[\d.]+ +[\d.]+ % +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ % +[\d.]+ +[\d.]+/
      ) != nil, "\(run.lines[3])")
    #expect(run.lines[4].contains(" backward "))
    #expect(run.lines.last?.hasPrefix("rest ") == true)
    let shares = run.lines.dropFirst(3).compactMap { line in
      line.firstMatch(of: /([\d.]+) %/).flatMap { Double($0.1) }
    }
    #expect(shares.count == 11)
    #expect(abs(shares.reduce(0, +) - 100) < 1)
  }

  @Test func aProfileFitsIntoAHundredAndTwentyColumns() {
    let run = avocet(
      "bench", "network", "--architecture", "mobilenet_v2", "--size", "32", "--batch", "1",
      "--train", "--rounds", "1", "--profile", "--threads", "1")
    #expect(run.code == 0)
    #expect(run.lines.allSatisfy { $0.count <= 120 })
    #expect(run.lines.contains { $0.contains("…") })
  }

  @Test func aProfileInJSONHasBothPassesOfEveryStep() throws {
    let arguments = [
      "bench", "network", "--architecture", "tiny", "--size", "16", "--batch", "2", "--rounds", "1",
      "--profile", "--format", "json",
    ]
    let run = avocet(arguments + ["--train"])
    let object = try Profile(run.output)
    #expect(object.profile.map(\.node).last == "rest")
    #expect(object.limitGflops > 0)
    #expect(object.fractionOfLimit > 0)
    let first = object.profile[0]
    #expect(first.forward.computed == "direct")
    #expect(first.forward.operations == 2 * first.multiplyAdds)
    #expect(first.forward.bytes == first.bytes)
    #expect(first.backward?.operations == 2 * first.multiplyAdds)
    #expect(object.profile[1].backward?.operations == 4 * object.profile[1].multiplyAdds)
    for step in object.profile {
      for (pass, seconds) in [
        (step.forward, step.forwardSeconds),
        (step.backward ?? step.forward, step.backwardSeconds),
      ] where seconds > 1e-6 {
        let speed = Double(pass.operations) / seconds / 1e9
        #expect(abs(pass.gflops - speed) < 0.01 * speed + 0.001, "\(step.node)")
        #expect(
          abs(pass.fractionOfLimit - speed / object.limitGflops)
            < 0.01 * speed / object.limitGflops + 0.001,
          "\(step.node)")
      }
    }
    let classified = try Profile(avocet(arguments).output)
    #expect(classified.profile.allSatisfy { $0.backward == nil && $0.backwardSeconds == 0 })
  }

  @Test func kernelsGiveAnObjectForEachWork() {
    let run = avocet("bench", "kernels", "--rounds", "1", "--format", "json", "--quiet")
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    #expect(run.lines.count == 23)
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
        "avocet: no architecture is called \"huge\"; there are \(Architecture.names.joined(separator: ", "))"
      ])
    let small = avocet(
      "bench", "network", "--architecture", "aviary", "--batch", "1", "--size", "4")
    #expect(small.code == 64)
    #expect(
      small.errors == [
        "avocet: architecture aviary with pictures of 4x4x3: pool2: a window of 2x2 on a map of 1x1x128"
      ])
  }

  @Test func aBatchThatNoMemoryHoldsIsRefusedBeforeItIsTaken() {
    let run = avocet(
      "bench", "network", "--architecture", "aviary", "--batch", "4096", "--size", "1024", "--train"
    )
    #expect(run.code == 64)
    #expect(run.errors.count == 1)
    #expect(run.error.contains(" GiB for aviary; ") && run.error.hasSuffix(" fits\n"))
  }
}

private struct Profile: Decodable {
  let limitGflops, fractionOfLimit: Double
  let profile: [Step]

  init(_ json: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Profile.self, from: Data(json.utf8))
  }

  struct Step: Decodable {
    let node, operation: String
    let forwardSeconds, backwardSeconds, share: Double
    let multiplyAdds, bytes: Int
    let forward: Pass
    let backward: Pass?
  }

  struct Pass: Decodable {
    let computed: String?
    let operations, bytes: Int
    let gflops, fractionOfLimit, gigabytesPerSecond, operationsPerByte: Double
  }
}
