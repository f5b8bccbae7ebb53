import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A small HTTP server on 127.0.0.1 that answers one request a connection as the test says, and stops with the object.
package final class LoopbackServer: Sendable {
  /// What was asked for.
  package struct Request: Sendable, Hashable {
    /// The path, such as `/file.gz`.
    package let path: String
    /// The first byte asked for, where a range was.
    package let from: Int?

    /// The given request.
    package init(path: String, from: Int?) { (self.path, self.from) = (path, from) }
  }

  /// What is answered.
  package struct Reply: Sendable {
    /// The status line's number.
    package var status = 200
    /// Further header lines.
    package var headers: [String] = []
    /// The body, all of which is announced unless `announces` says otherwise.
    package var body: [UInt8] = []
    /// The length that is announced; nil: the body's, below zero: none.
    package var announces: Int?
    /// Where the connection ends, in the body.
    package var cutAfter: Int?
    /// Milliseconds of silence in the middle of the body.
    package var stall = 0

    /// A reply of status 200 without a body.
    package init() {}

    /// The whole of `bytes`, or what a range asks for.
    package init(_ bytes: [UInt8], _ request: Request, ranges: Bool = true) {
      body = bytes
      guard ranges, let from = request.from else { return }
      if from >= bytes.count {
        (status, body) = (416, [])
      } else {
        (status, body) = (206, Array(bytes[from...]))
        headers = ["Content-Range: bytes \(from)-\(bytes.count - 1)/\(bytes.count)"]
      }
    }
  }

  /// Where it listens: `http://127.0.0.1:PORT`.
  package let address: String
  private let socket: CInt
  private let log: Mutex<[Request]>

  /// What was asked for until now.
  package var requests: [Request] { log.withLock { $0 } }

  /// Listens; `answer` gets each request and how many came before it.
  package init(_ answer: @escaping @Sendable (Request, Int) -> Reply) throws {
    let socket = Self.listening()
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    guard socket >= 0, status == 0 else { throw Failure() }
    self.socket = socket
    address = "http://127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
    log = Mutex([])
    let serving = Serving(socket: socket, answer: answer) { [weak self] request in
      self?.log.withLock { log in
        log.append(request)
        return log.count - 1
      } ?? 0
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(serving)
    pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Serving>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, start.toOpaque())
    pthread_detach(thread)
  }

  // `accept` returns with an error then, and the thread ends.
  deinit { shutdown(socket, CInt(SHUT_RDWR)) }

  private struct Failure: Error {}

  private static func listening() -> CInt {
    let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    _ = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    listen(socket, 8)
    return socket
  }
}

// The thread that answers, one connection after the other.
private final class Serving: Sendable {
  let socket: CInt
  let answer: @Sendable (LoopbackServer.Request, Int) -> LoopbackServer.Reply
  let note: @Sendable (LoopbackServer.Request) -> Int

  init(
    socket: CInt, answer: @escaping @Sendable (LoopbackServer.Request, Int) -> LoopbackServer.Reply,
    note: @escaping @Sendable (LoopbackServer.Request) -> Int
  ) {
    (self.socket, self.answer, self.note) = (socket, answer, note)
  }

  func run() {
    while true {
      let connection = accept(socket, nil, nil)
      if connection < 0 {
        if errno == EINTR { continue }
        close(socket)
        return
      }
      if let request = read(connection) { reply(answer(request, note(request)), connection) }
      close(connection)
    }
  }

  private func read(_ connection: CInt) -> LoopbackServer.Request? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n") {
      let count = recv(connection, &piece, piece.count, 0)
      if count <= 0 { return nil }
      bytes += piece[..<count]
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count > 1 else { return nil }
    let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    return LoopbackServer.Request(
      path: String(words[1]), from: range.flatMap { Int($0.dropFirst(13).dropLast()) })
  }

  private func reply(_ reply: LoopbackServer.Reply, _ connection: CInt) {
    var lines = ["HTTP/1.1 \(reply.status) -", "Connection: close"] + reply.headers
    let announced = reply.announces ?? reply.body.count
    if announced >= 0 { lines.append("Content-Length: \(announced)") }
    write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8), connection)
    let body = Array(reply.body.prefix(reply.cutAfter ?? .max))
    guard reply.stall > 0 else { return write(body, connection) }
    write(Array(body.prefix(body.count / 2)), connection)
    // Silent until the client goes away, or the time is over.
    var time = timeval(tv_sec: reply.stall / 1000, tv_usec: reply.stall % 1000 * 1000)
    setsockopt(
      connection, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    var ignored: UInt8 = 0
    _ = recv(connection, &ignored, 1, 0)
    write(Array(body.dropFirst(body.count / 2)), connection)
  }

  private func write(_ bytes: [UInt8], _ connection: CInt) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        send(
          connection, $0.baseAddress.map { $0 + done }, bytes.count - done,
          CInt(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      done += count
    }
  }
}
