import AvocetImages
import AvocetNetworks

extension InferenceWorkspace {
  /// What the network makes of a picture: the softmax of the logits' mean over the preprocessing's views, each counted by its weight.
  public func distribution(_ image: Image, _ preprocessing: Preprocessing) -> [Float] {
    let classes = prepared.network.classCount
    var mean = [Float](repeating: 0, count: classes)
    let weights = preprocessing.viewWeights
    for (view, weight) in zip(preprocessing.views(of: image), weights) {
      unsafe preprocessing.normalise(view, into: input)
      run()
      if weights.count == 1 { return probabilities() }
      for i in 0..<classes { unsafe mean[i] += weight * logits[i] }
    }
    return unsafe mean.withUnsafeBufferPointer { mean in
      guard let base = mean.baseAddress else { return [] }
      return unsafe softmax(base)
    }
  }
}
