import AvocetFiles
import AvocetTraining
import SystemPackage
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite final class EventLogTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func rows(_ count: Int) -> [EpochMetrics] {
    let rows = (1...count).map { epoch in
      let measured = epoch == 2 ? "" : "\"validationLoss\":0.25,\"validationTop1\":0.75,"
      return
        "{\"epoch\":\(epoch),\"trainLoss\":2,\"trainTop1\":0.5,\(measured)\"learningRate\":0.1,\"imagesPerSecond\":1000,\"seconds\":1.5}"
    }
    let text = "[\(rows.joined(separator: ","))]"
    return (try? JSONDecoder().decode([EpochMetrics].self, from: Data(text.utf8))) ?? []
  }

  private var file: FilePath { folder.path.appending(EventLog.name) }
  private var bytes: [UInt8] {
    get throws { try readFile(file, limit: 1 << 20) }
  }

  // RFC 3720, appendix B.4, and the usual check.
  @Test func theChecksumIsCastagnolis() {
    #expect(castagnoli(Array("123456789".utf8)) == 0xE306_9283)
    #expect(castagnoli([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(castagnoli([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
  }

  /// The records of the file; nil where a length or a check is wrong.
  private func records() throws -> [ArraySlice<UInt8>]? {
    var rest = try bytes[...]
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func check(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      let plain = castagnoli(Array(bytes))
      return UInt64((plain >> 15 | plain << 17) &+ 0xA282_EAD8)
    }
    var records: [ArraySlice<UInt8>] = []
    while !rest.isEmpty {
      let length = Int(number(rest.prefix(8)))
      guard rest.count >= length + 16, check(rest.prefix(8)) == number(rest.dropFirst(8).prefix(4))
      else { return nil }
      let record = rest.dropFirst(12).prefix(length)
      guard check(record) == number(rest.dropFirst(12 + length).prefix(4)) else { return nil }
      records.append(record)
      rest = rest.dropFirst(16 + length)
    }
    return records
  }

  @Test func everyEpochIsARecordAfterTheVersion() throws {
    _ = try EventLog(RunFolder(folder.path), rows: rows(3))
    let records = try #require(try records())
    #expect(records.count == 4)
    #expect(String(decoding: records[0], as: UTF8.self).hasSuffix("brain.Event:2"))
    // wall_time (field 1, a double): the sum of the seconds; step (field 2).
    #expect(Array(records[2].prefix(11)) == [0x09, 0, 0, 0, 0, 0, 0, 0x08, 0x40, 0x10, 2])
    let tags = records.map { String(decoding: $0, as: UTF8.self) }
    #expect(tags[1].contains("loss/validation") && tags[1].contains("learning_rate"))
    #expect(!tags[2].contains("validation") && tags[2].contains("top1/training"))
    // learning_rate 0.1 as a float: value { tag, simple_value }.
    let value: [UInt8] = [0x15, 0xCD, 0xCC, 0xCC, 0x3D]
    let end = Array("learning_rate".utf8) + value
    #expect(records[1].indices.contains { records[1][$0...].starts(with: end) })
  }

  @Test func epochsAddedOneByOneGiveTheSameBytes() throws {
    _ = try EventLog(RunFolder(folder.path), rows: rows(4))
    let whole = try bytes
    let log = try EventLog(RunFolder(folder.path), rows: rows(1))
    for row in rows(4).dropFirst() { try log.add(row) }
    #expect(try bytes == whole)
    // A resume cuts back to the epochs that it knows, and what was left of another.
    try folder.file(EventLog.name, whole + [1, 2, 3])
    let resumed = try EventLog(RunFolder(folder.path), rows: rows(3))
    try resumed.add(rows(4)[3])
    #expect(try bytes == whole)
  }

  @Test func halfARecordIsWrittenOver() throws {
    _ = try EventLog(RunFolder(folder.path), rows: rows(3))
    let whole = try bytes
    let log = try EventLog(RunFolder(folder.path), rows: rows(2))
    let handle = try RealFileSystem().open(file, for: .continuing)
    defer { RealFileSystem().close(handle) }
    try RealFileSystem().truncate(handle, to: try bytes.count)
    try writeAll([7, 7, 7], to: handle, RealFileSystem())
    try log.add(rows(3)[2])
    #expect(try bytes == whole)
  }
}
