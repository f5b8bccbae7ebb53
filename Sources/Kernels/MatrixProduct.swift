import CVector

// Sizes after Goto and van de Geijn (2008), as BLIS names them: a block of B of depth kc stays in L1 while it meets a block of A of mc rows in L2.
private let depthBlock = 1024
private let rowBlock = 98
// Of B's panels so many fetch the next block of A: what the first ones fetched, those after them would drive out of the second-level cache again.
private let fetchingPanels = 4
// So many packed numbers of B do not stay in a cache until they are read.
private let cachedNumbers = 262_144
// Rows of a packed block of A are this much longer than its depth, so that they do not share cache sets.
private let rowGap = 16
// Rows of B that are packed together.
private let packedRows = 8
// Floats of a cache line.
private let cacheLine = 16

/// Few floats, so few that a call of `memmove` would cost more than the copy.
@inline(__always)
private func copy(_ from: ConstFloats, into to: Floats, count: Int) {
  var i = 0
  while i + 8 <= count {
    UnsafeMutableRawPointer(to + i).storeBytes(
      of: UnsafeRawPointer(from + i).loadUnaligned(as: SIMD8<Float>.self), as: SIMD8<Float>.self)
    i += 8
  }
  while i < count {
    to[i] = from[i]
    i += 1
  }
}

/// Whole cache lines past the caches.
@inline(__always)
private func stream(_ from: ConstFloats, into to: Floats, count: Int) {
  for i in stride(from: 0, to: count, by: cacheLine) {
    cv_stream16(to + i, UnsafeRawPointer(from + i).loadUnaligned(as: SIMD16<Float>.self))
  }
}

extension KernelTable {
  /// Columns of a register tile; packed weights come in blocks of so many.
  public var tileWidth: Int { 2 * bodies.lanes }

  /// Floats of scratch that `multiply` needs.
  public func multiplyScratchCount(m: Int, n: Int, k: Int) -> Int {
    let depth = min(k, depthBlock)
    let columns = rounded(n)
    return columns * depth + min(m, rowBlock) * (depth + rowGap)
  }

  /// The matrix product C[m, n] = op(A)[m, k] op(B)[k, n], added to C where `accumulate`; row-major with row strides in floats. `transposeA` says that
  /// A is stored [k, m], `transposeB` that B is stored [n, k].
  public func multiply(
    m: Int, n: Int, k: Int, _ a: ConstFloats, lda: Int, transposeA: Bool = false, _ b: ConstFloats,
    ldb: Int, transposeB: Bool = false, into c: Floats, ldc: Int, accumulate: Bool = false,
    scratch: Floats
  ) {
    guard m > 0, n > 0 else { return }
    if k == 0 {
      if !accumulate { for i in 0..<m { (c + i * ldc).update(repeating: 0, count: n) } }
      return
    }
    let columns = rounded(n)
    let packedB = scratch
    let packedA = packedB + columns * min(k, depthBlock)
    // The last panels of B fetch the next rows of A, where these lie one after the other.
    let last = max(0, columns - fetchingPanels * tileWidth)
    var zero = 0
    for from in stride(from: 0, to: k, by: depthBlock) {
      let depth = min(depthBlock, k - from)
      packRight(
        b, ldb, transposeB, from, depth, n, into: packedB,
        streaming: columns * depth > cachedNumbers)
      for row in stride(from: 0, to: m, by: rowBlock) {
        let rows = min(rowBlock, m - row)
        packLeft(a, lda, transposeA, row, rows, from, depth, into: packedA)
        let next = min(rowBlock, m - row - rows)
        let upcoming =
          transposeA || lda != depth ? nil : Upcoming(a + (row + rows) * lda, count: next * lda)
        var first = 0
        while first < n {
          let end = first < last ? last : n
          bodies.multiplyRuns(
            packedA, aRows: &zero, lda: depth + rowGap, taps: &zero, tapCount: 1, depth: depth,
            packedB + first * depth, columns: end - first, c + row * ldc + first, cRows: &zero,
            ldc: ldc, runs: 1, pixels: rows, accumulate: accumulate || from > 0, nil,
            pairs: false, upcoming: first == last ? upcoming : nil)
          first = end
        }
      }
    }
  }

