import AvocetClassifier
import AvocetImages
import AvocetKernels
import AvocetNetworks

/// What the trained units are compared with.
public enum Basis: Int, CaseIterable, Sendable {
  /// The network's own units.
  case trained
  /// Those of the same network before it learned anything.
  case untrained
  /// Random mixtures of the network's own units, level by level.
  case rotated
}

/// The maps of all levels in each basis, for any picture.
struct Bases: Sendable {
  let table: UnitTable
  let bases: [Basis]
  private let preprocessing: Preprocessing
  private let trained, untrained: PreparedNetwork
  private let rotations: [Rotation]

  /// `comparing`: with all bases, not the trained alone.
  init(_ classifier: Classifier, comparing: Bool, seed: UInt64, team: ThreadTeam) {
    let network = classifier.network
    let table = UnitTable(network)
    (self.table, preprocessing, trained) = (table, classifier.preprocessing, classifier.prepared)
    bases = comparing ? Basis.allCases : [.trained]
    untrained =
      comparing
      ? PreparedNetwork(network, Parameters(initialising: network, seed: seed), team: team)
      : classifier.prepared
    rotations =
      comparing ? table.parts.map { Rotation(channels: $0.shape.channels, seed: seed) } : []
  }

  /// One thread's memory.
  final class Workspaces {
    let trained, untrained: InferenceWorkspace
    init(_ bases: Bases) {
      trained = InferenceWorkspace(bases.trained)
      untrained =
        bases.bases.contains(.untrained) ? InferenceWorkspace(bases.untrained) : trained
    }
  }

  /// The trained network's own maps.
  func own(_ view: Image, _ workspaces: Workspaces) -> PictureMaps {
    PictureMaps(view: view, preprocessing, in: workspaces.trained)
  }

  /// `[basis][level]`: the maps, `[row, column, channel]`.
  func maps(_ view: Image, _ workspaces: Workspaces) -> [[[Float]]] {
    let own = self.own(view, workspaces)
    let levels = table.parts.map { own[$0.level] }
    return bases.map { basis in
      switch basis {
      case .trained: return levels
      case .untrained:
        let other = PictureMaps(view: view, preprocessing, in: workspaces.untrained)
        return table.parts.map { other[$0.level] }
      case .rotated: return zip(levels, rotations).map { $1($0) }
      }
    }
  }
}
