import AvocetDatasets
import AvocetImages
import AvocetKernels
import AvocetNetworks

extension Parameters {
  /// Gives every convolution of the picture that begins so its whitening filters, from up to `limit` pictures evenly taken from `source`.
  ///
  /// The filters are the eigenvectors v of E[p pᵀ] over all patches p that a kernel sees, divided by √(λ + 5e-4), the largest eigenvalue λ first, then their
  /// negatives: the outputs have a mean square of about 1 and none predicts another (Page 2018, Jordan 2024).
  public func whiten(
    _ network: Network, on source: any DataSource, _ preprocessing: Preprocessing, limit: Int = 5000
  ) {
    for node in network.nodes where node.inputs == [0] {
      guard case .convolution(let layer) = node.operation, layer.start == .whitening,
        layer.groups == 1, let slice = layout["\(node.name).weight"]
      else { continue }
      let (values, vectors) = eigenvectors(
        preprocessing.patchMoments(
          of: source, rows: layer.kernelRows, columns: layer.kernelColumns, limit: limit))
      let inputs = values.count
      for output in 0..<min(layer.channels, 2 * inputs) {
        let scale = (output < inputs ? 1 : -1) / (values[output % inputs] + 5e-4).squareRoot()
        for i in 0..<inputs {
          self.values[slice.range.lowerBound + i * layer.channels + output] = Float(
            scale * vectors[output % inputs][i])
        }
      }
    }
  }
}

extension Preprocessing {
  /// E[p pᵀ] over all patches of so many rows and columns, each in the order `[row, column, channel]`.
  func patchMoments(of source: any DataSource, rows: Int, columns: Int, limit: Int) -> [[Double]] {
    let run = columns * channels
    let size = rows * run
    var sums = [Double](repeating: 0, count: size * size)
    var patch = [Double](repeating: 0, count: size)
    let numbers = FloatBuffer(count: count)
    var patches = 0
    for i in stride(from: 0, to: source.count, by: max(1, source.count / limit)) {
      guard let image = try? source.image(i) else { continue }
      unsafe normalise(view(of: image), into: numbers.pointer)
      for y in 0...max(0, height - rows) {
        for x in 0...max(0, width - columns) {
          for row in 0..<rows {
            let from = ((y + row) * width + x) * channels
            for k in 0..<run { patch[row * run + k] = Double(unsafe numbers.pointer[from + k]) }
          }
          for a in 0..<size { for b in 0...a { sums[a * size + b] += patch[a] * patch[b] } }
          patches += 1
        }
      }
    }
    return (0..<size).map { a in
      (0..<size).map { b in sums[max(a, b) * size + min(a, b)] / Double(max(1, patches)) }
    }
  }
}

/// The eigenvalues of a symmetric matrix, the largest first, and their eigenvectors, by Jacobi's rotations.
func eigenvectors(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
  let n = matrix.count
  var a = matrix
  var v = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0.0 } }
  for _ in 0..<100 {
    var off = 0.0
    for p in 0..<n { for q in 0..<p { off += a[p][q] * a[p][q] } }
    let all = a.joined().reduce(0) { $0 + $1 * $1 }
    if off <= 1e-30 * all { break }
    for p in 0..<n {
      for q in (p + 1)..<max(n, p + 1) where a[p][q] != 0 {
        // The rotation that makes a[p][q] zero (Golub and Van Loan, section 8.5).
        let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n {
          (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q])
        }
        for k in 0..<n {
          (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k])
        }
        for k in 0..<n {
          (v[p][k], v[q][k]) = (c * v[p][k] - s * v[q][k], s * v[p][k] + c * v[q][k])
        }
      }
    }
  }
  let order = (0..<n).sorted { (a[$1][$1], $0) < (a[$0][$0], $1) }
  return (order.map { a[$0][$0] }, order.map { v[$0] })
}
