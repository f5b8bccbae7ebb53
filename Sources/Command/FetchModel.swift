import ArgumentParser
import AvocetDownloads
import AvocetFiles
import SystemPackage

/// `avocet model fetch`
struct FetchModel: SessionCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Download published weights, verify them, and make a model of them.",
    discussion:
      "NAME is one of \(PublishedModel.all.map(\.name).joined(separator: ", ")). A broken download goes on where it ended. \(Self.mirrorVariable)=ADDRESS takes the same files from a mirror of your own; the published checksums hold there too."
  )

  /// The environment variable that names a mirror.
  static let mirrorVariable = "AVOCET_MODEL_MIRROR"

  @Argument(help: "The weights.") var name: String
  @OptionGroup var options: ImportOptions
  @OptionGroup var common: CommonOptions

  func run(_ session: Session) throws(Failure) -> Int32 {
    let (model, file) = try chosen(session)
    try refuseExisting(options.out.path, force: common.force)
    // Beside the model, so that it goes on from there and both are on one disk.
    let path = options.out.path.folder.appending(file.name)
    do throws(FileError) { try makeFolders(path.folder) } catch { throw Failure(error) }
    let progress = Progress(session, "downloading", .bytes)
    let shouldStop = session.shouldStop
    let download = Download(file, to: path, shouldStop: { shouldStop() != nil }) {
      progress.update($0, of: file.length)
    }
    let outcome: Download.Outcome
    do throws(DownloadError) { outcome = try download.run(replacing: common.force) } catch {
      progress.end()
      throw failure(error, file.length, session)
    }
    progress.end()
    session.note("\(model.title): verified; licence: \(model.provenance.licence)")
    let code = try options.run(session, path, common, origin: model.provenance)
    // What was there before is someone else's.
    if outcome != .alreadyThere { try? RealFileSystem().remove(path) }
    return code
  }

  private func chosen(_ session: Session) throws(Failure) -> (PublishedModel, RemoteFile) {
    guard let model = session.publishedModels.first(where: { $0.name == name }) else {
      let names = session.publishedModels.map(\.name).joined(separator: ", ")
      throw Failure(
        "no weights to fetch are called \"\(escapedText(name.utf8))\"; there are \(names)", code: 64
      )
    }
    let mirror = try session.mirror(Self.mirrorVariable)
    return (model, mirror.map { model.file.mirrored(at: $0) } ?? model.file)
  }

  private func failure(_ error: DownloadError, _ total: Int, _ session: Session) -> Failure {
    switch error {
    case .stopped(let received): session.stoppedDownload(received, of: total)
    case .refused(let reason): Failure(reason)
    case .file(let error): Failure(error)
    }
  }
}

extension Session {
  /// The mirror that an environment variable names, if it does.
  func mirror(_ variable: String) throws(Failure) -> String? {
    guard let mirror = streams.environment[variable], !mirror.isEmpty else { return nil }
    guard mirror.hasPrefix("http://") || mirror.hasPrefix("https://") else {
      throw Failure(
        "\(variable): \"\(escapedText(mirror.utf8))\" is no http or https address", code: 64)
    }
    return mirror
  }

  /// The failure of a download that a signal ended.
  func stoppedDownload(_ received: Int, of total: Int) -> Failure {
    Failure(
      "stopped after \(grouped(received)) of \(grouped(total)) bytes; the same command goes on from there",
      code: 128 + (shouldStop() ?? 2))
  }
}
