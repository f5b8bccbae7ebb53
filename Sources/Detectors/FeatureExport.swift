import AvocetImages
import AvocetModelFiles
import AvocetNetworks
import AvocetTraining

/// The maps as files for other programs.
public enum FeatureExport {
  /// A map as an 8-bit grey PNG, black at zero or less, white at `peak`.
  public static func picture(_ map: FeatureMap, _ shape: Shape, peak: Float) -> [UInt8] {
    let scale = peak > 0 ? 255 / peak : 0
    let values = map.values.map { UInt8(max(0, min(255, ($0 * scale).rounded()))) }
    return encodeGreyPNG(width: shape.columns, height: shape.rows, values: values)
  }

  /// A level as JSON: every unit's number, name, maximum, place in the map, field in the picture, contribution.
  public static func json(_ level: LevelMaps) -> String {
    func number(_ value: Double) -> String { decimal(value, 5) }
    let units = level.maps.map { map in
      let name = map.name.map { quoted($0) } ?? "null"
      let field = map.field
      let contribution = map.contribution.map { number(Double($0)) } ?? "null"
      return
        "{\"unit\":\(map.unit),\"name\":\(name),\"maximum\":\(number(Double(map.maximum))),\"place\":{\"row\":\(map.row),\"column\":\(map.column)},\"receptive_field\":{\"x\":\(number(field.x)),\"y\":\(number(field.y)),\"width\":\(number(field.width)),\"height\":\(number(field.height))},\"contribution\":\(contribution)}"
    }
    return
      "{\"level\":\"\(level.level.rawValue)\",\"rows\":\(level.shape.rows),\"columns\":\(level.shape.columns),\"units\":[\n\(units.joined(separator: ",\n"))\n]}\n"
  }
}
