import KernelContract

let lanes = MemoryLayout<Vector>.size / MemoryLayout<Float>.size

@inline(__always) func load(_ p: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func load(_ p: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(p).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ v: Vector, _ p: Floats) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self)
}

/// Bytes as integers; those beyond `count` are zero.
@inline(__always) func loadBytes(_ p: UnsafePointer<UInt8>, upTo count: Int) -> IntVector {
  if count == lanes {
    return IntVector(truncatingIfNeeded: UnsafeRawPointer(p).loadUnaligned(as: ByteVector.self))
  }
  var v = IntVector.zero
  for i in 0..<count { v[i] = Int32(p[i]) }
  return v
}

@inline(__always)
func storeBytes(_ v: IntVector, _ p: UnsafeMutablePointer<UInt8>, upTo count: Int) {
  if count == lanes {
    UnsafeMutableRawPointer(p).storeBytes(
      of: ByteVector(truncatingIfNeeded: v), as: ByteVector.self)
    return
  }
  for i in 0..<count { p[i] = UInt8(truncatingIfNeeded: v[i]) }
}

/// y[i] = f(x[i]) with whole vectors and one partial one.
@inline(__always)
func mapVectors(_ x: ConstFloats, _ y: Floats, _ count: Int, _ f: (Vector) -> Vector) {
  var i = 0
  while i + lanes <= count {
    store(f(load(x + i)), y + i)
    i += lanes
  }
  if i < count { store(f(load(x + i, first: count - i)), y + i, first: count - i) }
}

/// z[i] = f(x[i], y[i]).
@inline(__always)
func mapVectors(
  _ x: ConstFloats, _ y: ConstFloats, _ z: Floats, _ count: Int, _ f: (Vector, Vector) -> Vector
) {
  var i = 0
  while i + lanes <= count {
    store(f(load(x + i), load(y + i)), z + i)
    i += lanes
  }
  if i < count {
    let n = count - i
    store(f(load(x + i, first: n), load(y + i, first: n)), z + i, first: n)
  }
}

extension Bodies {
  package static func transpose(_ x: ConstFloats, rows: Int, columns: Int, into y: Floats) {
    // Squares of a cache line a side, so that the lines of both sides are used whole.
    for row in stride(from: 0, to: rows, by: 16) {
      for column in stride(from: 0, to: columns, by: 16) {
        for r in row..<min(rows, row + 16) {
          for c in column..<min(columns, column + 16) { y[c * rows + r] = x[r * columns + c] }
        }
      }
    }
  }
}
