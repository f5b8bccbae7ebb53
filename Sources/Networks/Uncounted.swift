/// Objects that threads use side by side without counting references to them: threads that count the references of one object wait for each other, and whoever
/// counts waits for its own stores before.
struct Uncounted<Object: AnyObject> {
  // Whose references are counted, once.
  private let objects: [Object]
  private let references: [Unmanaged<Object>]

  init(_ objects: [Object]) {
    self.objects = objects
    references = objects.map(Unmanaged.passUnretained)
  }

  /// What `body` makes of one of them.
  @inline(__always) func with<Result>(_ index: Int, _ body: (Object) -> Result) -> Result {
    references[index]._withUnsafeGuaranteedRef(body)
  }

  /// Calls `body` with each of them.
  func forEach(_ body: (Object) -> Void) { objects.forEach(body) }
}
