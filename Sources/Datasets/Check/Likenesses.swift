import AvocetKernels
import Synchronization

/// Two pictures that show the same.
public struct Likeness: Sendable, Hashable {
  /// The indices of the two in the survey, the smaller first.
  public let first, second: Int
  /// 1 for equal pixels; else the smaller correlation, of colours or of edges.
  public let similarity: Float
  /// Whether every pixel is equal.
  public let isExact: Bool

  /// The given facts.
  public init(first: Int, second: Int, similarity: Float, isExact: Bool) {
    (self.first, self.second) = (first, second)
    (self.similarity, self.isExact) = (similarity, isExact)
  }
}

extension Survey {
  /// How much alike the colours and the edges of near duplicates must be.
  ///
  /// Of copies at JPEG quality 60, at two thirds or twice the size, or a tenth brighter, 99 % and more pass, be they photographs, CIFAR-10's or (sizes apart)
  /// Fashion-MNIST's. Of the 18 million pairs among 6,000 pictures none passed in CIFAR-10 and 59 in Fashion-MNIST, whose coats resemble one another.
  static let nearColours: Float = 0.975
  static let nearEdges: Float = 0.97
  /// Of how many of 64 bits the perceptual hashes of near duplicates differ at most.
  static let nearBits = 7

  /// The pairs of equal and nearly equal pictures, in the order of their indices.
  ///
  /// Of pictures with equal pixels, each is paired with the first of them, and only the first with those that it resembles. Candidates are found by
  /// multi-index hashing (Norouzi, Punjani and Fleet 2012): of hashes that differ in at most seven of 64 bits, one of four quarters differs in at most one.
  public func likenesses(team: ThreadTeam) -> [Likeness] {
    var firsts: [[UInt8]: Int] = [:]
    var (exact, single): ([Likeness], [Int]) = ([], [])
    for (index, entry) in entries.enumerated() {
      if let first = firsts[entry.fingerprint.digest] {
        exact.append(Likeness(first: first, second: index, similarity: 1, isExact: true))
      } else {
        firsts[entry.fingerprint.digest] = index
        // A picture of one colour resembles nothing.
        if !entry.fingerprint.isFlat { single.append(index) }
      }
    }
    let found = Mutex(exact)
    let quarters = (0..<4).map { quarter in
      QuarterIndex(single.map { Self.quarter(quarter, of: entries[$0].fingerprint.hash) })
    }
    let chunk = 64
    team.run((single.count + chunk - 1) / chunk) { task, _ in
      var near: [Likeness] = []
      for place in task * chunk..<min(single.count, (task + 1) * chunk) {
        near += resembling(place, single, quarters)
      }
      if !near.isEmpty { found.withLock { $0 += near } }
    }
    return found.withLock { $0 }.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
  }

  // The pictures behind `place` in the list that resemble the one there.
  private func resembling(_ place: Int, _ single: [Int], _ quarters: [QuarterIndex]) -> [Likeness] {
    let own = entries[single[place]].fingerprint
    var near: [Likeness] = []
    for (number, quarter) in quarters.enumerated() {
      let key = Self.quarter(number, of: own.hash)
      for flip in 0...16 {
        let probe = flip == 16 ? key : key ^ (1 << UInt16(flip))
        for other in quarter.places(probe) where other > place {
          let candidate = entries[single[other]].fingerprint
          let difference = own.hash ^ candidate.hash
          guard difference.nonzeroBitCount <= Self.nearBits else { continue }
          // The first quarter that would find the pair has it.
          let finder = (0..<4).first { Self.quarter($0, of: difference).nonzeroBitCount <= 1 }
          guard finder == number else { continue }
          let (colours, edges) = own.likeness(to: candidate)
          if colours >= Self.nearColours, edges >= Self.nearEdges {
            near.append(
              Likeness(
                first: single[place], second: single[other], similarity: min(colours, edges),
                isExact: false))
          }
        }
      }
    }
    return near
  }

  private static func quarter(_ number: Int, of hash: UInt64) -> UInt16 {
    UInt16(truncatingIfNeeded: hash >> UInt64(16 * number))
  }
}

// The places of every key of 16 bits, in order.
private struct QuarterIndex: Sendable {
  private var starts = [Int32](repeating: 0, count: 65_537)
  private var sorted: [Int32]

  init(_ keys: [UInt16]) {
    for key in keys { starts[Int(key) + 1] += 1 }
    for key in 0..<65_536 { starts[key + 1] += starts[key] }
    var next = starts
    sorted = [Int32](repeating: 0, count: keys.count)
    for (place, key) in keys.enumerated() {
      sorted[Int(next[Int(key)])] = Int32(place)
      next[Int(key)] += 1
    }
  }

  func places(_ key: UInt16) -> some Sequence<Int> {
    sorted[Int(starts[Int(key)])..<Int(starts[Int(key) + 1])].lazy.map { Int($0) }
  }
}

/// Pictures that hang together: each resembles another of them.
public struct LikenessGroups: Sendable {
  /// The members' indices in the survey, each group in order, two and more in each.
  public let groups: [[Int]]

  /// Joins the pictures of `pairs` (union-find) among `count`.
  public init(_ pairs: [Likeness], count: Int) {
    var parents = Array(0..<count)
    func root(_ index: Int) -> Int {
      var index = index
      while parents[index] != index {
        parents[index] = parents[parents[index]]
        index = parents[index]
      }
      return index
    }
    for pair in pairs {
      let (a, b) = (root(pair.first), root(pair.second))
      parents[max(a, b)] = min(a, b)
    }
    var members: [Int: [Int]] = [:]
    for pair in pairs {
      for index in [pair.first, pair.second] { members[root(index), default: []].append(index) }
    }
    groups = members.sorted { $0.key < $1.key }.map { Array(Set($0.value)).sorted() }
  }
}
