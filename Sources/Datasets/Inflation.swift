import CZlib

/// gzip data (RFC 1952) that come piece by piece, as plain bytes.
@safe final class Inflation {
  private let stream: UnsafeMutablePointer<z_stream>
  private var chunk = [UInt8](repeating: 0, count: 1 << 18)
  /// Whether the end of the data came, its checksum right and nothing behind it.
  private(set) var isComplete = false

  /// Begins; nil without memory for it.
  init?() {
    // zlib keeps the address.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    unsafe self.stream = unsafe stream
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    if unsafe inflateInit2_(stream, 31, ZLIB_VERSION, size) != Z_OK { return nil }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Hands what a piece unpacks to, 256 KiB and less at a time, to `body`; false if the data are damaged or have more behind their end.
  func add<Failure>(
    _ piece: [UInt8], _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    if isComplete { return piece.isEmpty }
    var left = piece.count
    while left > 0 || !isComplete {
      let (status, rest, produced) = inflated(piece, left)
      left = rest
      if produced > 0 { try body(chunk[..<produced]) }
      if status == Z_STREAM_END {
        isComplete = true
        return left == 0
      }
      // Without input or progress, zlib waits for the next piece.
      if status == Z_BUF_ERROR || (status == Z_OK && left == 0 && produced < chunk.count) {
        return left == 0
      }
      if status != Z_OK { return false }
    }
    return true
  }

  // One call on the last `left` bytes of the piece: the status, how many are left then, how many bytes it made.
  private func inflated(_ piece: [UInt8], _ left: Int) -> (Int32, Int, Int) {
    unsafe piece.withUnsafeBufferPointer { input in
      unsafe chunk.withUnsafeMutableBufferPointer { output in
        // zlib does not write to its input.
        unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
          mutating: input.baseAddress.map { unsafe $0 + (piece.count - left) })
        unsafe stream.pointee.avail_in = UInt32(clamping: left)
        unsafe stream.pointee.next_out = output.baseAddress
        unsafe stream.pointee.avail_out = UInt32(output.count)
        let taken = Int(unsafe stream.pointee.avail_in)
        let status = unsafe inflate(stream, Z_NO_FLUSH)
        let rest = left - taken + Int(unsafe stream.pointee.avail_in)
        return (status, rest, output.count - Int(unsafe stream.pointee.avail_out))
      }
    }
  }
}

/// The plain bytes of gzip data; nil if they are damaged, cut short, or more than `limit`.
func gunzip(_ data: [UInt8], limit: Int) -> [UInt8]? {
  guard let inflation = Inflation() else { return nil }
  var result: [UInt8] = []
  struct TooLong: Error {}
  do throws(TooLong) {
    let isSound = try inflation.add(data) { piece throws(TooLong) in
      if result.count + piece.count > limit { throw TooLong() }
      result += piece
    }
    return isSound && inflation.isComplete ? result : nil
  } catch { return nil }
}
