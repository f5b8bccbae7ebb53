import AvocetFiles
import AvocetImages
import AvocetKernels
import SystemPackage

/// What is known of the parts of the object on one picture, in the picture's pixels.
public struct PartTruth: Sendable, Hashable {
  /// One part: its index, and the points that stand for it (a mask's middle; two for two eyes).
  public struct Place: Sendable, Hashable {
    /// The index into the names.
    public let part: Int
    public let x, y: Double
  }

  /// The picture's size.
  public let width, height: Int
  /// One index into the names per pixel, 0 for no part; empty where only points are known.
  public let map: [UInt8]
  /// Where the parts are.
  public let places: [Place]
  /// The object's box.
  public let box: Rectangle

  /// The truth that a map of parts tells: the middles of the parts, and the box around them all.
  public init(map: GreyMap) {
    (width, height, self.map) = (map.width, map.height, map.values)
    var sums = [Int: (x: Int, y: Int, count: Int)]()
    var (left, right, top, bottom) = (width, -1, height, -1)
    for (index, part) in map.values.enumerated() where part > 0 {
      let (y, x) = index.quotientAndRemainder(dividingBy: width)
      let sum = sums[Int(part)] ?? (0, 0, 0)
      sums[Int(part)] = (sum.x + x, sum.y + y, sum.count + 1)
      (left, right) = (min(left, x), max(right, x))
      (top, bottom) = (min(top, y), max(bottom, y))
    }
    places = sums.sorted { $0.key < $1.key }.map { part, sum in
      Place(
        part: part, x: Double(sum.x) / Double(sum.count) + 0.5,
        y: Double(sum.y) / Double(sum.count) + 0.5)
    }
    box = Rectangle(
      x: Double(left), y: Double(top), width: Double(max(0, right - left + 1)),
      height: Double(max(0, bottom - top + 1)))
  }

  /// The truth that points tell.
  init(width: Int, height: Int, places: [Place], box: Rectangle) {
    (self.width, self.height, self.places, self.box) = (width, height, places, box)
    map = []
  }
}

/// Pictures with what is known of their parts.
public struct PartSource: Sendable {
  /// The pictures.
  public let pictures: any DataSource
  /// The parts' names by index; the first is no part. Empty where nothing is known.
  public let names: [String]
  private let origin: Origin

  private enum Origin: Sendable {
    case none
    case aviary(Aviary)
    case maps(folder: FilePath, root: FilePath)
    case points([[UInt8]: PartPoints], root: FilePath)
  }

  /// Pictures of which no parts are known.
  public init(_ pictures: any DataSource) { (self.pictures, names, origin) = (pictures, [], .none) }

  /// The pictures of one split, and what lies beside them: an aviary's own truth, `parts/` with its `parts.csv`, or `parts.csv` with points.
  public init(_ pictures: any DataSource, of dataset: Dataset, at root: FilePath)
    throws(DatasetError)
  {
    self.pictures = pictures
    if let source = pictures as? AviarySource {
      (names, origin) = (Aviary.parts, .aviary(source.aviary))
      return
    }
    let table = root.appending("parts.csv")
    guard pictures is FileSource, Dataset.exists(table) else {
      (names, origin) = ([], .none)
      return
    }
    let rows = try Self.rows(table)
    if rows.first?.prefix(2) == ["index", "name"] {
      names = try Self.indexNames(rows, table)
      origin = .maps(folder: root.appending("parts"), root: root)
    } else {
      let points = try PartPoints.read(rows, table)
      names = points.names
      origin = .points(points.pictures, root: root)
    }
  }

