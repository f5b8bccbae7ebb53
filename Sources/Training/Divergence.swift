import AvocetDatasets
import AvocetNetworks

/// Numbers that are not finite, found before they could do harm.
public struct Divergence: Sendable {
  /// The epoch, from 1.
  public let epoch: Int
  /// The step in it, from 1.
  public let step: Int
  /// What is not finite: a layer's output, the loss, a gradient, a weight.
  public let what: String
  /// The batch; empty where an update had made the weights so.
  public let pictures: [String]

  /// One line without the folder.
  var description: String {
    let found = "training diverged in epoch \(epoch), step \(step): \(what) is not finite"
    let advice = "the last checkpoint is kept; try a smaller --learning-rate"
    if pictures.isEmpty { return "\(found) after the update; nothing was saved of it, \(advice)" }
    let shown = pictures.prefix(8).joined(separator: ", ")
    let more = pictures.count > 8 ? " and \(pictures.count - 8) more, see diverged.csv" : ""
    return "\(found) (batch: \(shown)\(more)); stopped before the update, \(advice)"
  }

  /// `diverged.csv`: the pictures of the batch.
  var csv: String { (["path"] + pictures.map(csvCell)).joined(separator: "\n") + "\n" }
}

extension TrainingStep {
  /// What was not finite when `differentiate` gave nil: the first layer's output in the order of the forward pass, the loss, or the first gradient in the order of
  /// the backward pass, which begins at the last layer.
  public func whatIsNotFinite(images: Int) -> String {
    if let node = workspace.firstNodeNotFinite {
      return node == 0 ? "the input" : "the output of layer \(network.nodes[node].name)"
    }
    if (0..<images).allSatisfy({ losses[$0].isFinite }), let name = gradient.lastSliceNotFinite {
      return "the gradient of \(name)"
    }
    return "the loss"
  }
}

extension Parameters {
  /// The name of the last slice, in the order of the nodes, that holds a number that is not finite.
  var lastSliceNotFinite: String? { layout.slices.last { !isFinite($0) }?.name }
  /// The name of the first.
  var firstSliceNotFinite: String? { layout.slices.first { !isFinite($0) }?.name }

  private func isFinite(_ slice: ParameterSlice) -> Bool {
    slice.range.allSatisfy { values[$0].isFinite }
  }
}
