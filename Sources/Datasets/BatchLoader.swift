import AvocetImages
import AvocetKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A batch of training examples, ready for the network.
public final class Batch: Sendable {
  /// The pictures, or what else the network takes, `[image, row, column, channel]`.
  public let pictures: FloatBuffer
  /// Their classes.
  public let labels: [Int]
  /// Their indices in the source.
  public let indices: [Int]
  /// What other pictures give to each of them; nil where nothing is mixed.
  public let blends: [Blend]?
  /// The parts on each of them, see `Examples.partMap`; nil where nothing is known of any.
  public let partMaps: [PartMap?]?

  init(
    _ pictures: FloatBuffer, labels: [Int], indices: [Int], blends: [Blend]?, partMaps: [PartMap?]?
  ) {
    (self.pictures, self.labels, self.indices) = (pictures, labels, indices)
    (self.blends, self.partMaps) = (blends, partMaps)
  }
}

/// A picture that could not be read while training.
public struct BatchError: Error, Sendable, CustomStringConvertible {
  /// The picture and the cause.
  public let description: String
}

/// One epoch's batches in the order that (seed, epoch) gives; a thread prepares the next ones while the network works.
///
/// What is in a batch depends on (seed, epoch, indices) alone. At most `ahead` batches wait.
@safe public final class BatchLoader: @unchecked Sendable {
  private let examples: any Examples
  private let mixing: Augmentation
  private let batch: Int
  private let seed: UInt64
  private let epoch: Int
  private let order: [Int]
  private let batchCount: Int
  private let ahead = 3
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // Guarded by the lock.
  private var waiting: [Result<Batch, BatchError>] = []
  private var spare: [FloatBuffer] = []
  private var produced: Int
  private var delivered: Int
  private var stopping = false
  private var thread: pthread_t?

  /// The batches of `epoch` from `firstBatch` on, their examples mixed with each other as `mixing` says; see `batchCount` for `dropsLast`.
  public init(
    _ examples: any Examples, mixing: Augmentation = Augmentation(), batch: Int,
    dropsLast: Bool = false, sampler: Sampler = .plain, seed: UInt64, epoch: Int,
    firstBatch: Int = 0
  ) {
    precondition(batch > 0, "BatchLoader: a batch of \(batch)")
    (self.examples, self.mixing) = (examples, mixing)
    (self.batch, self.seed, self.epoch) = (batch, seed, epoch)
    order = sampler.order(examples.labels, seed: seed, epoch: epoch)
    batchCount = Self.batchCount(examples.count, batch: batch, dropsLast: dropsLast)
    (produced, delivered) = (firstBatch, firstBatch)
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
    var handle = pthread_t()
    let status = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<BatchLoader>.fromOpaque(argument)._withUnsafeGuaranteedRef { $0.work() }
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    if status == 0 { thread = handle }
  }

  deinit {
    stop()
    unsafe pthread_mutex_destroy(lock)
    unsafe pthread_cond_destroy(changed)
    unsafe lock.deallocate()
    unsafe changed.deallocate()
  }

  /// The batches of an epoch; `dropsLast` leaves out a last one that is not full, unless it is the only one.
  public static func batchCount(_ pictures: Int, batch: Int, dropsLast: Bool) -> Int {
    dropsLast && pictures >= batch ? pictures / batch : (pictures + batch - 1) / batch
  }

  /// The next batch; nil after the last.
  public func next() throws(BatchError) -> Batch? {
    guard delivered < batchCount else { return nil }
    delivered += 1
    guard thread != nil else { return try prepare(delivered - 1).get() }
    unsafe pthread_mutex_lock(lock)
    while waiting.isEmpty { unsafe pthread_cond_wait(changed, lock) }
    let result = waiting.removeFirst()
    unsafe pthread_cond_broadcast(changed)
    unsafe pthread_mutex_unlock(lock)
    return try result.get()
  }

  /// Gives a batch's memory back for the next one.
  public func recycle(_ batch: Batch) {
    unsafe pthread_mutex_lock(lock)
    spare.append(batch.pictures)
    unsafe pthread_mutex_unlock(lock)
  }

  /// Ends the thread; nothing may be asked afterwards.
  public func stop() {
    guard let handle = thread else { return }
    unsafe pthread_mutex_lock(lock)
    stopping = true
    unsafe pthread_cond_broadcast(changed)
    unsafe pthread_mutex_unlock(lock)
    pthread_join(handle, nil)
    thread = nil
  }

  private func work() {
    while true {
      unsafe pthread_mutex_lock(lock)
      while waiting.count >= ahead && !stopping { unsafe pthread_cond_wait(changed, lock) }
      let number = produced
      produced += 1
      let stop = stopping || number >= batchCount
      unsafe pthread_mutex_unlock(lock)
      if stop { return }
      let result = prepare(number)
      unsafe pthread_mutex_lock(lock)
      waiting.append(result)
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(lock)
    }
  }

  private func prepare(_ number: Int) -> Result<Batch, BatchError> {
    let indices = Array(order[number * batch..<min(order.count, (number + 1) * batch)])
    unsafe pthread_mutex_lock(lock)
    let memory = spare.popLast()
    unsafe pthread_mutex_unlock(lock)
    let shape = examples.shape
    let count = shape.rows * shape.columns * shape.channels
    let pictures = memory ?? FloatBuffer(count: batch * count)
    for (slot, index) in indices.enumerated() {
      do throws(ImageError) {
        unsafe try examples.write(
          index, into: pictures.pointer + slot * count, seed: seed, epoch: epoch)
      } catch {
        return .failure(BatchError(description: "\(examples.identifier(index)): \(error.message)"))
      }
    }
    let labels = indices.map { examples.label($0) }
    let mixes = indices.map { mixing.mix(seed: seed, epoch: epoch, index: $0) }
    let row = PictureRow(
      pictures: pictures, height: shape.rows, width: shape.columns, channels: shape.channels)
    let blends = mixes.contains { $0 != nil } ? row.mix(mixes, labels: labels) : nil
    let maps = indices.map { examples.partMap($0, seed: seed, epoch: epoch) }
    return .success(
      Batch(
        pictures, labels: labels, indices: indices, blends: blends,
        partMaps: maps.contains { $0 != nil } ? maps : nil))
  }
}
