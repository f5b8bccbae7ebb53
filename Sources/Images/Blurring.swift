extension Image {
  /// The picture blurred beyond recognition of anything smaller than `reach` pixels: three running means over 2 reach + 1 pixels along rows and columns, nearly a
  /// normal distribution; the edges are repeated.
  public func blurred(reach: Int) -> Image {
    guard reach > 0 else { return self }
    var values = pixels.map { Float($0) }
    for _ in 0..<3 {
      for channel in 0..<3 {
        for row in 0..<height {
          Self.runningMean(&values, first: 3 * row * width + channel, step: 3, width, reach)
        }
        for column in 0..<width {
          Self.runningMean(&values, first: 3 * column + channel, step: 3 * width, height, reach)
        }
      }
    }
    return Image(
      width: width, height: height,
      pixels: values.map { UInt8(min(255, max(0, $0.rounded()))) })
  }

  private static func runningMean(
    _ values: inout [Float], first: Int, step: Int, _ count: Int, _ reach: Int
  ) {
    let line = (0..<count).map { values[first + $0 * step] }
    func at(_ place: Int) -> Float { line[min(count - 1, max(0, place))] }
    var sum = (-reach...reach).reduce(Float(0)) { $0 + at($1) }
    let share = 1 / Float(2 * reach + 1)
    for place in 0..<count {
      values[first + place * step] = sum * share
      sum += at(place + reach + 1) - at(place - reach)
    }
  }
}
