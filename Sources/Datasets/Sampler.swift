import AvocetKernels

/// Which pictures an epoch shows, and in what order.
public enum Sampler: String, Codable, Sendable, CaseIterable {
  /// Every picture once.
  case plain
  /// As many pictures, but every class as often as any other: those of small classes several times, those of large ones not all.
  case balanced

  /// The pictures of an epoch by their index: a function of (labels, seed, epoch).
  public func order(_ labels: [Int], seed: UInt64, epoch: Int) -> [Int] {
    var random = CounterRandom(seed: seed, purpose: "order", epoch: epoch)
    let order = random.permutation(labels.count)
    guard self == .balanced else { return order }
    var members: [Int: [Int]] = [:]
    for index in order { members[labels[index], default: []].append(index) }
    let classes = members.keys.sorted()
    // Round after round a picture of each class; a class that has shown all of its own begins again.
    let shown = labels.indices.map { place in
      let (round, number) = place.quotientAndRemainder(dividingBy: classes.count)
      let own = members[classes[number]] ?? []
      return own[round % own.count]
    }
    return random.permutation(shown.count).map { shown[$0] }
  }
}
