import ArgumentParser
import AvocetClassifier
import AvocetFiles
import AvocetImages
import AvocetKernels
import AvocetModelFiles
import AvocetTraining
import SystemPackage

/// `avocet classify`
struct Classify: SessionCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what is on pictures: files, folders, or a list on standard input.")

  enum Precision: String, ExpressibleByArgument, CaseIterable { case fp32, bf16, int8, auto }

  @Argument(help: "The model file.") var model: PathArgument
  @Argument(help: "Pictures, folders of pictures, or - for a list on standard input.") var paths:
    [PathArgument]
  @Option(help: "Classes to give for each picture (default: csv 1, text 3, jsonl 5).") var top: Int?
  @Option(help: "csv, jsonl or text (default: text on a terminal, else csv).") var format:
    PredictionFormat?
  @Option(help: "Write into this file instead of standard output.") var output: PathArgument?
  @Flag(help: "Go on with an interrupted --output.") var resume = false
  @Option(help: "Below this probability the label is (unsure).") var threshold: Double?
  @Option(help: "The arithmetic: fp32 or auto.") var precision = Precision.auto
  @Option(help: "Views of each picture to average over: 1, 2 or 6 (default: the model's).")
  var views: Int?
  @Flag(help: "Take every file of a folder, whatever its name.") var all = false
  @Flag(help: "Say at the end where the time went.") var timings = false
  @Option(help: "Make a folder of links to the pictures, by class.") var linkInto: PathArgument?
  @Flag(name: .customShort("0"), help: "The list on standard input is separated by NUL bytes.")
  var nulSeparated = false
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    try check()
    let format = format ?? (session.streams.outputIsTerminal && output == nil ? .text : .csv)
    let team = ThreadTeam(threads: common.threadCount)
    let classifier = Classifier(
      try readModel(model.path, team), views: views, keepsLevels: false, team: team)
    let count = top ?? (format == .csv ? 1 : format == .text ? 3 : 5)
    let writer = PredictionWriter(
      format: format, top: min(count, classifier.classes.count),
      threshold: threshold.map { Float($0) },
      isColoured: session.streams.outputIsTerminal && output == nil
        && session.streams.environment["NO_COLOR"] == nil)
    let inputs = Inputs(
      paths, everything: all, separator: nulSeparated ? 0 : UInt8(ascii: "\n"),
      streams: session.streams)
    let links = try linkInto.map { folder throws(Failure) in
      try ClassLinks(folder.path, force: common.force)
    }
    var sink = try PredictionSink(output?.path, resume: resume, format, session)
    var tally = Tally()
    try skip(&sink, inputs, &tally)
    if sink.isFresh { try sink.write(Array(writer.header.utf8)) }
    let isStopped = try classify(classifier, inputs, writer, &sink, links, &tally, session)
    return try finish(&sink, inputs, tally, isStopped, session)
  }

  private func check() throws(Failure) {
    if resume && output == nil { throw Failure("--resume needs --output", code: 64) }
    if let top, !(1...100_000).contains(top) {
      throw Failure("--top is \(top); 1 or more is possible", code: 64)
    }
    if let threshold, !(0...1).contains(threshold) {
      throw Failure("--threshold is \(threshold); a probability from 0 to 1 is possible", code: 64)
    }
    if let views, ![1, 2, 6].contains(views) {
      throw Failure("--views is \(views); 1, 2 and 6 are possible", code: 64)
    }
    if precision == .bf16 || precision == .int8 {
      throw Failure(
        "--precision \(precision.rawValue) is not built yet; fp32 and auto are", code: 64)
    }
  }

  // Passes over the inputs whose lines an interrupted run wrote already.
  private func skip(_ sink: inout PredictionSink, _ inputs: Inputs, _ tally: inout Tally)
    throws(Failure)
  {
    let done = sink.done
    guard done.count > 0 else { return }
    var last: FilePath?
    for _ in 0..<done.count { last = inputs.next() }
    guard let last, sink.format == .text || done.lastPath == last.text else {
      throw Failure(
        "\(output?.path.escaped ?? ""): cannot resume: line \(done.count) is for \(escapedText(done.lastPath.utf8)), now the input there is \(last?.escaped ?? "missing"); start anew without --resume"
      )
    }
    tally.files = done.count
    tally.refused = done.refused
  }

  private func classify(
    _ classifier: Classifier, _ inputs: Inputs, _ writer: PredictionWriter,
    _ sink: inout PredictionSink, _ links: ClassLinks?, _ tally: inout Tally, _ session: Session
  ) throws(Failure) -> Bool {
    let decoding = classifier.preprocessing.decoding(limits: common.limits)
    returnLargeBlocksWhenFreed()
    let stream = ClassificationStream(
      classifier, inputs, decoding: decoding, threads: common.threadCount)
    let showsBar = output != nil || !session.streams.outputIsTerminal
    let progress = Progress(session, "classifying")
    var failure: Failure?
    var isStopped = false
    stream.run { file in
      do throws(Failure) {
        try sink.write(writer.line(file))
        tally.add(file)
        if case .success(let prediction) = file.result {
          if let links, let best = prediction.top(1).first {
            try links.add(file.path, writer.label(best))
          }
        } else if case .failure(let error) = file.result {
          progress.end()
          session.complain("\(file.path.escaped): \(error.message)")
        }
        for warning in file.warnings { session.note("avocet: \(file.path.escaped): \(warning)") }
      } catch { failure = error }
      if showsBar { progress.update(tally.files, of: nil) }
      isStopped = session.shouldStop() != nil
      return failure == nil && !isStopped
    }
    progress.end()
    if let failure { throw failure }
    return isStopped
  }

  private func finish(
    _ sink: inout PredictionSink, _ inputs: Inputs, _ tally: Tally, _ isStopped: Bool,
    _ session: Session
  ) throws(Failure) -> Int32 {
    for failure in inputs.failures { session.complain(failure.description) }
    if let line = inputs.skippedLine { session.note(line) }
    if isStopped {
      try sink.suspend()
      let hint = output == nil ? "" : "; go on with --resume"
      session.complain("stopped after \(grouped(tally.files)) files\(hint)")
      return 128 + (session.shouldStop() ?? 2)
    }
    guard tally.files > 0 else {
      sink.discard()
      let what = paths.map(\.path.escaped).joined(separator: ", ")
      throw Failure("\(what): no pictures to classify (.png and .jpg are; --all takes every file)")
    }
    try sink.finish()
    session.note(tally.summary)
    if timings { session.note(tally.timings) }
    return tally.refused > 0 || !inputs.failures.isEmpty ? 1 : 0
  }
}

