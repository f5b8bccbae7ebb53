#if canImport(Glibc)
  import Glibc
#endif

/// Owned, zeroed memory for `count` floats, aligned to 64 bytes.
///
/// Reads and writes from several threads are the owner's to keep apart.
public final class FloatBuffer: @unchecked Sendable {
  /// Number of floats.
  public let count: Int
  /// The first float.
  public let pointer: Floats
  private let mappedBytes: Int?
  // Whose memory a part is.
  private let whole: FloatBuffer?

  /// Zeroed memory for `count` floats.
  public init(count: Int) {
    precondition(count >= 0, "FloatBuffer: count \(count) is negative")
    (self.count, whole) = (count, nil)
    let bytes = max(64, (count * MemoryLayout<Float>.stride + 63) / 64 * 64)
    if let memory = Self.pages(bytes) {
      mappedBytes = bytes
      pointer = memory.bindMemory(to: Float.self, capacity: count)
    } else {
      mappedBytes = nil
      let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      pointer = memory.bindMemory(to: Float.self, capacity: count)
      pointer.initialize(repeating: 0, count: count)
    }
  }

  /// A copy of `values`.
  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (i, value) in values.enumerated() { pointer[i] = value }
  }

  /// Zeroed memory for each of the counts, one after the other in one memory: together they are more often large enough for huge pages.
  public static func inARow(_ counts: [Int]) -> [FloatBuffer] {
    var end = 0
    let starts = counts.map { count in
      defer { end += (count + line - 1) / line * line }
      return end
    }
    let whole = FloatBuffer(count: end)
    return zip(starts, counts).map { FloatBuffer(whole, from: $0, count: $1) }
  }

  private static let line = 64 / MemoryLayout<Float>.stride

  // A part of `whole`, which lives as long as its parts.
  private init(_ whole: FloatBuffer, from start: Int, count: Int) {
    (self.count, pointer) = (count, whole.pointer + start)
    (self.whole, mappedBytes) = (whole, nil)
  }

  deinit {
    guard whole == nil else { return }
    #if canImport(Glibc)
      if let mappedBytes {
        munmap(pointer, mappedBytes)
        return
      }
    #endif
    UnsafeMutableRawPointer(pointer).deallocate()
  }

  // Large memory comes from the system itself: already zero, and in huge pages, which cost fewer faults and fewer misses of the address cache.
  private static func pages(_ bytes: Int) -> UnsafeMutableRawPointer? {
    #if canImport(Glibc)
      guard bytes >= hugePage else { return nil }
      let length = bytes + hugePage
      let flags = MAP_PRIVATE | MAP_ANONYMOUS
      guard let mapping = mmap(nil, length, PROT_READ | PROT_WRITE, flags, -1, 0),
        mapping != MAP_FAILED
      else { return nil }
      let start = UnsafeMutableRawPointer(
        bitPattern: (UInt(bitPattern: mapping) + UInt(hugePage) - 1) / UInt(hugePage)
          * UInt(hugePage))
      guard let start else { return nil }
      let page = Int(getpagesize())
      let end = start + (bytes + page - 1) / page * page
      if start > mapping { munmap(mapping, start - mapping) }
      if end < mapping + length { munmap(end, mapping + length - end) }
      // Advice; where it is not taken, the pages are small ones.
      madvise(start, bytes, MADV_HUGEPAGE)
      return start
    #else
      return nil
    #endif
  }

  private static let hugePage = 2 << 20

  /// The float at `index`, checked.
  public subscript(index: Int) -> Float {
    get {
      precondition(index >= 0 && index < count, "FloatBuffer: index \(index) of \(count)")
      return pointer[index]
    }
    set {
      precondition(index >= 0 && index < count, "FloatBuffer: index \(index) of \(count)")
      pointer[index] = newValue
    }
  }

  /// A copy as an array.
  public var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Copies all floats from a buffer of the same count.
  public func copy(from other: FloatBuffer) {
    precondition(count == other.count, "FloatBuffer: copy of \(other.count) floats into \(count)")
    pointer.update(from: other.pointer, count: count)
  }
}
