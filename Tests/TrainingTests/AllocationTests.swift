import AvocetKernels
import AvocetNetworks
import AvocetTraining
import TestSupport
import Testing

@Suite(.enabled(if: countsAllocations, "blocks of memory cannot be counted here"))
struct AllocationTests {
  @Test(arguments: OptimizerSettings.Rule.allCases)
  func aStepTakesNoMemory(_ rule: OptimizerSettings.Rule) throws {
    let network = try smallNetwork("resnet18")
    let parameters = Parameters(initialising: network, seed: 1)
    let team = ThreadTeam(threads: 2)
    let step = TrainingStep(
      network, batch: 4, team: team, labelSmoothing: 0.1, classWeights: [1, 2, 1, 1])
    let optimizer = Optimizer(
      OptimizerSettings(rule: rule, learningRate: 1e-4, weightDecay: 1e-4), network.layout)
    let labels = [0, 1, 2, 3]
    func learn() {
      _ = step.differentiate(parameters, labels: labels)
      step.update(parameters, optimizer) { _ in 1 }
    }
    learn()
    #expect(allocations(of: team, learn) == 0)
  }
}
