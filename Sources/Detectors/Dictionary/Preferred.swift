import AvocetClassifier
import AvocetImages
import AvocetKernels
import AvocetNetworks

extension DetectorDictionary {
  /// Finds for every unit a picture that excites it: from noise, uphill along the gradient of its value in the middle of the map, with the usual means against mere
  /// noise: the picture is moved by a pixel or two before every step, blurred a little after, and its colours stay possible (Olah, Mordvintsev and Schubert 2017).
  public mutating func optimise(
    _ attribution: Attribution, steps: Int = 64, seed: UInt64, shouldStop: () -> Bool,
    progress: (Int) -> Void
  ) {
    let classifier = attribution.classifier
    var done = 0
    for part in UnitTable(classifier.network).parts {
      // Before the nonlinearity, which gives no direction where a unit is silent.
      let level = classifier.network.nodes[part.node]
      var target = part.node
      if case .activation = level.operation { target = level.inputs[0] }
      guard let section = attribution.section(from: 0, to: target) else { continue }
      let ascent = Ascent(classifier.preprocessing, part, section, seed: seed, steps: steps)
      for first in stride(from: 0, to: part.shape.channels, by: section.batch) {
        if shouldStop() { return }
        let units = first..<min(part.shape.channels, first + section.batch)
        for (unit, picture) in zip(units, ascent.pictures(of: units)) {
          let index = detectors.firstIndex { $0.level == part.level && $0.unit == unit }
          if let index { detectors[index].preferred = picture }
        }
        done += units.count
        progress(done)
      }
    }
  }
}

/// One level's search for the pictures that excite its units.
private struct Ascent {
  let preprocessing: Preprocessing
  let part: UnitTable.Part
  let section: NetworkSection
  let seed: UInt64
  let steps: Int

  init(
    _ preprocessing: Preprocessing, _ part: UnitTable.Part, _ section: NetworkSection,
    seed: UInt64, steps: Int
  ) {
    (self.preprocessing, self.part, self.section) = (preprocessing, part, section)
    (self.seed, self.steps) = (seed, steps)
  }

  private var width: Int { preprocessing.width }
  private var height: Int { preprocessing.height }
  private var channels: Int { preprocessing.channels }

  func pictures(of units: Range<Int>) -> [Image] {
    var random = CounterRandom(seed: seed, purpose: "preferred picture", index: part.first)
    let (row, column) = (part.shape.rows / 2, part.shape.columns / 2)
    let middle = (row * part.shape.columns + column) * part.shape.channels
    let scores = units.map { unit in
      (0..<part.shape.count).map { Float($0 == middle + unit ? 1 : 0) }
    }
    var maps = units.map { _ in
      (0..<preprocessing.count).map { number(of: Float(random.uniform(0.42, 0.58)), $0) }
    }
    for step in 0..<steps {
      let (x, y) = (random.integer(below: 5) - 2, random.integer(below: 5) - 2)
      let moved = maps.map { shifted($0, x, y) }
      for (i, found) in section.gradients(at: moved, of: scores).enumerated() {
        let gradient = shifted(found.gradient, -x, -y)
        let length = gradient.reduce(0) { $0 + $1 * $1 } / Float(gradient.count)
        guard length > 0 else { continue }
        // The steps become shorter towards the end, and the blur ends before it.
        let rate = 0.35 * Float(steps - step) / Float(steps) / length.squareRoot()
        for j in maps[i].indices { maps[i][j] += rate * gradient[j] }
        if step % 4 == 0, step < steps * 3 / 4 { maps[i] = smoothed(maps[i]) }
        for j in maps[i].indices {
          maps[i][j] = min(number(of: 1, j), max(number(of: 0, j), maps[i][j]))
        }
      }
    }
    let field = part.field.rectangle(row: row, column: column)
    return maps.map { image($0).patch(field) }
  }

  // What the network takes for the light `share` of 0...1 in the channel that index i belongs to.
  private func number(of share: Float, _ i: Int) -> Float {
    (share - preprocessing.mean[i % channels]) / preprocessing.deviation[i % channels]
  }

  private func shifted(_ map: [Float], _ x: Int, _ y: Int) -> [Float] {
    var result = map
    for row in 0..<height {
      let from = (row + y + height) % height
      for column in 0..<width {
        let source = (from * width + (column + x + width) % width) * channels
        for c in 0..<channels { result[(row * width + column) * channels + c] = map[source + c] }
      }
    }
    return result
  }

  private func smoothed(_ map: [Float]) -> [Float] {
    var result = map
    for row in 0..<height {
      for column in 0..<width {
        for c in 0..<channels {
          func at(_ r: Int, _ k: Int) -> Float {
            map[
              (min(height - 1, max(0, r)) * width + min(width - 1, max(0, k))) * channels + c]
          }
          let around =
            at(row - 1, column) + at(row + 1, column) + at(row, column - 1) + at(row, column + 1)
          result[(row * width + column) * channels + c] = 0.6 * at(row, column) + 0.1 * around
        }
      }
    }
    return result
  }

  private func image(_ map: [Float]) -> Image {
    let bytes = map.indices.map { i in
      let light = map[i] * preprocessing.deviation[i % channels] + preprocessing.mean[i % channels]
      return UInt8(max(0, min(255, light * 255)).rounded())
    }
    return Image(
      width: width, height: height,
      pixels: channels == 3 ? bytes : bytes.flatMap { [$0, $0, $0] })
  }
}
