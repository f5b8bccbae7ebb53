import AvocetKernels

/// A part of a step's result: some of its rows, some of its columns (channels), or some rows of some columns; nil is all of them.
struct StepPart {
  var rows: Range<Int>? = nil
  /// Instead of rows: pixels of the map, where each is made of one of the input's.
  var pixels: Range<Int>? = nil
  var columns: Range<Int>? = nil
  /// Whether the part before it is other columns of the same rows, and the same worker has just computed it.
  var continues = false
}

/// Rows or columns of a result, which are split at multiples of a unit.
private struct Axis {
  let count, unit: Int
  /// The fewest units that a piece may have.
  var fewest = 1

  /// The most of the whole that threads may wait for the one that has a unit more.
  private static let mostWaiting = 0.03

  /// Even ranges for the threads, each in the pieces that it takes one after the other; none if there is only one range.
  func even(_ threads: Int) -> [Range<Int>] {
    let ranges = evenRanges(count, threads, unit: unit)
    return ranges.count > 1 ? pieces(ranges) : []
  }

  /// Even ranges for the threads, each in two pieces, along the other axis where this one has none.
  func even(_ threads: Int, _ other: Axis) -> [(Range<Int>, Range<Int>?)] {
    let ranges = evenRanges(count, threads, unit: unit)
    return ranges.count > 1 ? ranges.flatMap { pieces(of: $0, other) } : []
  }

  /// For each thread in turn the same number of units, and of the units that are left in the middle its part along the other axis; even ranges where little is left.
  func shared(_ threads: Int, _ other: Axis) -> [(Range<Int>, Range<Int>?)] {
    let units = (count + unit - 1) / unit
    let (share, rest) = units.quotientAndRemainder(dividingBy: threads)
    let parts = evenRanges(other.count, threads, unit: other.unit)
    guard parts.count == threads, share > 0,
      rest > 0, Double(threads - rest) > Self.mostWaiting * Double(units)
    else { return even(threads).map { ($0, nil) } }
    let middle = threads / 2 * share * unit
    let left = middle..<middle + rest * unit
    return parts.enumerated().flatMap { thread, part in
      let first = thread * share * unit + (thread < threads / 2 ? 0 : left.count)
      return pieces(of: first..<min(count, first + share * unit), other) + [(left, part)]
    }
  }

  // A range in a large piece and a small one, along this axis or, where it is too short, along the other one.
  private func pieces(of range: Range<Int>, _ other: Axis) -> [(Range<Int>, Range<Int>?)] {
    if let border = border(in: range) {
      return [(range.lowerBound..<border, nil), (border..<range.upperBound, nil)]
    }
    guard let border = other.border(in: 0..<other.count) else { return [(range, nil)] }
    return [(range, 0..<border), (range, border..<other.count)]
  }

  // Each range in a large piece and a small one; all ranges or none, so that every thread has as many tasks.
  private func pieces(_ ranges: [Range<Int>]) -> [Range<Int>] {
    let borders = ranges.compactMap(border(in:))
    guard borders.count == ranges.count else { return ranges }
    return zip(ranges, borders).flatMap { [$0.lowerBound..<$1, $1..<$0.upperBound] }
  }

  private func border(in range: Range<Int>) -> Int? {
    pieceBorder(range, unit: unit, fewest: fewest)
  }
}

