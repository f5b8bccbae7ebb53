import AvocetImages
import AvocetKernels

/// What another picture of the batch gives to one: its class, and its share of what is seen.
public struct Blend: Hashable, Sendable {
  /// The other picture's class.
  public let label: Int
  /// 0...1.
  public let share: Double

  /// A class and its share.
  public init(label: Int, share: Double) { (self.label, self.share) = (label, share) }
}

extension Augmentation {
  /// How a picture is mixed with the next of its batch.
  public enum Mix: Hashable, Sendable {
    /// Every number is a weighted mean; the other picture weighs `share` (Zhang et al. 2018).
    case mixup(share: Double)
    /// A rectangle shows the other picture: its middle in shares of the sides, and its share of the area (Yun et al. 2019).
    case cutmix(x: Double, y: Double, share: Double)
  }

  /// The choice for a picture: a function of (seed, epoch, index) alone.
  func mix(seed: UInt64, epoch: Int, index: Int) -> Mix? {
    guard mixup > 0 || cutmix > 0 else { return nil }
    var random = CounterRandom(seed: seed, purpose: "mixing", epoch: epoch, index: index)
    let (toss, share) = (random.uniform(), random.uniform())
    if toss < mixup { return .mixup(share: share) }
    guard toss < mixup + cutmix else { return nil }
    return .cutmix(x: random.uniform(), y: random.uniform(), share: share)
  }
}

/// Pictures of one shape that lie one after the other, `[picture, row, column, channel]`.
struct PictureRow {
  let pictures: FloatBuffer
  let height, width, channels: Int

  private var count: Int { height * width * channels }

  /// Mixes each picture with the one after it as that was before, the last with the first; what each then shows of the other.
  func mix(_ mixes: [Augmentation.Mix?], labels: [Int]) -> [Blend] {
    guard labels.count > 1 else { return labels.map { Blend(label: $0, share: 0) } }
    let first = FloatBuffer(count: count)
    unsafe first.pointer.update(from: pictures.pointer, count: count)
    return labels.indices.map { slot in
      let next = (slot + 1) % labels.count
      let other = unsafe next == 0 ? first.pointer : pictures.pointer + next * count
      let own = unsafe pictures.pointer + slot * count
      let share: Double
      switch mixes[slot] {
      case nil: share = 0
      case .mixup(let weight):
        for i in 0..<count { unsafe own[i] += Float(weight) * (other[i] - own[i]) }
        share = weight
      case .cutmix(let x, let y, let area):
        share = unsafe paste(other, into: own, x, y, area.squareRoot())
      }
      return Blend(label: labels[next], share: share)
    }
  }

  // The rectangle's sides are `side` times the picture's, before it is cut off at the edges.
  private func paste(_ other: Floats, into own: Floats, _ x: Double, _ y: Double, _ side: Double)
    -> Double
  {
    func range(_ middle: Double, _ size: Int) -> Range<Int> {
      let start = Int(((middle - side / 2) * Double(size)).rounded())
      let end = Int(((middle + side / 2) * Double(size)).rounded())
      return max(0, start)..<max(0, start, min(size, end))
    }
    let (rows, columns) = (range(y, height), range(x, width))
    for row in rows {
      let at = (row * width + columns.lowerBound) * channels
      unsafe (own + at).update(from: other + at, count: columns.count * channels)
    }
    return Double(rows.count * columns.count) / Double(height * width)
  }
}
