import AvocetClassifier
import AvocetDrawing
import AvocetImages
import AvocetKernels
import AvocetNetworks
import Synchronization

/// How a unit prefers one direction: |Σ r e^{2iθ}| / Σ r over its answers r to gratings of 16 directions θ, 0 for none, 1 for one alone; and the direction in which
/// the stripes run, in degrees, 0 level, counted against the clock.
package struct Orientation: Sendable {
  package let selectivity: Double
  package let degrees: Double

  private static let directions = 16

  /// Of every unit of a level. Each grating is tried with three wavelengths about the field's size and four phases; the best answer counts.
  static func all(_ classifier: Classifier, _ level: UnitTable.Part, team: ThreadTeam)
    -> [Orientation]
  {
    let size = Double(level.field.size)
    let waves = [0.5, 0.8, 1.4].map { max(2.5, $0 * size) }
    let workspaces = (0..<team.threadCount).map { _ in classifier.workspace() }
    let answers = Mutex([[Float]](repeating: [], count: directions))
    team.run(directions) { direction, worker in
      var best = [Float](repeating: 0, count: level.shape.channels)
      for wave in waves {
        for phase in 0..<4 {
          let view = grating(
            classifier.preprocessing, turns: Double(direction) / Double(2 * directions),
            wave: wave, phase: Double(phase) / 4)
          let maps = PictureMaps(view: view, classifier.preprocessing, in: workspaces[worker])
          let middle = level.shape.rows / 2 * level.shape.columns + level.shape.columns / 2
          let values = maps[level.level]
          for unit in best.indices {
            best[unit] = max(best[unit], values[middle * level.shape.channels + unit])
          }
        }
      }
      let found = best
      answers.withLock { $0[direction] = found }
    }
    let table = answers.withLock { $0 }
    return (0..<level.shape.channels).map { unit in Orientation(table.map { $0[unit] }) }
  }

  /// From the answers to the directions.
  package init(_ answers: [Float]) {
    var (x, y, sum) = (0.0, 0.0, 0.0)
    for (direction, answer) in answers.enumerated() {
      let turns = Double(direction) / Double(answers.count)
      x += Double(answer) * Trigonometry.cosine(turns: turns)
      y += Double(answer) * Trigonometry.sine(turns: turns)
      sum += Double(answer)
    }
    selectivity = sum > 0 ? (x * x + y * y).squareRoot() / sum : 0
    // Half of the doubled angle, to the nearest 128th of a turn: enough to name it.
    let best = (0..<128).max {
      let (a, b) = (Double($0) / 128, Double($1) / 128)
      return x * Trigonometry.cosine(turns: a) + y * Trigonometry.sine(turns: a)
        < x * Trigonometry.cosine(turns: b) + y * Trigonometry.sine(turns: b)
    }
    // The light varies along the direction, the stripes run across; rows count downwards.
    let along = Double(best ?? 0) / 256 * 360
    degrees = (270 - along).truncatingRemainder(dividingBy: 180)
  }

  private static func grating(
    _ preprocessing: Preprocessing, turns: Double, wave: Double, phase: Double
  ) -> Image {
    let (cosine, sine) = (
      Trigonometry.cosine(turns: turns), Trigonometry.sine(turns: turns)
    )
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * preprocessing.width * preprocessing.height)
    for y in 0..<preprocessing.height {
      for x in 0..<preprocessing.width {
        let along = (Double(x) * cosine + Double(y) * sine) / wave + phase
        let light = UInt8(128 + 110 * Trigonometry.cosine(turns: along))
        pixels += [light, light, light]
      }
    }
    return Image(width: preprocessing.width, height: preprocessing.height, pixels: pixels)
  }

  /// In words, where it prefers a direction: `level edge`, `edge at 45 degrees`.
  package var name: String? {
    guard selectivity > 0.3 else { return nil }
    switch degrees {
    case ..<11, 169...: return "level edge"
    case 79..<101: return "upright edge"
    default: return "edge at \(Int((degrees / 15).rounded()) * 15)°"
    }
  }
}
