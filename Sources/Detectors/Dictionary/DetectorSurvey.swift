import AvocetClassifier
import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetNetworks
import Synchronization

/// Walks over pictures twice: to find each unit's strongest places and the values that count as active, then to hold the active places against the parts.
final class DetectorSurvey: Sendable {
  private let preprocessing: Preprocessing
  private let source: PartSource
  private let bases: Bases
  private let team: ThreadTeam
  private let shouldStop: @Sendable () -> Bool
  private let progress: @Sendable (Int) -> Void
  private let done = Atomic<Int>(0)

  /// `progress` hears how many of twice the pictures are done.
  init(
    _ preprocessing: Preprocessing, _ source: PartSource, _ bases: Bases, team: ThreadTeam,
    shouldStop: @escaping @Sendable () -> Bool, progress: @escaping @Sendable (Int) -> Void
  ) {
    (self.preprocessing, self.source, self.bases, self.team) = (preprocessing, source, bases, team)
    (self.shouldStop, self.progress) = (shouldStop, progress)
  }

  /// What the first walk finds.
  struct First: Sendable {
    var histograms: [ActivationHistogram]
    var places: StrongestPlaces
    var means: UnitMeans
    /// Of each part, by its index.
    var partPixels: [Int]
    var pictures = 0
    /// Pictures whose parts are known.
    var known = 0
    var refused: [Int: String] = [:]
  }

  /// What the second walk finds.
  struct Second: Sendable {
    var tallies: [PartTally]
    /// Pictures of odd number whose parts are known.
    var measured = 0
    /// By half and part: its pixels, the pictures that show it, those that have its point.
    var pixels, pictures, pointed: [[Int]]
    /// By part: the odd pictures where the middle of the object's box is at the part, and near its point.
    var centerHits, centerNear: [Int]
    /// By part: the sum, over the odd pictures, of the chances of a blind guess, in 2^-20.
    var pointingChance, nearChance: [Int]
    /// The strongest places' patches, by unit and rank.
    var patches: [Int: [Int: Image]] = [:]
  }

  private static let chunk = 8

  // One thread's state; it belongs to one thread at a time.
  private final class Box<State> {
    var state: State
    init(_ state: State) { self.state = state }
  }

  // Shares the pictures out, a few at a time; each thread has its own state.
  private func walk<State>(
    from start: State, _ body: (inout State, Bases.Workspaces, Int) -> Void,
    merge: (inout State, State) -> Void
  ) -> State {
    let boxes = (0..<team.threadCount).map { _ in Box(start) }
    let workspaces = (0..<team.threadCount).map { _ in Bases.Workspaces(bases) }
    let count = source.pictures.count
    team.run((count + Self.chunk - 1) / Self.chunk) { task, worker in
      let range = task * Self.chunk..<min(count, (task + 1) * Self.chunk)
      if shouldStop() { return }
      for index in range { body(&boxes[worker].state, workspaces[worker], index) }
      progress(done.add(range.count, ordering: .relaxed).newValue)
    }
    var result = start
    for box in boxes { merge(&result, box.state) }
    return result
  }

  /// The strongest places, and how often each value is taken.
  func firstWalk() -> First {
    let (table, parts) = (bases.table, source.names.count)
    let start = First(
      histograms: bases.bases.map { _ in ActivationHistogram(units: table.count) },
      places: StrongestPlaces(units: table.count),
      means: UnitMeans(units: table.count),
      partPixels: [Int](repeating: 0, count: parts))
    return walk(from: start) { [self] state, workspaces, index in
      let view: Image
      do throws(ImageError) {
        let (image, truth) = try source.picture(index)
        view = preprocessing.view(of: image)
        if let truth {
          let seen = PartView(truth, parts: parts, preprocessing)
          for part in seen.present { state.partPixels[part] += seen.areas[part] }
          state.known += 1
        }
      } catch {
        state.refused[index] = error.message
        return
      }
      let maps = bases.maps(view, workspaces)
      guard state.means.add(maps[0], of: table) else {
        state.refused[index] = "what the network makes of it is not finite"
        return
      }
      state.pictures += 1
      for (basis, levels) in maps.enumerated() {
        for (part, values) in zip(table.parts, levels) {
          let channels = part.shape.channels
          state.histograms[basis].add(values, channels: channels, from: part.first)
          if basis == 0 {
            state.places.add(
              values, columns: part.shape.columns, channels: channels, from: part.first,
              picture: index)
          }
        }
      }
    } merge: { result, other in
      for i in result.histograms.indices { result.histograms[i].add(other.histograms[i]) }
      result.places.add(other.places)
      result.means.add(other.means)
      for i in result.partPixels.indices { result.partPixels[i] += other.partPixels[i] }
      result.pictures += other.pictures
      result.known += other.known
      result.refused.merge(other.refused) { first, _ in first }
    }
  }

