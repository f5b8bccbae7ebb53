import AvocetKernels

/// Steps that follow each other and run strip by strip: a few rows of the last one's map at a time, and of the others what these rows need. What lies between stays
/// in the cache: of each such map only a window of rows is kept, which moves down.
struct Segment {
  /// Positions of the steps.
  let steps: Range<Int>
  /// The parts into which the threads split a picture; one part for a worker alone, none where there is a single step.
  let parts: [SegmentPart]
  /// By node: rows of the window of a map that is never whole.
  let windows: [Int: Int]
}

/// A thread's part of a segment, in one piece or in a large and a small one: another thread can take the small one, if it is done sooner.
struct SegmentPart {
  /// The order of work of the only piece, or of the large one.
  let actions: [StripAction]
  /// That of the small piece for the thread that has just done the large one.
  var rest: [StripAction] = []
  /// The same rows for any other thread.
  var restAlone: [StripAction] = []
}

/// Some rows of one step.
struct StripAction {
  let step: Int
  let rows: Range<Int>
  /// Before it, the window over the map that it writes moves; nil if it stays.
  let move: WindowMove?
}

/// A window moves to begin at row `first`; these rows are in it already and stay.
struct WindowMove {
  let first: Int
  let kept: Range<Int>
}

extension Segment {
  /// Numbers that all windows of a segment may hold, so that they stay in the second-level cache beside the weights; and all its weights.
  private static let windowLimit = 196_608
  private static let weightLimit = 98_304
  /// A map of so few numbers stays in the cache as it is.
  private static let smallMap = 65_536
  /// The fewest pixels of a strip of the last map.
  private static let fewestPixels = 48
  /// The largest share of work done twice, where parts need the same rows.
  private static let mostRepeated = 0.06
  private static let mostSteps = 9

  /// All steps in the segments that leave the fewest numbers to be written to and read from whole large maps, each split into so many parts; `joins` says which
  /// map lies inside which other.
  static func all(_ prepared: PreparedNetwork, _ joins: [Int: Int], parts: Int) -> [Segment] {
    let count = prepared.steps.count
    let nodes = prepared.network.nodes
    func traffic(_ step: PreparedStep, _ windows: [Int: Int]) -> Int {
      ([step.node] + step.sources).reduce(0) { sum, node in
        let map = nodes[joins[node] ?? node].shape.count
        return sum
          + (map > smallMap && windows[joins[node] ?? node] == nil ? nodes[node].shape.count : 0)
      }
    }
    // From the last step to the first: the least traffic of the rest, and the segment that begins it.
    var best = [(traffic: Int, segment: Segment?)](repeating: (0, nil), count: count + 1)
    for first in (0..<count).reversed() {
      for end in first + 1...min(count, first + mostSteps) {
        let single = end == first + 1 ? Segment(steps: first..<end, parts: [], windows: [:]) : nil
        guard
          let segment = single ?? Strips(prepared, joins, first..<end)?.segment(parts: parts)
        else { continue }
        let total = prepared.steps[first..<end].reduce(best[end].traffic) {
          $0 + traffic($1, segment.windows)
        }
        if best[first].segment == nil || total < best[first].traffic {
          best[first] = (total, segment)
        }
      }
    }
    var segments: [Segment] = []
    while let next = best[segments.last?.steps.upperBound ?? 0].segment { segments.append(next) }
    return segments
  }

  /// The chain of a few steps whose maps are read by nobody else.
  private struct Strips {
    let prepared: PreparedNetwork
    let joins: [Int: Int]
    let range: Range<Int>
    var steps: ArraySlice<PreparedStep> { prepared.steps[range] }
    var last: Int { range.upperBound - 1 }

    init?(_ prepared: PreparedNetwork, _ joins: [Int: Int], _ range: Range<Int>) {
      (self.prepared, self.joins, self.range) = (prepared, joins, range)
      var weights = 0
      for (position, step) in zip(range, steps) {
        weights += step.weightCount
        guard step.worksByRows, weights <= weightLimit else { return nil }
        guard position != last else { continue }
        let map = joins[step.node] ?? step.node
        guard !prepared.kept.contains(map) else { return nil }
        for (other, step) in prepared.steps.enumerated() where !range.contains(other) {
          let touches = (step.sources + [step.node]).contains { (joins[$0] ?? $0) == map }
          if touches { return nil }
        }
      }
    }