  // [block of tileWidth columns][depth][tileWidth], zero beyond n; `streaming` past the caches.
  func packRight(
    _ b: ConstFloats, _ ldb: Int, _ transposed: Bool, _ from: Int, _ depth: Int, _ n: Int,
    into packed: Floats, streaming: Bool = false
  ) {
    let width = tileWidth
    let streaming =
      streaming && width % cacheLine == 0 && Int(bitPattern: packed) % (4 * cacheLine) == 0
    // A few rows of all blocks at a time: a row is read along, and a block is written along.
    for p in stride(from: 0, to: depth, by: packedRows) {
      let rows = min(packedRows, depth - p)
      for first in stride(from: 0, to: n, by: width) {
        let valid = min(width, n - first)
        var to = packed + first * depth + p * width
        for row in from + p..<from + p + rows {
          if transposed {
            for j in 0..<valid { to[j] = b[(first + j) * ldb + row] }
          } else if streaming && valid == width {
            stream(b + row * ldb + first, into: to, count: width)
          } else {
            copy(b + row * ldb + first, into: to, count: valid)
          }
          for j in valid..<width { to[j] = 0 }
          to += width
        }
      }
    }
    if streaming { cv_end_streaming() }
  }

  private func packLeft(
    _ a: ConstFloats, _ lda: Int, _ transposed: Bool, _ row: Int, _ rows: Int, _ from: Int,
    _ depth: Int, into packed: Floats
  ) {
    for i in 0..<rows {
      let to = packed + i * (depth + rowGap)
      if transposed {
        for p in 0..<depth { to[p] = a[(from + p) * lda + row + i] }
      } else {
        to.update(from: a + (row + i) * lda + from, count: depth)
      }
    }
  }
}

extension KernelTable {
  /// Floats of the packed weights for `multiplyPacked`.
  public func packedCount(depth: Int, columns: Int) -> Int { depth * rounded(columns) }

  /// Packs a matrix `[depth, columns]` for `multiplyPacked`.
  public func packColumns(
    _ b: ConstFloats, depth: Int, columns: Int, into packed: Floats
  ) { packRight(b, columns, false, 0, depth, columns, into: packed) }

  /// y = f(x b + bias) for some of the columns: `rows` rows of `depth` numbers, y's rows `step` numbers apart. Each weight is read once, however many rows there
  /// are; the columns begin at a multiple of `tileWidth`.
  public func multiplyPacked(
    _ x: ConstFloats, rows: Int, depth: Int, _ packed: ConstFloats, columns: Range<Int>,
    bias: ConstFloats? = nil, activation: Activation? = nil, into y: Floats, step: Int
  ) {
    let bounds = activation?.bounds ?? (-.infinity, .infinity)
    let epilogue = Epilogue(bias: bias, low: bounds.low, high: bounds.high)
    let first = columns.lowerBound
    if rows == 1 {
      bodies.multiplyRow(
        x, depth: depth, depthBlock: depthBlock, packed + first * depth, columns: columns.count,
        into: y + first, epilogue.offset(channel: first, by: 0))
    } else {
      var zero = 0
      for column in stride(from: first, to: columns.upperBound, by: tileWidth) {
        let count = min(tileWidth, columns.upperBound - column)
        for from in stride(from: 0, to: max(1, depth), by: depthBlock) {
          let part = min(depthBlock, depth - from)
          bodies.multiplyRuns(
            x + from, aRows: &zero, lda: depth, taps: &zero, tapCount: 1, depth: part,
            packed + column * depth + from * tileWidth, columns: count, y + column, cRows: &zero,
            ldc: step, runs: 1, pixels: rows, accumulate: from > 0,
            from + part == depth ? epilogue.offset(channel: column, by: 0) : nil, pairs: false,
            upcoming: nil)
        }
      }
    }
    guard let activation, activation.bounds == nil else { return }
    for row in 0..<rows {
      let at = y + row * step + first
      activate(activation, at, into: at, count: columns.count)
    }
  }
}
