import AvocetFiles
import SystemPackage

/// The epochs' figures as TensorBoard reads them: a TFRecord file of `Event` messages.
///
/// A record is its length, the length's check, an `Event` in Protocol Buffers' encoding, and the event's check. The wall time is the seconds of training so far,
/// counted from zero, so that the file holds no clock, runs line up when they are laid over one another, and a resumed run writes the bytes of a whole one.
public final class EventLog {
  /// The file's name; TensorBoard looks for `tfevents` in it.
  public static let name = "events.out.tfevents.0.avocet"
  private let folder: RunFolder
  private var size = 0
  private var seconds = 0.0

  /// Writes the file of the epochs done so far, whatever was there.
  public init(_ folder: RunFolder, rows: [EpochMetrics]) throws(FileError) {
    self.folder = folder
    var bytes = Self.record(Message().double(1, 0).text(3, "brain.Event:2"))
    for row in rows { bytes += event(row) }
    try folder.write(bytes, Self.name)
    size = bytes.count
  }

  /// Appends an epoch. In place, because a TensorBoard that is looking holds the file open.
  public func add(_ row: EpochMetrics) throws(FileError) {
    let path = folder.path.appending(Self.name)
    let bytes = event(row)
    do throws(Errno) {
      let file = try folder.fileSystem.open(path, for: .continuing)
      defer { folder.fileSystem.close(file) }
      // Half a record, if the disk was full before.
      try folder.fileSystem.truncate(file, to: size)
      try writeAll(bytes, to: file, folder.fileSystem)
    } catch { throw FileError(path: path, error) }
    size += bytes.count
  }

  private func event(_ row: EpochMetrics) -> [UInt8] {
    seconds += row.seconds
    let scalars: [(String, Double?)] = [
      ("loss/training", row.trainLoss), ("loss/validation", row.validationLoss),
      ("top1/training", row.trainTop1), ("top1/validation", row.validationTop1),
      ("learning_rate", row.learningRate), ("images_per_second", row.imagesPerSecond),
    ]
    var summary = Message()
    for case (let tag, let value?) in scalars {
      summary = summary.message(1, Message().text(1, tag).float(2, Float(value)))
    }
    return Self.record(
      Message().double(1, seconds).whole(2, UInt64(max(0, row.epoch))).message(5, summary))
  }

  private static func record(_ message: Message) -> [UInt8] {
    let length = littleEndian(UInt64(message.bytes.count))
    return length + littleEndian(masked(castagnoli(length))) + message.bytes
      + littleEndian(masked(castagnoli(message.bytes)))
  }

  // TFRecord turns and shifts its checks, so that a record of records does not check itself.
  private static func masked(_ check: UInt32) -> UInt32 {
    (check >> 15 | check << 17) &+ 0xA282_EAD8
  }
}

/// CRC-32C, Castagnoli's polynomial, bits reflected (RFC 3720).
package func castagnoli(_ bytes: [UInt8]) -> UInt32 {
  var check = UInt32.max
  for byte in bytes {
    check ^= UInt32(byte)
    for _ in 0..<8 { check = check >> 1 ^ (check & 1 == 1 ? 0x82F6_3B78 : 0) }
  }
  return ~check
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A Protocol Buffers message: each field its number and kind, then its bytes.
private struct Message {
  private(set) var bytes: [UInt8] = []

  private func adding(_ field: UInt64, kind: UInt64, _ value: [UInt8]) -> Message {
    Message(bytes: bytes + Self.varint(field << 3 | kind) + value)
  }

  func whole(_ field: UInt64, _ value: UInt64) -> Message {
    adding(field, kind: 0, Self.varint(value))
  }
  func double(_ field: UInt64, _ value: Double) -> Message {
    adding(field, kind: 1, littleEndian(value.bitPattern))
  }
  func float(_ field: UInt64, _ value: Float) -> Message {
    adding(field, kind: 5, littleEndian(value.bitPattern))
  }
  func text(_ field: UInt64, _ value: String) -> Message { block(field, Array(value.utf8)) }
  func message(_ field: UInt64, _ value: Message) -> Message { block(field, value.bytes) }

  private func block(_ field: UInt64, _ value: [UInt8]) -> Message {
    adding(field, kind: 2, Self.varint(UInt64(value.count)) + value)
  }

  // Seven bits a byte, the lowest first; the top bit says that more follow.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes): (UInt64, [UInt8]) = (value, [])
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
