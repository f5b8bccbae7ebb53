import AvocetDatasets
import AvocetDownloads

/// A gzip file of one stored block (RFC 1952) of at most 65,535 bytes.
package func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }
  var sum: UInt32 = ~0
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }
  let size = UInt16(bytes.count)
  let block = [1, UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8)]
  return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + block + bytes + littleEndian(~sum)
    + littleEndian(UInt32(bytes.count))
}

/// One file of a tar archive (ustar): its header, its bytes, zeros up to a whole block.
package func tarEntry(
  _ name: String, _ bytes: [UInt8] = [], type: Character = "0", size: String? = nil,
  prefix: String = ""
) -> [UInt8] {
  var header = [UInt8](repeating: 0, count: 512)
  func put(_ text: String, _ at: Int) {
    for (i, byte) in text.utf8.enumerated() { header[at + i] = byte }
  }
  func octal(_ number: Int, _ width: Int) -> String {
    let digits = String(number, radix: 8)
    return String(repeating: "0", count: width - digits.count) + digits
  }
  put(name, 0)
  put("0000644\0" + "0000000\0" + "0000000\0", 100)
  put(size ?? octal(bytes.count, 11), 124)
  put("00000000000", 136)
  put(String(type), 156)
  put("ustar\0" + "00", 257)
  put(prefix, 345)
  put(String(repeating: " ", count: 8), 148)
  put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", 148)
  return header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
}

/// The end of a tar archive.
package let tarEnd = [UInt8](repeating: 0, count: 1024)

/// Records of CIFAR's form: each number is a label and the red of its picture.
package func cifarRecords(_ labels: UInt8...) -> [UInt8] {
  labels.flatMap { label -> [UInt8] in
    let red = [UInt8](repeating: label * 20, count: 1024)
    let others = (0..<2048).map { UInt8($0 % 32) }
    return [label] + red + others
  }
}

/// A data set in the manner of CIFAR-10, of three pictures in an archive called `tiny.tar.gz`.
package struct TinyPublication {
  /// What is in `tiny.tar.gz`.
  package let archive: [UInt8]
  /// What is expected of it.
  package let dataset: PublishedDataset

  /// The publication on a server; other entries may stand in the archive.
  package init(at address: String, entries: [UInt8]? = nil) {
    let sound =
      tarEntry("tiny/", type: "5") + tarEntry("tiny/data_batch_1.bin", cifarRecords(3, 5))
      + tarEntry("tiny/readme.html", Array("<p>".utf8))
      + tarEntry("test_batch.bin", cifarRecords(1), prefix: "tiny") + tarEnd
    archive = gzipped(entries ?? sound)
    let digest = DigestStream(.md5)
    digest?.add(archive)
    dataset = PublishedDataset(
      name: "tiny", title: "Tiny pictures", page: "http://example.org/", terms: "none",
      citation: "Nobody, Nothing, 2000",
      files: [
        RemoteFile(
          name: "tiny.tar.gz", address: address + "/tiny.tar.gz", length: archive.count,
          checksum: Checksum(.md5, digest?.finish() ?? ""))
      ],
      members: [
        .init("tiny/data_batch_1.bin", length: 6146...6146),
        .init("tiny/test_batch.bin", length: 3073...3073),
      ])
  }
}
