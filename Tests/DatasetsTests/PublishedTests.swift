import AvocetDatasets
import AvocetDownloads
import AvocetFiles
import SystemPackage
import TestSupport
import Testing

struct PublishedTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func refusal(_ dataset: PublishedDataset) -> String {
    do throws(FetchError) {
      _ = try dataset.fetch(into: folder.path)
      return "accepted"
    } catch {
      switch error {
      case .refused(let reason): return reason
      case .stopped: return "stopped"
      case .file(let error): return error.description
      }
    }
  }

  /// Why an archive of these entries is refused; it lies in the folder already.
  private func refusal(ofArchive entries: [UInt8]) throws -> String {
    let publication = TinyPublication(at: "http://127.0.0.1:1", entries: entries)
    try folder.file("tiny.tar.gz", publication.archive)
    return refusal(publication.dataset)
  }

  @Test func anArchiveIsFetchedUnpackedAndOpenedAsData() throws {
    let publication = TinyPublication(at: "")
    let archive = publication.archive
    let server = try LoopbackServer { request, _ in .init(archive, request) }
    let dataset = TinyPublication(at: server.address).dataset
    #expect(try dataset.fetch(into: folder.path))
    #expect(try folder.names() == ["SOURCE.txt", "data_batch_1.bin", "test_batch.bin"])
    let opened = try open(folder.path)
    #expect(opened.splits[.train]?.labels == [3, 5])
    #expect(opened.splits[.test]?.labels == [1])
    let source = try readFile(folder.path.appending("SOURCE.txt"), limit: 4096)
    let text = String(decoding: source, as: UTF8.self)
    for fact in [server.address, dataset.files[0].checksum.digits, "Terms: none", "Nobody"] {
      #expect(text.contains(fact))
    }
    #expect(try !dataset.fetch(into: folder.path))
    #expect(server.requests.count == 1)
  }

  @Test func filesThatAreUsedAsTheyAreStayAsTheyCame() throws {
    let server = try LoopbackServer { request, _ in .init(Array(request.path.utf8), request) }
    let names = ["a.gz", "b.gz"]
    let files = try names.map { name in
      let digest = try #require(DigestStream(.sha256))
      digest.add(Array("/\(name)".utf8))
      return RemoteFile(
        name: name, address: "http://127.0.0.1:1/\(name)", length: 5,
        checksum: Checksum(.sha256, digest.finish()))
    }
    let dataset = PublishedDataset(
      name: "x", title: "X", page: "", terms: "", citation: "", files: files
    ).mirrored(at: server.address)
    #expect(try dataset.fetch(into: folder.path))
    #expect(try folder.names() == ["SOURCE.txt", "a.gz", "b.gz"])
    #expect(try !dataset.fetch(into: folder.path))
    // A file that is gone comes again, alone.
    try RealFileSystem().remove(folder.path.appending("b.gz"))
    #expect(try dataset.fetch(into: folder.path))
    #expect(server.requests.map(\.path) == ["/a.gz", "/b.gz", "/b.gz"])
  }

  private static let train = "tiny/data_batch_1.bin"
  private static let test: [UInt8] = tarEntry("tiny/test_batch.bin", cifarRecords(1))
  private static let hostile: [(entries: [UInt8], reason: String)] = [
    (tarEntry("../" + train, [1]), "leads out of the folder"),
    (tarEntry("tiny/../../x", [1]), "leads out of the folder"),
    (tarEntry("/etc/passwd", [1]), "leads out of the folder"),
    (tarEntry(train, type: "2"), "is a link, a device or the like (type \"2\")"),
    (tarEntry(train, type: "1"), "is a link"),
    (tarEntry("tiny/null", type: "3"), "is a link, a device"),
    (tarEntry("tiny/x", type: "L"), "type \"L\""),
    (tarEntry(train, [1, 2]), "has 2 bytes; 6,146 were expected"),
    (tarEntry("tiny/x", size: "77777777777"), "does not belong to it"),
    (tarEntry("tiny/x", size: "7777777777x"), "a size that is no octal number"),
    (tarEntry("tiny/x", size: "\u{7F}"), "a size that is no octal number"),
    (test + test, "stands twice"),
    (test + tarEnd, "data_batch_1.bin is missing"),
    (Array(test.dropLast(600)), "cut short"),
    ([UInt8](repeating: 65, count: 1024), "not a tar archive"),
    ([], "is missing"),
  ]

  @Test(arguments: hostile)
  func aHostileOrDamagedArchiveLeavesNothing(_ entries: [UInt8], _ reason: String) throws {
    let refusal = try refusal(ofArchive: entries)
    #expect(refusal.contains(reason), "\(refusal)")
    #expect(refusal.hasPrefix("\(folder.path)/tiny.tar.gz: "))
    #expect(isOneLine(refusal))
    #expect(try folder.names() == ["tiny.tar.gz"])
  }

  @Test func everyDamageOfTheGzipDataIsNoticed() throws {
    let sound = TinyPublication(at: "http://127.0.0.1:1")
    for (at, length) in [(0, 9_000), (sound.archive.count - 6, 0), (0, 100)] {
      var bytes = sound.archive
      if length > 0 { bytes = Array(bytes.prefix(length)) } else { bytes[at] ^= 1 }
      let digest = try #require(DigestStream(.md5))
      digest.add(bytes)
      let file = RemoteFile(
        name: "tiny.tar.gz", address: "http://127.0.0.1:1/tiny.tar.gz", length: bytes.count,
        checksum: Checksum(.md5, digest.finish()))
      try folder.file("tiny.tar.gz", bytes)
      let dataset = PublishedDataset(
        name: "tiny", title: "", page: "", terms: "", citation: "", files: [file],
        members: sound.dataset.members)
      #expect(refusal(dataset).contains(length > 0 ? "cut short" : "gzip data are damaged"))
      #expect(try folder.names() == ["tiny.tar.gz"])
    }
  }

  @Test func whatIsPublishedIsNamedOnceAndVerified() {
    #expect(PublishedDataset.all.map(\.name) == ["cifar10", "cifar100", "mnist", "fashion-mnist"])
    for dataset in PublishedDataset.all {
      for file in dataset.files {
        #expect(file.address.hasSuffix("/" + file.name))
        #expect(file.checksum.digits.count == 32 && file.length > 4000)
      }
      #expect(
        dataset.mirrored(at: "http://a/b").files.map(\.address).allSatisfy {
          $0.hasPrefix("http://a/b/")
        })
    }
  }

  @Test func aFolderWithSomethingElseIsSeen() throws {
    let dataset = TinyPublication(at: "").dataset
    #expect(dataset.stranger(in: folder.path) == nil)
    try folder.file("tiny.tar.gz.part")
    try folder.file("data_batch_1.bin")
    #expect(dataset.stranger(in: folder.path) == nil)
    try folder.file("notes.txt")
    #expect(dataset.stranger(in: folder.path) == "notes.txt")
  }
}