    func whole(_ node: Int) -> Int { joins[node] ?? node }

    func shape(_ step: Int) -> Shape {
      prepared.network.nodes[prepared.steps[step].node].shape
    }

    /// The segment with the highest strips whose windows fit; nil if none does, or if too much would be done twice.
    func segment(parts: Int) -> Segment? {
      let rows = shape(last).rows
      let unit = prepared.steps[last].rowUnit
      let shares = evenRanges(rows, parts, unit: unit)
      // Of threads that share a picture each has two strips at least, so that another can take the last.
      let highest =
        parts == 1 ? rows : shares.compactMap { pieceBorder($0, unit: unit) }.min() ?? rows
      var best: Segment?
      for height in stride(from: unit, through: max(unit, highest), by: unit)
      where height * shape(last).columns >= fewestPixels || height + unit > rows {
        var windows: [Int: Int] = [:]
        let rests = rests(of: shares, height)
        for rows in shares + rests {
          windows.merge(schedule(rows, height, windows: nil).windows) { max($0, $1) }
        }
        // Room for three strips, so that a window need not move for each.
        windows = windows.mapValues { $0 * 3 }
        let size = windows.reduce(0) { sum, window in
          let shape = prepared.network.nodes[window.key].shape
          return sum + min(window.value, shape.rows) * shape.columns * shape.channels
        }
        if size > windowLimit { break }
        let actions = shares.map { schedule($0, height, windows: windows).actions }
        if work(actions.joined()) > work(schedule(0..<rows, height, windows: windows).actions)
          * (1 + mostRepeated)
        {
          return nil
        }
        let parts = actions.enumerated().map { share, actions in
          guard !rests.isEmpty else { return SegmentPart(actions: actions) }
          let border = rests[share].lowerBound
          let first =
            1 + (actions.firstIndex { $0.step == last && $0.rows.upperBound == border } ?? 0)
          return SegmentPart(
            actions: Array(actions[..<first]), rest: Array(actions[first...]),
            restAlone: schedule(rests[share], height, windows: windows).actions)
        }
        best = Segment(steps: range, parts: parts, windows: windows)
      }
      return best
    }

    // Of every thread's rows the strips of the small piece; none where there is a thread alone or a single strip.
    private func rests(of shares: [Range<Int>], _ height: Int) -> [Range<Int>] {
      let borders = shares.compactMap { pieceBorder($0, unit: height) }
      guard shares.count > 1, borders.count == shares.count else { return [] }
      return zip(borders, shares).map { $0..<$1.upperBound }
    }

    private func work(_ actions: some Sequence<StripAction>) -> Double {
      actions.reduce(0) {
        $0 + Double($1.rows.count * prepared.steps[$1.step].workOfRow(shape($1.step)))
      }
    }

    /// The order of work for some rows of the last map, `height` of them at a time. Without `windows` they are as large as must be.
    private func schedule(_ rows: Range<Int>, _ height: Int, windows: [Int: Int]?) -> (
      actions: [StripAction], windows: [Int: Int]
    ) {
      var actions: [StripAction] = []
      var needed: [Int: Int] = [:]
      var first: [Int: Int] = [:]
      var next = [Int: Int]()
      for top in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
        let wanted = rowsToCompute(top..<min(rows.upperBound, top + height), &next)
        var moves: [Int: WindowMove] = [:]
        for map in Set(steps.dropLast().map { whole($0.node) }) {
          // Where nothing is written nothing moves: all that is read is padding.
          let isWritten = zip(range, steps).contains {
            whole($0.1.node) == map && wanted[$0.0] != nil
          }
          guard isWritten else { continue }
          let end =
            zip(range, steps).filter { whole($0.1.node) == map }
            .map { wanted[$0.0]?.upperBound ?? next[$0.0] ?? 0 }.max() ?? 0
          let done =
            zip(range, steps).filter { whole($0.1.node) == map }
            .map { next[$0.0] ?? 0 }.max() ?? 0
          let start = firstRowRead(map, next)
          needed[map] = max(needed[map] ?? 0, end - start)
          let size = windows?[map] ?? Int.max
          if let old = first[map], end - old <= size { continue }
          moves[map] = WindowMove(
            first: start, kept: first[map] == nil ? start..<start : start..<max(start, done))
          first[map] = start
        }
        for (position, step) in zip(range, steps) {
          guard let rows = wanted[position] else { continue }
          let map = whole(step.node)
          actions.append(
            StripAction(
              step: position, rows: rows,
              move: position == last ? nil : moves.removeValue(forKey: map)))
          next[position] = rows.upperBound
        }
      }
      return (actions, needed)
    }

