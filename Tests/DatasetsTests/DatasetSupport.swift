import AvocetDatasets
import AvocetFiles
import AvocetImages
import SystemPackage
import TestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A PNG of 2 x 2 equal pixels.
func picture(_ grey: UInt8 = 0) -> [UInt8] {
  Image(width: 2, height: 2, fill: RGB(grey, grey, grey)).encodedPNG()
}

/// Writes pictures at these relative paths, each in the grey of its place in the list.
func writePictures(_ names: [String], in folder: FilePath) throws {
  for (place, name) in names.enumerated() {
    let path = folder.appending(name)
    try makeFolders(path.removingLastComponent())
    try writeFileAtomically(picture(UInt8(place)), to: path)
  }
}

func link(_ path: FilePath, to target: String) {
  _ = target.withCString { target in path.withPlatformString { symlink(target, $0) } }
}

/// The data set in a folder or file.
func open(_ path: FilePath, _ more: String = "") throws -> Dataset {
  try Dataset.open(path.string + more)
}

/// Why data cannot be opened, in its one line; nil if it can.
func whyRefused(_ argument: String) -> String? {
  do throws(DatasetError) {
    _ = try Dataset.open(argument)
    return nil
  } catch { return error.description }
}

func isOneLine(_ text: String) -> Bool {
  !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
}

/// What a split holds: the class and the grey of each picture, in order.
func contents(_ dataset: Dataset, _ split: Split) throws -> [String] {
  guard let source = dataset.splits[split] else { return ["no split"] }
  return try (0..<source.count).map {
    "\(dataset.classes[source.label($0)]) \(try source.image($0).pixels[0])"
  }
}

/// Pictures of one grey each, its number; some take a while, one may be unreadable.
struct GreySource: DataSource {
  var count: Int
  var classes = 3
  var side = 2
  var slow: @Sendable (Int) -> UInt32 = { _ in 0 }
  var broken: Int?

  func label(_ i: Int) -> Int { i % classes }
  func identifier(_ i: Int) -> String { "grey \(i)" }
  func image(_ i: Int) throws(ImageError) -> Image {
    usleep(slow(i))
    if i == broken { throw ImageError(code: "damaged", message: "broken on purpose") }
    return Image(width: side, height: side, fill: RGB(UInt8(i), UInt8(i), UInt8(i)))
  }
}
