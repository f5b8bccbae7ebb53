#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How pixels between pixels are found.
public enum Interpolation: String, Codable, Sendable, CaseIterable {
  /// The triangle filter.
  case bilinear
  /// Keys' cubic with a = -0.5.
  case bicubic

  var support: Double { self == .bilinear ? 1 : 2 }

  func weight(_ distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
      return 0
    }
  }
}

/// A rectangle in pixels; x and y are its left and upper edge, not the middle of a pixel.
public struct Rectangle: Sendable, Hashable, Codable {
  public var x, y, width, height: Double

  /// The given rectangle.
  public init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }
}

/// The source pixels and weights of every target pixel along one axis.
///
/// Pillow's scheme: the filter is widened by the scale when it shrinks, the weights are normalised and rounded to 22 bits
/// behind the point.
struct AxisWeights {
  static let bits: Int32 = 22
  var starts: [Int] = []
  var counts: [Int] = []
  var taps = 0
  var weights: [Int32] = []

  /// Weights of the target pixels in `range` of `size`, when `source` pixels from `from` on, `length` long, are resized.
  init(
    source: Int, from: Double, length: Double, size: Int, range: Range<Int>,
    _ interpolation: Interpolation
  ) {
    let scale = length / Double(size)
    let widening = max(scale, 1)
    let support = interpolation.support * widening
    taps = Int(support.rounded(.up)) * 2 + 1
    weights = [Int32](repeating: 0, count: taps * range.count)
    var exact = [Double](repeating: 0, count: taps)
    for (row, target) in range.enumerated() {
      let center = from + (Double(target) + 0.5) * scale
      let first = min(max(Int(center - support + 0.5), 0), source - 1)
      let count = max(1, min(Int(center + support + 0.5), source) - first)
      var sum = 0.0
      for i in 0..<count {
        let distance = (Double(i + first) - center + 0.5) / widening
        exact[i] = interpolation.weight(distance)
        sum += exact[i]
      }
      for i in 0..<count {
        let weight = sum == 0 ? (i == 0 ? 1 : 0) : exact[i] / sum
        weights[row * taps + i] = Int32((weight * Double(1 << Self.bits)).rounded())
      }
      starts.append(first)
      counts.append(count)
    }
  }

  /// The source pixels that the targets need.
  var needed: Range<Int> {
    let first = starts.first ?? 0
    return first..<zip(starts, counts).reduce(first) { max($0, $1.0 + $1.1) }
  }
}

extension Image {
  /// The picture at another size, antialiased: the same numbers as Pillow's `resize` gives.
  ///
  /// `part` is what is resized, the whole picture if nil; it must lie within the picture.
  public func resized(
    width newWidth: Int, height newHeight: Int, interpolation: Interpolation = .bilinear,
    part: Rectangle? = nil
  ) -> Image {
    resized(
      width: newWidth, height: newHeight, interpolation, part: part,
      columns: 0..<newWidth, rows: 0..<newHeight)
  }

  /// The given columns and rows of the resized picture; no others are computed.
  func resized(
    width newWidth: Int, height newHeight: Int, _ interpolation: Interpolation,
    part: Rectangle? = nil, columns: Range<Int>, rows: Range<Int>
  ) -> Image {
    precondition(newWidth > 0 && newHeight > 0, "resized to \(newWidth) x \(newHeight)")
    let all = Rectangle(x: 0, y: 0, width: Double(width), height: Double(height))
    let box = part ?? all
    precondition(
      box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0
        && box.x + box.width <= all.width + 1e-6 && box.y + box.height <= all.height + 1e-6,
      "resized from outside the picture")
    let isSameWidth = newWidth == width && box.x == 0 && box.width == all.width
    let isSameHeight = newHeight == height && box.y == 0 && box.height == all.height
    if isSameWidth && isSameHeight {
      return cropped(
        x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
    }
    let vertical = AxisWeights(
      source: height, from: box.y, length: box.height, size: newHeight, range: rows, interpolation)
    let horizontal = AxisWeights(
      source: width, from: box.x, length: box.width, size: newWidth, range: columns, interpolation)
    let neededColumns = isSameWidth ? columns : horizontal.needed
    let neededRows = isSameHeight ? rows : vertical.needed

    // The order of the passes, which each round to bytes, is that of Pillow 13.
    let lessHeight = height - newHeight
    let isVerticalFirst = lessHeight > 0 && lessHeight > 2 * (width - newWidth)
    if isVerticalFirst, !isSameWidth {
      let strip = cropped(
        x: neededColumns.lowerBound, y: neededRows.lowerBound, width: neededColumns.count,
        height: neededRows.count)
      return strip.withResizedColumns(vertical, firstRow: neededRows.lowerBound)
        .withResizedRows(horizontal, firstColumn: neededColumns.lowerBound, rows: 0..<rows.count)
    }
    let strip =
      isSameWidth
      ? cropped(
        x: columns.lowerBound, y: neededRows.lowerBound, width: columns.count,
        height: neededRows.count)
      : withResizedRows(horizontal, firstColumn: 0, rows: neededRows)
    if isSameHeight { return strip }
    return strip.withResizedColumns(vertical, firstRow: neededRows.lowerBound)
  }

  private func withResizedRows(
    _ axis: AxisWeights, firstColumn: Int, rows: Range<Int>
  ) -> Image {
    let newWidth = axis.starts.count
    let total = 3 * newWidth * rows.count
    let half: Int32 = 1 << (AxisWeights.bits - 1)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: total) { to, count in
      unsafe pixels.withUnsafeBufferPointer { from in
        unsafe axis.weights.withUnsafeBufferPointer { weights in
          var target = 0
          for row in rows {
            for x in 0..<newWidth {
              var source = 3 * (row * width + axis.starts[x] - firstColumn)
              var (red, green, blue) = (half, half, half)
              for tap in 0..<axis.counts[x] {
                let weight = unsafe weights[x * axis.taps + tap]
                unsafe red &+= Int32(from[source]) &* weight
                unsafe green &+= Int32(from[source + 1]) &* weight
                unsafe blue &+= Int32(from[source + 2]) &* weight
                source += 3
              }
              unsafe to[target] = clipped(red)
              unsafe to[target + 1] = clipped(green)
              unsafe to[target + 2] = clipped(blue)
              target += 3
            }
          }
        }
      }
      count = total
    }
    return Image(width: newWidth, height: rows.count, pixels: result)
  }

