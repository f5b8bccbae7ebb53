import AvocetDrawing
import AvocetImages
import AvocetNetworks

/// A map read between its points, as a picture is scaled.
private struct Grid {
  let values: [Float]
  let rows, columns: Int

  /// The value at a pixel of a picture of `width` x `height`.
  func value(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Float {
    func place(_ i: Int, _ count: Int, of side: Int) -> (Int, Int, Float) {
      let at = max(0, (Float(i) + 0.5) * Float(count) / Float(side) - 0.5)
      let low = min(count - 1, Int(at))
      return (low, min(count - 1, low + 1), at - Float(low))
    }
    let (top, bottom, down) = place(y, rows, of: height)
    let (left, right, across) = place(x, columns, of: width)
    func row(_ r: Int) -> Float {
      let (a, b) = (values[r * columns + left], values[r * columns + right])
      return a + (b - a) * min(1, across)
    }
    return row(top) + (row(bottom) - row(top)) * min(1, down)
  }
}

extension Image {
  /// The dim grey picture, its longer side `side` pixels, with the map's colours over it as far as the unit fires; `peak` is brightest.
  func glowing(_ values: [Float], _ shape: Shape, peak: Float, side: Int) -> Image {
    overlaid(values, shape, side, dimming: 0.42) { value in
      let strength = max(0, min(1, value / peak))
      return (ColorScale.magma.color(0.25 + 0.75 * strength), min(1, strength * 1.6) * 0.92)
    }
  }

  /// The grey picture with orange where the values speak for something, blue where against; at `peak` the colour is full.
  func withEvidence(_ values: [Float], _ shape: Shape, peak: Float, side: Int) -> Image {
    overlaid(values, shape, side, dimming: 0.7) { value in
      let strength = min(1, abs(value) / peak)
      return (value > 0 ? RGB(255, 138, 26) : RGB(40, 128, 255), strength.squareRoot() * 0.85)
    }
  }

  private func overlaid(
    _ values: [Float], _ shape: Shape, _ side: Int, dimming: Float,
    _ color: (Float) -> (RGB, opacity: Float)
  ) -> Image {
    func scaled(_ length: Int) -> Int { max(1, length * side / max(width, height)) }
    let view = resized(width: scaled(width), height: scaled(height))
    let grid = Grid(values: values, rows: shape.rows, columns: shape.columns)
    var image = view
    for y in 0..<view.height {
      for x in 0..<view.width {
        let pixel = view[x, y]
        let light =
          Float(pixel.red) * 0.299 + Float(pixel.green) * 0.587 + Float(pixel.blue) * 0.114
        let grey = light * dimming + 8
        let (color, opacity) = color(grid.value(x, y, view.width, view.height))
        func mix(_ over: UInt8) -> UInt8 { UInt8(grey + (Float(over) - grey) * opacity) }
        image[x, y] = RGB(mix(color.red), mix(color.green), mix(color.blue))
      }
    }
    return image
  }
}
