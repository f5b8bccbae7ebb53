import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetTraining
import FoundationEssentials
import TestSupport
import Testing

/// What a classifier could know of the aviary without seeing parts: each shortcut has a limit that its accuracy must stay under.
///
/// `AVOCET_PROBES=full` measures on 6,000 and 2,000 pictures of 64 pixels and prints the figures; else a smaller set shows that the probes work.
@Suite struct ShortcutProbes {
  static let isFull = ProcessInfo.processInfo.environment["AVOCET_PROBES"] == "full"

  /// The scenes of a set, drawn by all cores and made into rows of numbers.
  private static func features(
    _ aviary: Aviary, _ row: @Sendable (AviaryScene) -> [Float]
  ) -> Features {
    let width = row(aviary.scene(0)).count
    let rows = FloatBuffer(count: aviary.count * width)
    ThreadTeam(threads: 2).run(aviary.count) { index, _ in
      for (c, number) in row(aviary.scene(index)).enumerated() {
        rows[index * width + c] = number
      }
    }
    var features = Features(width: width)
    features.rows = rows.array
    features.labels = (0..<aviary.count).map(aviary.label)
    return features
  }

  private static let size = isFull ? 64 : 32
  private static let training = Aviary(count: isFull ? 6000 : 600, size: size, seed: 1)
  private static let test = Aviary(count: isFull ? 2000 : 200, size: size, seed: 2)

  /// The accuracy of the probe on what `row` takes from a scene.
  private func accuracy(
    _ name: String, _ row: @Sendable (AviaryScene) -> [Float]
  ) throws -> Double {
    var probe = LinearProbe()
    if !Self.isFull { probe.decays = [0.03] }
    let accuracy = try probe.accuracy(
      training: Self.features(Self.training, row), test: Self.features(Self.test, row))
    if Self.isFull { print("probe \(name): \(decimal(100 * accuracy, 2)) %") }
    return accuracy
  }

  @Test func pixelsAloneTellLittle() throws {
    for side in Self.isFull ? [64, 32, 16, 8] : [16] {
      let found = try accuracy("linear on \(side) x \(side) pixels") { scene in
        scene.image.resized(width: side, height: side).pixels.map { Float($0) }
      }
      #expect(found < 0.4, "\(side) x \(side) pixels")
    }
  }

  @Test func coloursAloneTellAlmostNothing() throws {
    let found = try accuracy("colour histogram") { Self.histogram($0.image) }
    #expect(found < 0.25)
  }

  // 8 levels of each channel together; the root makes rare colours count.
  private static func histogram(_ image: Image) -> [Float] {
    var counts = [Float](repeating: 0, count: 512)
    let pixels = image.pixels
    for i in stride(from: 0, to: pixels.count, by: 3) {
      counts[Int(pixels[i] >> 5) << 6 | Int(pixels[i + 1] >> 5) << 3 | Int(pixels[i + 2] >> 5)] += 1
    }
    return counts.map { ($0 / Float(pixels.count / 3)).squareRoot() }
  }

  @Test func patchesWithoutPlacesTellLittle() throws {
    let pictures = (0..<(Self.isFull ? 500 : 100)).map { Self.training.scene($0).image }
    let bag = PatchBag(
      pictures, words: Self.isFull ? 400 : 50, stride: Self.isFull ? 2 : 4,
      patches: Self.isFull ? 40_000 : 2000, rounds: Self.isFull ? 10 : 4)
    let found = try accuracy("bag of 8 x 8 patches") { bag.features($0.image) }
    #expect(found < 0.5)
    #expect(found > 0.12, "hardly above chance: the probe is broken")
  }

  @Test func theSilhouetteAloneIsNotEnough() throws {
    let found = try accuracy("silhouette") { scene in
      Self.numbers(Self.mask(scene), Self.isFull ? 64 : 16)
    }
    #expect(found < 0.7)
    #expect(found > 0.15, "hardly above chance: the probe is broken")
  }

  private static func numbers(_ image: Image, _ side: Int) -> [Float] {
    let small = image.resized(width: side, height: side)
    return stride(from: 0, to: small.pixels.count, by: 3).map { Float(small.pixels[$0]) }
  }

  private static func mask(_ scene: AviaryScene) -> Image {
    let side = scene.image.width
    return Image(
      width: side, height: side,
      pixels: scene.partMap.flatMap { [UInt8](repeating: $0 > 0 ? 255 : 0, count: 3) })
  }

  private struct SilhouetteSource: DataSource {
    let aviary: Aviary
    var count: Int { aviary.count }
    func label(_ i: Int) -> Int { aviary.label(i) }
    func identifier(_ i: Int) -> String { "silhouette \(i)" }
    func image(_ i: Int) throws(ImageError) -> Image { ShortcutProbes.mask(aviary.scene(i)) }
  }

  // What shape alone is worth to stronger eyes: no shortcut, since a shape is what a bird is known by, but good to know.
  @Test(.enabled(if: isFull, "AVOCET_PROBES=full asks for it"))
  func strongerEyesSeeMoreInASilhouette() throws {
    let cut = try accuracy("silhouette, cut out and stretched") { scene in
      let box = scene.box
      let (width, height) = (max(1, box.width), max(1, box.height))
      let mask = Self.mask(scene).cropped(
        x: box.x, y: box.y, width: width, height: height, background: .black)
      return Self.numbers(mask, 24) + [Float(width) / Float(height), Float(height) / Float(width)]
    }
    let folder = try TemporaryFolder()
    var training = try SmallTraining(in: folder.path)
    training.recipe = try #require(Recipe.named("aviary"))
    training.recipe.architecture = "small"
    training.training = CachedSource(SilhouetteSource(aviary: Self.training))
    training.validation = CachedSource(SilhouetteSource(aviary: Self.test))
    let best = try training.run().compactMap(\.validationTop1).max() ?? 0
    print("probe silhouette, seen by a network: \(decimal(100 * best, 2)) %")
    #expect(cut < 0.7, "cut out and stretched")
    #expect(cut > 0.3 && best > cut)
  }

  @Test func aPlantedShortcutIsFound() throws {
    // A tint of every seventh pixel that says the class: the colour histogram must see it, or its low figure means nothing.
    let found = try accuracy("planted tint") { scene in
      var image = scene.image
      for i in stride(from: 0, to: image.pixels.count / 3, by: 7) {
        image.pixels[3 * i] = UInt8(16 + 32 * (scene.label % 8))
        image.pixels[3 * i + 1] = scene.label < 8 ? 250 : 150
        image.pixels[3 * i + 2] = 250
      }
      return Self.histogram(image)
    }
    #expect(found > 0.8)
  }
}
