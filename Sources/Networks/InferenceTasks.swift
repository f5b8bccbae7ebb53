import AvocetKernels

/// A part of a run's work: what a thread does at a stretch. Shared: the threads would count the references of a copy's parts one by one.
final class InferenceTask: Sendable {
  /// What is done for the pictures.
  enum Work {
    /// One step, or a part of it.
    case step(Int, StepPart?)
    /// A part of a segment, in strips.
    case strips
    /// Segments of a phase, one after the other.
    case segments(Range<Int>)
  }
  let work: Work
  let pictures: Range<Int>
  /// The strips: for the worker that has just done the task before, and for any other. Beside the case, for who took them out of it would count their references.
  let following, alone: [StripAction]

  init(_ work: Work, _ pictures: Range<Int>) {
    (self.work, self.pictures, following, alone) = (work, pictures, [], [])
  }

  init(following: [StripAction], alone: [StripAction], _ picture: Int) {
    (work, pictures) = (.strips, picture..<picture + 1)
    (self.following, self.alone) = (following, alone)
  }
}

/// The tasks of a run, and what each needs of the others.
struct InferenceTasks {
  let pictures: Int
  let list: Uncounted<InferenceTask>
  let graph: TaskGraph
}

/// A task of a round, of which the threads take even shares.
private struct Draft {
  let task: InferenceTask
  let owner: Int
  let isMovable: Bool
}

extension InferenceWorkspace {
  /// What so many threads do for so many pictures.
  func tasks(_ pictures: Int, threads: Int) -> InferenceTasks {
    var needs = Needs(self)
    var (list, tasks): ([InferenceTask], [TaskGraph.Task]) = ([], [])
    for (round, drafts) in rounds(pictures, threads).enumerated() {
      let touched = drafts.map { regions($0.task) }
      needs.begin(touched)
      let first = list.count
      for (draft, regions) in zip(drafts, touched) {
        list.append(draft.task)
        tasks.append(
          TaskGraph.Task(
            owner: draft.owner, round: round, isMovable: draft.isMovable,
            needs: needs.of(regions), after: needs.after(regions)))
      }
      for (number, regions) in touched.enumerated() { needs.add(regions, by: first + number) }
    }
    return InferenceTasks(
      pictures: pictures, list: Uncounted(list), graph: TaskGraph(tasks, threads: threads))
  }

  // Rounds of tasks: a step or a segment after the other, or all phases in which a thread takes its pictures in groups.
  private func rounds(_ pictures: Int, _ threads: Int) -> [[Draft]] {
    plan.phases.flatMap { phase in
      if let group = phase.pictures { return [groups(phase, group, pictures, threads)] }
      return plan.segments[phase.segments].map { segment in
        let parts = parts(of: segment, pictures, threads)
        return parts.enumerated().map { number, task in
          let owner = (0..<threads).last { parts.count * $0 / threads <= number } ?? 0
          return Draft(
            task: task, owner: owner, isMovable: number > parts.count * owner / threads)
        }
      }
    }
  }

  // A phase that threads take their own pictures through, a group at a time.
  private func groups(_ phase: Phase, _ group: Int, _ pictures: Int, _ threads: Int) -> [Draft] {
    let groups = phase.groups(of: (pictures + threads - 1) / threads)
    return (0..<threads).flatMap { thread in
      let own = (0..<pictures).part(thread, of: threads)
      return (0..<groups).map {
        Draft(
          task: InferenceTask(.segments(phase.segments), own.part($0, of: groups)), owner: thread,
          isMovable: false)
      }
    }
    .filter { !$0.task.pictures.isEmpty }
  }

  // The parts of a segment that is done by all threads.
  private func parts(
    of segment: Segment, _ pictures: Int, _ threads: Int
  ) -> [InferenceTask] {
    guard segment.parts.isEmpty else {
      return (0..<pictures).flatMap { picture in
        segment.parts.flatMap { part in
          let pieces = part.rest.isEmpty ? [] : [(part.rest, part.restAlone)]
          return ([(part.actions, part.actions)] + pieces).map { following, alone in
            InferenceTask(following: following, alone: alone, picture)
          }
        }
      }
    }
    let position = segment.steps.lowerBound
    let step = prepared.steps[position]
    if isInPlace(step) { return [] }
    let parts = threads == 1 ? [] : parts(of: step, pictures, threads)
    guard parts.isEmpty else {
      return parts.indices.map { number in
        var part = parts[number]
        part.continues = number > 0 && parts[number - 1].rows == part.rows
        return InferenceTask(.step(position, part), 0..<pictures)
      }
    }
    let chunks = min(pictures, threads)
    return (0..<chunks).map {
      InferenceTask(.step(position, nil), (0..<pictures).part($0, of: chunks))
    }
  }

