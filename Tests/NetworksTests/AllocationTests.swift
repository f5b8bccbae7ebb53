import AvocetKernels
import AvocetNetworks
import TestSupport
import Testing

/// All memory is planned before the first step: a step itself takes none.
@Suite(.enabled(if: countsAllocations, "blocks of memory cannot be counted here"))
struct AllocationTests {
  @Test func everyBlockOfEveryThreadIsCounted() {
    let team = ThreadTeam(threads: 3)
    #expect(allocations(of: team) {} == 0)
    let count = allocations(of: team) {
      team.run(40) { task, _ in
        if task % 2 == 0 { UnsafeMutablePointer<Int>.allocate(capacity: 4).deallocate() }
        if task == 1 { UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).deallocate() }
      }
    }
    #expect(count == 21)
  }

  @Test(arguments: [1, 2, 3]) func handingOutWorkTakesNoMemory(_ threads: Int) {
    let team = ThreadTeam(threads: threads)
    let sums = FloatBuffer(count: threads)
    let count = allocations(of: team) {
      for round in 0..<100 { team.run(8) { task, worker in sums[worker] += Float(task * round) } }
    }
    #expect(count == 0)
    #expect(sums.array.reduce(0, +) == 28 * 4950)
  }

  @Test(arguments: ["every", "resnet18", "mobilenet_v2", "squeezenet1_1", "alexnet"])
  func classifyingTakesNoMemory(_ name: String) throws {
    let network = try name == "every" ? everyOperation() : smallNetwork(name)
    let parameters = Parameters(initialising: network, seed: 1)
    for (threads, pictures) in [(1, 1), (2, 1), (2, 3)] {
      let team = ThreadTeam(threads: threads)
      let prepared = PreparedNetwork(network, parameters, batch: pictures)
      let workspace = InferenceWorkspace(prepared, pictures: pictures, team: team)
      workspace.run(pictures: pictures)
      let count = allocations(of: team) { workspace.run(pictures: pictures) }
      #expect(count == 0, "\(pictures) pictures, \(threads) threads")
    }
  }

  @Test(arguments: ["every", "resnet18", "mobilenet_v2", "squeezenet1_1", "alexnet"])
  func bothWaysThroughTheNetworkTakeNoMemory(_ name: String) throws {
    let network = try name == "every" ? everyOperation() : smallNetwork(name)
    let parameters = Parameters(initialising: network, seed: 1)
    let gradient = Parameters(network.layout)
    let team = ThreadTeam(threads: 2)
    let workspace = TrainingWorkspace(network, batch: 9, team: team)
    func step() {
      workspace.forward(parameters, images: 9)
      workspace.logitsGradient.update(from: workspace.logits, count: 9 * network.classCount)
      workspace.backward(parameters, into: gradient)
      workspace.updateStatistics(parameters)
    }
    step()
    #expect(allocations(of: team, step) == 0)
  }
}
