/// The shape of one image's map, channels last.
public struct Shape: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows, columns and channels.
  public var rows, columns, channels: Int

  /// A map of `rows` x `columns` x `channels`.
  public init(_ rows: Int, _ columns: Int, _ channels: Int) {
    (self.rows, self.columns, self.channels) = (rows, columns, channels)
  }

  /// Numbers in the map.
  public var count: Int { rows * columns * channels }
  /// As `64x64x3`.
  public var description: String { "\(rows)x\(columns)x\(channels)" }
}

/// The three levels of the hierarchy that the visualiser shows.
public enum Level: String, CaseIterable, Codable, Sendable, CodingKeyRepresentable {
  /// Pixels become edges: small receptive fields.
  case edges
  /// Edges become parts: a beak, an eye, a wheel.
  case parts
  /// Parts become objects: a head, a bird.
  case objects
}

/// What is wrong with a network's description, in one line.
public struct NetworkError: Error, Sendable, CustomStringConvertible {
  /// The line.
  public let description: String
  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}