/// Counts for the summary.
struct Tally {
  var files = 0
  var refused = 0
  var warned = 0
  private var decoding = 0.0
  private var network = 0.0
  private let clock = ContinuousClock()
  private let start = ContinuousClock().now

  mutating func add(_ file: ClassifiedFile) {
    files += 1
    if case .failure = file.result { refused += 1 }
    if !file.warnings.isEmpty { warned += 1 }
    decoding += file.seconds.decoding
    network += file.seconds.network
  }

  private var seconds: Double { (clock.now - start) / .seconds(1) }

  /// `1,000 files: 999 classified (2 with warnings), 1 refused; 12 s`
  var summary: String {
    let warnings = warned > 0 ? " (\(grouped(warned)) with warnings)" : ""
    return
      "\(grouped(files)) \(files == 1 ? "file" : "files"): \(grouped(files - refused)) classified\(warnings), \(grouped(refused)) refused; \(seconds < 10 ? decimal(seconds, 2) + " s" : duration(seconds))"
  }

  /// Mean milliseconds of a picture by stage.
  var timings: String {
    let count = Double(max(1, files))
    return
      "per picture: reading and decoding \(decimal(1000 * decoding / count, 2)) ms, resizing and network \(decimal(1000 * network / count, 2)) ms; \(decimal(Double(files) / max(seconds, 1e-9), 1)) images/s"
  }
}
