import ArgumentParser
import AvocetDatasets
import AvocetFiles
import AvocetImages
import AvocetKernels

/// `avocet dataset export`
struct ExportDataset: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write any data set as a folder of class folders.",
    discussion:
      "Splits become the folders train, val and test. From aviary: also come parts/ (maps of part indices), parts.csv and captions.csv."
  )

  @Argument(help: "The labelled pictures, as for train.") var data: PathArgument
  @Option(help: "The folder to write.") var out: PathArgument
  @Option(help: "png or jpeg (JPEG loses a little).") var format = ImageFormat.png
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let dataset = try openData(data, session, common)
    let export: DatasetExport
    do throws(DatasetError) {
      export = try DatasetExport(dataset, into: out.path, format: format)
    } catch {
      throw Failure(error.description)
    }
    try prepareOutput(out.path, force: common.force)
    for (label, folder) in export.renamed {
      session.note(
        "avocet: class \"\(escapedText(label.utf8))\" goes into the folder \(escapedText(folder.utf8))"
      )
    }
    let count = dataset.splits.values.reduce(0) { $0 + $1.count }
    let team = ThreadTeam(threads: common.threadCount)
    let outcome = try written(count, session) { shouldStop, progress throws(FileError) in
      try export.write(team: team, shouldStop: shouldStop, progress: progress)
    }
    for (picture, message) in outcome.refused { session.complain("\(picture): \(message)") }
    if outcome.isStopped {
      session.complain("stopped after \(grouped(outcome.written)) of \(grouped(count)) pictures")
      return 128 + (session.shouldStop() ?? 2)
    }
    guard outcome.written > 0 else {
      throw Failure("\(data.path.escaped): none of \(grouped(count)) pictures could be read")
    }
    session.note(
      "\(grouped(outcome.written)) pictures of \(dataset.classes.count) classes written, \(grouped(outcome.refused.count)) refused"
    )
    try session.print(out.path.escaped)
    return outcome.refused.isEmpty ? 0 : 1
  }
}

extension ImageFormat: ExpressibleByArgument {}

extension SessionCommand {
  /// Writes so many pictures with a progress bar.
  func written(
    _ count: Int, _ session: Session,
    _ write: (
      _ shouldStop: @Sendable () -> Bool, _ progress: @Sendable (Int) -> Void
    ) throws(FileError) -> DatasetExport.Outcome
  ) throws(Failure) -> DatasetExport.Outcome {
    let progress = Progress(session, "writing")
    defer { progress.end() }
    let relay = ProgressRelay(progress, total: count)
    let shouldStop = session.shouldStop
    do throws(FileError) {
      return try write({ shouldStop() != nil }, { relay.update($0) })
    } catch { throw Failure(error) }
  }
}