    // What each step computes for these rows of the last map: from where it stands to what its readers need.
    private func rowsToCompute(_ rows: Range<Int>, _ next: inout [Int: Int]) -> [Int: Range<Int>] {
      var wanted: [Int: Range<Int>] = [:]
      var demand = [prepared.steps[last].node: rows]
      for position in range.reversed() {
        let step = prepared.steps[position]
        guard let rows = demand[step.node] else { continue }
        let unit = step.rowUnit
        let begin = next[position] ?? rows.lowerBound / unit * unit
        next[position] = begin
        let end = min(shape(position).rows, (rows.upperBound + unit - 1) / unit * unit)
        guard end > begin else { continue }
        wanted[position] = begin..<end
        for source in step.sources where steps.contains(where: { $0.node == source }) {
          let read = step.rowsRead(begin..<end, of: source)
          let old = demand[source] ?? read
          demand[source] =
            min(
              old.lowerBound, read.lowerBound)..<max(
              old.upperBound, read.upperBound)
        }
      }
      return wanted
    }

    // The first row of a map that a step still reads.
    private func firstRowRead(_ map: Int, _ next: [Int: Int]) -> Int {
      var row = prepared.network.nodes[map].shape.rows
      for (position, step) in zip(range, steps) {
        guard let at = next[position], at < shape(position).rows else { continue }
        for source in step.sources where whole(source) == map {
          row = min(row, step.rowsRead(at..<at + 1, of: source).lowerBound)
        }
      }
      return row
    }
  }
}

/// Even ranges that begin at multiples of `unit`.
func evenRanges(_ count: Int, _ parts: Int, unit: Int) -> [Range<Int>] {
  let units = (count + unit - 1) / unit
  let parts = max(1, min(units, parts))
  return (0..<parts).map {
    units * $0 / parts * unit..<min(count, units * ($0 + 1) / parts * unit)
  }
}

/// Where a thread's range falls into a large piece and a small one, about a quarter, which another thread can take that is done sooner: its core may be faster, or have
/// less else to do. Nil if a piece would have fewer units than `fewest`.
func pieceBorder(_ range: Range<Int>, unit: Int, fewest: Int = 1) -> Int? {
  let units = (range.count + unit - 1) / unit
  guard units / 2 >= fewest else { return nil }
  return range.lowerBound + (units - max(fewest, (units + 2) / 4)) * unit
}

extension PreparedStep {
  /// Whether its rows can be computed one after the other.
  fileprivate var worksByRows: Bool {
    switch work {
    case .dense, .averagePool: false
    default: true
    }
  }

  /// Rows that belong together.
  var rowUnit: Int {
    if case .convolution(let plan, _, _, _) = work { return plan.rowUnit }
    return 1
  }

  /// Rows of one of its inputs, or of its residual, that some rows of its result need.
  func rowsRead(_ rows: Range<Int>, of source: Int) -> Range<Int> {
    guard inputs.contains(source) else { return rows }
    let read = inputRowsRead(rows)
    guard source == residual else { return read }
    return min(read.lowerBound, rows.lowerBound)..<max(read.upperBound, rows.upperBound)
  }

  private func inputRowsRead(_ rows: Range<Int>) -> Range<Int> {
    switch work {
    case .convolution(let plan, _, _, _): return plan.inputRows(for: rows)
    case .maxPool(let g):
      let first = max(0, min(g.inputRows, rows.lowerBound * g.rowStride - g.padding.top))
      let end = (rows.upperBound - 1) * g.rowStride - g.padding.top + g.windowRows
      return first..<max(first, min(g.inputRows, end))
    default: return rows
    }
  }

  /// Multiply-adds of a row of its result, or numbers where there are none.
  fileprivate func workOfRow(_ shape: Shape) -> Int {
    if case .convolution(let plan, _, _, _) = work {
      return plan.geometry.multiplyAdds / max(1, shape.rows)
    }
    return shape.columns * shape.channels
  }
}
