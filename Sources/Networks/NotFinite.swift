import AvocetKernels

extension TrainingWorkspace {
  /// The node at which numbers that are not finite first appear in the maps of the last batch, in the order of the forward pass; nil if all are finite.
  ///
  /// A map that is not stored is judged by the one that is made of it.
  public var firstNodeNotFinite: Int? {
    if !isFinite(0) { return 0 }
    for stage in stages {
      if stage.keepsInner, !isFinite(stage.inner) { return stage.nodes[0] }
      if !isFinite(stage.last) {
        return stage.keepsInner ? stage.norm ?? stage.activation ?? stage.last : stage.nodes[0]
      }
    }
    return nil
  }

  private func isFinite(_ node: Int) -> Bool {
    let map = map(node)
    return (0..<images * network.nodes[node].shape.count).allSatisfy { map[$0].isFinite }
  }
}
