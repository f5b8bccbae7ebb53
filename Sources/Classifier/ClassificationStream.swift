import AvocetImages
import AvocetNetworks
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What became of one file.
public struct ClassifiedFile: Sendable {
  /// The path as it came.
  public let path: FilePath
  /// The prediction, or why there is none.
  public let result: Result<Prediction, ImageError>
  /// What the decoder complained of and went on.
  public let warnings: [String]
  /// Seconds for reading and decoding, and for everything after.
  public let seconds: (decoding: Double, network: Double)
}

/// Classifies a stream of files: one picture on each core, results in the order of the paths, and never more than a few of them in memory; of large pictures
/// not more at once than a `DecodingBudget` allows.
///
/// A file's result depends on the file alone.
@safe public final class ClassificationStream: @unchecked Sendable {
  private let classifier: Classifier
  private let decoding: DecodingOptions
  private let budget: DecodingBudget
  private let threads: Int
  private let window: Int
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  // Guarded by the lock.
  private var nextPath: () -> FilePath?
  private var taken = 0
  private var delivered = 0
  private var isExhausted = false
  private var isStopped = false
  private var ready: [Int: ClassifiedFile] = [:]

  /// A stream of the files that `paths` gives.
  public init(
    _ classifier: Classifier, _ paths: some Sequence<FilePath>, decoding: DecodingOptions,
    threads: Int
  ) {
    var iterator = paths.makeIterator()
    nextPath = { iterator.next() }
    (self.classifier, self.decoding) = (classifier, decoding)
    self.threads = max(1, threads)
    budget = DecodingBudget(threads: self.threads)
    window = 4 * self.threads
    unsafe pthread_mutex_init(lock, nil)
    unsafe pthread_cond_init(changed, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(lock)
    unsafe pthread_cond_destroy(changed)
    unsafe lock.deallocate()
    unsafe changed.deallocate()
  }

  /// Hands every file's result to `each`, in order, until it returns false; blocks until all threads are done.
  public func run(_ each: (ClassifiedFile) throws -> Bool) rethrows {
    var handles: [pthread_t] = []
    for _ in 0..<threads {
      var handle = pthread_t()
      let status = unsafe pthread_create(
        &handle, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          let stream = unsafe Unmanaged<ClassificationStream>.fromOpaque(argument)
          unsafe stream._withUnsafeGuaranteedRef { $0.work() }
          return nil
        }, Unmanaged.passUnretained(self).toOpaque())
      if status == 0 { handles.append(handle) }
    }
    defer {
      locked { isStopped = true }
      for handle in handles { pthread_join(handle, nil) }
    }
    // Without a single thread of its own the stream does the work here.
    let own = handles.isEmpty ? classifier.workspace() : nil
    while let file = own.map(classifyNext) ?? waitForNext() {
      guard try each(file) else { return }
    }
  }

  private func classifyNext(_ workspace: InferenceWorkspace) -> ClassifiedFile? {
    nextPath().map { classify($0, workspace) }
  }

  private func locked<Value>(_ body: () -> Value) -> Value {
    unsafe pthread_mutex_lock(lock)
    defer {
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(lock)
    }
    return body()
  }

  private func waitForNext() -> ClassifiedFile? {
    unsafe pthread_mutex_lock(lock)
    defer {
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(lock)
    }
    while true {
      if let file = ready.removeValue(forKey: delivered) {
        delivered += 1
        return file
      }
      if isExhausted && delivered == taken { return nil }
      unsafe pthread_cond_wait(changed, lock)
    }
  }

  private func work() {
    let workspace = classifier.workspace()
    while let (number, path) = take() {
      let file = classify(path, workspace)
      locked { ready[number] = file }
    }
  }

  // The next path and its number; nil at the end. Waits while too many results wait to be handed on.
  private func take() -> (Int, FilePath)? {
    unsafe pthread_mutex_lock(lock)
    defer {
      unsafe pthread_cond_broadcast(changed)
      unsafe pthread_mutex_unlock(lock)
    }
    while !isStopped && !isExhausted && taken - delivered >= window {
      unsafe pthread_cond_wait(changed, lock)
    }
    guard !isStopped, !isExhausted else { return nil }
    guard let path = nextPath() else {
      isExhausted = true
      return nil
    }
    taken += 1
    return (taken - 1, path)
  }

  private func classify(_ path: FilePath, _ workspace: InferenceWorkspace) -> ClassifiedFile {
    let clock = ContinuousClock()
    let start = clock.now
    var decoded = start
    var warnings: [String] = []
    let result: Result<Prediction, ImageError>
    do throws(ImageError) {
      // The picture itself is gone when the network runs.
      let views = try withImage(path, options: decoding, within: budget) {
        (picture) throws(ImageError) in
        warnings = picture.warnings
        decoded = clock.now
        return classifier.preprocessing.views(of: picture.image)
      }
      result = .success(try classifier.predict(views, in: workspace))
    } catch { result = .failure(error) }
    let end = clock.now
    return ClassifiedFile(
      path: path, result: result, warnings: warnings,
      seconds: ((decoded - start) / .seconds(1), (end - decoded) / .seconds(1)))
  }
}
