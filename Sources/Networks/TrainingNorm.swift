import AvocetKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a batch norm keeps of a batch, a number for each channel.
final class NormStatistics: @unchecked Sendable {
  let channels: Int
  private let rows: FloatBuffer

  init(channels: Int) {
    self.channels = channels
    rows = FloatBuffer(count: (7 + shardCount) * channels)
  }

  private func row(_ i: Int) -> Floats { rows.pointer + i * channels }
  var mean: Floats { row(0) }
  var inverseDeviation: Floats { row(1) }
  var variance: Floats { row(2) }
  /// y = scale x + offset.
  var scale: Floats { row(3) }
  var offset: Floats { row(4) }
  var meanGradient: Floats { row(5) }
  var meanProduct: Floats { row(6) }
  /// Numbers inside each shard's data, so that squares of large means do not cancel.
  func shift(_ shard: Int) -> Floats { row(7 + shard) }
}

// Batch normalisation (Ioffe and Szegedy 2015) and the nonlinearity behind it: statistics are gathered while the maps are made, the result is one more pass.
extension TrainingWorkspace {
  /// Whether a norm takes its statistics from the parameters instead of the batch, and leaves them as they are.
  private func isStored(_ norm: Int) -> Bool { storesStatistics || norm <= frozenNode }

  func beginStatistics(_ norm: Int) {
    clearSums(count: 2 * network.nodes[norm].shape.channels)
  }

  /// Adds a group's maps to the shard's sums; the shard's first pixel is its shift.
  func gatherStatistics(_ norm: Int, _ inner: Int, _ first: Int, _ count: Int, _ shard: Shard) {
    guard !isStored(norm), let kept = statistics[norm] else { return }
    let shape = network.nodes[norm].shape
    let x = stored(inner) + first * shape.count
    let shift = kept.shift(shard.number)
    if first == shard.images.lowerBound { shift.update(from: x, count: shape.channels) }
    let sums = sums.pointer + shard.number * 2 * shape.channels
    kernels.channelMoments(
      x, shift: shift, count: count * shape.rows * shape.columns, channels: shape.channels,
      sums: sums, squares: sums + shape.channels)
  }

  /// From the shards' sums to the stage's result.
  func normalise(_ stage: TrainingStage, _ norm: Int, _ parameters: Floats) {
    guard let kept = statistics[norm], case .batchNorm(let layer) = network.nodes[norm].operation
    else { return }
    let shape = network.nodes[norm].shape
    let place = places[norm]
    if isStored(norm) {
      kept.mean.update(from: parameters + place.mean, count: shape.channels)
      kept.variance.update(from: parameters + place.variance, count: shape.channels)
    } else {
      combineStatistics(kept, pixels: shape.rows * shape.columns)
    }
    for c in 0..<shape.channels {
      let variance = Double(kept.variance[c]) + Double(layer.epsilon)
      kept.inverseDeviation[c] = Float(1 / variance.squareRoot())
      kept.scale[c] = parameters[place.weight + c] * kept.inverseDeviation[c]
      kept.offset[c] = parameters[place.bias + c] - kept.mean[c] * kept.scale[c]
    }
    let (x, y) = (stored(stage.inner), stored(stage.last))
    forEachShard { shard in
      let at = shard.images.lowerBound * shape.count
      kernels.scaleOffset(
        x + at, scale: kept.scale, offset: kept.offset, activation: stage.function, into: y + at,
        count: shard.images.count * shape.rows * shape.columns, channels: shape.channels)
    }
  }

