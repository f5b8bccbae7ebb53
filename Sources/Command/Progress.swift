import AvocetFiles
import AvocetTraining

/// Tells how far a long work is: a bar on a terminal, a plain line per tenth otherwise.
final class Progress {
  /// What is counted.
  enum Unit { case images, bytes, units }

  private let session: Session
  private let title: String
  private let unit: Unit
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var shown: ContinuousClock.Instant
  private var tenth = 0
  private var isDrawn = false

  init(_ session: Session, _ title: String, _ unit: Unit = .images) {
    (self.session, self.title, self.unit) = (session, title, unit)
    start = clock.now
    shown = start
  }

  /// So many of all are done; `total` nil where nobody knows. `detail` is what else there is to say.
  func update(_ done: Int, of total: Int?, detail: String = "") {
    if session.quiet { return }
    let now = clock.now
    let seconds = (now - start) / .seconds(1)
    let speed = Double(done) / max(seconds, 1e-6)
    let rate =
      switch unit {
      case .images: "\(decimal(speed, speed < 10 ? 1 : 0)) images/s"
      case .units: "\(decimal(speed, speed < 10 ? 1 : 0)) units/s"
      case .bytes: "\(decimal(speed / 1e6, 1)) MB/s"
      }
    if session.streams.errorIsTerminal {
      guard now - shown > .milliseconds(100) else { return }
      shown = now
      isDrawn = true
      session.streams.error(
        Array(
          "\r\(bar(done, total))\(detail.isEmpty ? "" : detail + "  ")\(rate)\(left(done, total, speed))\u{1B}[K"
            .utf8))
    } else if let total, total > 0, done * 10 / total > tenth, seconds > 2 {
      tenth = done * 10 / total
      if tenth < 10 {
        let detail = detail.isEmpty ? "" : "\(detail), "
        session.note("\(title): \(tenth * 10) %, \(detail)\(rate)\(left(done, total, speed))")
      }
    }
  }

  private func bar(_ done: Int, _ total: Int?) -> String {
    guard let total, total > 0 else { return "\(title) \(grouped(done))  " }
    let width = 24
    let filled = min(width, done * width / total)
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return "\(title) [\(bar)] \(min(100, done * 100 / total)) %  "
  }

  private func left(_ done: Int, _ total: Int?, _ speed: Double) -> String {
    guard let total, speed > 0, done < total else { return "" }
    return ", \(duration(Double(total - done) / speed)) left"
  }

  /// Clears the bar.
  func end() {
    if isDrawn { session.streams.error(Array("\r\u{1B}[K".utf8)) }
    isDrawn = false
  }
}

/// Seconds as people say them: `42 s`, `3 min 05 s`, `2 h 10 min`.
func duration(_ seconds: Double) -> String {
  let whole = Int(min(max(seconds, 0), 1e9).rounded())
  func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
  if whole < 60 { return "\(whole) s" }
  if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
  return "\(whole / 3600) h \(two(whole / 60 % 60)) min"
}
