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
    discussion: """
      The network gets random numbers, so no decoding is in it. One picture is split over the threads, several are shared out.

      --profile holds each step against the most that these threads can multiply and add in registers. Times, operations and bytes \
      are for one picture; the bytes are those of maps and weights that must be read or written, the weights as they are packed and \
      once for a batch. A convolution counts the operations of its direct form. Computed as F(4) and the like (Winograd's filtering of \
      4x4 outputs at once) it needs two to six times fewer multiplications, so that it can reach more than 100 % of the limit; so can a \
      direct one of many channels, which leaves out the zeros behind a rectifier. Products cannot. A step of few operations per byte \
      waits for memory, not for arithmetic. Of a convolution's way back the input gradient is named first, then the weight gradient, once \
      where both are computed alike; the first layer has only the latter.
      """
  )

  @Option(help: "The network (see avocet model list).") var architecture: String
  @Option(help: "Pictures in a batch.") var batch: Int
  @Option(help: "Rows and columns of the pictures (default: the network's usual).") var size: Int?
  @Flag(help: "Measure training: forward, loss, backward and the optimiser's step.") var train =
    false
  @Flag(help: "Also show where the time goes, step by step, and how near each is to the limit.")
  var profile = false
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
    let team = ThreadTeam(threads: common.threadCount)
    if train {
      let memory = TrainingMemory(network, NetworkBenchmark.optimizer, threads: team.threadCount)
      try checkMemory(memory, batch: batch)
    }
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
        try session.print(
          "in registers at best \(decimal(result.limit, 1)) GFLOP/s; of that the whole reaches \(percent(result.gflops / result.limit))"
        )
        for line in table(result).lines { try session.print(line) }
      }
    }
    return 0
  }

  private func network() throws(Failure) -> Network {
    let known = try namedArchitecture(architecture)
    let usual = known.input
    let input = Shape(size ?? usual.rows, size ?? usual.columns, usual.channels)
    do throws(NetworkError) { return try known.network(input: input) } catch {
      throw Failure(
        "architecture \(architecture) with pictures of \(input.description): \(error.description)",
        code: 64)
    }
  }

  private func percent(_ fraction: Double) -> String { "\(decimal(100 * fraction, 1)) %" }

  private func table(_ result: NetworkBenchmark.Result) -> TextTable {
    var table = TextTable([
      ("node", .left), ("operation", .left), ("computed", .left), ("us", .right), ("share", .right),
      ("MFLOP", .right), ("MB", .right), ("GFLOP/s", .right), ("of limit", .right),
      ("GB/s", .right), ("FLOP/B", .right),
    ])
    for step in result.profile {
      let whole = step.forward.seconds + (step.backward?.seconds ?? 0)
      func add(_ node: String, _ operation: String, _ pass: NetworkBenchmark.Pass) {
        let share = whole > 0 ? step.share * pass.seconds / whole : 0
        let computes = pass.operations > 0
        table.add([
          node, operation, pass.algorithm ?? "", decimal(1e6 * pass.seconds, 1), percent(share),
          computes ? decimal(Double(pass.operations) / 1e6, 1) : "",
          pass.bytes > 0 ? decimal(Double(pass.bytes) / 1e6, 2) : "",
          computes ? decimal(pass.gflops, 1) : "",
          computes ? percent(pass.gflops / result.limit) : "",
          pass.bytes > 0 ? decimal(pass.gigabytesPerSecond, 1) : "",
          computes ? decimal(pass.operationsPerByte, 1) : "",
        ])
      }
      add(step.node, step.operation, step.forward)
      if let backward = step.backward { add("", "backward", backward) }
    }
    table.shorten(column: 1, toFit: 120)
    return table
  }

  private func json(_ result: NetworkBenchmark.Result, _ work: String) -> String {
    var fields = [
      "\"work\":\(quoted(work))", "\"images_per_second\":\(decimal(result.imagesPerSecond, 2))",
      "\"gflops\":\(decimal(result.gflops, 2))", "\"kernels\":\(quoted(Kernels.chosen.name))",
      "\"threads\":\(result.threads)",
    ]
    if profile {
      fields.append("\"limit_gflops\":\(decimal(result.limit, 2))")
      fields.append("\"fraction_of_limit\":\(decimal(result.gflops / result.limit, 4))")
      let steps = result.profile.map { json($0, limit: result.limit) }
      fields.append("\"profile\":[\(steps.joined(separator: ","))]")
    }
    return "{\(fields.joined(separator: ","))}"
  }

  private func json(_ step: NetworkBenchmark.Step, limit: Double) -> String {
    let fields = [
      "\"node\":\(quoted(step.node))", "\"operation\":\(quoted(step.operation))",
      "\"forward_seconds\":\(decimal(step.forward.seconds, 9))",
      "\"backward_seconds\":\(decimal(step.backward?.seconds ?? 0, 9))",
      "\"share\":\(decimal(step.share, 4))", "\"multiply_adds\":\(step.multiplyAdds)",
      "\"bytes\":\(step.forward.bytes)", "\"forward\":\(json(step.forward, limit: limit))",
      "\"backward\":\(step.backward.map { json($0, limit: limit) } ?? "null")",
    ]
    return "{\(fields.joined(separator: ","))}"
  }

  private func json(_ pass: NetworkBenchmark.Pass, limit: Double) -> String {
    let fields = [
      "\"computed\":\(pass.algorithm.map(quoted) ?? "null")", "\"operations\":\(pass.operations)",
      "\"bytes\":\(pass.bytes)", "\"gflops\":\(decimal(pass.gflops, 3))",
      "\"fraction_of_limit\":\(decimal(pass.gflops / limit, 4))",
      "\"gigabytes_per_second\":\(decimal(pass.gigabytesPerSecond, 3))",
      "\"operations_per_byte\":\(decimal(pass.operationsPerByte, 3))",
    ]
    return "{\(fields.joined(separator: ","))}"
  }
}
