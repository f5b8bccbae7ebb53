/// Owned, zeroed memory for `count` floats, aligned to 64 bytes.
///
/// Reads and writes from several threads are the owner's to keep apart.
public final class FloatBuffer: @unchecked Sendable {
  /// Number of floats.
  public let count: Int
  /// The first float.
  public let pointer: Floats

  /// Zeroed memory for `count` floats.
  public init(count: Int) {
    precondition(count >= 0, "FloatBuffer: count \(count) is negative")
    self.count = count
    let bytes = max(64, (count * MemoryLayout<Float>.stride + 63) / 64 * 64)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    pointer = memory.bindMemory(to: Float.self, capacity: count)
    pointer.initialize(repeating: 0, count: count)
  }

  /// A copy of `values`.
  public convenience init(_ values: [Float]) {
    self.init(count: values.count)
    for (i, value) in values.enumerated() { pointer[i] = value }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

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