extension InferenceWorkspace {
  /// The parts into which a step falls for so many threads; none if pictures are to be shared out, or if there is nothing to share.
  func parts(of step: PreparedStep, _ pictures: Int, _ threads: Int) -> [StepPart] {
    let shape = prepared.network.nodes[step.node].shape
    switch step.work {
    case .convolution(let plan, _, _, _):
      // Two panels at least in a 1x1 convolution, which may leave out zeros: with each the products of more columns.
      let fewest = plan.isPointwise ? 2 : 1
      let columns = Axis(
        count: shape.channels, unit: prepared.kernels.tileWidth,
        fewest: plan.canContinue(images: pictures) ? fewest : .max)
      let isByColumns = isSplitByColumns(step, pictures)
      if pictures > 1 {
        return isByColumns ? columns.even(threads).map { StepPart(columns: $0) } : []
      }
      let g = plan.geometry
      // A piece of fewer than twelve pixels, or Winograd tiles, would read the weights for a low register tile.
      let tiles = (shape.columns + plan.rowUnit - 1) / plan.rowUnit
      let rows = Axis(count: shape.rows, unit: plan.rowUnit, fewest: (11 + tiles) / tiles)
      guard g.groups == 1 || g.isDepthwise else { return self.rows(rows, threads) }
      if plan.isPointwise, !isByColumns {
        // Even shares, where rows would leave one in the middle whose weights are read for it alone.
        let pixels = Axis(count: shape.rows * shape.columns, unit: 1, fewest: .max)
        return pixels.even(threads, columns).map { StepPart(pixels: $0, columns: $1) }
      }
      return isByColumns
        ? columns.shared(threads, rows).map { StepPart(rows: $1, columns: $0) }
        : rows.shared(threads, columns).map { StepPart(rows: $0, columns: $1) }
    case .dense: return columns(shape.count, threads)
    case .maxPool, .scaleOffset, .activation, .add, .scale, .concatenation, .localResponseNorm:
      return pictures > 1 ? [] : rows(Axis(count: shape.rows, unit: 1), threads)
    case .averagePool: return pictures > 1 ? [] : columns(shape.channels, threads)
    }
  }

  /// Whether nothing is left to be done: all that a concatenation joins was written in its place.
  func isInPlace(_ step: PreparedStep) -> Bool {
    guard case .concatenation = step.work else { return false }
    return step.inputs.allSatisfy { liesInside($0, step.node) }
  }

  /// So much larger than its maps are a step's weights if two threads that both read them lose more than by what one reads of the map that the other has written.
  private static let mostReadTwice = 8

  /// Whether threads share out a step's columns, so that each reads its own weights; of a step whose channels are each alone, whether the map that it reads was made so.
  private func isSplitByColumns(_ step: PreparedStep, _ pictures: Int) -> Bool {
    guard case .convolution(let plan, let packed, _, _) = step.work else { return false }
    let nodes = prepared.network.nodes
    if plan.geometry.isDepthwise, pictures == 1 {
      let source = prepared.steps.first { $0.node == step.inputs[0] }
      return source.map { isSplitByColumns($0, pictures) } ?? false
    }
    let maps = nodes[step.node].shape.count + nodes[step.inputs[0]].shape.count
    return plan.geometry.groups == 1
      && packed.count > (pictures == 1 ? Self.mostReadTwice : pictures) * maps
  }

  private func rows(_ axis: Axis, _ threads: Int) -> [StepPart] {
    axis.even(threads).map { StepPart(rows: $0) }
  }

  private func columns(_ count: Int, _ threads: Int) -> [StepPart] {
    Axis(count: count, unit: prepared.kernels.tileWidth).even(threads)
      .map { StepPart(columns: $0) }
  }

  /// Computes a step, or a part of it, for a range of pictures.
  func run(_ step: PreparedStep, _ pictures: Range<Int>, _ part: StepPart?, _ worker: Int) {
    switch step.work {
    case .convolution(let plan, let packed, let bias, let function):
      convolve(step, plan, packed, bias, function, pictures, part, worker)
    case .dense(let depth, let packed, let bias, let function):
      multiply(step, depth, packed, bias, function, pictures, part, worker)
    default:
      for picture in pictures { runOne(step, picture, part, worker) }
    }
  }

  private func convolve(
    _ step: PreparedStep, _ plan: ConvolutionPlan, _ packed: FloatBuffer, _ bias: FloatBuffer?,
    _ function: Activation?, _ pictures: Range<Int>, _ part: StepPart?, _ worker: Int
  ) {
    let target = place(step.node)
    var wanted = plan.whole(images: 1)
    wanted.pixelStep = target.pixelStep
    if let rows = part?.rows { wanted.rows = rows }
    wanted.pixels = part?.pixels
    if let columns = part?.columns { wanted.columns = columns }
    wanted.continues = part?.continues ?? false
    // Several pictures lie one after the other where both maps are whole.
    let isWhole = part?.rows == nil && part?.pixels == nil
    let isStack = !place(step.inputs[0]).isWindow && !target.isWindow && isWhole
    if isStack { wanted.images = 0..<pictures.count }
    let bounded = function?.bounds == nil ? nil : function
    for picture in isStack ? pictures.lowerBound..<pictures.lowerBound + 1 : pictures {
      let y = pointer(step.node, of: picture, worker)
      plan.forward(
        pointer(step.inputs[0], of: picture, worker), packed: packed.pointer,
        bias: bias.map { UnsafePointer($0.pointer) },
        residual: step.residual.map { UnsafePointer(pointer($0, of: picture, worker)) },
        activation: bounded, into: y, wanted, scratch: scratch(worker))
      if let function, bounded == nil { activate(function, y, plan.geometry, wanted) }
    }
  }

