import AvocetImages
import AvocetNetworks

extension InferenceWorkspace {
  /// The logits of a picture, `[class]`: the mean over the preprocessing's views, each counted by its weight; what is no number is an error.
  public func logits(_ image: Image, _ preprocessing: Preprocessing) throws(ImageError) -> [Float] {
    try logits(preprocessing.views(of: image), preprocessing)
  }

  /// The same from the views of a picture, which itself is no longer needed.
  public func logits(
    _ views: [Image], _ preprocessing: Preprocessing
  ) throws(ImageError) -> [Float] {
    try logits(over: preprocessing.viewWeights) { view in
      unsafe preprocessing.normalise(views[view], into: input)
    }
  }

  /// The mean of the logits of several inputs, each counted by its weight; `fill` writes one of them into `input`.
  public func logits(over weights: [Float], _ fill: (_ view: Int) -> Void) throws(ImageError)
    -> [Float]
  {
    var mean = [Float](repeating: 0, count: prepared.network.classCount)
    for (view, weight) in weights.enumerated() {
      fill(view)
      run()
      for i in mean.indices { unsafe mean[i] += weight * logits[i] }
    }
    guard mean.allSatisfy(\.isFinite) else {
      throw ImageError(code: "not-finite", message: "the network's output for it is not a number")
    }
    return mean
  }
}
