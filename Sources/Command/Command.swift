import ArgumentParser
import AvocetKernels
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The root of the command line.
struct AvocetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "avocet",
    abstract:
      "Learns to tell pictures apart, classifies them, and shows what it sees: edges, parts, objects.",
    version: "0.1.0",
    subcommands: [
      Train.self, Evaluate.self, Classify.self, Features.self,

    ])
}

/// Runs a command line and returns its exit code: 0 done, 1 done but some files were refused, 2 nothing could be done, 3 a gate was missed, 4 diverged, 5 output
/// could not be written, 64 usage, 130 or 143 ended by a signal.
public func runAvocet(
  _ arguments: [String], streams: Streams,
  shouldStop: @escaping @Sendable () -> Int32? = { Signals.asked }
) -> Int32 {
  func complain(_ line: String) { streams.error(Array("avocet: \(line)\n".utf8)) }
  let command: any ParsableCommand
  do { command = try AvocetCommand.parseAsRoot(arguments) } catch {
    return explain(error, arguments, streams)
  }
  do { _ = try Kernels.choose(environment: streams.environment[Kernels.variable]) } catch {
    complain(error.description)
    return 64
  }
  guard let runnable = command as? any SessionCommand else {
    let asked = type(of: command)
    _ = streams.output(Array((AvocetCommand.helpMessage(for: asked) + "\n").utf8))
    return asked == AvocetCommand.self && arguments.isEmpty ? 64 : 0
  }
  let session = Session(streams, quiet: runnable.common.quiet, shouldStop: shouldStop)
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
  let message =
    AvocetCommand.message(for: error).split(separator: "\n").first.map(String.init) ?? "usage"
  let names = AvocetCommand.configuration.subcommands.map { $0._commandName }
  let help = arguments.first.flatMap { names.contains($0) ? " \($0)" : nil } ?? ""
  streams.error(Array("avocet: \(message); see avocet\(help) --help\n".utf8))
  return 64
}

/// The process's arguments without the program's name, every byte kept.
public func processArguments() -> [String] {
  (1..<max(1, Int(CommandLine.argc))).compactMap { index in
    guard let start = unsafe CommandLine.unsafeArgv[index] else { return nil }
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
    return PathArgument.carried(bytes)
  }
}

/// The cores that this process may use.
func availableCores() -> Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
