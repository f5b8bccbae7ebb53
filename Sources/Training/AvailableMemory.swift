import AvocetFiles
import SystemPackage

/// The bytes that this process may still take, and what sets the limit.
public struct AvailableMemory: Sendable {
  /// How many.
  public let bytes: Int
  /// In words: "are free on this machine".
  public let limit: String

  /// The smallest of what the machine has, what the process's control groups leave and what `ulimit -v` leaves; nil where the system does not say.
  ///
  /// `text` gives the file of that path, as `/proc` and `/sys` have them.
  public init?(reading text: (String) -> String? = { systemText($0) }) {
    var limits: [(Int, String)] = []
    if let free = Self.kibibytes(text("/proc/meminfo"), "MemAvailable") {
      limits.append((free, "are free on this machine"))
    }
    for line in (text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isOld = fields[1].split(separator: ",").contains("memory")
      guard isOld || fields[1].isEmpty else { continue }
      for group in Self.chain(String(fields[2])) {
        if let left = Self.left(group, isOld: isOld, text) {
          limits.append((left, "are left in this process's control group"))
        }
      }
    }
    if let line = text("/proc/self/limits")?.split(separator: "\n").first(where: {
      $0.hasPrefix("Max address space")
    }), let limit = line.split(separator: " ").dropFirst(3).first.flatMap({ Int($0) }),
      let used = Self.kibibytes(text("/proc/self/status"), "VmSize")
    {
      limits.append((max(0, limit - used), "are left of the address space (ulimit -v)"))
    }
    guard let least = limits.min(by: { $0.0 < $1.0 }) else { return nil }
    (bytes, limit) = least
  }

  // A group and those above it: "/a/b", "/a", "".
  private static func chain(_ group: String) -> [String] {
    let parts = group.split(separator: "/")
    return (0...parts.count).reversed().map { parts.prefix($0).map { "/\($0)" }.joined() }
  }

  // What a group may still take; pages of files that nobody used lately are given back when needed.
  private static func left(_ group: String, isOld: Bool, _ text: (String) -> String?) -> Int? {
    let folder = isOld ? "/sys/fs/cgroup/memory\(group)" : "/sys/fs/cgroup\(group)"
    let names =
      isOld
      ? ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")
      : ("memory.max", "memory.current", "inactive_file ")
    func number(_ name: String) -> Int? {
      text("\(folder)/\(name)").flatMap { Int($0.prefix { $0.isNumber }) }
    }
    guard let limit = number(names.0), let used = number(names.1) else { return nil }
    let cached = text("\(folder)/memory.stat")?.split(separator: "\n")
      .first { $0.hasPrefix(names.2) }.flatMap { Int($0.dropFirst(names.2.count)) }
    return max(0, limit - max(0, used - min(used, cached ?? 0)))
  }

  private static func kibibytes(_ text: String?, _ name: String) -> Int? {
    let line = text?.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    guard let number = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      return nil
    }
    return checkedProduct(number, 1024)
  }
}

/// What a file of the system says, such as `/proc/meminfo`; nil if there is none.
public func systemText(_ path: String) -> String? {
  (try? readFile(FilePath(path), limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
}