  private func withResizedColumns(_ axis: AxisWeights, firstRow: Int) -> Image {
    let newHeight = axis.starts.count
    let rowCount = 3 * width
    let half: Int32 = 1 << (AxisWeights.bits - 1)
    var sums = [Int32](repeating: 0, count: rowCount)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: rowCount * newHeight) { to, count in
      unsafe pixels.withUnsafeBufferPointer { from in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          for y in 0..<newHeight {
            for i in 0..<rowCount { unsafe sums[i] = half }
            for tap in 0..<axis.counts[y] {
              let weight = axis.weights[y * axis.taps + tap]
              let source = (axis.starts[y] - firstRow + tap) * rowCount
              for i in 0..<rowCount { unsafe sums[i] &+= Int32(from[source + i]) &* weight }
            }
            for i in 0..<rowCount { unsafe to[y * rowCount + i] = clipped(sums[i]) }
          }
        }
      }
      count = rowCount * newHeight
    }
    return Image(width: width, height: newHeight, pixels: result)
  }

  /// The picture `x` pixels further left and `y` further up, then mirrored if wanted; what comes in repeats the edge mirrored.
  public func shifted(x: Int, y: Int, mirrored: Bool = false) -> Image {
    if x == 0 && y == 0 && !mirrored { return self }
    func reflected(_ i: Int, _ size: Int) -> Int {
      let at = i < 0 ? -i : i >= size ? 2 * size - 2 - i : i
      return min(max(at, 0), size - 1)
    }
    let columns = (0..<width).map { column in
      let at = reflected(column + x, width)
      return 3 * (mirrored ? width - 1 - at : at)
    }
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for row in 0..<height {
      let start = 3 * width * reflected(row + y, height)
      for column in columns {
        result.append(pixels[start + column])
        result.append(pixels[start + column + 1])
        result.append(pixels[start + column + 2])
      }
    }
    return Image(width: width, height: height, pixels: result)
  }

  /// A rectangle of the picture; what lies outside it has the background colour.
  public func cropped(
    x: Int, y: Int, width newWidth: Int, height newHeight: Int, background: RGB = .white
  ) -> Image {
    if x == 0, y == 0, newWidth == width, newHeight == height { return self }
    let columns = max(x, 0)..<max(min(x + newWidth, width), max(x, 0))
    let isInside =
      x >= 0 && y >= 0 && x + newWidth <= width && y + newHeight <= height
    if isInside {
      var result: [UInt8] = []
      result.reserveCapacity(3 * newWidth * newHeight)
      for row in y..<(y + newHeight) {
        let start = 3 * (row * width + x)
        result += pixels[start..<(start + 3 * newWidth)]
      }
      return Image(width: newWidth, height: newHeight, pixels: result)
    }
    var result = Image(width: newWidth, height: newHeight, fill: background)
    for row in max(y, 0)..<max(min(y + newHeight, height), max(y, 0)) {
      for column in columns { result[column - x, row - y] = self[column, row] }
    }
    return result
  }
}

@inline(__always) private func clipped(_ sum: Int32) -> UInt8 {
  UInt8(truncatingIfNeeded: min(max(sum >> AxisWeights.bits, 0), 255))
}
