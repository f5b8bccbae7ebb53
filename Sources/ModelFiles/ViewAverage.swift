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
    var mean = [Float](repeating: 0, count: prepared.network.classCount)
    for (view, weight) in zip(views, preprocessing.viewWeights) {
      unsafe preprocessing.normalise(view, into: input)
      run()
      for i in mean.indices { unsafe mean[i] += weight * logits[i] }
    }
    guard mean.allSatisfy(\.isFinite) else {
      throw ImageError(code: "not-finite", message: "the network's output for it is not a number")
    }
    return mean
  }
}
