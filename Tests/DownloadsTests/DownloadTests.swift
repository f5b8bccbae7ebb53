import AvocetDownloads
import AvocetFiles
import Synchronization
import SystemPackage
import TestSupport
import Testing

struct DownloadTests {
  private let folder: TemporaryFolder
  private let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }

  init() throws { folder = try TemporaryFolder() }

  private var path: FilePath { folder.path.appending("data.bin") }

  private func file(_ server: LoopbackServer, _ expected: [UInt8]? = nil) throws -> RemoteFile {
    let digest = try #require(DigestStream(.md5))
    digest.add(expected ?? bytes)
    return RemoteFile(
      name: "data.bin", address: server.address + "/data.bin", length: (expected ?? bytes).count,
      checksum: Checksum(.md5, digest.finish()))
  }

  private func file(_ server: LoopbackServer, lengths: ClosedRange<Int>) throws -> RemoteFile {
    let exact = try file(server)
    return RemoteFile(
      name: exact.name, address: exact.address, lengths: lengths, checksum: exact.checksum)
  }

  private let patience = Patience(
    connection: 5, stall: 1, redirects: 3, attempts: 3, pause: .milliseconds(1))

  /// What a download gave: `fetched after N`, `already there`, `stopped at N`, or the refusal without its address.
  private func outcome(
    _ file: RemoteFile, replacing: Bool = false, shouldStop: @escaping () -> Bool = { false }
  ) -> String {
    do throws(DownloadError) {
      let download = Download(file, to: path, patience: patience, shouldStop: shouldStop)
      switch try download.run(replacing: replacing) {
      case .alreadyThere: return "already there"
      case .fetched(let start): return "fetched after \(start)"
      }
    } catch {
      switch error {
      case .stopped(let received): return "stopped at \(received)"
      case .file(let error): return error.description
      case .refused(let reason):
        return reason.hasPrefix(file.address)
          ? String(reason.dropFirst(file.address.count + 2)) : reason
      }
    }
  }

  private var content: [UInt8]? { try? readFile(path, limit: 1 << 20) }

  @Test func aFileComesWholeAndOnce() throws {
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request) }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(content == bytes)
    #expect(try folder.names() == ["data.bin"])
    #expect(outcome(try file(server)) == "already there")
    #expect(server.requests == [.init(path: "/data.bin", from: nil)])
  }

  @Test func aBrokenDownloadGoesOnWhereItEnded() throws {
    let server = try LoopbackServer { [bytes] request, number in
      var reply = LoopbackServer.Reply(bytes, request)
      if number == 0 { reply.cutAfter = 20_000 }
      return reply
    }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(server.requests.map(\.from) == [nil, 20_000])
    #expect(content == bytes)
  }

  /// A file whose length is known roughly ends where the server says, not where it could.
  @Test func aFileOfRoughlyKnownLengthComesWhole() throws {
    try folder.file("data.bin.part", bytes.prefix(49_500))
    let server = try LoopbackServer { [bytes] request, number in
      var reply = LoopbackServer.Reply(bytes, request)
      if number == 0 { reply.cutAfter = 300 }
      return reply
    }
    let roughly = try file(server, lengths: 49_000...51_000)
    #expect(outcome(roughly) == "fetched after 49500")
    #expect(server.requests.map(\.from) == [49_500, 49_800])
    #expect(content == bytes)
    #expect(outcome(roughly) == "already there")
    try folder.file("data.bin", bytes.prefix(10))
    #expect(
      outcome(try file(server, lengths: 1000...2000), replacing: true)
        == "announces 50,000 bytes; the published file has 2,000; nothing came")
  }

  @Test func aPartOfAnEarlierRunIsUsed() throws {
    try folder.file("data.bin.part", bytes.prefix(30_000))
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request) }
    #expect(outcome(try file(server)) == "fetched after 30000")
    #expect(server.requests.map(\.from) == [30_000])
    #expect(content == bytes)
  }

  @Test func aWholePartNeedsNoServer() throws {
    try folder.file("data.bin.part", bytes)
    let server = try LoopbackServer { _, _ in .init() }
    #expect(outcome(try file(server)) == "fetched after 50000")
    #expect(server.requests.isEmpty)
    #expect(content == bytes)
    #expect(try folder.names() == ["data.bin"])
  }

  @Test(arguments: [50_000, 60_000])
  func aPartThatCannotBelongToTheFileStartsAnew(_ length: Int) throws {
    try folder.file("data.bin.part", [UInt8](repeating: 7, count: length))
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request) }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(content == bytes)
  }

  @Test func aServerWithoutRangesSendsTheWholeFile() throws {
    try folder.file("data.bin.part", bytes.prefix(30_000))
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request, ranges: false) }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(server.requests.map(\.from) == [30_000, nil])
    #expect(content == bytes)
  }

  @Test(arguments: [416, 206])
  func aRangeThatIsRefusedOrAnotherStartsAnew(_ status: Int) throws {
    try folder.file("data.bin.part", bytes.prefix(30_000))
    let server = try LoopbackServer { [bytes] request, _ in
      var reply = LoopbackServer.Reply(bytes, request, ranges: false)
      if request.from != nil { reply.status = status }
      if request.from != nil, status == 206 {
        reply.headers = ["Content-Range: bytes 5-49999/50000"]
      }
      return reply
    }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(content == bytes)
  }

  @Test func aWrongChecksumRemovesWhatCame() throws {
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request) }
    var other = bytes
    other[77] ^= 1
    let wanted = try file(server, other)
    let found = try file(server)
    #expect(
      outcome(wanted)
        == "what came has the MD5 \(found.checksum.digits); \(wanted.checksum.digits) was expected; it was removed"
    )
    #expect(try folder.names().isEmpty)
  }

  @Test func aServerThatSendsTooMuchIsCutOff() throws {
    let server = try LoopbackServer { [bytes] request, _ in
      var reply = LoopbackServer.Reply(bytes + bytes, request)
      reply.announces = -1
      return reply
    }
    #expect(
      outcome(try file(server))
        == "sends more than the 50,000 bytes of the published file; what came was removed")
    #expect(try folder.names().isEmpty)
    let honest = try LoopbackServer { [bytes] request, _ in .init(bytes + [1], request) }
    #expect(
      outcome(try file(honest))
        == "announces 50,001 bytes; the published file has 50,000; nothing came")
  }

  @Test func whatIsNotThereIsAskedForOnce() throws {
    let server = try LoopbackServer { _, _ in
      var reply = LoopbackServer.Reply()
      reply.status = 404
      return reply
    }
    #expect(outcome(try file(server)) == "answered with HTTP status 404; nothing came")
    #expect(server.requests.count == 1)
    #expect(try folder.names().isEmpty)
  }

  @Test func aServerThatIsBusyIsAskedAgainAFewTimes() throws {
    let server = try LoopbackServer { [bytes] request, number in
      var reply = LoopbackServer.Reply(bytes, request)
      if number < 2 { reply.status = number == 0 ? 503 : 429 }
      return reply
    }
    #expect(outcome(try file(server)) == "fetched after 0")
    let busy = try LoopbackServer { _, _ in
      var reply = LoopbackServer.Reply()
      reply.status = 500
      return reply
    }
    try RealFileSystem().remove(path)
    #expect(
      outcome(try file(busy))
        == "answered with HTTP status 500; gave up after 3 attempts; nothing came")
    #expect(busy.requests.count == 3)
  }

  @Test func redirectsAreFollowedUpToALimitAndToTheWebOnly() throws {
    let server = try LoopbackServer { [bytes] request, _ in
      var reply = LoopbackServer.Reply(bytes, request)
      if request.path == "/data.bin" {
        (reply.status, reply.body, reply.headers) = (302, [], ["Location: /moved"])
      }
      return reply
    }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(content == bytes)
    try RealFileSystem().remove(path)
    for target in ["/data.bin", "file:///etc/hostname"] {
      let loop = try LoopbackServer { _, _ in
        var reply = LoopbackServer.Reply()
        (reply.status, reply.headers) = (302, ["Location: \(target)"])
        return reply
      }
      #expect(outcome(try file(loop)).hasSuffix("; nothing came"))
      #expect(loop.requests.count == (target == "/data.bin" ? 4 : 1))
      #expect(content == nil)
    }
  }

  @Test func aTransferThatStandsStillIsGivenUpAndResumed() throws {
    let server = try LoopbackServer { [bytes] request, number in
      var reply = LoopbackServer.Reply(bytes, request)
      if number == 0 { reply.stall = 6_000 }
      return reply
    }
    #expect(outcome(try file(server)) == "fetched after 0")
    #expect(server.requests.map(\.from) == [nil, 25_000])
    #expect(content == bytes)
  }

  @Test func whoIsStoppedKeepsThePart() throws {
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request) }
    let asked = Mutex(0)
    let result = outcome(try file(server)) {
      asked.withLock { count in
        count += 1
        return count > 3
      }
    }
    #expect(result.hasPrefix("stopped at "))
    #expect(content == nil)
    #expect(outcome(try file(server)).hasPrefix("fetched after "))
    #expect(content == bytes)
  }

  @Test func anotherFileOfTheNameIsLeftUnlessItMayBeReplaced() throws {
    try folder.file("data.bin", [1, 2, 3])
    let server = try LoopbackServer { [bytes] request, _ in .init(bytes, request) }
    let wanted = try file(server)
    #expect(
      outcome(wanted)
        == "\(path.escaped): is not the published file (3 bytes, MD5 5289df737df57326fcdd22597afb1fac; expected 50,000 bytes, \(wanted.checksum.digits)); it was left as it is (--force to replace it)"
    )
    #expect(content == [1, 2, 3])
    #expect(outcome(wanted, replacing: true) == "fetched after 0")
    #expect(content == bytes)
  }

  @Test func digestsAreThePublishedOnes() throws {
    // RFC 1321, A.5, and FIPS 180-4's example.
    for (algorithm, digits) in [
      (DigestAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72"),
      (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ] {
      let stream = try #require(DigestStream(algorithm))
      stream.add(Array("a".utf8))
      stream.add(Array("bc".utf8))
      #expect(stream.finish() == digits)
    }
    #expect(sha256(Array("abc".utf8)).starts(with: [0xba, 0x78, 0x16, 0xbf]))
  }
}
