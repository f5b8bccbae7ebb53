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
  /// Whose measured costs hold for it: its own, or those of a kind of processor.
  public let costs: String
  let bodies: any KernelBodies.Type
  /// Whether every convolution takes its direct form and multiplies zeros too.
  public private(set) var isDirect = false

  init(_ name: String, _ bodies: any KernelBodies.Type, costs: String? = nil) {
    (self.name, self.bodies, self.costs) = (name, bodies, costs ?? name)
  }

  /// The same kernels with every convolution in its direct form, in which zeros are multiplied too.
  public var direct: KernelTable {
    var table = self
    table.isDirect = true
    return table
  }

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
  /// The environment variable that forces the direct form of every convolution.
  public static let convolutionVariable = "AVOCET_CONVOLUTION"

  /// What this processor can run, best first.
  public static let available: [KernelTable] = {
    var tables: [KernelTable] = []
    if cv_has_avx512() != 0 {
      tables.append(
        KernelTable(
          "avx512", KernelsAVX512.Bodies.self,
          costs: cv_halves_avx512() != 0
            ? "avx512-halves" : cv_is_intel() != 0 ? "avx512-intel" : nil))
    }
    if cv_has_avx2() != 0 {
      tables.append(KernelTable("avx2", KernelsAVX2.Bodies.self))
    }
    tables.append(KernelTable("portable", KernelsPortable.Bodies.self))
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

  /// The table that the environment asks for, or the best; `convolution` is `direct` or `automatic`.
  public static func choose(environment: String?, convolution: String? = nil)
    throws(KernelChoiceError) -> KernelTable
  {
    let table = try environment.map(named) ?? available[0]
    switch convolution {
    case nil, "automatic": return table
    case "direct": return table.direct
    case let other?:
      throw KernelChoiceError(
        description: "\(convolutionVariable): \"\(other)\" is unknown; direct or automatic")
    }
  }

  /// The table of this process, chosen once; a wrong name falls back to the best, so a program asks `choose` first and says so.
  public static let chosen: KernelTable = {
    func wish(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    let table = try? choose(environment: wish(variable), convolution: wish(convolutionVariable))
    return table ?? available[0]
  }()
}
