import AvocetDrawing
import AvocetImages
import AvocetKernels

/// One drawn scene: the picture and the truth about it.
public struct AviaryScene: Sendable, Hashable {
  /// The picture.
  public let image: Image
  /// One index into ``Aviary/parts`` per pixel, row by row; 0 where the object is not seen.
  public let partMap: [UInt8]
  /// The index into ``Aviary/classes``.
  public let label: Int
  /// The object's visible box in pixels.
  public let box: Box
  /// One sentence about the picture.
  public let caption: String
  /// The parts that can be seen here and taken away in a twin, in the order of ``Aviary/parts``.
  public let twinParts: [String]

  /// A box of whole pixels.
  public struct Box: Sendable, Hashable {
    public let x, y, width, height: Int

    /// The box from its top left corner.
    public init(x: Int, y: Int, width: Int, height: Int) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
  }

  /// How many pixels each part has, by its index.
  public var partAreas: [Int] {
    var areas = [Int](repeating: 0, count: Aviary.parts.count)
    for part in partMap { areas[Int(part)] += 1 }
    return areas
  }
}

/// A data set that draws itself: ten classes of things that share their parts, every part known.
///
/// Scene i is a pure function of (seed, i), the same at every size but for the pixels, and the same
/// bits on every processor.
public struct Aviary: Sendable {
  /// How many scenes.
  public let count: Int
  /// The side of the square pictures in pixels, 32...256.
  public let size: Int
  /// The seed of all randomness.
  public let seed: UInt64
  /// The splits of one seed show different scenes; `all` and `train` are the same.
  public let split: Split

  /// The classes by label.
  public static let classes = AviaryClass.allCases.map { "\($0)" }
  /// The parts by their index in a part map; 0 is the background.
  public static let parts = AviaryPart.allCases.map { "\($0)" }

  /// A data set of `count` scenes of `size` by `size` pixels.
  public init(count: Int, size: Int, seed: UInt64, split: Split = .all) {
    precondition(count >= 0 && (32...256).contains(size), "Aviary: \(count) of size \(size)")
    (self.count, self.size, self.seed, self.split) = (count, size, seed, split)
  }

  // What the random streams are keyed with.
  private var key: UInt64 {
    switch split {
    case .all, .train: seed
    case .validation: seed ^ 1 << 62
    case .test: seed ^ 1 << 63
    }
  }

  /// The class of scene i: every block of ten consecutive scenes holds each class once, in an order of its own.
  public func label(_ i: Int) -> Int {
    let (block, place) = i.quotientAndRemainder(dividingBy: 10)
    var random = CounterRandom(seed: key, purpose: "aviary order", index: block)
    var order = Array(0..<10)
    for last in stride(from: 9, to: 0, by: -1) {
      order.swapAt(last, random.integer(below: last + 1))
    }
    return order[place]
  }

  /// Scene i.
  public func scene(_ i: Int) -> AviaryScene { draw(i, without: nil) }

  /// Scene i with one part taken away and all else as it was; nil where that part is not to be seen.
  public func twin(_ i: Int, removing part: String) -> AviaryScene? {
    guard let index = Aviary.parts.firstIndex(of: part), scene(i).twinParts.contains(part)
    else { return nil }
    return twin(i, without: index)
  }

  /// The same of a part, by its index, that is known to be seen there.
  func twin(_ i: Int, without index: Int) -> AviaryScene? {
    AviaryPart(rawValue: UInt8(index)).map { draw(i, without: $0) }
  }

  private func stream(_ purpose: CounterRandom.Purpose, _ i: Int) -> CounterRandom {
    CounterRandom(seed: key, purpose: purpose, index: i)
  }

  private func draw(_ i: Int, without missing: AviaryPart?) -> AviaryScene {
    let label = self.label(i)
    let kind = AviaryClass(rawValue: label) ?? .bird
    let sketch = AviarySketch(kind, random: stream("aviary object", i))
    var stage = AviaryStage(size: size)
    var backdrop = AviaryBackdrop(random: stream("aviary backdrop", i), awayFrom: sketch.main)
    backdrop.paint(on: &stage)
    secondObject(stream("aviary second object", i), kind, on: &stage)
    var lone = stream("aviary distractors", i)
    for _ in 0..<lone.integer(below: 4) { AviaryBackdrop.distractor(&lone, on: &stage) }
    stage.parts = [UInt8](repeating: 0, count: size * size)

    var surfaces = stream("aviary surface", i)
    let surface = AviarySurface(&surfaces, main: sketch.main)
    let placement = AviaryPlacement(stream("aviary placement", i), sketch, size: size)
    stage.paint(sketch, surface, through: placement.map, without: missing)
    placement.occlude(stream("aviary occlusion", i), on: &stage)
    stage.light(stream("aviary light", i))
    stage.addNoise(stream("aviary noise", i))

    var areas = [Int](repeating: 0, count: Aviary.parts.count)
    for part in stage.parts { areas[Int(part)] += 1 }
    let words = [
      Aviary.article(sketch.main.name), Aviary.classes[label], sketch.remark,
    ].joined(separator: " ")
    let facing = sketch.hasDirection ? ", facing \(placement.isMirrored ? "left" : "right")" : ""
    return AviaryScene(
      image: stage.canvas.image, partMap: stage.parts, label: label,
      box: Aviary.box(stage.parts, size), caption: "\(words)\(facing), \(backdrop.description)",
      twinParts: zip(Aviary.parts, areas).dropFirst().filter { $0.1 >= 2 }.map(\.0))
  }

  private static func article(_ word: String) -> String {
    (word.first.map { "aeiou".contains($0) } == true ? "an " : "a ") + word
  }

  private static func box(_ parts: [UInt8], _ size: Int) -> AviaryScene.Box {
    var (left, right, top, bottom) = (size, -1, size, -1)
    for (index, part) in parts.enumerated() where part > 0 {
      left = min(left, index % size)
      right = max(right, index % size)
      top = min(top, index / size)
      bottom = max(bottom, index / size)
    }
    guard right >= left else { return AviaryScene.Box(x: 0, y: 0, width: 0, height: 0) }
    return AviaryScene.Box(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }

  /// At times a smaller object of another class, out of focus with everything behind.
  private func secondObject(
    _ random: CounterRandom, _ kind: AviaryClass, on stage: inout AviaryStage
  ) {
    var random = random
    let isThere = random.chance(0.15)
    let isBlurred = isThere || random.chance(0.25)
    let other = (kind.rawValue + 1 + random.integer(below: 9)) % 10
    if isThere, let second = AviaryClass(rawValue: other) {
      let sketch = AviarySketch(
        second, random: CounterRandom(seed: random.next(), purpose: "aviary second sketch"))
      let surface = AviarySurface(&random, main: sketch.main)
      let placement = AviaryPlacement(random, sketch, size: size, scales: 0.16...0.26)
      stage.paint(sketch, surface, through: placement.map, marksParts: false)
    }
    if isBlurred { stage.blur(radius: isThere ? 0.03 : random.uniform(in: 0.01...0.03)) }
  }
}