  // A nonlinearity that is not a cut-off, over the part that was just computed.
  private func activate(
    _ function: Activation, _ y: Floats, _ g: ConvolutionGeometry, _ part: ConvolutionPart
  ) {
    for image in part.images {
      for pixel in part.pixels(of: g) {
        let at =
          y + (image * g.outputRows * g.outputColumns + pixel) * part.pixelStep
          + part.columns.lowerBound
        prepared.kernels.activate(function, at, into: at, count: part.columns.count)
      }
    }
  }

  private func multiply(
    _ step: PreparedStep, _ depth: Int, _ packed: FloatBuffer, _ bias: FloatBuffer?,
    _ function: Activation?, _ pictures: Range<Int>, _ part: StepPart?, _ worker: Int
  ) {
    let count = prepared.network.nodes[step.node].shape.count
    let columns = part?.columns ?? 0..<count
    let y = pointer(step.node, of: pictures.lowerBound, worker)
    prepared.kernels.multiplyPacked(
      pointer(step.inputs[0], of: pictures.lowerBound, worker), rows: pictures.count, depth: depth,
      packed.pointer, columns: columns, bias: bias.map { UnsafePointer($0.pointer) },
      activation: function, into: y, step: count)
  }

  private func runOne(_ step: PreparedStep, _ picture: Int, _ part: StepPart?, _ worker: Int) {
    let kernels = prepared.kernels
    let shape = prepared.network.nodes[step.node].shape
    let rows = part?.rows ?? 0..<shape.rows
    let at = rows.lowerBound * shape.columns * shape.channels
    let count = rows.count * shape.columns * shape.channels
    let x = pointer(step.inputs[0], of: picture, worker)
    let y = pointer(step.node, of: picture, worker)
    switch step.work {
    case .convolution, .dense: break
    case .scaleOffset(let scale, let offset, let function):
      kernels.scaleOffset(
        x + at, scale: scale.pointer, offset: offset.pointer, activation: function, into: y + at,
        count: rows.count * shape.columns, channels: shape.channels)
    case .activation(let function): kernels.activate(function, x + at, into: y + at, count: count)
    case .maxPool(let g): kernels.maxPool(x, into: y, argmax: nil, g, images: 1, rows: rows)
    case .averagePool(let g):
      kernels.averagePool(x, into: y, g, images: 1, channels: part?.columns)
    case .add(let function):
      kernels.add(
        x + at, pointer(step.inputs[1], of: picture, worker) + at, activation: function,
        into: y + at, count: count)
    case .concatenation: join(step, picture, rows, into: y, worker)
    case .scale(let factor): kernels.scale(x + at, by: factor, into: y + at, count: count)
    case .localResponseNorm(let g):
      kernels.localResponseNorm(
        x + at, into: y + at, g, pixels: rows.count * shape.columns, scratch: scratch(worker))
    }
  }

  // Copies the parts that were not written in their place.
  private func join(
    _ step: PreparedStep, _ picture: Int, _ rows: Range<Int>, into y: Floats, _ worker: Int
  ) {
    let shape = prepared.network.nodes[step.node].shape
    let first = rows.lowerBound * shape.columns
    var channel = 0
    for input in step.inputs {
      let channels = prepared.network.nodes[input].shape.channels
      let (from, to) = (pointer(input, of: picture, worker), y + channel)
      if from != to {
        prepared.kernels.copyChannels(
          from + first * channels, channels, step: channels, into: to + first * shape.channels,
          step: shape.channels, pixels: rows.count * shape.columns)
      }
      channel += channels
    }
  }
}