  // The shards' sums are about their own shifts; about the first shard's they can be added: Σ(x - g) = S + n (s - g), Σ(x - g)² = Q + 2 (s - g) S + n (s - g)².
  private func combineStatistics(_ kept: NormStatistics, pixels: Int) {
    let channels = kept.channels
    guard let first = (0..<shardCount).first(where: { !shardRange($0, images: images).isEmpty })
    else { return }
    let base = kept.shift(first)
    for shard in 0..<shardCount {
      let count = Double(shardRange(shard, images: images).count * pixels)
      if count == 0 { continue }
      let (own, shift) = (sums.pointer + shard * 2 * channels, kept.shift(shard))
      for c in 0..<channels {
        let step = Double(shift[c]) - Double(base[c])
        own[channels + c] += step * (2 * own[c] + count * step)
        own[c] += count * step
      }
    }
    combineSums(count: 2 * channels)
    let n = Double(images * pixels)
    for c in 0..<channels {
      let mean = sums.pointer[c] / n
      kept.mean[c] = Float(Double(base[c]) + mean)
      kept.variance[c] = Float(max(0, sums.pointer[channels + c] / n - mean * mean))
    }
  }

  /// Moves batch norm's moving averages towards the last batch (the variance unbiased, as PyTorch keeps it).
  public func updateStatistics(_ parameters: Parameters) {
    for (index, node) in network.nodes.enumerated() where !isStored(index) {
      guard case .batchNorm(let layer) = node.operation, let kept = statistics[index] else {
        continue
      }
      let n = Float(images * node.shape.rows * node.shape.columns)
      let unbiased = n > 1 ? n / (n - 1) : 1
      let place = places[index]
      let p = parameters.values.pointer
      for c in 0..<kept.channels {
        p[place.mean + c] += layer.momentum * (kept.mean[c] - p[place.mean + c])
        p[place.variance + c] +=
          layer.momentum * (kept.variance[c] * unbiased - p[place.variance + c])
      }
    }
  }

  // u = γ x̂ + β, x̂ = (x - μ) / σ, y = f(u). With d = dy f'(u): dβ = Σ d, dγ = Σ d x̂, and since μ and σ depend on every x,
  // dx = γ / σ (d - mean(d) - x̂ mean(d x̂)). Stored μ and σ depend on nothing: dx = γ / σ d.
  /// d in place of the stage's gradient, and the gradients of scale and offset.
  func normGradient(_ stage: TrainingStage, _ norm: Int, _ gradient: Floats?) {
    guard let kept = statistics[norm] else { return }
    let shape = network.nodes[norm].shape
    let (x, dy) = (stored(stage.inner), self.gradient(stage.last))
    clearSums(count: 2 * shape.channels)
    forEachShard { shard in
      let at = shard.images.lowerBound * shape.count
      let sums = sums.pointer + shard.number * 2 * shape.channels
      kernels.normGradient(
        stage.function, dy: dy + at, x: x + at, mean: kept.mean,
        inverseDeviation: kept.inverseDeviation, scale: kept.scale, offset: kept.offset,
        into: dy + at, count: shard.images.count * shape.rows * shape.columns,
        channels: shape.channels, sums: sums, products: sums + shape.channels)
    }
    guard let gradient else {
      kept.meanGradient.update(repeating: 0, count: shape.channels)
      kept.meanProduct.update(repeating: 0, count: shape.channels)
      return
    }
    combineSums(count: 2 * shape.channels)
    let n = Double(images * shape.rows * shape.columns)
    for c in 0..<shape.channels {
      let (sum, product) = (sums.pointer[c], sums.pointer[shape.channels + c])
      gradient[places[norm].bias + c] = Float(sum)
      gradient[places[norm].weight + c] = Float(product)
      kept.meanGradient[c] = isStored(norm) ? 0 : Float(sum / n)
      kept.meanProduct[c] = isStored(norm) ? 0 : Float(product / n)
    }
  }

  /// dx of a group in place of d.
  func normInputGradient(_ stage: TrainingStage, _ norm: Int, _ first: Int, _ count: Int) {
    guard let kept = statistics[norm] else { return }
    let shape = network.nodes[norm].shape
    let at = first * shape.count
    kernels.batchNormInputGradient(
      dy: gradient(stage.last) + at, x: stored(stage.inner) + at, mean: kept.mean,
      inverseDeviation: kept.inverseDeviation, factor: kept.scale, meanDy: kept.meanGradient,
      meanProduct: kept.meanProduct, into: gradient(stage.last) + at,
      count: count * shape.rows * shape.columns, channels: shape.channels)
  }
}
