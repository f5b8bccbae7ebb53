import AvocetNetworks
import AvocetTraining
import Testing

/// What a training needs, and what there is.
struct MemoryTests {
  private let machine = [
    "/proc/meminfo": "MemTotal: 9000000 kB\nMemFree: 1 kB\nMemAvailable:    2048 kB\n",
    "/proc/self/status": "Name:\tavocet\nVmSize:\t    1024 kB\n",
    "/proc/self/limits":
      "Limit                     Soft Limit           Hard Limit           Units\nMax address space         unlimited            unlimited            bytes\n",
  ]

  private func available(_ more: [String: String]) -> AvailableMemory? {
    let files = machine.merging(more) { $1 }
    return AvailableMemory { files[$0] }
  }

  @Test func theSmallestLimitCounts() throws {
    #expect(available([:])?.bytes == 2_097_152)
    #expect(available([:])?.limit == "are free on this machine")
    let newer = available([
      "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/b/memory.current": "100\n", "/sys/fs/cgroup/a/memory.max": "1000000\n",
      "/sys/fs/cgroup/a/memory.current": "600000\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 100000\nactive_file 7\n",
    ])
    #expect(newer?.bytes == 500_000)
    #expect(newer?.limit == "are left in this process's control group")
    let older = available([
      "/proc/self/cgroup": "5:cpu:/x\n4:memory:/x\n0::/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1500000\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1600000\n",
    ])
    #expect(older?.bytes == 0)
    let bounded = available([
      "/proc/self/limits":
        "Max address space         2000000              unlimited            bytes\n"
    ])
    #expect(bounded?.bytes == 2_000_000 - 1_048_576)
    #expect(bounded?.limit == "are left of the address space (ulimit -v)")
    #expect(AvailableMemory { _ in nil } == nil)
    // Whatever stands there, it is no trap.
    #expect(
      AvailableMemory { _ in "MemAvailable: \n:::\n9:memory:\n0::/..\nMax address space x" } == nil)
  }

  @Test func theBatchThatFitsIsNamedAndFits() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(64, 64, 3), classes: 10)
    let settings = OptimizerSettings(rule: .adamW, learningRate: 0.001, weightDecay: 0)
    let memory = TrainingMemory(network, settings, threads: 2)
    let limit = memory.bytes(batch: 100)
    #expect(memory.largestBatch(fitting: limit, upTo: 5000) == 100)
    #expect(memory.largestBatch(fitting: limit - 1, upTo: 5000) == 99)
    #expect(memory.largestBatch(fitting: limit, upTo: 64) == 64)
    #expect(memory.largestBatch(fitting: 1000, upTo: 64) == 0)
    let room = AvailableMemory { [limit] in
      $0 == "/proc/meminfo" ? "MemAvailable: \(limit / 1024 + 1) kB\n" : nil
    }
    let small = try #require(room)
    #expect(memory.problem(batch: 100, small) == nil)
    let problem = memory.problem(batch: 4096, small)
    #expect(
      problem?.hasPrefix("--batch 4096 of 64x64x3 pictures needs about ") == true
        && problem?.hasSuffix(" are free on this machine: --batch 100 fits") == true)
  }

  @Test func whatARecipeKeepsIsCounted() throws {
    let network = try Architecture.network(named: "tiny", input: Shape(32, 32, 3), classes: 10)
    func bytes(anotherWaits: Bool = false, _ change: (inout Recipe) -> Void) throws -> Int {
      var recipe = try #require(Recipe.named("aviary"))
      recipe.optimizer = OptimizerSettings(rule: .sgd, learningRate: 0.1, weightDecay: 0)
      change(&recipe)
      return TrainingMemory(network, recipe, threads: 1, anotherWaits: anotherWaits)
        .bytes(batch: 1)
    }
    let (plain, parameters) = (try bytes { _ in }, 4 * network.layout.count)
    #expect(try bytes { $0.partLesson = nil } < plain)
    // Itself, and as array and file while it is saved.
    #expect(try bytes { $0.averageDecay = 0.9 } == plain + 3 * parameters)
    #expect(try bytes { $0.optimizer.rule = .adamW } == plain + 3 * parameters)
    #expect(try bytes { $0.accumulation = 2 } == plain + parameters)
    // Its weights, the best of them, and the velocity.
    #expect(try bytes(anotherWaits: true) { _ in } == plain + 3 * parameters)
    // Twice the largest matrix and more.
    let largest = network.layout.slices.map(\.range.count).max() ?? 0
    #expect(try bytes { $0.optimizer.rule = .muon } > plain + 8 * largest)
  }
}
