import ArgumentParser
import AvocetKernels
import AvocetModelFiles
import AvocetTraining

/// `avocet bench kernels`
struct BenchKernels: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measure products and convolutions on one core against what the core can do at best.",
    discussion:
      "The limit is a loop of multiply-adds in registers. A convolution counts the operations of its direct form. Winograd's filtering needs fewer, and so does leaving out zeros: both can reach more than 100 %."
  )

  @Option(help: "text or json.") var format = ReportFormat.text
  @Option(help: "Turns of each work; the median counts.") var rounds = 15
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if !(1...1000).contains(rounds) {
      throw ValidationError("--rounds is \(rounds); 1 to 1,000 are possible")
    }
  }

  func run(_ session: Session) throws(Failure) -> Int32 {
    let table = Kernels.chosen
    let rows = KernelBenchmark(table, rounds: rounds).rows { session.note("measured \($0)") }
    switch format {
    case .json:
      for row in rows {
        try session.print(
          "{\"work\":\(quoted(row.work)),\"gflops\":\(decimal(row.gflops, 2)),\"fraction_of_limit\":\(decimal(row.fractionOfLimit, 4)),\"kernels\":\(quoted(table.name)),\"threads\":1}"
        )
      }
    case .text:
      var lines = TextTable([
        ("on one core, \(table.name)", .left), ("GFLOP/s", .right), ("of the limit", .right),
        ("asked for", .right),
      ])
      for row in rows {
        lines.add([
          row.work, decimal(row.gflops, 1), "\(decimal(100 * row.fractionOfLimit, 1)) %",
          row.floor.map { "\(decimal(100 * $0, 0)) %" } ?? "",
        ])
      }
      for line in lines.lines { try session.print(line) }
    }
    return 0
  }
}
