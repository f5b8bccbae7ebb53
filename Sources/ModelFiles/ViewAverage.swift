import AvocetImages
import AvocetKernels
import AvocetNetworks

extension InferenceWorkspace {
  /// The logits of a picture: their mean over the preprocessing's views.
  public func logits(_ image: Image, _ preprocessing: Preprocessing) -> [Float] {
    let views = preprocessing.views(of: image)
    var mean = [Float](repeating: 0, count: prepared.network.classCount)
    for view in views {
      unsafe preprocessing.normalise(view, into: input)
      run()
      for i in mean.indices { unsafe mean[i] += logits[i] / Float(views.count) }
    }
    return mean
  }

  /// What the network makes of a picture: softmax(logits / temperature), the logits being those over the views.
  public func distribution(_ image: Image, _ preprocessing: Preprocessing) -> [Float] {
    prepared.distribution(logits(image, preprocessing))
  }
}
