import CVector
@_exported import KernelContract
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The kernels of one instruction set.
///
/// All functions are single-threaded and reentrant: the caller splits the work and owns the scratch memory. Maps are channels last,
/// `[image, row, column, channel]`; no function reads or writes outside the shapes that it is given.
public struct KernelTable: Sendable {
  /// `portable`, `avx2` or `avx512`.
  public let name: String
  let bodies: any KernelBodies.Type

  /// Floats in one vector.
  public var vectorWidth: Int { bodies.lanes }
  /// Whether the table was compiled with its instruction set; as a versioned dependency it may not be.
  public var isReal: Bool { bodies.isReal }
}

/// A name that is no kernel table, or one that this processor cannot run.
public struct KernelChoiceError: Error, Sendable, CustomStringConvertible {
  /// One line: the name, and what there is.
  public let description: String
}

/// The tables and the choice among them.
public enum Kernels {
  /// The environment variable that forces a table.
  public static let variable = "AVOCET_KERNELS"

  /// What this processor can run, best first.
  public static let available: [KernelTable] = {
    var tables: [KernelTable] = []
    if cv_has_avx512() != 0 {
      tables.append(KernelTable(name: "avx512", bodies: KernelsAVX512.Bodies.self))
    }
    if cv_has_avx2() != 0 {
      tables.append(KernelTable(name: "avx2", bodies: KernelsAVX2.Bodies.self))
    }
    tables.append(KernelTable(name: "portable", bodies: KernelsPortable.Bodies.self))
    return tables
  }()

  /// The table of that name.
  public static func named(_ name: String) throws(KernelChoiceError) -> KernelTable {
    if let table = available.first(where: { $0.name == name }) { return table }
    let known = ["portable", "avx2", "avx512"].contains(name)
    let problem = known ? "this processor has no \(name)" : "\"\(name)\" is no kernel table"
    let names = available.map(\.name).joined(separator: ", ")
    throw KernelChoiceError(description: "\(variable): \(problem); it can run \(names)")
  }

  /// The table that the environment asks for, or the best.
  public static func choose(environment: String?) throws(KernelChoiceError) -> KernelTable {
    guard let name = environment else { return available[0] }
    return try named(name)
  }

  /// The table of this process, chosen once; a wrong name falls back to the best, so a program asks `choose` first and says so.
  public static let chosen: KernelTable = {
    let wish = getenv(variable).map { String(cString: $0) }
    return (try? choose(environment: wish)) ?? available[0]
  }()
}
extension KernelTable {
  public func limit(_ p: Floats) -> Int { bodies.measureLimit(repetitions: 40_000, p) }
}
