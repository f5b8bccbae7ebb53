import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetKernels
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A command that only holds others.
protocol CommandGroup: ParsableCommand {}

/// The root of the command line.
struct AvocetCommand: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "avocet",
    abstract:
      "Learns to tell pictures apart, classifies them, and shows what it sees: edges, parts, objects.",
    version: "avocet 0.1.0; kernels: " + kernelTables,
    subcommands: [
      Train.self, Evaluate.self, Classify.self, Features.self, Explain.self, Detectors.self,
      DatasetCommands.self,
      ModelCommands.self, BenchCommands.self, Doctor.self,
    ])

  /// The tables that this processor can run, best first, and which of them are plain code under a fast name.
  static var kernelTables: String {
    Kernels.available.map { table in
      table.name + (table.isReal ? "" : " (compiled without its instructions)")
    }.joined(separator: ", ")
  }
}

/// `avocet dataset`
struct DatasetCommands: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Fetch, check, split and export labelled pictures, list what can be read.",
    subcommands: [
      CheckDataset.self, ExportDataset.self, FetchDataset.self, ListDatasets.self,
      SplitDataset.self,
    ])
}

/// `avocet model`
struct ModelCommands: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Look into a model file, import or fetch weights, list the networks and recipes.",
    subcommands: [FetchModel.self, ImportModel.self, InspectModel.self, ListModels.self])
}

/// `avocet bench`
struct BenchCommands: CommandGroup {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast kernels and networks are on this machine.",
    subcommands: [BenchKernels.self, BenchNetwork.self])
}

/// Runs a command line and returns its exit code: 0 done, 1 done but some files were refused, 2 nothing could be done, 3 a gate was missed, 4 diverged, 5 output
/// could not be written, 64 usage, 130 or 143 ended by a signal. `published` and `publishedModels` are what can be fetched.
public func runAvocet(
  _ arguments: [String], streams: Streams,
  published: [PublishedDataset] = PublishedDataset.all,
  publishedModels: [PublishedModel] = PublishedModel.all,
  shouldStop: @escaping @Sendable () -> Int32? = { Signals.asked }
) -> Int32 {
  func complain(_ line: String) { streams.error(Array("avocet: \(line)\n".utf8)) }
  var command: any ParsableCommand
  do { command = try AvocetCommand.parseAsRoot(arguments) } catch {
    return explain(error, arguments, streams)
  }
  do {
    _ = try Kernels.choose(
      environment: streams.environment[Kernels.variable],
      convolution: streams.environment[Kernels.convolutionVariable])
  } catch {
    complain(error.description)
    return 64
  }
  if let group = command as? any CommandGroup {
    streams.error(Array((AvocetCommand.helpMessage(for: type(of: group)) + "\n").utf8))
    return 64
  }
  guard let runnable = command as? any SessionCommand else {
    // The parser's own `help COMMAND`.
    do { try command.run() } catch { return explain(error, arguments, streams) }
    return 0
  }
  let session = Session(
    streams, arguments, quiet: runnable.common.quiet, published: published,
    publishedModels: publishedModels, shouldStop: shouldStop)
  do throws(Failure) { return try runnable.run(session) } catch {
    if !error.message.isEmpty { complain(error.message) }
    return error.code
  }
}

// Help and version are results; anything else is a usage error in one line.
private func explain(_ error: any Error, _ arguments: [String], _ streams: Streams) -> Int32 {
  if AvocetCommand.exitCode(for: error).isSuccess {
    _ = streams.output(Array((AvocetCommand.fullMessage(for: error) + "\n").utf8))
    return 0
  }
  let (path, commands) = commandNamed(by: arguments)
  let line = AvocetCommand.message(for: error).prefix { $0 != "\n" }
  var message = escapedText(PathArgument.bytes(line.hasSuffix(".") ? line.dropLast() : line))
  if let word = arguments.dropFirst(path.count).first, !commands.isEmpty, !word.hasPrefix("-") {
    let words = (["no"] + path + ["command is called"]).joined(separator: " ")
    message =
      "\(words) \"\(escapedText(word.utf8))\"; there are \(commands.joined(separator: ", "))"
  }
  let help = (["avocet"] + path + ["--help"]).joined(separator: " ")
  streams.error(Array("avocet: \(message); see \(help)\n".utf8))
  return 64
}

// The names of the command that the arguments begin with, and the names of the commands that it holds.
private func commandNamed(by arguments: [String]) -> (path: [String], commands: [String]) {
  var command: any ParsableCommand.Type = AvocetCommand.self
  var path: [String] = []
  while path.count < arguments.count,
    let next = command.configuration.subcommands.first(where: {
      $0._commandName == arguments[path.count]
    })
  {
    path.append(arguments[path.count])
    command = next
  }
  return (path, command.configuration.subcommands.map { $0._commandName })
}

/// The process's arguments without the program's name, every byte kept.
public func processArguments() -> [String] {
  (1..<max(1, Int(CommandLine.argc))).compactMap { index in
    guard let start = unsafe CommandLine.unsafeArgv[index] else { return nil }
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
    return carriedArgument(bytes)
  }
}
