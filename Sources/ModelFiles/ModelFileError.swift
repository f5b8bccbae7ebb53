import AvocetFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is wrong with a model file, in one line.
public struct ModelFileError: Error, Sendable, CustomStringConvertible {
  /// The line; `Model.read` puts the file's name before it.
  public let description: String
  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

/// Text from a file as a message may show it: escaped, and not too long.
func shown(_ text: String) -> String {
  let escaped = escapedText(Array(text.utf8.prefix(80)))
  return "\"\(escaped)\(text.utf8.count > 80 ? "..." : "")\""
}

/// The product, nil where a factor is negative or the result too large.
func product(_ factors: [Int]) -> Int? {
  factors.allSatisfy { $0 >= 0 } ? checkedProduct(factors) : nil
}

/// A JSON string.
public func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

/// Refuses JSON nested deeper than any of our files, so that no decoder's recursion runs out of stack.
func checkNesting(_ text: some Sequence<UInt8>, limit: Int = 64) throws(ModelFileError) {
  var (depth, isInside, isEscaped) = (0, false, false)
  for byte in text {
    if isEscaped {
      isEscaped = false
    } else if isInside {
      if byte == UInt8(ascii: "\\") { isEscaped = true }
      if byte == UInt8(ascii: "\"") { isInside = false }
    } else {
      switch byte {
      case UInt8(ascii: "\""): isInside = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      if depth > limit { throw ModelFileError("JSON nested deeper than \(limit)") }
    }
  }
}

/// The value as JSON with sorted keys: the same value, the same bytes.
func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
}

/// A value from JSON.
func decoded<Value: Decodable>(_ type: Value.Type, _ text: String, _ key: String)
  throws(ModelFileError) -> Value
{
  try checkNesting(text.utf8)
  do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
    throw ModelFileError("\(key) is damaged: \(cause(error))")
  }
}

private func cause(_ error: any Error) -> String {
  guard let error = error as? DecodingError else { return "\(error)" }
  switch error {
  case .keyNotFound(let key, _): return "\(shown(key.stringValue)) is missing"
  case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
    if let inner = context.underlyingError, !(inner is DecodingError) { return "\(inner)" }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? "not the JSON expected" : "\(shown(path)) is not what is expected"
  @unknown default: return "not the JSON expected"
  }
}
