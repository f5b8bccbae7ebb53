import AvocetFiles

// What follows from the judgements of all pictures together.
extension Evaluation {
  /// Pictures whose most probable class is the true one.
  public var correct: Int { judgements.count { $0.isRight } }
  /// The share of them.
  public var top1: Double { Double(correct) / Double(max(1, judgements.count)) }
  /// Pictures whose true class is among the five most probable.
  public var correctTop5: Int { judgements.count { $0.isAmongTop(5) } }

  /// The mean cross-entropy in nats, probabilities held above 10^-12.
  public var loss: Double {
    mean { -logarithm(max(Double($0.probabilities[$0.truth]), 1e-12)) }
  }

  /// The mean of Σ_c (p_c - y_c)², y being 1 for the true class and 0 for the others: 0 at best, 2 at worst (Brier 1950).
  public var brierScore: Double {
    mean { judgement in
      judgement.probabilities.enumerated().reduce(0) { sum, next in
        let miss = Double(next.element) - (next.offset == judgement.truth ? 1 : 0)
        return sum + miss * miss
      }
    }
  }

  private func mean(_ value: (Judgement) -> Double) -> Double {
    judgements.reduce(0) { $0 + value($1) } / Double(max(1, judgements.count))
  }

  /// The wrong pictures, the most confident first.
  public var mistakes: [Judgement] {
    judgements.filter { !$0.isRight }.sorted {
      ($1.confidence, $0.index) < ($0.confidence, $1.index)
    }
  }

  /// Rows are true classes, columns predicted ones.
  public var confusion: [[Int]] {
    var table = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
    for judgement in judgements { table[judgement.truth][judgement.predicted] += 1 }
    return table
  }

  /// Wilson's 95 % interval of a share (Wilson 1927).
  public static func interval(_ correct: Int, of count: Int) -> (low: Double, high: Double) {
    guard count > 0 else { return (0, 1) }
    let (n, z) = (Double(count), normalQuantile)
    let p = Double(correct) / n
    let middle = p + z * z / (2 * n)
    let spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return (max(0, (middle - spread) / scale), min(1, (middle + spread) / scale))
  }

  /// A share of pictures in words: `95.31 % (1,906 of 2,000; 95 % interval 94.30-96.15)`.
  public static func share(_ correct: Int, of count: Int) -> String {
    let (low, high) = interval(correct, of: count)
    return
      "\(percent(Double(correct) / Double(max(1, count)))) (\(grouped(correct)) of \(grouped(count)); 95 % interval \(decimal(100 * low, 2))-\(decimal(100 * high, 2)))"
  }

  /// The figures that sum a split up, each with its name.
  public var figures: [(name: String, value: String)] {
    let count = judgements.count
    var figures = [("top-1", Self.share(correct, of: count))]
    if classes.count > 5 { figures.append(("top-5", Self.share(correctTop5, of: count))) }
    let average = macroAverage
    figures += [
      (
        "macro F1",
        "\(percent(average.f1)) (precision \(decimal(100 * average.precision, 2)), recall \(decimal(100 * average.recall, 2)))"
      ),
      ("calibration error", calibrationInWords), ("cross-entropy", "\(decimal(loss, 4)) nats"),
      ("Brier score", decimal(brierScore, 4)),
    ]
    return figures
  }

  private var calibrationInWords: String {
    let now = percent(Calibration(self).error)
    if temperature == 1 { return "\(now) (\(Calibration.binCount) bins)" }
    return
      "\(now) (\(Calibration.binCount) bins; \(decimal(100 * Calibration(at(temperature: 1)).error, 2)) before the temperature \(decimal(temperature, 2)))"
  }
}

/// The standard normal distribution's 97.5 % point.
package let normalQuantile = 1.959964

/// A share as a percentage of two decimals.
func percent(_ share: Double) -> String { "\(decimal(100 * share, 2)) %" }

/// How well one class is found and named.
public struct ClassFigures: Sendable, Hashable {
  /// The class.
  public let name: String
  /// Pictures of the class; those of them called so; pictures of any class called so.
  public let pictures, correct, predictions: Int
  /// What pictures of the class are most often taken for, and how many; the first of equals.
  public let confusedWith: Confusion?

  /// A wrong answer and how often it was given.
  public struct Confusion: Sendable, Hashable {
    /// The class that was said.
    public let name: String
    /// How many pictures.
    public let count: Int
  }

  /// Right ones among the pictures called so; 0 if none is.
  public var precision: Double { Double(correct) / Double(max(1, predictions)) }
  /// Right ones among the pictures of the class; 0 if there are none.
  public var recall: Double { Double(correct) / Double(max(1, pictures)) }
  /// The harmonic mean of both, 2 correct / (pictures + predictions).
  public var f1: Double { 2 * Double(correct) / Double(max(1, pictures + predictions)) }
}

extension Evaluation {
  /// A line for each class, in the model's order.
  public var classFigures: [ClassFigures] {
    let table = confusion
    return classes.indices.map { label in
      let row = table[label]
      var worst: Int?
      for (other, count) in row.enumerated()
      where other != label && count > (worst.map { row[$0] } ?? 0) { worst = other }
      return ClassFigures(
        name: classes[label], pictures: row.reduce(0, +), correct: row[label],
        predictions: table.reduce(0) { $0 + $1[label] },
        confusedWith: worst.map { .init(name: classes[$0], count: row[$0]) })
    }
  }

  /// The classes that have pictures, the lowest F1 first.
  public var worstClasses: [ClassFigures] {
    classFigures.filter { $0.pictures > 0 }.enumerated()
      .sorted { ($0.element.f1, $0.offset) < ($1.element.f1, $1.offset) }.map(\.element)
  }

  /// The plain means over the classes that have pictures.
  public var macroAverage: (precision: Double, recall: Double, f1: Double) {
    let present = classFigures.filter { $0.pictures > 0 }
    func mean(_ value: (ClassFigures) -> Double) -> Double {
      present.reduce(0) { $0 + value($1) } / Double(max(1, present.count))
    }
    return (mean(\.precision), mean(\.recall), mean(\.f1))
  }
}
