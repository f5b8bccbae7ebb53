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

/// The value as JSON with sorted keys: the same value, the same bytes.
func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
}

/// A value from JSON in which no key is unknown, for an unknown one could change what the others mean.
func decoded<Value: Codable>(_ type: Value.Type, _ text: String, _ key: String)
  throws(ModelFileError) -> Value
{
  let read: StrictJSON
  do throws(ModelFileError) { read = try StrictJSON(text.utf8, depth: 16) } catch {
    throw ModelFileError("\(key): \(error.description)")
  }
  let value: Value
  do { value = try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
    throw ModelFileError("\(key) is damaged: \(cause(error))")
  }
  let understood = try StrictJSON(json(value).utf8, depth: 16)
  if let unknown = read.key(missingIn: understood) {
    throw ModelFileError("\(key): \(shown(unknown)) is unknown; a newer program may know it")
  }
  return value
}

// The network's own errors quote names from the file as they are.
private func cause(_ error: any Error) -> String {
  func line(_ text: String) -> String { escapedText(text.utf8.prefix(400)) }
  guard let error = error as? DecodingError else { return line("\(error)") }
  switch error {
  case .keyNotFound(let key, _): return "\(shown(key.stringValue)) is missing"
  case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
    if let inner = context.underlyingError { return cause(inner) }
    // The strict reader took the text, so what Foundation means is a number: 2.5 or 1e39 for a count.
    if context.debugDescription.contains("not valid JSON") {
      return "a number does not fit its field"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return (path.isEmpty ? "" : "\(shown(path)): ") + line(context.debugDescription)
  @unknown default: return "not the JSON expected"
  }
}
