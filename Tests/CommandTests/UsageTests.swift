import TestSupport
import Testing

struct UsageTests {
  @Test func theVersionNamesTheKernelTables() {
    let run = avocet("--version")
    #expect(run.code == 0)
    #expect(run.lines.count == 1)
    #expect(run.output.hasPrefix("avocet 0.1.0; kernels: "))
    #expect(run.output.contains("portable"))
    #expect(avocet("classify", "--version").output == run.output)
  }

  @Test(arguments: [
    [], ["dataset"], ["model"], ["bench"],
  ])
  func aGroupAloneShowsItsHelpAndIsAUsageError(_ arguments: [String]) {
    let run = avocet(arguments)
    #expect(run.code == 64)
    #expect(run.output.isEmpty)
    #expect(run.error.contains("USAGE: "))
    #expect(run.error.contains("SUBCOMMANDS:"))
  }

  @Test(arguments: [
    ["help", "classify"], ["classify", "--help"], ["help", "dataset", "check"], ["--help"],
  ])
  func helpIsAResult(_ arguments: [String]) {
    let run = avocet(arguments)
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    let command = arguments.filter { $0 != "help" && $0 != "--help" }.joined(separator: " ")
    #expect(run.output.contains("USAGE: avocet \(command)"))
  }

  @Test(arguments: [
    (
      ["clasify", "x"],
      "no command is called \"clasify\"; there are train, evaluate, classify, features, explain, detectors, dataset, model, bench, doctor; see avocet --help"
    ),
    (
      ["dataset", "chek"],
      "no dataset command is called \"chek\"; there are check, export, fetch, list, split; see avocet dataset --help"
    ),
    (["--fast"], "Unknown option '--fast'; see avocet --help"),
    (["doctor", "--fast"], "Unknown option '--fast'; see avocet doctor --help"),
    (["model", "list", "--fast"], "Unknown option '--fast'; see avocet model list --help"),
    (
      ["classify", "m", "x", "--quickly"], "Unknown option '--quickly'; see avocet classify --help"
    ),
    (["doctor", "extra"], "Unexpected argument 'extra'; see avocet doctor --help"),
    (
      ["classify", "m"], "Missing expected argument '<paths> ...'; see avocet classify --help"
    ),
    (
      ["classify", "m", "x", "--format", "xml"],
      "The value 'xml' is invalid for '--format <format>'. Please provide one of 'csv', 'jsonl' or 'text'; see avocet classify --help"
    ),
    (
      ["doctor", "--threads", "0"],
      "--threads is 0; 1 to 1,024 are possible; see avocet doctor --help"
    ),
    (
      ["doctor", "--max-pixels", "0"],
      "--max-pixels is 0; 1 or more is possible; see avocet doctor --help"
    ),
    (
      ["bench", "network", "--architecture", "tiny", "--batch", "0"],
      "--batch is 0; 1 to 4,096 are possible; see avocet bench network --help"
    ),
    (
      ["bench", "kernels", "--rounds", "0"],
      "--rounds is 0; 1 to 1,000 are possible; see avocet bench kernels --help"
    ),
  ])
  func aUsageErrorIsOneLineWithTheHelpToAskFor(_ arguments: [String], _ message: String) {
    let run = avocet(arguments)
    #expect(run.code == 64)
    #expect(run.output.isEmpty)
    #expect(run.errors == ["avocet: \(message)"])
  }

  @Test func anArgumentsControlCharactersAreEscaped() {
    let run = avocet("doctor", "a\u{1B}[2Jb")
    #expect(run.errors == ["avocet: Unexpected argument 'a\\x1b[2Jb'; see avocet doctor --help"])
  }

  @Test func anUnknownKernelTableIsAUsageError() {
    let run = avocet(["doctor"], Surroundings(environment: ["AVOCET_KERNELS": "sse9"]))
    #expect(run.code == 64)
    #expect(run.error.hasPrefix("avocet: AVOCET_KERNELS: \"sse9\" is no kernel table; it can run "))
    #expect(run.errors.count == 1)
  }

  @Test func theDoctorHasALineForEachThing() throws {
    let folder = try TemporaryFolder()
    let run = avocet(
      ["doctor"], Surroundings(environment: ["TMPDIR": folder.path.string]))
    #expect(run.code == 0)
    #expect(run.error.isEmpty)
    let names = ["kernels", "cores", "memory", "libraries", "files", "convolution", "png", "jpeg"]
    #expect(run.lines.count == names.count)
    for (line, name) in zip(run.lines, names) { #expect(line.hasPrefix("ok       \(name) ")) }
    #expect(try folder.files().isEmpty)
  }

  @Test func theDoctorFindsAFolderThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("file", [1])
    let run = avocet(["doctor"], Surroundings(environment: ["TMPDIR": file]))
    #expect(run.code == 2)
    #expect(run.lines.count { $0.hasPrefix("problem ") } == 1)
    #expect(run.output.contains("problem  files        \(file)/.avocet-doctor: not a directory\n"))
  }
}
