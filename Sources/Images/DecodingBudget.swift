import CCodecs

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The memory that all threads together may hold for decoding: who finds too little left waits.
///
/// Whoever came first is served first, so nobody waits for ever; more than the whole budget is given to one who is alone.
@safe public final class DecodingBudget: @unchecked Sendable {
  /// Bytes in all.
  public let bytes: Int
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // Guarded by the lock.
  private var taken = 0
  private var nextTicket = 0
  private var served = 0

  /// A budget of so many bytes.
  public init(bytes: Int) {
    self.bytes = bytes
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  /// Room for one picture of 12 megapixels beside its file, and for one of more than a megapixel on every thread.
  public convenience init(threads: Int) { self.init(bytes: (32 + 4 * threads) << 20) }

  deinit {
    unsafe pthread_mutex_destroy(lock)
    unsafe pthread_cond_destroy(changed)
    unsafe lock.deallocate()
    unsafe changed.deallocate()
  }

  /// Returns when `count` bytes are left, or nobody else holds any. Must be given back; whoever holds some must not ask for more.
  public func take(_ count: Int) {
    unsafe pthread_mutex_lock(lock)
    let ticket = nextTicket
    nextTicket += 1
    while ticket != served || (taken > 0 && count > bytes - taken) {
      unsafe pthread_cond_wait(changed, lock)
    }
    taken += count
    served += 1
    wakeWaiting()
    unsafe pthread_mutex_unlock(lock)
  }

  /// Gives back what was taken.
  public func giveBack(_ count: Int) {
    unsafe pthread_mutex_lock(lock)
    taken -= count
    wakeWaiting()
    unsafe pthread_mutex_unlock(lock)
  }

  private func wakeWaiting() {
    if served < nextTicket { unsafe pthread_cond_broadcast(changed) }
  }
}

/// Lets the freed memory of large pictures go back to the operating system at once, for the whole process. Otherwise glibc keeps what one thread freed for that
/// thread, beside what a budget allows to the next.
package func returnLargeBlocksWhenFreed() { cc_return_large_blocks() }