  /// Holds the active places against the parts, and cuts the patches out.
  func secondWalk(_ first: First, _ tallies: [PartTally]) -> Second {
    let parts = source.names.count
    let zeros = [Int](repeating: 0, count: parts)
    let start = Second(
      tallies: tallies, pixels: [zeros, zeros], pictures: [zeros, zeros], pointed: [zeros, zeros],
      centerHits: zeros, centerNear: zeros, pointingChance: zeros, nearChance: zeros)
    var wanted: [Int: [(unit: Int, rank: Int, place: StrongPlace)]] = [:]
    for (unit, places) in first.places.places.enumerated() {
      for (rank, place) in places.enumerated() {
        wanted[place.picture, default: []].append((unit, rank, place))
      }
    }
    let patches = wanted
    return walk(from: start) { [self] state, workspaces, index in
      let cuts = patches[index] ?? []
      guard first.refused[index] == nil, !(tallies.isEmpty && cuts.isEmpty),
        let (image, truth) = try? source.picture(index)
      else { return }
      let view = preprocessing.view(of: image)
      for cut in cuts {
        let field = bases.table.part(of: cut.unit).field
        state.patches[cut.unit, default: [:]][cut.rank] = view.patch(
          field.rectangle(row: cut.place.row, column: cut.place.column))
      }
      if let truth, !tallies.isEmpty {
        let seen = PartView(truth, parts: parts, preprocessing)
        score(seen, view, half: index % 2, workspaces, &state)
      }
    } merge: { result, other in
      for i in result.tallies.indices { result.tallies[i].add(other.tallies[i]) }
      result.measured += other.measured
      for half in 0..<2 {
        for part in 0..<parts {
          result.pixels[half][part] += other.pixels[half][part]
          result.pictures[half][part] += other.pictures[half][part]
          result.pointed[half][part] += other.pointed[half][part]
        }
      }
      for part in 0..<parts {
        result.centerHits[part] += other.centerHits[part]
        result.centerNear[part] += other.centerNear[part]
        result.pointingChance[part] += other.pointingChance[part]
        result.nearChance[part] += other.nearChance[part]
      }
      for (unit, ranks) in other.patches {
        result.patches[unit, default: [:]].merge(ranks) { first, _ in first }
      }
    }
  }

  private func score(
    _ seen: PartView, _ view: Image, half: Int, _ workspaces: Bases.Workspaces,
    _ state: inout Second
  ) {
    state.measured += half
    let (x, y) = seen.center
    for part in seen.present {
      state.pixels[half][part] += seen.areas[part]
      state.pictures[half][part] += 1
      if seen.isNear(part, 0, 0) != nil { state.pointed[half][part] += 1 }
      if half == 1 {
        if seen.isHit(part, x, y) { state.centerHits[part] += 1 }
        if seen.isNear(part, x, y) == true { state.centerNear[part] += 1 }
        let chance = seen.chance(part)
        state.pointingChance[part] += Int(chance.pointing * 0x1p20)
        state.nearChance[part] += Int(chance.near * 0x1p20)
      }
    }
    for (basis, levels) in bases.maps(view, workspaces).enumerated() {
      for (part, values) in zip(bases.table.parts, levels) {
        state.tallies[basis].add(values, part, seen, half: half)
      }
    }
  }
}

extension Image {
  /// What a unit saw: its whole field, grey where it reaches beyond the view; of a field larger than the view, the view.
  func patch(_ field: Rectangle) -> Image {
    if field.width >= Double(width), field.height >= Double(height) { return self }
    return cropped(
      x: Int(field.x), y: Int(field.y), width: Int(field.width), height: Int(field.height),
      background: RGB(128, 128, 128))
  }
}
