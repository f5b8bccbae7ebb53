import AvocetKernels

/// What lies between two maps of a finished network, ready to be asked for values and gradients: for the tail behind a level, or the whole from pixels to logits.
///
/// Batch norms use their stored statistics, as when classifying. Not for use from several threads at once; the work inside is shared out over the team.
public final class NetworkSection {
  /// The shapes of what goes in and of what comes out.
  public let input, output: Shape
  /// Maps that are worked on at once.
  public let batch: Int
  private let parameters: Parameters
  private let workspace: TrainingWorkspace

  /// The section from node `first` to node `last`; nil where `last` can be reached past `first`, or does not come after it.
  public init?(
    _ network: Network, _ parameters: Parameters, from first: Int, to last: Int, batch: Int = 8,
    team: ThreadTeam
  ) {
    guard let section = network.section(from: first, to: last) else { return nil }
    (input, output, self.batch) = (network.nodes[first].shape, network.nodes[last].shape, batch)
    self.parameters = Parameters(section, of: parameters)
    workspace = TrainingWorkspace(section, batch: batch, team: team, inspecting: true)
  }

  /// What comes out for each of the maps.
  public func values(at maps: [[Float]]) -> [[Float]] {
    groups(of: maps) { count in
      let size = output.count
      return (0..<count).map {
        Array(UnsafeBufferPointer(start: workspace.logits + $0 * size, count: size))
      }
    }
  }

  /// For each of the maps, Σ score_i y_i over the output y.
  public func scores(at maps: [[Float]], of score: [Float]) -> [Double] {
    values(at: maps).map { output in
      zip(output, score).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
  }

  /// For each of the maps, Σ score_i y_i over the output y, and its gradient with respect to the map.
  public func gradients(at maps: [[Float]], of score: [Float]) -> [(
    value: Double, gradient: [Float]
  )] {
    gradients(at: maps, of: maps.map { _ in score })
  }

  /// The same with a score of its own for each of the maps.
  public func gradients(at maps: [[Float]], of scores: [[Float]]) -> [(
    value: Double, gradient: [Float]
  )] {
    precondition(
      scores.count == maps.count && scores.allSatisfy { $0.count == output.count },
      "\(scores.count) scores for \(maps.count) maps and \(output)")
    var first = 0
    return groups(of: maps) { count in
      let group = scores[first..<first + count]
      first += count
      let values = group.enumerated().map { image, score in
        score.indices.reduce(0.0) {
          $0 + Double(score[$1]) * Double(workspace.logits[image * score.count + $1])
        }
      }
      for (image, score) in group.enumerated() {
        for (i, weight) in score.enumerated() {
          workspace.logitsGradient[image * score.count + i] = weight
        }
      }
      workspace.backward(parameters)
      return values.enumerated().map { image, value in
        let start = workspace.inputGradient + image * input.count
        return (value, Array(UnsafeBufferPointer(start: start, count: input.count)))
      }
    }
  }

  // Runs the section over the maps, a batch at a time; `read` takes the results of one.
  private func groups<Result>(of maps: [[Float]], _ read: (Int) -> [Result]) -> [Result] {
    var results: [Result] = []
    for start in stride(from: 0, to: maps.count, by: batch) {
      let group = maps[start..<min(maps.count, start + batch)]
      for (image, map) in group.enumerated() {
        precondition(map.count == input.count, "a map of \(map.count) numbers for \(input)")
        let to = workspace.input + image * input.count
        for i in 0..<map.count { to[i] = map[i] }
      }
      workspace.forward(parameters, images: group.count)
      results += read(group.count)
    }
    return results
  }
}
