import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import Testing

/// A safetensors file of a header as it is spelled and so many bytes of data, all zero.
func file(_ header: String, data count: Int) -> [UInt8] {
  file(header, data: [UInt8](repeating: 0, count: count))
}

func file(_ header: String, data: [UInt8]) -> [UInt8] { file(Array(header.utf8), data: data) }

func file(_ header: [UInt8], data: [UInt8]) -> [UInt8] {
  littleEndian(UInt64(header.count)) + header + data
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A file as it was written before files had a checksum.
func withoutChecksum(_ bytes: [UInt8]) throws -> [UInt8] {
  let count = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
  let key = try #require(range(of: "\"avocet.checksum\":\"", in: bytes))
  // Eight digits and a quotation mark; the comma goes with the text that follows it or that went before.
  var (begin, end) = (key.lowerBound, key.upperBound + 9)
  if bytes[end] == UInt8(ascii: ",") {
    end += 1
  } else if bytes[begin - 1] == UInt8(ascii: ",") {
    begin -= 1
  }
  let header = bytes[8..<begin] + bytes[end..<(8 + count)]
  return file(Array(header), data: Array(bytes[(8 + count)...]))
}

/// Where a text first stands in bytes.
func range(of text: String, in bytes: [UInt8]) -> Range<Int>? {
  let text = Array(text.utf8)
  return bytes.indices.first { bytes[$0...].starts(with: text) }.map { $0..<$0 + text.count }
}

/// What the reader says of the bytes, nil if it takes them.
func refusal(_ bytes: [UInt8]) -> String? {
  do throws(ModelFileError) {
    _ = try SafeTensors(bytes)
    return nil
  } catch { return error.description }
}

func modelRefusal(_ bytes: [UInt8]) -> String? {
  do throws(ModelFileError) {
    _ = try Model(bytes)
    return nil
  } catch { return error.description }
}

func isOneLine(_ text: String) -> Bool {
  !text.isEmpty && text.utf8.count < 1000
    && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
}

/// A network of few numbers with batch norm, so that a file has statistics too.
func smallModel() throws -> Model {
  var b = NetworkBuilder("small test", input: Shape(4, 4, 3))
  let edges = b.block("edges", b.input, channels: 2)
  b.mark(.edges, edges)
  let parts = b.convolution("parts", edges, channels: 2, kernel: 1, stride: 2, bias: true)
  b.mark(.parts, parts)
  let objects = b.activation("objects", parts)
  b.mark(.objects, objects)
  _ = b.dense("classes", b.globalAveragePool("mean", objects), channels: 2)
  let network = try b.network()
  return Model(
    network: network, parameters: Parameters(initialising: network, seed: 5),
    classes: ["bird", "no \"bird\", é"], preprocessing: Preprocessing(height: 4, width: 4),
    detectorNames: [.parts: [1: "beak"]], unitMeans: [.parts: [0.1, -2.5e-7]],
    provenance: Provenance(data: "drawn", recipe: "{}", licence: "CC0", seed: .max))
}
