import AvocetFiles

/// Why a training ended before its end.
public enum TrainingError: Error, Sendable, CustomStringConvertible {
  /// Numbers that are not finite: nothing was changed by them, or nothing was saved of them.
  case diverged(Divergence)
  /// A picture could not be read.
  case unreadable(String)
  /// The output could not be written.
  case unwritable(FileError)
  /// A state that does not belong to this training.
  case foreignState(String)

  /// One line.
  public var description: String {
    switch self {
    case .diverged(let divergence): divergence.description
    case .unreadable(let message), .foreignState(let message): message
    case .unwritable(let error): error.description
    }
  }
}

/// How a training that was not in error ended.
public enum TrainingOutcome: Sendable { case finished, stopped }

/// One row of `metrics.csv`.
public struct EpochMetrics: Codable, Sendable, Hashable {
  /// The epoch, from 1.
  public var epoch: Int
  /// Over the augmented training pictures, during the epoch.
  public var trainLoss, trainTop1: Double
  /// Over the validation pictures after the epoch; nil without any.
  public var validationLoss, validationTop1: Double?
  /// The rate of the epoch's last step.
  public var learningRate: Double
  /// Training pictures a second.
  public var imagesPerSecond: Double
  /// Of the whole epoch.
  public var seconds: Double
}

/// What a training tells while it runs.
public enum TrainingEvent: Sendable {
  /// So many pictures of the epoch are done, at this mean loss and share of right answers.
  case progress(epoch: Int, images: Int, of: Int, loss: Double, top1: Double)
  /// An epoch ended; `isBest` if it is the best by validation so far.
  case epoch(EpochMetrics, isBest: Bool)
  /// The training ends early: no epoch after the best one was better, for as long as the recipe's patience lasts.
  case impatient(best: Int)
  /// The state could not be saved; training goes on.
  case warning(String)
}
