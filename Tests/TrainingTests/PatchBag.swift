import AvocetImages
import AvocetKernels

/// How near the 8 x 8 patches of a picture lie to those of a learned codebook, wherever they are (Coates, Lee and Ng 2011).
///
/// Patches are freed of their mean and contrast and whitened; a picture's features are the means over its patches of max(0, mean distance - distance) to each word.
struct PatchBag {
  static let side = 8
  static let size = side * side * 3
  let words: Int
  private let stride: Int
  private var mean: [Float] = []
  private var whitening: [Float] = []  // [size, size], applied from the right
  private var codebook: [Float] = []  // [size, words]
  private var lengths: [Float] = []

  /// A codebook of `words` from patches of these pictures.
  init(_ pictures: [Image], words: Int, stride: Int, patches count: Int, rounds: Int) {
    (self.words, self.stride) = (words, stride)
    var random = CounterRandom(seed: 3, purpose: "patches")
    var patches: [Float] = []
    for _ in 0..<count {
      let image = pictures[random.integer(below: pictures.count)]
      patches += Self.patch(
        image, random.integer(below: image.width - Self.side + 1),
        random.integer(below: image.height - Self.side + 1))
    }
    whiten(&patches, count)
    cluster(patches, count, rounds, &random)
  }

  /// A row of `words` features.
  func features(_ image: Image) -> [Float] {
    var patches: [Float] = []
    var count = 0
    for y in Swift.stride(from: 0, through: image.height - Self.side, by: stride) {
      for x in Swift.stride(from: 0, through: image.width - Self.side, by: stride) {
        patches += Self.patch(image, x, y)
        count += 1
      }
    }
    let distances = distances(transformed(patches, count), count)
    var sums = [Float](repeating: 0, count: words)
    for row in 0..<count {
      let own = distances[row * words..<(row + 1) * words]
      let mean = own.reduce(0, +) / Float(words)
      for (word, distance) in own.enumerated() where distance < mean {
        sums[word] += mean - distance
      }
    }
    return sums.map { $0 / Float(max(1, count)) }
  }

  private static func patch(_ image: Image, _ x: Int, _ y: Int) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(size)
    for row in y..<y + side {
      let start = 3 * (row * image.width + x)
      for i in start..<start + 3 * side { values.append(Float(image.pixels[i])) }
    }
    let mean = values.reduce(0, +) / Float(size)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(size)
    let scale = 1 / (variance + 10).squareRoot()
    return values.map { ($0 - mean) * scale }
  }

  /// a (m x k) times b (k x n).
  private func product(_ a: [Float], _ b: [Float], _ m: Int, _ k: Int, _ n: Int) -> [Float] {
    let kernels = Kernels.chosen
    let (x, y, z) = (FloatBuffer(a), FloatBuffer(b), FloatBuffer(count: m * n))
    let scratch = FloatBuffer(count: kernels.multiplyScratchCount(m: m, n: n, k: k))
    kernels.multiply(
      m: m, n: n, k: k, x.pointer, lda: k, y.pointer, ldb: n, into: z.pointer, ldc: n,
      scratch: scratch.pointer)
    return z.array
  }

  private func transformed(_ patches: [Float], _ count: Int) -> [Float] {
    var centred = patches
    for i in centred.indices { centred[i] -= mean[i % Self.size] }
    return product(centred, whitening, count, Self.size, Self.size)
  }

  // With covariance + ε = L Lᵀ the patches x (Lᵀ)⁻¹ are white; distances are those of any other whitening.
  private mutating func whiten(_ patches: inout [Float], _ count: Int) {
    let n = Self.size
    mean = (0..<n).map { c in
      var sum: Float = 0
      for row in 0..<count { sum += patches[row * n + c] }
      return sum / Float(count)
    }
    var centred = patches
    for i in centred.indices { centred[i] -= mean[i % n] }
    var transposed = [Float](repeating: 0, count: centred.count)
    for row in 0..<count { for c in 0..<n { transposed[c * count + row] = centred[row * n + c] } }
    var lower = product(transposed, centred, n, count, n).map { Double($0) / Double(count) }
    for i in 0..<n { lower[i * n + i] += 0.1 }
    for j in 0..<n {
      for i in j..<n {
        var sum = lower[i * n + j]
        for k in 0..<j { sum -= lower[i * n + k] * lower[j * n + k] }
        lower[i * n + j] = i == j ? sum.squareRoot() : sum / lower[j * n + j]
      }
    }
    // Column c of the inverse of L, by forward substitution; its transpose stands to the right of a row of pixels.
    whitening = [Float](repeating: 0, count: n * n)
    for c in 0..<n {
      var column = [Double](repeating: 0, count: n)
      for i in c..<n {
        var sum = i == c ? 1.0 : 0
        for k in c..<i { sum -= lower[i * n + k] * column[k] }
        column[i] = sum / lower[i * n + i]
        whitening[c * n + i] = Float(column[i])
      }
    }
    patches = product(centred, whitening, count, n, n)
  }

  private mutating func cluster(
    _ patches: [Float], _ count: Int, _ rounds: Int, _ random: inout CounterRandom
  ) {
    let n = Self.size
    var centres = random.permutation(count).prefix(words).flatMap { patches[$0 * n..<($0 + 1) * n] }
    setCodebook(centres)
    for _ in 0..<rounds {
      let distances = distances(patches, count)
      var (sums, members) = (
        [Float](repeating: 0, count: words * n), [Float](repeating: 0, count: words)
      )
      for row in 0..<count {
        var best = 0
        for word in 0..<words where distances[row * words + word] < distances[row * words + best] {
          best = word
        }
        members[best] += 1
        for c in 0..<n { sums[best * n + c] += patches[row * n + c] }
      }
      for word in 0..<words where members[word] > 0 {
        for c in 0..<n { centres[word * n + c] = sums[word * n + c] / members[word] }
      }
      setCodebook(centres)
    }
  }

  private mutating func setCodebook(_ centres: [Float]) {
    let n = Self.size
    codebook = [Float](repeating: 0, count: n * words)
    lengths = [Float](repeating: 0, count: words)
    for word in 0..<words {
      for c in 0..<n {
        codebook[c * words + word] = centres[word * n + c]
        lengths[word] += centres[word * n + c] * centres[word * n + c]
      }
    }
  }

  /// The distance of every white patch from every word.
  private func distances(_ patches: [Float], _ count: Int) -> [Float] {
    var result = product(patches, codebook, count, Self.size, words)
    for row in 0..<count {
      var length: Float = 0
      for c in 0..<Self.size {
        length += patches[row * Self.size + c] * patches[row * Self.size + c]
      }
      for word in 0..<words {
        let i = row * words + word
        result[i] = max(0, length + lengths[word] - 2 * result[i]).squareRoot()
      }
    }
    return result
  }
}
