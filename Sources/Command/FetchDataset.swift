import ArgumentParser
import AvocetDatasets
import AvocetFiles

/// `avocet dataset fetch`
struct FetchDataset: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download a published data set and verify it.",
    discussion:
      "NAME is one of \(PublishedDataset.all.map(\.name).joined(separator: ", ")). A broken download goes on where it ended. \(Self.mirrorVariable)=ADDRESS takes the same files from a mirror of your own; the published checksums hold there too."
  )

  /// The environment variable that names a mirror.
  static let mirrorVariable = "AVOCET_DATASET_MIRROR"

  @Argument(help: "The data set.") var name: String
  @Option(help: "The folder to write; DATA for every other command.") var out: PathArgument
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let dataset = try chosen(session)
    let folder = out.path
    if let stranger = dataset.stranger(in: folder), !common.force {
      throw Failure(
        "\(folder.escaped): holds \"\(escapedText(stranger.utf8))\", which is not of \(dataset.title); nothing was written (--force to write beside it)"
      )
    }
    try prepareOutput(folder, force: true)
    let progress = Progress(session, "downloading", .bytes)
    var unpacking: Progress?
    let (total, archive) = (dataset.length, dataset.files.first?.length ?? 0)
    let shouldStop = session.shouldStop
    let isNew: Bool
    do throws(FetchError) {
      isNew = try dataset.fetch(
        into: folder, replacing: common.force, shouldStop: { shouldStop() != nil }
      ) { stage in
        switch stage {
        case .downloading(let done): progress.update(done, of: total)
        case .unpacking(let done):
          progress.end()
          let bar = unpacking ?? Progress(session, "unpacking", .bytes)
          bar.update(done, of: archive)
          unpacking = bar
        }
      }
    } catch {
      progress.end()
      unpacking?.end()
      throw failure(error, total, session)
    }
    progress.end()
    unpacking?.end()
    session.note(
      isNew
        ? "\(dataset.title): fetched and verified; terms: \(dataset.terms)"
        : "\(folder.escaped): \(dataset.title) is here already; nothing to do")
    try session.print(folder.escaped)
    return 0
  }

  private func chosen(_ session: Session) throws(Failure) -> PublishedDataset {
    guard let dataset = session.published.first(where: { $0.name == name }) else {
      let names = session.published.map(\.name).joined(separator: ", ")
      throw Failure(
        "no data set to fetch is called \"\(escapedText(name.utf8))\"; there are \(names)", code: 64
      )
    }
    let mirror = try session.mirror(Self.mirrorVariable)
    return mirror.map { dataset.mirrored(at: $0) } ?? dataset
  }

  private func failure(_ error: FetchError, _ total: Int, _ session: Session) -> Failure {
    switch error {
    case .stopped(let received): session.stoppedDownload(received, of: total)
    case .refused(let reason): Failure(reason)
    case .file(let error): Failure(error)
    }
  }
}