  // What a task reads and writes of the maps that all pictures have in common.
  private func regions(_ task: InferenceTask) -> [Region] {
    switch task.work {
    case .step(let position, let part):
      return regions(prepared.steps[position], part ?? StepPart(), task.pictures)
    case .strips:
      // Who goes on with what is in its windows reads less.
      return task.alone.flatMap {
        regions(prepared.steps[$0.step], StepPart(rows: $0.rows), task.pictures)
      }
    case .segments(let range):
      return plan.segments[range].flatMap { segment in
        prepared.steps[segment.steps].flatMap { regions($0, StepPart(), task.pictures) }
      }
    }
  }

  private func regions(
    _ step: PreparedStep, _ part: StepPart, _ pictures: Range<Int>
  ) -> [Region] {
    let columns = prepared.network.nodes[step.node].shape.columns
    let rows =
      part.rows
      ?? part.pixels.map { $0.lowerBound / columns..<($0.upperBound + columns - 1) / columns }
    func region(_ node: Int, _ rows: Range<Int>?, _ channels: Range<Int>?, written: Bool) -> Region?
    {
      let (place, shape) = (place(node), prepared.network.nodes[node].shape)
      guard !place.isWorkers else { return nil }
      let channels = channels ?? 0..<shape.channels
      return Region(
        buffer: place.buffer, map: plan.wholes[node], isWritten: written, pictures: pictures,
        rows: rows ?? 0..<shape.rows,
        channels: place.channel + channels.lowerBound..<place.channel + channels.upperBound)
    }
    let reads = step.sources.map { source in
      let rows = rows.map { step.rowsRead($0, of: source) }
      return region(source, rows, step.channelsRead(part.columns, of: source), written: false)
    }
    return (reads + [region(step.node, rows, part.columns, written: true)]).compactMap { $0 }
  }
}

extension PreparedStep {
  /// Channels of one of its inputs, or of its residual, that some channels of its result need; nil for all.
  fileprivate func channelsRead(_ channels: Range<Int>?, of source: Int) -> Range<Int>? {
    guard inputs.contains(source) else { return channels }
    switch work {
    case .convolution(let plan, _, _, _): return plan.geometry.isDepthwise ? channels : nil
    case .averagePool: return channels
    default: return nil
    }
  }
}

/// A part of a map.
private struct Region {
  /// The memory in which the map lies.
  let buffer: Int
  let map: Int
  let isWritten: Bool
  let pictures, rows, channels: Range<Int>

  func meets(_ other: Region) -> Bool {
    pictures.overlaps(other.pictures) && rows.overlaps(other.rows)
      && channels.overlaps(other.channels)
  }
}

/// Which tasks have written what, and which maps lie where, round after round.
private struct Needs {
  /// Parts of a map that were written, and by whom; by map.
  private var written: [[(task: Int, region: Region)]]
  /// By buffer: the map in it, and how many tasks there are up to the last that reads or writes it.
  private var maps: [Int?]
  private var users: [Int]
  /// By map: how many there are up to the last that uses what lay in its memory before.
  private var earlier: [Int]

  init(_ workspace: InferenceWorkspace) {
    let (nodes, buffers) = (workspace.plan.places.count, workspace.plan.commonSizes.count)
    written = Array(repeating: [], count: nodes)
    earlier = Array(repeating: 0, count: nodes)
    maps = Array(repeating: nil, count: buffers)
    users = Array(repeating: 0, count: buffers)
  }

  /// A round of tasks is next: the maps that it begins to write take the memory of others.
  mutating func begin(_ round: [[Region]]) {
    for region in round.joined() where region.isWritten && maps[region.buffer] != region.map {
      earlier[region.map] = users[region.buffer]
      maps[region.buffer] = region.map
    }
  }

  /// What a task of the round needs that reads these regions.
  func of(_ regions: [Region]) -> [Int] {
    var needs: Set<Int> = []
    for region in regions where !region.isWritten {
      for (task, other) in written[region.map] where other.meets(region) { needs.insert(task) }
    }
    return needs.sorted()
  }

  /// After how many tasks the memory that a task writes is free.
  func after(_ regions: [Region]) -> Int {
    regions.lazy.filter(\.isWritten).map { earlier[$0.map] }.max() ?? 0
  }

  /// What a task of the round touches.
  mutating func add(_ regions: [Region], by task: Int) {
    for region in regions {
      users[region.buffer] = task + 1
      if region.isWritten { written[region.map].append((task, region)) }
    }
  }
}
