import AvocetImages

/// Scales from a number to a colour; lightness rises evenly with the number.
public enum ColorScale: String, Sendable, CaseIterable {
  /// Dark violet over green to yellow.
  case viridis
  /// Black over purple and orange to cream.
  case magma
  /// Black to white.
  case grey

  /// The colour of t in 0...1; values beyond are held at the ends, not-a-number is the start.
  public func color(_ t: Float) -> RGB {
    let table = controlPoints
    let position = (t > 0 ? min(t, 1) : 0) * Float(table.count - 1)
    let index = min(table.count - 2, Int(position))
    let share = position - Float(index)
    func mix(_ from: UInt8, _ to: UInt8) -> UInt8 {
      UInt8(Float(from) + (Float(to) - Float(from)) * share + 0.5)
    }
    let (from, to) = (table[index], table[index + 1])
    return RGB(mix(from.red, to.red), mix(from.green, to.green), mix(from.blue, to.blue))
  }

  private var controlPoints: [RGB] {
    switch self {
    case .viridis: ColorScale.greens
    case .magma: ColorScale.embers
    case .grey: [.black, .white]
    }
  }

  private static let greens = [
    RGB(68, 2, 86), RGB(72, 34, 116), RGB(64, 66, 134), RGB(52, 94, 141), RGB(41, 121, 142),
    RGB(32, 146, 140), RGB(36, 170, 130), RGB(78, 195, 107), RGB(143, 215, 68), RGB(210, 226, 40),
    RGB(252, 230, 48),
  ]

  private static let embers = [
    RGB(2, 2, 8), RGB(22, 15, 58), RGB(60, 15, 112), RGB(100, 26, 128), RGB(140, 41, 129),
    RGB(181, 54, 122), RGB(221, 73, 105), RGB(246, 111, 92), RGB(254, 159, 109),
    RGB(254, 207, 146), RGB(252, 250, 190),
  ]
}
