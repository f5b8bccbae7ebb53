import AvocetFiles
import AvocetModelFiles
import AvocetNetworks

// What `train --from` takes of a model.
extension Train {
  /// Copies every slice of the same name and shape, and of the head the rows of the classes that both know; says what was taken.
  func take(_ model: Model, into parameters: Parameters, classes: [String]) -> String {
    let head = Self.head(model.network)
    var taken = 0
    for slice in parameters.layout.slices {
      guard let other = model.parameters.layout[slice.name] else { continue }
      if head == other.node, model.classes != classes {
        if takeRows(other, of: model, into: slice, of: parameters, classes) { taken += 1 }
      } else if other.shape == slice.shape {
        parameters.setFileValues(slice, model.parameters.fileValues(other))
        taken += 1
      }
    }
    let text =
      "took \(taken) of \(parameters.layout.slices.count) tensors from \(from?.path.escaped ?? "")"
    if model.classes == classes { return text }
    func list(_ names: [String]) -> String {
      let shown = names.prefix(12).map { escapedText($0.utf8) }.joined(separator: ", ")
      return names.isEmpty
        ? "none" : shown + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }
    let (known, new) = (Set(model.classes), classes.filter { !model.classes.contains($0) })
    return
      "\(text); of the head the rows of \(list(classes.filter(known.contains))); new: \(list(new))"
  }

  // The rows of a tensor of the head are the classes.
  private func takeRows(
    _ other: ParameterSlice, of model: Model, into slice: ParameterSlice,
    of parameters: Parameters, _ classes: [String]
  ) -> Bool {
    let (from, to) = (other.range.count / model.classes.count, slice.range.count / classes.count)
    guard from == to else { return false }
    let old = model.parameters.fileValues(other)
    var new = parameters.fileValues(slice)
    for (row, name) in classes.enumerated() {
      guard let place = model.classes.firstIndex(of: name) else { continue }
      new.replaceSubrange(row * to..<(row + 1) * to, with: old[place * to..<(place + 1) * to])
    }
    parameters.setFileValues(slice, new)
    return true
  }

  /// The node whose outputs are the classes.
  private static func head(_ network: Network) -> Int? {
    let node = network.layout.head
    return node.flatMap { network.nodes[$0].shape.channels == network.classCount ? $0 : nil }
  }
}
