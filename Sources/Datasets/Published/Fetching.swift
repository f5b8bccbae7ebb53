import AvocetDownloads
import AvocetFiles
import SystemPackage

/// Why a published data set did not come.
public enum FetchError: Error, Sendable {
  /// It was asked to stop; so many bytes are here, and the same command goes on.
  case stopped(received: Int)
  /// The server, what it sent, or what lies in the folder, in one line.
  case refused(String)
  /// A file that could not be written.
  case file(FileError)
}

/// What a fetch is at.
public enum FetchStage: Sendable, Hashable {
  /// So many bytes of all files are here.
  case downloading(Int)
  /// So many bytes of the archive are read.
  case unpacking(Int)
}

extension PublishedDataset {
  /// Downloads, verifies and unpacks into `folder`, which exists and holds nothing else; false if everything was there before.
  ///
  /// `replacing` lets other files of the same names be replaced. Afterwards `folder` can be opened as a data set; `SOURCE.txt` in it says where it is from.
  public func fetch(
    into folder: FilePath, replacing: Bool = false, patience: Patience = Patience(),
    shouldStop: @escaping () -> Bool = { false },
    progress: @escaping (FetchStage) -> Void = { _ in }
  ) throws(FetchError) -> Bool {
    let isUnpacked = !members.isEmpty && isComplete(folder)
    if isUnpacked { return false }
    var (before, isNew) = (0, !members.isEmpty)
    for file in files {
      let download = Download(
        file, to: folder.appending(file.name), patience: patience, shouldStop: shouldStop
      ) { [before] in progress(.downloading(before + $0)) }
      do throws(DownloadError) {
        if try download.run(replacing: replacing) != .alreadyThere { isNew = true }
      } catch {
        switch error {
        case .stopped(let received): throw .stopped(received: before + received)
        case .refused(let reason): throw .refused(reason)
        case .file(let error): throw .file(error)
        }
      }
      before += file.length
      progress(.downloading(before))
    }
    if let archive = files.first, !members.isEmpty {
      try unpack(folder.appending(archive.name), into: folder, before, shouldStop, progress)
    }
    if !isNew, Dataset.exists(folder.appending(Self.sourceName)) { return false }
    do throws(FileError) {
      try writeFileAtomically(Array(source.utf8), to: folder.appending(Self.sourceName))
    } catch { throw .file(error) }
    return isNew
  }

  // The archive goes once its files are there: they are as large again.
  private func unpack(
    _ archive: FilePath, into folder: FilePath, _ received: Int, _ shouldStop: () -> Bool,
    _ progress: (FetchStage) -> Void
  ) throws(FetchError) {
    do throws(Unpacking.Failure) {
      try Unpacking.unpack(
        archive, members, into: folder, shouldStop: shouldStop,
        progress: { progress(.unpacking($0)) })
    } catch {
      switch error {
      case .stopped: throw .stopped(received: received)
      case .archive(let error): throw .refused(error.description)
      case .file(let error): throw .file(error)
      }
    }
    do throws(Errno) { try RealFileSystem().remove(archive) } catch {
      throw .file(FileError(path: archive, error))
    }
  }

  // Whether the unpacked files are there, in their lengths, and the note that is written last.
  private func isComplete(_ folder: FilePath) -> Bool {
    func size(_ name: String) -> Int? {
      guard
        let status = try? RealFileSystem().status(
          of: folder.appending(name), followingLinks: true), status.kind == .regular
      else { return nil }
      return status.size
    }
    return size(Self.sourceName) != nil
      && members.allSatisfy { member in size(member.name).map(member.length.contains) ?? false }
  }

  /// The first name in `folder` that is none of this data set's; nil if there is none, or no folder.
  public func stranger(in folder: FilePath) -> String? {
    guard let listing = try? RealFileSystem().list(folder) else { return nil }
    return (0..<listing.count).map { FilePath(bytes: listing.name($0)).text }.first {
      !names.contains($0)
    }
  }
}
