import AvocetKernels
import Testing

@Suite struct FloatBufferTests {
  @Test(arguments: [[], [0], [1, 0, 17, 16, 3], [600_000, 5, 600_001]])
  func buffersInARowAreZeroedAlignedAndApart(_ counts: [Int]) {
    let buffers = FloatBuffer.inARow(counts)
    #expect(buffers.map(\.count) == counts)
    for (number, buffer) in buffers.enumerated() {
      #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
      #expect(buffer.array.allSatisfy { $0 == 0 })
      buffer.pointer.update(repeating: Float(number + 1), count: buffer.count)
    }
    for (number, buffer) in buffers.enumerated() {
      #expect(buffer.array.allSatisfy { $0 == Float(number + 1) }, "buffer \(number)")
    }
  }

  @Test(arguments: [100, 1_000_000]) func aBufferInARowOutlivesTheOthers(_ count: Int) {
    let last = FloatBuffer.inARow([count, count, count])[2]
    // Memory that was given back would be handed out here.
    let others = (0..<4).map { _ in FloatBuffer(count: 3 * count) }
    for other in others { other.pointer.update(repeating: 7, count: other.count) }
    #expect(last.array.allSatisfy { $0 == 0 })
  }
}
