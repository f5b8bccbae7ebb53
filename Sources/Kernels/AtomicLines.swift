import Synchronization

/// Numbers that threads write side by side, each in a cache line of its own; zero at first.
struct AtomicLines {
  private static let line = 64 / MemoryLayout<Atomic<Int>>.stride
  private let numbers: UnsafeMutablePointer<Atomic<Int>>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    let bytes = max(1, count) * 64
    numbers = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      .bindMemory(to: Atomic<Int>.self, capacity: count * Self.line)
    for i in 0..<count * Self.line { (numbers + i).initialize(to: Atomic(0)) }
  }

  subscript(number: Int) -> UnsafeMutablePointer<Atomic<Int>> { numbers + number * Self.line }

  func deallocate() {
    numbers.deinitialize(count: count * Self.line)
    UnsafeMutableRawPointer(numbers).deallocate()
  }
}
