import AvocetFiles

/// A tar archive (POSIX.1-1988 ustar, and GNU's) that comes piece by piece.
///
/// Only regular files have a body that anyone hears of. A name that leads out of the folder, a link or a device is an error. Nothing
/// is written here: what becomes of a file, the listener decides.
struct TarReader {
  /// What the archive consists of, in the order it stands there.
  enum Event {
    /// A regular file begins.
    case file(name: String, size: Int)
    /// Bytes of that file.
    case bytes(ArraySlice<UInt8>)
    /// That file is complete.
    case end
  }

  private enum State {
    case header
    case body(left: Int, padding: Int, isHeard: Bool)
    case padding(left: Int)
    case over
  }

  private let archive: String
  private var state = State.header
  private var header: [UInt8] = []

  /// A reader of the archive of that name, which stands in the errors.
  init(archive: String) { self.archive = archive }

  /// Whether the archive may end here: after its end mark, or between two files.
  var isComplete: Bool {
    switch state {
    case .over: true
    case .header: header.isEmpty
    default: false
    }
  }

  /// Reads on and tells `hear` what the piece contains.
  mutating func add(
    _ piece: ArraySlice<UInt8>, _ hear: (Event) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    var rest = piece
    while !rest.isEmpty {
      switch state {
      case .over: return
      case .header:
        let missing = 512 - header.count
        header += rest.prefix(missing)
        rest = rest.dropFirst(missing)
        guard header.count == 512 else { return }
        try readHeader(hear)
        header = []
      case .body(let left, let padding, let isHeard):
        let bytes = rest.prefix(left)
        rest = rest.dropFirst(left)
        if isHeard { try hear(.bytes(bytes)) }
        state = .body(left: left - bytes.count, padding: padding, isHeard: isHeard)
      case .padding(let left):
        let count = min(left, rest.count)
        rest = rest.dropFirst(count)
        state = count == left ? .header : .padding(left: left - count)
      }
      if case .body(0, let padding, let isHeard) = state {
        if isHeard { try hear(.end) }
        state = padding > 0 ? .padding(left: padding) : .header
      }
    }
  }

  private mutating func readHeader(_ hear: (Event) throws(DatasetError) -> Void)
    throws(DatasetError)
  {
    // Two blocks of zeros end an archive; one is enough to believe it.
    if header.allSatisfy({ $0 == 0 }) {
      state = .over
      return
    }
    let sum = header.enumerated().reduce(0) {
      $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element))
    }
    guard octal(148..<156) == sum else {
      throw DatasetError(
        "\(archive): not a tar archive, or a damaged one (a header's sum is wrong)")
    }
    let name = self.name
    guard let size = octal(124..<136) else {
      throw DatasetError("\(archive): \(escapedText(name)): a size that is no octal number")
    }
    let padding = (512 - size % 512) % 512
    switch header[156] {
    case 0, UInt8(ascii: "0"):
      try checkName(name)
      state = .body(left: size, padding: padding, isHeard: true)
      try hear(.file(name: String(decoding: name, as: UTF8.self), size: size))
    case UInt8(ascii: "5"):
      try checkName(name)
      state = .body(left: size, padding: padding, isHeard: false)
    case UInt8(ascii: "x"), UInt8(ascii: "g"):
      // POSIX.1-2001's additions; names and sizes in the plain headers are all that counts here.
      state = .body(left: size, padding: padding, isHeard: false)
    default:
      let type = escapedText([header[156]])
      throw DatasetError(
        "\(archive): \(escapedText(name)) is a link, a device or the like (type \"\(type)\"); only regular files are unpacked"
      )
    }
  }

  // The name's bytes, ustar's prefix before them.
  private var name: [UInt8] {
    let isUstar = header[257..<263].elementsEqual("ustar\0".utf8)
    let name = Array(header[..<100].prefix { $0 != 0 })
    let prefix = Array(header[345..<500].prefix { $0 != 0 })
    return isUstar && !prefix.isEmpty ? prefix + [UInt8(ascii: "/")] + name : name
  }

  private func checkName(_ name: [UInt8]) throws(DatasetError) {
    let parts = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if name.isEmpty || parts.first?.isEmpty == true
      || parts.contains(where: { Array($0) == [46, 46] })
    {
      throw DatasetError(
        "\(archive): the name \"\(escapedText(name))\" leads out of the folder; nothing was unpacked"
      )
    }
  }

  // A number in octal digits, ended by a space, a zero or the field's end; nil for anything else, GNU's binary numbers too.
  private func octal(_ range: Range<Int>) -> Int? {
    let field = header[range].drop { $0 == UInt8(ascii: " ") }
    let digits = field.prefix { (48...55).contains($0) }
    let rest = field.dropFirst(digits.count)
    guard !digits.isEmpty, digits.count <= 12, rest.allSatisfy({ $0 == 0 || $0 == 32 }) else {
      return nil
    }
    return digits.reduce(0) { $0 << 3 | Int($1 - 48) }
  }
}
