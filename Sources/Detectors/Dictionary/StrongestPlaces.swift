/// Where a unit was strongest on one picture.
public struct StrongPlace: Sendable, Hashable {
  /// The picture's number in its source.
  public let picture: Int
  /// Row and column of the unit's map.
  public let row, column: Int
  /// The unit's value there.
  public let value: Float
}

/// The strongest places of every unit, no two from one picture; what they are does not depend on the order in which pictures come.
package struct StrongestPlaces: Sendable {
  static let limit = 9
  package private(set) var places: [[StrongPlace]]

  /// None yet, for so many units.
  package init(units: Int) { places = [[StrongPlace]](repeating: [], count: units) }

  /// Takes the strongest place of each unit on one picture, `values` being `[place, unit]` of the units from `first` on; a silent one has none.
  package mutating func add(
    _ values: [Float], columns: Int, channels: Int, from first: Int, picture: Int
  ) {
    var best = Array(values[0..<channels])
    var at = [Int](repeating: 0, count: channels)
    var place = 0
    for start in stride(from: channels, to: values.count, by: channels) {
      place += 1
      for channel in 0..<channels where values[start + channel] > best[channel] {
        (best[channel], at[channel]) = (values[start + channel], place)
      }
    }
    for channel in 0..<channels where best[channel] > 0 {
      insert(
        StrongPlace(
          picture: picture, row: at[channel] / columns, column: at[channel] % columns,
          value: best[channel]), first + channel)
    }
  }

  private mutating func insert(_ new: StrongPlace, _ unit: Int) {
    // Of equals, which a unit that is cut off at 6 has many of, not the first: those would all be of the first class.
    func turn(_ place: StrongPlace) -> UInt64 { UInt64(place.picture) &* 0x9E37_79B9_7F4A_7C15 }
    func isBefore(_ a: StrongPlace, _ b: StrongPlace) -> Bool {
      (b.value, turn(a)) < (a.value, turn(b))
    }
    if places[unit].count == Self.limit, !isBefore(new, places[unit][Self.limit - 1]) { return }
    let rank = places[unit].firstIndex { isBefore(new, $0) } ?? places[unit].count
    places[unit].insert(new, at: rank)
    if places[unit].count > Self.limit { places[unit].removeLast() }
  }

  /// Takes another's places.
  mutating func add(_ other: StrongestPlaces) {
    for (unit, list) in other.places.enumerated() { for place in list { insert(place, unit) } }
  }
}
