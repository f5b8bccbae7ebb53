import AvocetCommand
import AvocetDatasets
import AvocetFiles
import SystemPackage
import TestSupport
import Testing

struct FetchCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func fetch(
    _ publication: TinyPublication, _ arguments: String..., mirror: String? = nil,
    signal: (number: Int32, after: Int)? = nil
  ) -> Outcome {
    var surroundings = Surroundings(signal: signal)
    if let mirror { surroundings.environment["AVOCET_DATASET_MIRROR"] = mirror }
    surroundings.published = [publication.dataset]
    return avocet(
      ["dataset", "fetch", "tiny", "--out", folder.at("out")] + arguments, surroundings)
  }

  private func serve(_ publication: TinyPublication) throws -> LoopbackServer {
    let archive = publication.archive
    return try LoopbackServer { request, _ in .init(archive, request) }
  }

  @Test func aDataSetIsFetchedAndTheFolderIsTheResult() throws {
    let publication = TinyPublication(at: "http://127.0.0.1:1")
    let server = try serve(publication)
    let run = fetch(publication, mirror: server.address + "/pub")
    #expect(run.code == 0)
    #expect(run.lines == [folder.at("out")])
    #expect(run.errors == ["Tiny pictures: fetched and verified; terms: none"])
    #expect(server.requests.map(\.path) == ["/pub/tiny.tar.gz"])
    let again = fetch(publication, mirror: server.address)
    #expect(again.code == 0)
    #expect(again.errors == ["\(folder.at("out")): Tiny pictures is here already; nothing to do"])
    #expect(avocet("dataset", "check", folder.at("out"), "--quiet").code == 0)
  }

  @Test func wrongBytesAreExitTwoWithBothChecksums() throws {
    let publication = TinyPublication(at: "http://127.0.0.1:1")
    var wrong = publication.archive
    wrong[200] ^= 1
    let server = try LoopbackServer { [wrong] request, _ in .init(wrong, request) }
    let run = fetch(publication, mirror: server.address)
    #expect(run.code == 2)
    #expect(run.output.isEmpty)
    #expect(run.errors.count == 1)
    #expect(
      run.error.contains(
        "\(publication.dataset.files[0].checksum.digits) was expected; it was removed"))
    #expect(try folder.files("out/").isEmpty)
  }

  @Test func whoIsStoppedGoesOnWithTheSameCommand() throws {
    let publication = TinyPublication(at: "http://127.0.0.1:1")
    let server = try serve(publication)
    let run = fetch(publication, mirror: server.address, signal: (2, 1))
    #expect(run.code == 130)
    #expect(run.output.isEmpty)
    #expect(run.errors.count == 1 && run.error.contains("the same command goes on from there"))
    #expect(try folder.files("out/") == ["out/tiny.tar.gz.part"])
    #expect(fetch(publication, mirror: server.address).code == 0)
  }

  @Test func aFolderOfOtherThingsIsLeftAlone() throws {
    let publication = TinyPublication(at: "http://127.0.0.1:1")
    try folder.write("out/notes.txt", [1])
    let run = fetch(publication)
    #expect(run.code == 2)
    #expect(
      run.errors == [
        "avocet: \(folder.at("out")): holds \"notes.txt\", which is not of Tiny pictures; nothing was written (--force to write beside it)"
      ])
    let server = try serve(publication)
    #expect(fetch(publication, "--force", mirror: server.address).code == 0)
    #expect(folder.has("out/notes.txt") && folder.has("out/SOURCE.txt"))
  }

  @Test func namesAndMirrorsThatMeanNothingAreUsageErrors() {
    let unknown = avocet("dataset", "fetch", "imagenet", "--out", folder.at("out"))
    #expect(unknown.code == 64)
    #expect(
      unknown.errors == [
        "avocet: no data set to fetch is called \"imagenet\"; there are cifar10, cifar100, mnist, fashion-mnist"
      ])
    let mirror = fetch(TinyPublication(at: ""), mirror: "ftp://x")
    #expect(mirror.code == 64)
    #expect(!folder.has("out"))
  }
}