  private static func rows(_ path: FilePath) throws(DatasetError) -> [[String]] {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try readFile(path, limit: 1 << 28) } catch {
      throw DatasetError(error.description)
    }
    guard let text = String(validating: bytes, as: UTF8.self), let rows = csvRows(text) else {
      throw DatasetError("\(path.escaped): not a CSV file in UTF-8")
    }
    return rows
  }

  private static func indexNames(_ rows: [[String]], _ path: FilePath) throws(DatasetError)
    -> [String]
  {
    var names: [String] = []
    for (number, row) in rows.dropFirst().enumerated() {
      guard row.count >= 2, Int(row[0]) == number, number < 256 else {
        throw DatasetError(
          "\(path.escaped): row \(number + 2) is no index \(number) and a name; the indices 0 to 255 are expected in order"
        )
      }
      names.append(csvText(row[1]))
    }
    guard names.count > 1 else { throw DatasetError("\(path.escaped): names no part") }
    return names
  }

  /// Whether there are maps of the parts, not points alone.
  public var hasMaps: Bool {
    switch origin {
    case .none, .points: false
    case .aviary, .maps: true
    }
  }

  /// Picture i and the truth about it; nil where none is known.
  public func picture(_ i: Int) throws(ImageError) -> (image: Image, truth: PartTruth?) {
    switch origin {
    case .none: return (try pictures.image(i), nil)
    case .aviary(let aviary):
      let scene = aviary.scene(i)
      let map = GreyMap(width: aviary.size, height: aviary.size, values: scene.partMap)
      return (scene.image, PartTruth(map: map))
    case .maps(let folder, let root):
      let image = try pictures.image(i)
      guard var place = path(of: i, below: root) else { return (image, nil) }
      place.extension = "png"
      return (image, try truth(in: folder.pushing(place), image))
    case .points(let table, let root):
      let image = try pictures.image(i)
      let known = path(of: i, below: root).flatMap { table[$0.bytes] }
      return (image, known?.truth(width: image.width, height: image.height))
    }
  }

  /// Whether pictures have twins.
  var hasTwins: Bool { if case .aviary = origin { true } else { false } }

  /// Picture i without one of its parts, of an aviary only: which one is a function of (seed, i).
  func twin(_ i: Int) -> (part: UInt8, image: Image, truth: PartTruth)? {
    guard case .aviary(let aviary) = origin else { return nil }
    let parts = aviary.scene(i).twinParts
    if parts.isEmpty { return nil }
    var random = CounterRandom(seed: aviary.seed, purpose: "twin part", index: i)
    let part = parts[random.integer(below: parts.count)]
    guard let index = Aviary.parts.firstIndex(of: part),
      let twin = aviary.twin(i, without: index)
    else { return nil }
    let map = GreyMap(width: aviary.size, height: aviary.size, values: twin.partMap)
    return (UInt8(index), twin.image, PartTruth(map: map))
  }

  private func path(of i: Int, below root: FilePath) -> FilePath? {
    guard let files = pictures as? FileSource else { return nil }
    var path = files.files[i].path
    return path.removePrefix(root) ? path : nil
  }

  private func truth(in path: FilePath, _ image: Image) throws(ImageError) -> PartTruth? {
    guard Dataset.exists(path) else { return nil }
    func bad(_ problem: String) -> ImageError {
      ImageError(code: "part-map", message: "its part map \(path.escaped) \(problem)")
    }
    let map: GreyMap
    do {
      map = try decodeIndexPNG(try readFile(path, limit: 1 << 26))
    } catch let error as ImageError {
      throw bad("cannot be read: \(error.message)")
    } catch { throw bad("cannot be read") }
    guard map.width == image.width, map.height == image.height else {
      throw bad(
        "is \(map.width) x \(map.height), the picture \(image.width) x \(image.height); one index per pixel is expected"
      )
    }
    if let odd = map.values.max(), Int(odd) >= names.count {
      throw bad("holds the index \(odd); parts.csv names 0 to \(names.count - 1)")
    }
    return PartTruth(map: map)
  }
}

/// The points of one picture as a table gives them.
struct PartPoints: Sendable {
  let places: [PartTruth.Place]
  let box: Rectangle

  func truth(width: Int, height: Int) -> PartTruth {
    PartTruth(width: width, height: height, places: places, box: box)
  }

  /// Reads `path,...,PART_x,PART_y,PART_visible` with `bbox_x,bbox_y,bbox_width,bbox_height`; `left_eye` and `right_eye` are both an eye.
  static func read(_ rows: [[String]], _ path: FilePath) throws(DatasetError) -> (
    names: [String], pictures: [[UInt8]: PartPoints]
  ) {
    func bad(_ problem: String) -> DatasetError { DatasetError("\(path.escaped): \(problem)") }
    let header = rows.first ?? []
    var columns: [String: Int] = [:]
    for (number, name) in header.enumerated() where columns[name] == nil { columns[name] = number }
    let box = ["x", "y", "width", "height"].compactMap { columns["bbox_" + $0] }
    guard let pathColumn = columns["path"], box.count == 4 else {
      throw bad(
        "neither the columns index and name nor path and bbox_x, bbox_y, bbox_width, bbox_height")
    }
    var names = ["background"]
    var parts: [(index: Int, x: Int, y: Int, visible: Int)] = []
    for name in header where name.hasSuffix("_visible") {
      let stem = String(name.dropLast("_visible".count))
      guard let x = columns[stem + "_x"], let y = columns[stem + "_y"], let v = columns[name] else {
        throw bad("\(escapedText(stem.utf8)) has no columns _x and _y")
      }
      let sides = ["left_", "right_"]
      let side = sides.first { stem.hasPrefix($0) && stem.count > $0.count }
      let part = String(stem.dropFirst(side?.count ?? 0))
      let index = names.firstIndex(of: part) ?? names.count
      if index == names.count { names.append(part) }
      parts.append((index, x, y, v))
    }
    guard names.count > 1, names.count <= 256 else {
      throw bad("\(names.count - 1) parts; 1 to 255 are possible")
    }
    var pictures: [[UInt8]: PartPoints] = [:]
    for (number, row) in rows.enumerated().dropFirst() {
      guard row.count == header.count else {
        throw bad("row \(number + 1) has \(row.count) cells of \(header.count)")
      }
      func value(_ column: Int) throws(DatasetError) -> Double {
        guard let value = Double(row[column]), value.magnitude <= 1e6 else {
          throw bad(
            "row \(number + 1): \(escapedText(header[column].utf8)) is no number of pixels")
        }
        return value
      }
      var places: [PartTruth.Place] = []
      for part in parts {
        guard try value(part.visible) > 0 else { continue }
        places.append(
          PartTruth.Place(part: part.index, x: try value(part.x), y: try value(part.y)))
      }
      pictures[Array(csvText(row[pathColumn]).utf8)] = PartPoints(
        places: places,
        box: Rectangle(
          x: try value(box[0]), y: try value(box[1]), width: try value(box[2]),
          height: try value(box[3])))
    }
    return (names, pictures)
  }
}
