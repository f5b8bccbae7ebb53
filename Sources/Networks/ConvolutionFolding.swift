import AvocetKernels

/// Batch norm's scale goes into the weights as they are packed, a few tiles of outputs at a time: packed, the weights of a tile lie together, and so few stay in the
/// second-level cache in between.
extension ConvolutionPlan {
  private var outputsAtOnce: Int {
    geometry.groups == 1
      ? min(geometry.outputChannels, 2 * table.tileWidth) : geometry.outputChannels
  }

  private func part(outputs: Int) -> ConvolutionPlan {
    var geometry = geometry
    geometry.outputChannels = outputs
    return ConvolutionPlan(
      geometry, table, forward: forward, inputGradient: inputGradient,
      weightGradient: weightGradient)
  }

  /// Floats of scratch that packing needs, with scales or without.
  var foldingScratchCount: Int {
    let part = part(outputs: outputsAtOnce)
    return max(packingScratchCount, part.geometry.weightCount + part.packingScratchCount)
  }

  /// Packs weights `[row, column, in / groups, out]`, those of each output multiplied by its scale.
  func pack(
    _ weights: ConstFloats, scaledBy scale: ConstFloats, into packed: Floats, scratch: Floats
  ) {
    let outputs = geometry.outputChannels
    var to = packed
    for first in stride(from: 0, to: outputs, by: outputsAtOnce) {
      let count = min(outputsAtOnce, outputs - first)
      let part = part(outputs: count)
      let scales = scale + first
      for row in 0..<geometry.weightCount / outputs {
        let (from, scaled) = (weights + row * outputs + first, scratch + row * count)
        for c in 0..<count { scaled[c] = from[c] * scales[c] }
      }
      part.pack(scratch, into: to, scratch: scratch + part.geometry.weightCount)
      to += part.packedCount
    }
  }
}
