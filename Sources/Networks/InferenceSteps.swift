import AvocetKernels

/// A part of a step's result: some of its rows, or some of its columns (channels).
enum StepPart {
  case rows(Range<Int>)
  case columns(Range<Int>)
}

extension InferenceWorkspace {
  /// The parts into which a step falls for so many threads; none if pictures are to be shared out.
  func parts(of step: PreparedStep, _ pictures: Int, _ threads: Int) -> [StepPart] {
    let shape = prepared.network.nodes[step.node].shape
    switch step.work {
    case .convolution(let plan, let packed, _, _):
      let maps = shape.count + prepared.network.nodes[step.inputs[0]].shape.count
      if plan.geometry.groups == 1, packed.count > pictures * maps {
        return ranges(shape.channels, threads, unit: prepared.kernels.tileWidth)
          .map(StepPart.columns)
      }
      return pictures > 1 ? [] : ranges(shape.rows, threads, unit: plan.rowUnit).map(StepPart.rows)
    case .dense:
      return ranges(shape.count, threads, unit: prepared.kernels.tileWidth).map(StepPart.columns)
    case .maxPool, .scaleOffset, .activation, .add, .scale, .concatenation, .localResponseNorm:
      return pictures > 1 ? [] : ranges(shape.rows, threads, unit: 1).map(StepPart.rows)
    case .averagePool: return []
    }
  }

  // None if there is only one.
  private func ranges(_ count: Int, _ parts: Int, unit: Int) -> [Range<Int>] {
    let ranges = evenRanges(count, parts, unit: unit)
    return ranges.count > 1 ? ranges : []
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
    let shape = prepared.network.nodes[step.node].shape
    let target = place(step.node)
    var wanted = plan.whole(images: 1)
    wanted.pixelStep = target.pixelStep
    switch part {
    case .rows(let rows): wanted.rows = rows
    case .columns(let columns): wanted.columns = columns
    case nil: break
    }
    // Several pictures lie one after the other where both maps are common and whole.
    let source = place(step.inputs[0])
    let isStack =
      !source.isWorkers && !target.isWorkers && target.pixelStep == shape.channels
      && part.isNotRows
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
      for row in part.rows {
        for column in 0..<g.outputColumns {
          let pixel = (image * g.outputRows + row) * g.outputColumns + column
          let at = y + pixel * part.pixelStep + part.columns.lowerBound
          prepared.kernels.activate(function, at, into: at, count: part.columns.count)
        }
      }
    }
  }

  private func multiply(
    _ step: PreparedStep, _ depth: Int, _ packed: FloatBuffer, _ bias: FloatBuffer?,
    _ function: Activation?, _ pictures: Range<Int>, _ part: StepPart?, _ worker: Int
  ) {
    let count = prepared.network.nodes[step.node].shape.count
    var columns = 0..<count
    if case .columns(let range) = part { columns = range }
    let y = pointer(step.node, of: pictures.lowerBound, worker)
    prepared.kernels.multiplyPacked(
      pointer(step.inputs[0], of: pictures.lowerBound, worker), rows: pictures.count, depth: depth,
      packed.pointer, columns: columns, bias: bias.map { UnsafePointer($0.pointer) },
      activation: function, into: y, step: count)
  }

  private func runOne(_ step: PreparedStep, _ picture: Int, _ part: StepPart?, _ worker: Int) {
    let kernels = prepared.kernels
    let shape = prepared.network.nodes[step.node].shape
    var rows = 0..<shape.rows
    if case .rows(let range) = part { rows = range }
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
    case .averagePool(let g): kernels.averagePool(x, into: y, g, images: 1)
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

extension StepPart? {
  fileprivate var isNotRows: Bool {
    if case .rows = self { return false }
    return true
  }
}
