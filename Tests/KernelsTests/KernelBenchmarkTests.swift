import AvocetKernels
import Testing

@Suite(.serialized) struct KernelBenchmarkTests {
  @Test func moreIsAskedOfConvolutionsThatMultiplyLess() {
    for table in [tables[0], tables[0].direct] where table.name != "portable" {
      let rows = KernelBenchmark(table, rounds: 1).rows()
      #expect(rows.count == 2 + 3 * 6 + 3)
      #expect(rows[0].work == "limit in registers")
      #expect(rows[0].floor == nil)
      #expect(rows[1].floor == 0.9)
      #expect(rows.suffix(3).allSatisfy { $0.floor == nil })
      for row in rows.dropFirst(2).dropLast(3) {
        let winograd = row.work.contains("weight gradient") ? 1.7 : 2.2
        #expect(row.floor == (table.isDirect ? 0.7 : winograd), "\(row.work)")
      }
      #expect(rows.allSatisfy { $0.gflops > 0 && $0.gflops.isFinite })
    }
  }

  @Test func nothingIsAskedOfThePortableTable() throws {
    let rows = KernelBenchmark(try Kernels.named("portable"), rounds: 1).rows()
    #expect(rows.allSatisfy { $0.floor == nil })
  }

  @Test(arguments: [1, 2, 5]) func aTeamOfAnySizeHasALimit(_ threads: Int) {
    let limit = KernelBenchmark(tables[0]).limit(on: ThreadTeam(threads: threads))
    #expect(limit > 0 && limit.isFinite)
  }
}
