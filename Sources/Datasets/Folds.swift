import AvocetKernels

/// The fold, from 0, in which each picture is held out: of every class as equal numbers as can be, the folds themselves as well. A class of one picture is never held out (nil).
///
/// A function of (labels, folds, seed).
public func stratifiedFolds(_ labels: [Int], folds: Int, seed: UInt64) -> [Int?] {
  precondition(folds > 1, "stratifiedFolds: \(folds) folds")
  var result = [Int?](repeating: nil, count: labels.count)
  var next = 0
  for indices in shuffledClasses(labels, seed: seed) where indices.count > 1 {
    for index in indices {
      result[index] = next % folds
      next += 1
    }
  }
  return result
}

/// A share of the pictures of every class, at least one of each, in the order of their indices; a smaller share is a part of a larger one.
///
/// A function of (labels, share, seed).
public func stratifiedShare(_ labels: [Int], share: Double, seed: UInt64) -> [Int] {
  shuffledClasses(labels, seed: seed).flatMap { indices in
    indices.prefix(max(1, Int((Double(indices.count) * share).rounded())))
  }.sorted()
}

// The indices of each class in a random order.
private func shuffledClasses(_ labels: [Int], seed: UInt64) -> [[Int]] {
  var members: [Int: [Int]] = [:]
  for (index, label) in labels.enumerated() { members[label, default: []].append(index) }
  return members.sorted { $0.key < $1.key }.map { label, indices in
    var random = CounterRandom(seed: seed, purpose: "folds", index: label)
    return random.permutation(indices.count).map { indices[$0] }
  }
}
