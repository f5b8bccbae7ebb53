import ArgumentParser
import AvocetFiles
import AvocetKernels
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

/// `avocet bench network`
struct BenchNetwork: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "network",
    abstract: "Measure how many pictures a second a network classifies or learns from.",
    discussion:
      "The network gets random numbers, so no decoding is in it. A batch of one runs on one core, a larger one has a picture on each core."
  )

  @Option(help: "The network (see avocet model list).") var architecture: String
  @Option(help: "Pictures in a batch.") var batch: Int
  @Option(help: "Rows and columns of the pictures (default: the network's usual).") var size: Int?
  @Flag(help: "Measure training: forward, loss, backward and the optimiser's step.") var train =
    false
  @Flag(help: "Also show where the time goes, node by node.") var profile = false
  @Option(help: "text or json.") var format = ReportFormat.text
  @Option(help: "Rounds of a tenth of a second or more; the median counts.") var rounds = 9
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if !(1...1000).contains(rounds) {
      throw ValidationError("--rounds is \(rounds); 1 to 1,000 are possible")
    }
    if !(1...4096).contains(batch) {
      throw ValidationError("--batch is \(batch); 1 to 4,096 are possible")
    }
    if let size, !(1...1024).contains(size) {
      throw ValidationError("--size is \(size); 1 to 1,024 pixels are possible")
    }
  }

  func run(_ session: Session) throws(Failure) -> Int32 {
    let network = try network()
    if train { try checkMemory(network, batch: batch) }
    let team = ThreadTeam(threads: common.threads ?? availableCores())
    let benchmark = NetworkBenchmark(network, batch: batch, team: team, rounds: rounds)
    let result = train ? benchmark.training() : benchmark.classification()
    let work =
      "\(architecture) \(network.inputShape.rows) batch \(batch) fp32\(train ? " training" : "")"
    switch format {
    case .json: try session.print(json(result, work))
    case .text:
      try session.print(
        "\(work): \(decimal(result.imagesPerSecond, 1)) images/s, \(decimal(result.gflops, 1)) GFLOP/s (\(Kernels.chosen.name), \(result.threads) \(result.threads == 1 ? "thread" : "threads"))"
      )
      if profile {
        for line in table(result).lines { try session.print(line) }
      }
    }
    return 0
  }

  private func network() throws(Failure) -> Network {
    guard let known = Architecture.named(architecture) else {
      throw Failure(
        "no architecture is called \"\(escapedText(architecture.utf8))\"; there are \(Architecture.names.joined(separator: ", "))",
        code: 64)
    }
    let usual = known.input
    let input = Shape(size ?? usual.rows, size ?? usual.columns, usual.channels)
    do throws(NetworkError) { return try known.network(input: input) } catch {
      throw Failure(
        "architecture \(architecture) with pictures of \(input.description): \(error.description)",
        code: 64)
    }
  }

  private func table(_ result: NetworkBenchmark.Result) -> TextTable {
    var table = TextTable(
      [("node", .left), ("operation", .left), (train ? "forward us" : "us", .right)]
        + (train ? [("backward us", .right)] : [])
        + [("share", .right), ("multiply-adds", .right), ("bytes", .right)])
    for step in result.profile {
      table.add(
        [step.node, step.operation, decimal(1e6 * step.forward, 1)]
          + (train ? [decimal(1e6 * step.backward, 1)] : []) + [
            "\(decimal(100 * step.share, 1)) %", grouped(step.multiplyAdds), grouped(step.bytes),
          ])
    }
    return table
  }

  private func json(_ result: NetworkBenchmark.Result, _ work: String) -> String {
    var fields = [
      "\"work\":\(quoted(work))", "\"images_per_second\":\(decimal(result.imagesPerSecond, 2))",
      "\"gflops\":\(decimal(result.gflops, 2))", "\"kernels\":\(quoted(Kernels.chosen.name))",
      "\"threads\":\(result.threads)",
    ]
    if profile {
      let steps = result.profile.map { step in
        "{\"node\":\(quoted(step.node)),\"operation\":\(quoted(step.operation)),\"forward_seconds\":\(decimal(step.forward, 9)),\"backward_seconds\":\(decimal(step.backward, 9)),\"share\":\(decimal(step.share, 4)),\"multiply_adds\":\(step.multiplyAdds),\"bytes\":\(step.bytes)}"
      }
      fields.append("\"profile\":[\(steps.joined(separator: ","))]")
    }
    return "{\(fields.joined(separator: ","))}"
  }
}
