import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a command reads and writes: the process's own streams, or a test's.
public struct Streams: Sendable {
  /// Takes results; false if they could not be written.
  public var output: @Sendable ([UInt8]) -> Bool
  /// Takes everything else.
  public var error: @Sendable ([UInt8]) -> Void
  /// Gives up to so many bytes of standard input; empty at its end.
  public var input: @Sendable (Int) -> [UInt8]
  /// Whether results go to a person.
  public var outputIsTerminal: Bool
  /// Whether messages go to a person.
  public var errorIsTerminal: Bool
  /// The environment variables.
  public var environment: [String: String]

  /// These streams.
  public init(
    output: @escaping @Sendable ([UInt8]) -> Bool, error: @escaping @Sendable ([UInt8]) -> Void,
    input: @escaping @Sendable (Int) -> [UInt8] = { _ in [] }, outputIsTerminal: Bool = false,
    errorIsTerminal: Bool = false, environment: [String: String] = [:]
  ) {
    (self.output, self.error, self.input) = (output, error, input)
    (self.outputIsTerminal, self.errorIsTerminal) = (outputIsTerminal, errorIsTerminal)
    self.environment = environment
  }

  /// The process's own.
  public static var standard: Streams {
    var environment: [String: String] = [:]
    let names = [
      "AVOCET_KERNELS", "AVOCET_CONVOLUTION", FetchDataset.mirrorVariable, "NO_COLOR", "TERM",
      "TMPDIR",
    ]
    for name in names {
      if let value = unsafe getenv(name) { environment[name] = unsafe String(cString: value) }
    }
    return Streams(
      output: { Self.write($0, to: 1) }, error: { _ = Self.write($0, to: 2) },
      input: { limit in
        var bytes = [UInt8](repeating: 0, count: limit)
        while true {
          let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress, limit) }
          if count < 0 && errno == EINTR { continue }
          return Array(bytes.prefix(max(0, count)))
        }
      }, outputIsTerminal: isatty(1) == 1, errorIsTerminal: isatty(2) == 1,
      environment: environment)
  }

  private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(file, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done)
      }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        return false
      }
      done += count
    }
    return true
  }
}

private let receivedSignal = Atomic<Int32>(0)

/// The signal that asked the process to end, if one did. The first is noticed by long loops, a second ends the process at once.
public enum Signals {
  /// SIGINT or SIGTERM, once it came.
  public static var asked: Int32? {
    let signal = receivedSignal.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }

  /// Listens.
  public static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if receivedSignal.exchange(received, ordering: .relaxed) != 0 { _exit(128 + received) }
      }
    }
  }
}
